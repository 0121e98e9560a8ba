from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantModel


class Download(TenantModel):
    """A file of a layer that the worker writes; it waits for a day.

    Its address is its random key: who asked need not be signed in. Whether the reader
    may see the layer is asked again when the file is fetched.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("being written")
        DONE = "done", _("ready")
        FAILED = "failed", _("failed")

    KEPT = timedelta(days=1)

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    layer = models.CharField(max_length=60)
    form = models.CharField(_("format"), max_length=20)
    # The parameters that select, as an address has them, and the system `crs`.
    asked = models.JSONField(default=dict)
    language = models.CharField(max_length=10)
    # Of the layer when it was asked for: the same question finds the same file.
    version = models.CharField(max_length=60)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.WAITING
    )
    total = models.PositiveIntegerField(_("features"), default=0)
    file = models.CharField(max_length=200, blank=True)
    size = models.PositiveBigIntegerField(_("size"), default=0)
    asked_at = models.DateTimeField(_("asked for"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("download")
        verbose_name_plural = _("downloads")
        ordering = ["-asked_at"]
        indexes = [
            models.Index(
                fields=["municipality", "layer", "-asked_at"], name="download_asked"
            )
        ]

    def __str__(self) -> str:
        return f"{self.layer}.{self.form}"

    @property
    def kept_until(self) -> datetime | None:
        if not self.file or self.finished_at is None:
            return None
        return self.finished_at + self.KEPT

from __future__ import annotations

from django.conf import settings
from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantModel
from surveys.models.access import RecordQuerySet


class BulkStep(TenantModel):
    """One step of the review with many records: those that were ticked, or all that
    matched a filter and have not changed since. Its events name it, so that it can be
    undone as a whole.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("under way")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")

    action = models.CharField(max_length=10)
    note = models.TextField(blank=True)
    # The filter of the queue by its fields; or, for ticked ones, their keys.
    asked = models.JSONField(default=dict)
    keys = models.JSONField(default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    # Where it has come to: records are taken in the order of their keys.
    reached = models.BigIntegerField(default=0)
    # How many could not be moved, by reason.
    refused = models.JSONField(default=dict)

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("step with many records")
        verbose_name_plural = _("steps with many records")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["municipality", "by", "-id"], name="bulk_step_of")
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.done}"

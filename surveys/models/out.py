"""How records leave for those who may have them: files, webhooks, programs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.gis.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantModel
from surveys.models.access import FieldQuerySet
from surveys.models.questionnaires import Form
from surveys.models.rounds import Round


class ExportQuerySet(FieldQuerySet):
    permission = "surveys.export_submission"

    def visible_to(self, user: Any) -> Self:
        return super().visible_to(user).filter(by=user)


class Export(TenantModel):
    """A file of a round's records that somebody asked for, deleted after a day; or that
    a program read or wrote, of all rounds.
    """

    KEPT = timedelta(days=1)

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("under way")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    round = models.ForeignKey(Round, models.CASCADE, null=True, related_name="exports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(_("format"), max_length=10)
    options = models.JSONField(default=dict)
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.WAITING
    )
    asked_at = models.DateTimeField(_("asked for"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    file = models.FileField(_("file"), max_length=200, blank=True)
    size = models.PositiveBigIntegerField(_("size, bytes"), default=0)

    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-asked_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.round or ''} {self.kind}".strip()

    @property
    def kept_until(self) -> datetime | None:
        """None where there is no file, or no longer."""
        if not self.file or self.finished_at is None:
            return None
        until = self.finished_at + self.KEPT
        return until if until > timezone.now() else None


class WebhookQuerySet(FieldQuerySet):
    permission = "surveys.export_submission"


class Webhook(TenantModel):
    """An address that hears of records as they are received, approved, withdrawn."""

    form = models.ForeignKey(Form, models.CASCADE, related_name="webhooks")
    url = models.URLField(_("address"), max_length=500)
    events = models.JSONField(_("events"), default=list)
    secret = models.CharField(_("signing secret"), max_length=100)
    with_answers = models.BooleanField(_("sends answers"), default=False)
    enabled = models.BooleanField(_("switched on"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects = WebhookQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.url


class WebhookTown(models.Model):
    """A municipality in which a webhook is switched on: the worker looks only into
    these, of a thousand. Read before the tenant is known; it holds nothing else.
    """

    municipality = models.OneToOneField(
        "geography.Municipality", models.CASCADE, primary_key=True, related_name="+"
    )

    class Meta:
        verbose_name = _("municipality with webhooks")
        verbose_name_plural = _("municipalities with webhooks")

    def __str__(self) -> str:
        return str(self.pk)


class WebhookDelivery(TenantModel):
    """One event on its way to one webhook, tried until it is taken or given up."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        GIVEN_UP = "given_up", _("given up")

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    event = models.CharField(_("event"), max_length=40)
    submission = models.ForeignKey(
        "surveys.Submission", models.CASCADE, related_name="+"
    )
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.WAITING
    )
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    next_try_at = models.DateTimeField(null=True)
    last_status = models.PositiveSmallIntegerField(_("answer"), null=True)
    last_error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.event} {self.submission_id}"


class ApiSession(models.Model):
    """A program signed in at /v1: the SHA-256 of its token, for a day.

    Of no municipality, because it is looked up before one is known; it holds no data.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("program's session")
        verbose_name_plural = _("programs' sessions")

    def __str__(self) -> str:
        return str(self.pk)

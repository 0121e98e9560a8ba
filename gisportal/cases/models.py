from __future__ import annotations

from datetime import date
from typing import Any, Self

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gisportal.accounts.roles import PERMISSIONS
from gisportal.cases import workflow
from layers.geography.models import Municipality
from layers.geography.tenancy import TenantModel, TenantQuerySet


def municipalities_granting(user: Any, permission: str) -> Any:
    """Municipalities where one of the person's roles holds `permission`."""
    roles = [role for role, granted in PERMISSIONS.items() if permission in granted]
    return Municipality.objects.filter(
        memberships__user=user, memberships__role__in=roles
    ).values("pk")


class CaseQuerySet(TenantQuerySet):
    def visible_to(self, user: Any) -> Self:
        """A person's own cases, and all of a type for the staff who work on it."""
        if not user.is_authenticated:
            return self.none()
        seen = Q(reporter=user)
        for kind, permission in Case.VIEW_PERMISSIONS.items():
            staffed = municipalities_granting(user, permission)
            seen |= Q(type=kind, municipality__in=staffed)
        return self.filter(seen)

    def followed_by(self, user: Any) -> Self:
        """Cases of others of which a person may know number, status and dates."""
        return self.filter(followers__user=user)

    def open(self) -> Self:
        return self.filter(status__in=workflow.OPEN)

    def overdue(self, today: date) -> Self:
        return self.open().filter(deadline__lt=today)


class Case(TenantModel):
    """What somebody asked of the municipality, whatever its type and channel."""

    class Type(models.TextChoices):
        SERVICE_REQUEST = "service_request", _("service request")

    class Channel(models.TextChoices):
        WEB = "web", _("web")
        DESK = "desk", _("front desk")
        PHONE = "phone", _("telephone")

    class Status(models.TextChoices):
        RECEIVED = workflow.Status.RECEIVED, _("Received")
        IN_PROGRESS = workflow.Status.IN_PROGRESS, _("In progress")
        WAITING = workflow.Status.WAITING, _("Waiting for the resident")
        DONE = workflow.Status.DONE, _("Done")
        REJECTED = workflow.Status.REJECTED, _("Not accepted")
        WITHDRAWN = workflow.Status.WITHDRAWN, _("Withdrawn")

    class Visibility(models.TextChoices):
        PRIVATE = "private", _("reporter and staff")
        PUBLIC = "public", _("everyone, without persons")

    VIEW_PERMISSIONS = {Type.SERVICE_REQUEST: "service_requests.view_all"}
    ANSWER_PERMISSIONS = {Type.SERVICE_REQUEST: "service_requests.answer"}

    type = models.CharField(_("type"), max_length=30, choices=Type)
    number = models.CharField(_("number"), max_length=20)
    channel = models.CharField(_("channel"), max_length=20, choices=Channel)
    status = models.CharField(
        _("status"), max_length=20, choices=Status, default=Status.RECEIVED
    )
    title = models.CharField(_("title"), max_length=200)
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("reporter"),
    )
    reporter_name = models.CharField(_("name"), max_length=200, blank=True)
    reporter_phone = models.CharField(_("phone"), max_length=40, blank=True)
    language = models.CharField(
        _("language of the answer"), max_length=5, choices=settings.LANGUAGES
    )
    geometry = models.PointField(_("place"), srid=4326, null=True, blank=True)
    address = models.CharField(_("address or landmark"), max_length=300, blank=True)
    zone = models.ForeignKey(
        "geography.Zone", models.PROTECT, null=True, blank=True, related_name="+"
    )
    parcel = models.ForeignKey(
        "geography.Parcel", models.PROTECT, null=True, blank=True, related_name="+"
    )
    deadline = models.DateField(_("to be answered by"), null=True, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assigned to"),
    )
    visibility = models.CharField(
        _("visibility"),
        max_length=20,
        choices=Visibility,
        default=Visibility.PRIVATE,
    )
    created_at = models.DateTimeField(_("received on"), default=timezone.now)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "number"], name="case_number_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["municipality", "type", "status", "deadline"],
                name="case_queue",
            ),
            models.Index(
                fields=["municipality", "reporter", "-created_at"], name="case_reporter"
            ),
            models.Index(
                fields=["municipality", "-created_at", "-id"], name="case_newest"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.status in workflow.OPEN

    def is_overdue(self, today: date) -> bool:
        return self.is_open and self.deadline is not None and self.deadline < today

    def actors(self, user: Any) -> frozenset[workflow.Actor]:
        """In which parts `user` stands towards this case."""
        parts = set()
        if user.is_authenticated and self.reporter_id == user.pk:
            parts.add(workflow.Actor.REPORTER)
        if user.has_perm(
            self.ANSWER_PERMISSIONS[Case.Type(self.type)], self.municipality
        ):
            parts.add(workflow.Actor.OFFICER)
        return frozenset(parts)


class CaseEventQuerySet(TenantQuerySet):
    def visible_to(self, user: Any) -> Self:
        """Notes stay with the staff; the rest follows the case."""
        if not user.is_authenticated:
            return self.none()
        seen = Q(case__in=Case.objects.filter(reporter=user).values("pk"), public=True)
        for kind, permission in Case.VIEW_PERMISSIONS.items():
            staffed = municipalities_granting(user, permission)
            seen |= Q(case__type=kind, municipality__in=staffed)
        return self.filter(seen)


class CaseEvent(TenantModel):
    """One line of a case's history. The database refuses to change or delete it.

    `public` means that the reporter reads it, not that everyone does.
    """

    class Kind(models.TextChoices):
        OPENED = "opened", _("received")
        STATUS_CHANGED = "status_changed", _("new status")
        ANSWERED = "answered", _("answer")
        REPLIED = "replied", _("reply of the reporter")
        NOTED = "noted", _("internal note")

    case = models.ForeignKey(Case, models.PROTECT, related_name="events")
    at = models.DateTimeField(_("time"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    from_status = models.CharField(max_length=20, choices=Case.Status, blank=True)
    to_status = models.CharField(max_length=20, choices=Case.Status, blank=True)
    text = models.TextField(_("text"), blank=True)
    public = models.BooleanField(_("the reporter reads it"), default=True)

    objects = CaseEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.kind}"


class CaseDocumentQuerySet(TenantQuerySet):
    def visible_to(self, user: Any) -> Self:
        return self.filter(case__in=Case.objects.visible_to(user).values("pk"))


class CaseDocument(TenantModel):
    """A photo, written anew on arrival: JPEG, no metadata, at most 2048 pixels."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="documents")
    file = models.FileField(_("file"), max_length=200)
    width = models.PositiveIntegerField(_("width in pixels"))
    height = models.PositiveIntegerField(_("height in pixels"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("added on"), default=timezone.now)

    objects = CaseDocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.file.name or ""


class CaseFollower(TenantModel):
    """Somebody who has the same problem and hears when its status changes."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="followers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    language = models.CharField(max_length=5, choices=settings.LANGUAGES)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("follower")
        verbose_name_plural = _("followers")
        constraints = [
            models.UniqueConstraint(fields=["case", "user"], name="follower_once")
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.user_id}"


class CaseCounter(TenantModel):
    """The last number given in a year; its row is locked while one is given."""

    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("counter")
        verbose_name_plural = _("counters")
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "year"], name="counter_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"

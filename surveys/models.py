"""What the field learned, with names and birth dates: no other app may read it.

What the rest of the product knows of a survey goes through `surveys.publish`.
"""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Count, F, Max, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from layers.geography.models import Named
from layers.geography.tenancy import TenantModel, TenantQuerySet


def _municipalities_allowing(user: Any, permission: str) -> list[int]:
    if not user.is_authenticated:
        return []
    return [
        municipality.pk
        for municipality in user.staffed_municipalities()
        if user.has_perm(permission, municipality)
    ]


class RoundQuerySet(TenantQuerySet):
    def visible_to(self, user: Any) -> Self:
        """Those who bring answers in see the rounds they belong to."""
        allowed = _municipalities_allowing(user, "surveys.upload_round")
        return self.filter(municipality__in=allowed)

    def with_counts(self) -> Self:
        """Adds `submission_count` and `child_count`, withdrawn ones left out."""
        valid = Q(submissions__withdrawn_at=None)
        return self.annotate(
            submission_count=Count("submissions", filter=valid, distinct=True),
            child_count=Count("submissions__members", filter=valid, distinct=True),
        )


class Round(Named, TenantModel):
    """One wave of interviews."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        PUBLISHED = "published", _("published")

    code = models.SlugField(_("code"), max_length=60)
    starts_on = models.DateField(_("first interview"))
    ends_on = models.DateField(_("last interview"))
    school_year_start = models.DateField(_("start of the school year"))
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.DRAFT
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("round")
        verbose_name_plural = _("rounds")
        ordering = ["-starts_on", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "code"], name="round_code_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="round_ends_after_start"
            ),
        ]

    def has_news(self) -> bool:
        """Whether anything was loaded, corrected or withdrawn since publishing."""
        last = self.publications.filter(state=Publication.State.DONE).aggregate(
            at=Max("finished_at")
        )["at"]
        changed = self.submissions.aggregate(at=Max("changed_at"))["at"]
        return changed is not None and (last is None or changed > last)


class UploadQuerySet(TenantQuerySet):
    def visible_to(self, user: Any) -> Self:
        """One's own files; data managers see everybody's."""
        if not user.is_authenticated:
            return self.none()
        own = _municipalities_allowing(user, "surveys.upload_round")
        every = _municipalities_allowing(user, "surveys.view_submission")
        return self.filter(Q(by=user, municipality__in=own) | Q(municipality__in=every))


def content_address(upload: Upload, filename: str) -> str:
    return f"surveys/{upload.municipality_id}/{upload.sha256[:2]}/{upload.sha256}"


class Upload(TenantModel):
    """A file as it came, kept byte for byte, and what the check found in it."""

    class Status(models.TextChoices):
        RECEIVED = "received", _("received")
        CHECKING = "checking", _("being checked")
        FAULTY = "faulty", _("needs correction")
        READY = "ready", _("ready to load")
        LOADING = "loading", _("being loaded")
        LOADED = "loaded", _("loaded")
        FAILED = "failed", _("broken off")

    round = models.ForeignKey(Round, models.PROTECT, related_name="uploads")
    file = models.FileField(_("file"), upload_to=content_address, max_length=200)
    file_name = models.CharField(_("file name"), max_length=200)
    size = models.PositiveIntegerField(_("size, bytes"))
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    received_at = models.DateTimeField(_("received"), auto_now_add=True)
    loaded_at = models.DateTimeField(_("loaded"), null=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.RECEIVED
    )
    status_since = models.DateTimeField(default=timezone.now)
    # What `surveys.checking.Report.as_json` writes; problems are kept as codes, so
    # that each reader sees them in their own language.
    report = models.JSONField(default=dict)

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("uploaded file")
        verbose_name_plural = _("uploaded files")
        ordering = ["-received_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "round", "sha256"], name="upload_once_in_round"
            )
        ]

    def __str__(self) -> str:
        return self.file_name


class SubmissionQuerySet(TenantQuerySet):
    def visible_to(self, user: Any) -> Self:
        allowed = _municipalities_allowing(user, "surveys.view_submission")
        return self.filter(municipality__in=allowed)

    def valid(self) -> Self:
        """Those that count: not withdrawn."""
        return self.filter(withdrawn_at=None)

    def placed(self) -> Self:
        """Those that have a zone, without which they can be in no figure."""
        return self.exclude(zone=None)

    def matching(self, words: str) -> Self:
        """Each word is in the household's number, parcel, surveyor, head or phone."""
        found = self
        for word in words.split():
            found = found.filter(
                Q(household__code__icontains=word)
                | Q(parcel__code__icontains=word)
                | Q(surveyor__icontains=word)
                | Q(head_name__icontains=word)
                | Q(phone__icontains=word)
            )
        return found


class Household(TenantModel):
    """A household followed from round to round by its number."""

    code = models.CharField(_("household number"), max_length=60)

    class Meta:
        verbose_name = _("household")
        verbose_name_plural = _("households")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "code"], name="household_code_once"
            )
        ]

    def __str__(self) -> str:
        return self.code


class Submission(TenantModel):
    """One household's interview in one round.

    The zone is stored when the interview arrives, never joined by geometry when
    it is counted. `digest` is the fingerprint of the content and its place, by
    which an unchanged interview is recognised.
    """

    class PlacedBy(models.TextChoices):
        PARCEL_CODE = "parcel_code", _("parcel number")
        INSIDE = "inside", _("coordinates inside a parcel")
        NEAREST = "nearest", _("nearest parcel")
        ZONE = "zone", _("coordinates inside a zone")
        NOTHING = "nothing", _("no place found")

    round = models.ForeignKey(Round, models.PROTECT, related_name="submissions")
    household = models.ForeignKey(Household, models.PROTECT, related_name="submissions")
    upload = models.ForeignKey(Upload, models.PROTECT, related_name="submissions")
    interviewed_on = models.DateField(_("interview"))
    surveyor = models.CharField(_("surveyor"), max_length=200, blank=True)
    head_name = models.CharField(_("head of household"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=60, blank=True)
    parcel = models.ForeignKey(
        "geography.Parcel", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    zone = models.ForeignKey(
        "geography.Zone", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    geometry = models.PointField(
        _("place of the interview"), srid=4326, null=True, spatial_index=False
    )
    placed_by = models.CharField(_("placed by"), max_length=20, choices=PlacedBy)
    stratum = models.CharField(_("stratum"), max_length=60, blank=True)
    weight = models.FloatField(_("weight"))
    frame_households = models.PositiveIntegerField(
        _("households in the stratum's frame"), null=True
    )
    answers = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    received_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    withdrawal_reason = models.CharField(
        _("reason for the withdrawal"), max_length=300, blank=True
    )

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ["household__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "household"], name="submission_once_in_round"
            ),
            models.CheckConstraint(condition=Q(weight__gt=0), name="weight_positive"),
        ]
        indexes = [
            models.Index(
                fields=["municipality", "round", "zone"], name="submission_by_zone"
            )
        ]

    def __str__(self) -> str:
        return str(self.household)


class Member(TenantModel):
    """A child of the household as the interview recorded it."""

    class Sex(models.TextChoices):
        FEMALE = "female", _("girl")
        MALE = "male", _("boy")

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="members")
    code = models.CharField(_("child number"), max_length=60)
    name = models.CharField(_("name"), max_length=200, blank=True)
    sex = models.CharField(_("sex"), max_length=6, choices=Sex)
    birth_date = models.DateField(_("birth date"))
    answers = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("child")
        verbose_name_plural = _("children")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "code"], name="member_once_in_submission"
            )
        ]

    def __str__(self) -> str:
        return self.code


class RecordRead(TenantModel):
    """Who looked at which household's record: appended, never changed."""

    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )
    submission = models.ForeignKey(
        Submission, models.PROTECT, related_name="record_reads"
    )
    at = models.DateTimeField(_("read"), auto_now_add=True)

    class Meta:
        verbose_name = _("reading of a record")
        verbose_name_plural = _("readings of records")
        ordering = ["-at"]

    def __str__(self) -> str:
        return str(self.submission_id)


class Publication(TenantModel):
    """One publishing of a round: asked for, under way, done or failed."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("under way")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    round = models.ForeignKey(Round, models.PROTECT, related_name="publications")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    asked_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    release_number = models.PositiveIntegerField(null=True)
    household_count = models.PositiveIntegerField(default=0)
    child_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.round} {self.release_number or ''}"

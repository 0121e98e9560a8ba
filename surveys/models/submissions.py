from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantModel, TenantQuerySet
from surveys.models.access import RecordQuerySet
from surveys.models.households import Household
from surveys.models.intake import Arrival, Upload
from surveys.models.questionnaires import FormVersion
from surveys.models.rounds import Round, Target


class SubmissionQuerySet(RecordQuerySet):
    def of_surveyor(self, user: Any) -> Self:
        """One's own records, as the to-do list of a surveyor shows them."""
        return self.filter(by=user) if user.is_authenticated else self.none()

    def valid(self) -> Self:
        """Those that may count: neither withdrawn nor rejected."""
        return self.filter(withdrawn_at=None).exclude(state=Submission.State.REJECTED)

    def approved(self) -> Self:
        """Those that do count in what is published."""
        return self.filter(
            withdrawn_at=None,
            state=Submission.State.APPROVED,
            outcome=Target.Outcome.COMPLETE,
            back_check_of=None,
        )

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


class Submission(TenantModel):
    """One household's interview in one round, as it stands now.

    The zone is stored when the interview arrives, never joined by geometry when
    it is counted. `digest` is the fingerprint of the content and its place, by
    which an unchanged interview is recognised. `answers` holds those of the form's
    main table; repeats are in `rows`.
    """

    class Source(models.TextChoices):
        PHONE = "phone", _("phone")
        BROWSER = "browser", _("browser")
        FILE = "file", _("file")
        OTHER = "other", _("another program")

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        HAS_ISSUES = "has_issues", _("has issues")
        SENT_BACK = "sent_back", _("sent back")
        CORRECTED = "corrected", _("corrected")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")

    class PlacedBy(models.TextChoices):
        PARCEL_CODE = "parcel_code", _("parcel number")
        SUCCESSOR = "successor", _("parcel that took the number's place")
        INSIDE = "inside", _("coordinates inside a parcel")
        NEAREST = "nearest", _("nearest parcel")
        ZONE = "zone", _("coordinates inside a zone")
        HAND = "hand", _("placed by hand")
        NOTHING = "nothing", _("no place found")

    round = models.ForeignKey(Round, models.PROTECT, related_name="submissions")
    household = models.ForeignKey(Household, models.PROTECT, related_name="submissions")
    # Indexed with its key, below.
    version = models.ForeignKey(
        FormVersion,
        models.PROTECT,
        null=True,
        related_name="submissions",
        db_index=False,
    )
    source = models.CharField(
        _("came by"), max_length=10, choices=Source, default=Source.FILE
    )
    upload = models.ForeignKey(
        Upload, models.PROTECT, null=True, related_name="submissions"
    )
    # What its content was read from; older ones are in `arrivals`.
    arrival = models.ForeignKey(Arrival, models.PROTECT, null=True, related_name="+")
    instance_id = models.CharField(max_length=200, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.RECEIVED
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    back_check_of = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="back_checks"
    )
    # Of a visit without an interview there is a record too, for the response rate.
    outcome = models.CharField(
        _("outcome"),
        max_length=20,
        choices=Target.Outcome,
        default=Target.Outcome.COMPLETE,
    )
    interviewed_on = models.DateField(_("interview"))
    started_at = models.DateTimeField(_("begun"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
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
    # Metres, as the phone estimated them.
    accuracy = models.FloatField(_("accuracy of the position"), null=True)
    placed_by = models.CharField(_("placed by"), max_length=20, choices=PlacedBy)
    stratum = models.CharField(_("stratum"), max_length=60, blank=True)
    psu = models.CharField(_("primary sampling unit"), max_length=60, blank=True)
    weight = models.FloatField(_("weight"))
    frame_households = models.PositiveIntegerField(
        _("households in the stratum's frame"), null=True
    )
    answers = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    received_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"))
    # None until the checks of `surveys.quality` have seen the present answers.
    checked_at = models.DateTimeField(_("checked"), null=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    withdrawal_reason = models.CharField(
        _("reason for the withdrawal"), max_length=300, blank=True
    )
    erased_at = models.DateTimeField(_("erased"), null=True)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ["household__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "instance_id"],
                condition=~Q(instance_id=""),
                name="submission_instance_once",
            ),
            # Twice the same household is for a person to sort out, not for a phone;
            # only one of the two can come to count.
            models.UniqueConstraint(
                fields=["round", "household"],
                condition=Q(state="approved", withdrawn_at=None, back_check_of=None),
                name="submission_approved_once",
            ),
            models.CheckConstraint(condition=Q(weight__gt=0), name="weight_positive"),
        ]
        indexes = [
            models.Index(
                fields=["municipality", "round", "zone"], name="submission_by_zone"
            ),
            models.Index(
                fields=["municipality", "round", "state", "-received_at"],
                name="submission_by_state",
            ),
            models.Index(fields=["municipality", "by", "state"], name="submission_by"),
            models.Index(fields=["version", "id"], name="submission_page"),
            models.Index(
                fields=["municipality", "round"],
                condition=Q(checked_at=None),
                name="submission_unchecked",
            ),
        ]

    def __str__(self) -> str:
        return str(self.household)


class RepeatRowQuerySet(RecordQuerySet):
    def children(self) -> Self:
        """Rows of the roster: those with a birth date and a sex."""
        return self.exclude(birth_date=None).exclude(sex="")


class RepeatRow(TenantModel):
    """One repetition of a repeat group. In the roster it is a child, whose name, sex
    and birth date stand in columns of their own.
    """

    class Sex(models.TextChoices):
        FEMALE = "female", _("girl")
        MALE = "male", _("boy")

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="rows")
    round = models.ForeignKey(Round, models.PROTECT, related_name="+")
    # Name of the repeat, as `Table.name` of the form's structure.
    table = models.CharField(max_length=200)
    # Counted from 1 among the repetitions of the same parent.
    ordinal = models.PositiveIntegerField()
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, related_name="children"
    )
    code = models.CharField(_("child number"), max_length=60, blank=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    sex = models.CharField(_("sex"), max_length=6, choices=Sex, blank=True)
    birth_date = models.DateField(_("birth date"), null=True)
    answers = models.JSONField(default=dict)

    objects = RepeatRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("repetition")
        verbose_name_plural = _("repetitions")
        ordering = ["submission", "table", "pk"]
        indexes = [
            models.Index(fields=["municipality", "table", "id"], name="repeat_row_page")
        ]

    def __str__(self) -> str:
        return self.code or f"{self.table} {self.ordinal}"


class SubmissionEvent(TenantModel):
    """What happened to a submission: appended, never changed, but for an erasure,
    which empties `before` and `after`.
    """

    class Kind(models.TextChoices):
        RECEIVED = "received", _("received")
        EDITED = "edited", _("edited")
        STATE = "state", _("state changed")
        COMMENT = "comment", _("comment")
        PLACED = "placed", _("placed")
        WITHDRAWN = "withdrawn", _("withdrawn")
        ERASED = "erased", _("erased")

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="events")
    at = models.DateTimeField(_("at"), auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    from_state = models.CharField(max_length=10, blank=True)
    to_state = models.CharField(max_length=10, blank=True)
    # The question a comment is about, as `surveys.record.Record.address` writes it.
    question = models.CharField(_("question"), max_length=300, blank=True)
    note = models.TextField(_("note"), blank=True)
    # Of an edit: the answers that changed, by address.
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.kind


class RecordRead(TenantModel):
    """Who looked at which household's record: appended, never changed."""

    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )
    submission = models.ForeignKey(
        Submission, models.PROTECT, related_name="record_reads"
    )
    at = models.DateTimeField(_("read"), auto_now_add=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        verbose_name = _("reading of a record")
        verbose_name_plural = _("readings of records")
        ordering = ["-at"]

    def __str__(self) -> str:
        return str(self.submission_id)

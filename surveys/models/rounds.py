from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.contrib.gis.db import models
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Count, F, Max, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from layers.geography.models import Named
from layers.geography.tenancy import TenantModel, TenantQuerySet
from surveys.models.access import (
    FieldQuerySet,
    RecordQuerySet,
    municipalities_allowing,
)
from surveys.models.questionnaires import Form


class RoundQuerySet(FieldQuerySet):
    """Those who bring answers in see the rounds they belong to."""

    def with_counts(self) -> Self:
        """Adds `submission_count` and `child_count`, withdrawn ones left out."""
        valid = Q(submissions__withdrawn_at=None)
        return self.annotate(
            submission_count=Count("submissions", filter=valid, distinct=True),
            child_count=Count(
                "submissions__rows",
                filter=valid & ~Q(submissions__rows__birth_date=None),
                distinct=True,
            ),
        )


class Round(Named, TenantModel):
    """One wave of interviews."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")
        PUBLISHED = "published", _("published")

    class Design(models.TextChoices):
        CENSUS = "census", _("census")
        SIMPLE = "simple", _("simple random sample")
        STRATIFIED = "stratified", _("stratified by zone")
        TWO_STAGE = "two_stage", _("two-stage, by segments")

    class Nonresponse(models.TextChoices):
        """Within which groups interviews stand for those who were not interviewed."""

        NONE = "none", _("none: base weights only")
        STRATUM = "stratum", _("strata of the sample")
        ZONE = "zone", _("zones")
        PSU = "psu", _("segments")

    code = models.SlugField(_("code"), max_length=60)
    starts_on = models.DateField(_("first interview"))
    ends_on = models.DateField(_("last interview"))
    school_year_start = models.DateField(_("start of the school year"))
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.DRAFT
    )
    form = models.ForeignKey(
        Form, models.PROTECT, null=True, blank=True, related_name="rounds"
    )
    # A shorter questionnaire with which a supervisor repeats some interviews.
    back_check_form = models.ForeignKey(
        Form, models.PROTECT, null=True, blank=True, related_name="back_checked"
    )
    # Phones and browsers may send. Apart from the status: a round may be published
    # and still take what comes late.
    receiving = models.BooleanField(_("takes submissions"), default=False)
    design = models.CharField(
        _("sampling design"), max_length=10, choices=Design, default=Design.CENSUS
    )
    # With what the sample was drawn, so that it can be drawn again: zones, sizes, seed.
    draw = models.JSONField(default=dict, blank=True)
    drawn_at = models.DateTimeField(_("sample drawn"), null=True, blank=True)
    # Codes of the zones it is to visit; none means all.
    zones = models.JSONField(_("target zones"), default=list, blank=True)
    # A position this far from a parcel still decides for it.
    tolerance = models.PositiveSmallIntegerField(
        _("tolerance, metres"),
        default=30,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    nonresponse = models.CharField(
        _("classes of non-response"),
        max_length=10,
        choices=Nonresponse,
        default=Nonresponse.NONE,
    )
    # Children in a register or census, as `layers.indicators.samples.known_totals` has them.
    known_totals = models.JSONField(default=dict, blank=True)
    # When something was changed of which published figures depend.
    restated_at = models.DateTimeField(null=True, editable=False)
    # When its observations were last made as a whole; from then on they follow each
    # household that is noted as changed.
    followed_at = models.DateTimeField(null=True, editable=False)
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
            # A submission names its form, not its round.
            models.UniqueConstraint(
                fields=["form"],
                condition=Q(receiving=True),
                name="round_one_receiving_per_form",
            ),
        ]

    def has_news(self) -> bool:
        """Whether anything was loaded, corrected or withdrawn since publishing."""
        last = self.publications.filter(state=Publication.State.DONE).aggregate(
            at=Max("finished_at")
        )["at"]
        changed = self.submissions.aggregate(at=Max("changed_at"))["at"]
        if changed is None or last is None:
            return changed is not None
        return max(changed, self.restated_at or changed) > last


class TargetQuerySet(TenantQuerySet):
    def visible_to(self, user: Any) -> Self:
        """Managers see every parcel to visit, surveyors their own."""
        if not user.is_authenticated:
            return self.none()
        every = municipalities_allowing(user, "surveys.manage_round")
        return self.filter(Q(surveyor=user) | Q(municipality__in=every))


class Target(TenantModel):
    """A parcel that a round visits: its place in the sample, who goes there, and what
    became of it. Weights follow the design; all households of a parcel are asked.
    """

    class Outcome(models.TextChoices):
        PENDING = "pending", _("not visited")
        COMPLETE = "complete", _("interviewed")
        NOBODY_HOME = "nobody_home", _("nobody at home")
        REFUSED = "refused", _("refused")
        UNABLE = "unable", _("not able to answer")
        VACANT = "vacant", _("vacant")
        NOT_RESIDENTIAL = "not_residential", _("nobody lives there")
        NOT_FOUND = "not_found", _("not found")

    round = models.ForeignKey(Round, models.CASCADE, related_name="targets")
    parcel = models.ForeignKey("geography.Parcel", models.PROTECT, related_name="+")
    stratum = models.CharField(_("stratum"), max_length=60, blank=True)
    psu = models.CharField(_("primary sampling unit"), max_length=60, blank=True)
    # Inverse of the probability with which the design chose this parcel.
    base_weight = models.FloatField(_("base weight"), default=1.0)
    # Primary sampling units in the stratum's frame, for the finite population.
    stratum_psus = models.PositiveIntegerField(null=True)
    surveyor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("surveyor"),
    )
    assigned_at = models.DateTimeField(_("assigned"), null=True)
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    outcome = models.CharField(
        _("outcome"), max_length=20, choices=Outcome, default=Outcome.PENDING
    )
    outcome_at = models.DateTimeField(_("visited"), null=True)

    objects = TargetQuerySet.as_manager()

    class Meta:
        verbose_name = _("parcel to visit")
        verbose_name_plural = _("parcels to visit")
        ordering = ["parcel__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "parcel"], name="target_once_in_round"
            ),
            models.CheckConstraint(
                condition=Q(base_weight__gt=0), name="target_weight_positive"
            ),
        ]
        indexes = [
            models.Index(
                fields=["municipality", "surveyor", "round"], name="target_by_surveyor"
            )
        ]

    def __str__(self) -> str:
        return str(self.parcel)


class BackCheck(TenantModel):
    """An interview drawn to be held again, with the shorter form, by somebody else.
    Done when a record of that form came for the household.
    """

    round = models.ForeignKey(Round, models.CASCADE, related_name="back_checks")
    submission = models.OneToOneField(
        "surveys.Submission", models.CASCADE, related_name="drawn_again"
    )
    surveyor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )
    drawn_at = models.DateTimeField(_("drawn"), auto_now_add=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("back-check")
        verbose_name_plural = _("back-checks")
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.submission)


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
    refusal = models.JSONField(
        null=True,
        help_text=_("The withheld figure that readers could have worked out."),
    )

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.round} {self.release_number or ''}"


class ChangedHousehold(TenantModel):
    """Approved, corrected, moved or withdrawn since the observations were last in step.

    Written by a trigger, which sees what many places and plain SQL do.
    """

    round = models.ForeignKey(Round, models.CASCADE, related_name="changed_households")
    household = models.ForeignKey("surveys.Household", models.CASCADE, related_name="+")
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("changed household")
        verbose_name_plural = _("changed households")
        constraints = [
            models.UniqueConstraint(
                fields=["round", "household"], name="changed_household_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.household_id)

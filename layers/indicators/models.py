from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantModel, TenantQuerySet

if TYPE_CHECKING:
    from layers.geography.models import Zone


class ObservationSet(TenantModel):
    """The de-identified children of one survey round or census."""

    code = models.SlugField(_("code"), max_length=60)
    title_ar = models.CharField(_("Arabic title"), max_length=200)
    title_en = models.CharField(_("English title"), max_length=200)
    title_fr = models.CharField(_("French title"), max_length=200)
    reference_date = models.DateField(_("reference date"))
    source = models.CharField(_("source"), max_length=200)
    digest = models.CharField(
        max_length=64,
        help_text=_("SHA-256 of the observations: the same content changes nothing."),
    )
    # By response class, what the weights of its households are multiplied with.
    response_factors = models.JSONField(default=dict)
    # With which definitions the running sums were made; empty: they are to be made anew.
    running = models.JSONField(default=dict)
    # What the arrays of its households and of its children hold, in their order.
    unit_columns = ArrayField(models.CharField(max_length=60), default=list)
    child_columns = ArrayField(models.CharField(max_length=60), default=list)

    class Meta:
        verbose_name = _("set of observations")
        verbose_name_plural = _("sets of observations")
        ordering = ["-reference_date", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "code"], name="observation_set_code"
            )
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def titles(self) -> dict[str, str]:
        return {"ar": self.title_ar, "en": self.title_en, "fr": self.title_fr}


def _town_of_many() -> models.ForeignKey:
    """The municipality of rows that are always read by their set.

    Without an index: row security compares it in every query, and as long as nothing is
    known of new rows PostgreSQL would take that for a short way to few of them.
    """
    return models.ForeignKey(
        "geography.Municipality", models.PROTECT, related_name="+", db_index=False
    )


class SampleUnit(TenantModel):
    """A household that responded, with or without children."""

    municipality = _town_of_many()
    # Without an index of its own: that of its key begins with it.
    observation_set = models.ForeignKey(
        ObservationSet, models.CASCADE, related_name="units", db_index=False
    )
    key = models.CharField(max_length=64)
    zone = models.ForeignKey("geography.Zone", models.PROTECT, related_name="+")
    stratum = models.CharField(max_length=60)
    psu = models.CharField(max_length=64)
    weight = models.FloatField()
    response_class = models.CharField(max_length=60, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    stratum_psus = models.PositiveIntegerField(
        null=True,
        help_text=_("Primary sampling units in the stratum's frame, if known."),
    )
    # In the order of the set's `unit_columns`; NaN where nothing is known.
    values = ArrayField(models.FloatField(), default=list)

    class Meta:
        verbose_name = _("sampled household")
        verbose_name_plural = _("sampled households")
        constraints = [
            models.UniqueConstraint(
                fields=["observation_set", "key"], name="sample_unit_key"
            ),
            models.CheckConstraint(
                condition=Q(weight__gt=0), name="sample_unit_weight_positive"
            ),
        ]
        indexes = [
            models.Index(
                fields=["observation_set", "stratum", "psu"], name="sample_unit_psu"
            )
        ]

    def __str__(self) -> str:
        return self.key


class Observation(TenantModel):
    """A child, without a name, a birth date or a place but the zone."""

    class Sex(models.TextChoices):
        FEMALE = "female", _("girl")
        MALE = "male", _("boy")

    municipality = _town_of_many()
    # Told again, so that reading a set needs no join; its key's index begins with it.
    observation_set = models.ForeignKey(
        ObservationSet, models.CASCADE, related_name="children", db_index=False
    )
    unit = models.ForeignKey(SampleUnit, models.CASCADE, related_name="children")
    key = models.CharField(max_length=64)
    sex = models.CharField(max_length=6, choices=Sex)
    age_months = models.PositiveSmallIntegerField()
    # In the order of the set's `child_columns`; NaN where nothing is known.
    values = ArrayField(models.FloatField(), default=list)

    class Meta:
        verbose_name = _("observation")
        verbose_name_plural = _("observations")
        constraints = [
            models.UniqueConstraint(
                fields=["observation_set", "key"], name="observation_key"
            )
        ]

    def __str__(self) -> str:
        return self.key


class RunningSum(TenantModel):
    """What the figures of now need of one stratum's part of a zone, or of the town.

    Sums of the households of one response class, with their weights before that class's
    factor; `services` keep them in step with the observations.
    """

    observation_set = models.ForeignKey(
        ObservationSet, models.CASCADE, related_name="sums"
    )
    zone = models.ForeignKey(
        "geography.Zone", models.PROTECT, null=True, related_name="+"
    )
    stratum = models.CharField(max_length=60)
    response_class = models.CharField(max_length=60, blank=True)
    psus = models.PositiveIntegerField()
    stratum_psus = models.PositiveIntegerField(null=True)
    sums = models.BinaryField()

    class Meta:
        verbose_name = _("running sum")
        verbose_name_plural = _("running sums")
        constraints = [
            models.UniqueConstraint(
                fields=["observation_set", "zone", "stratum", "response_class"],
                name="running_sum_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.stratum} {self.response_class}".strip()


class ReleaseQuerySet(TenantQuerySet):
    def latest_first(self) -> Self:
        return self.order_by("-number")


class Release(TenantModel):
    """A numbered, frozen publication of all figures of a round."""

    observation_set = models.ForeignKey(
        ObservationSet, models.PROTECT, related_name="releases"
    )
    number = models.PositiveIntegerField(_("release number"))
    digest = models.CharField(
        max_length=64, help_text=_("SHA-256 of the observations that were published.")
    )
    definitions = models.JSONField(
        help_text=_("Version of each indicator's definition, by code.")
    )
    children = models.PositiveIntegerField(_("children, rounded"))
    households = models.PositiveIntegerField(_("households, rounded"))
    computed_at = models.DateTimeField(auto_now_add=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "number"], name="release_number"
            )
        ]

    def __str__(self) -> str:
        return str(self.number)


class EstimateQuerySet(TenantQuerySet):
    def of_release(self, release: Release) -> Self:
        return self.filter(release=release)

    def of_indicator(self, code: str) -> Self:
        return self.filter(indicator=code)

    def of_breakdown(self, breakdown: str) -> Self:
        return self.filter(breakdown=breakdown)

    def of_zone(self, zone: Zone) -> Self:
        return self.filter(zone=zone)

    def of_town(self) -> Self:
        return self.filter(zone=None)


class Estimate(TenantModel):
    """A published figure: a share between 0 and 1, or the reason why there is none."""

    class Breakdown(models.TextChoices):
        ALL = "all", _("all children")
        GIRLS = "sex:female", _("girls")
        BOYS = "sex:male", _("boys")

    class Flag(models.TextChoices):
        RELIABLE = "reliable", _("reliable")
        UNCERTAIN = "uncertain", _("uncertain")
        WITHHELD = "withheld", _("withheld")
        NO_DATA = "no_data", _("no data")

    class Reason(models.TextChoices):
        NONE = "", ""
        SMALL_SAMPLE = "small_sample", _("few children, or a wide interval")
        FEW_CHILDREN = "few_children", _("too few children were asked")
        FEW_HOUSEHOLDS = "few_households", _("too few households were asked")
        FEW_AFFECTED = "few_affected", _("so few children that they could be known")
        PROTECTS_OTHERS = (
            "protects_others",
            _("it could give children away, here or in another figure"),
        )
        NO_DATA = "no_data", _("no child was asked")

    release = models.ForeignKey(Release, models.PROTECT, related_name="estimates")
    indicator = models.CharField(_("indicator"), max_length=60)
    definition_version = models.PositiveSmallIntegerField(_("version of definition"))
    zone = models.ForeignKey(
        "geography.Zone",
        models.PROTECT,
        null=True,
        related_name="+",
        help_text=_("Empty for the whole town."),
    )
    breakdown = models.CharField(_("breakdown"), max_length=20, choices=Breakdown)
    estimate = models.FloatField(_("estimate"), null=True)
    se = models.FloatField(_("standard error"), null=True)
    low = models.FloatField(_("lower bound"), null=True)
    high = models.FloatField(_("upper bound"), null=True)
    df = models.PositiveIntegerField(_("degrees of freedom"), null=True)
    deff = models.FloatField(_("design effect"), null=True)
    population = models.PositiveIntegerField(
        _("children in the zone, estimated, rounded"), null=True
    )
    total = models.PositiveIntegerField(
        _("children in need, estimated, rounded"), null=True
    )
    n = models.PositiveIntegerField(_("children asked, rounded"), null=True)
    households = models.PositiveIntegerField(_("households, rounded"), null=True)
    flag = models.CharField(_("flag"), max_length=10, choices=Flag)
    reason = models.CharField(
        _("reason"), max_length=20, choices=Reason, blank=True, default=Reason.NONE
    )

    objects = EstimateQuerySet.as_manager()

    class Meta:
        verbose_name = _("estimate")
        verbose_name_plural = _("estimates")
        ordering = ["indicator", "breakdown", "zone__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "indicator", "breakdown", "zone"],
                name="estimate_once_per_release",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(flag__in=["reliable", "uncertain"])
                | Q(estimate=None, se=None, low=None, high=None, n=None),
                name="estimate_withheld_without_values",
            ),
            models.CheckConstraint(
                condition=Q(flag__in=["reliable", "uncertain"])
                | Q(df=None, deff=None, population=None, total=None, households=None),
                name="estimate_withheld_without_totals",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.breakdown}"


class ChangeQuerySet(TenantQuerySet):
    def of_release(self, release: Release) -> Self:
        return self.filter(release=release)

    def of_indicator(self, code: str) -> Self:
        return self.filter(indicator=code)

    def of_breakdown(self, breakdown: str) -> Self:
        return self.filter(breakdown=breakdown)


class Change(TenantModel):
    """What became of a figure since the round before, as far as both are published."""

    class Verdict(models.TextChoices):
        BETTER = "better", _("better")
        WORSE = "worse", _("worse")
        NO_EVIDENCE = "no_evidence", _("no evidence of change")
        NOT_COMPARABLE = "not_comparable", _("not comparable")

    class Reason(models.TextChoices):
        NONE = "", ""
        OTHER_DEFINITION = "other_definition", _("the definition has changed")
        OTHER_BOUNDARY = "other_boundary", _("the zone was drawn anew")
        NOT_PUBLISHED = "not_published", _("one of the two figures is not published")
        UNCERTAIN = "uncertain", _("one of the two figures is uncertain")
        NO_VARIANCE = "no_variance", _("one of the two figures has no variance")

    release = models.ForeignKey(Release, models.PROTECT, related_name="changes")
    former = models.ForeignKey(Release, models.PROTECT, related_name="+")
    indicator = models.CharField(_("indicator"), max_length=60)
    zone = models.ForeignKey(
        "geography.Zone",
        models.PROTECT,
        null=True,
        related_name="+",
        help_text=_("Empty for the whole town."),
    )
    breakdown = models.CharField(
        _("breakdown"), max_length=20, choices=Estimate.Breakdown
    )
    difference = models.FloatField(_("difference"), null=True)
    se = models.FloatField(_("standard error"), null=True)
    low = models.FloatField(_("lower bound"), null=True)
    high = models.FloatField(_("upper bound"), null=True)
    p = models.FloatField(_("p-value, adjusted for the number of zones"), null=True)
    verdict = models.CharField(_("verdict"), max_length=14, choices=Verdict)
    reason = models.CharField(
        _("reason"), max_length=20, choices=Reason, blank=True, default=Reason.NONE
    )

    objects = ChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change between rounds")
        verbose_name_plural = _("changes between rounds")
        ordering = ["indicator", "breakdown", "zone__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "indicator", "breakdown", "zone"],
                name="change_once_per_release",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=~Q(verdict="not_comparable")
                | Q(difference=None, se=None, low=None, high=None, p=None),
                name="change_not_comparable_without_values",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.breakdown}"


class ZoneStatisticQuerySet(TenantQuerySet):
    def newest(self) -> Self:
        """The highest version of each statistic of each zone."""
        return self.order_by("statistic", "zone_id", "-version").distinct(
            "statistic", "zone_id"
        )

    def of_kind(self, kind: str) -> Self:
        return self.filter(zone__kind=kind, zone__valid_until=None)


class ZoneStatistic(TenantModel):
    """What rasters say of a zone: people, and those whom a hazard or a way concerns.

    Estimates of a model of population, never counts. `statistic` is "people",
    "hazard:CODE", "hazards" (how many on average) or "walk:KIND:MINUTES".
    """

    class Who(models.TextChoices):
        CHILDREN = "children", _("children")
        POPULATION = "population", _("people of all ages")

    zone = models.ForeignKey("geography.Zone", models.PROTECT, related_name="+")
    statistic = models.CharField(_("statistic"), max_length=120)
    who = models.CharField(_("who is counted"), max_length=10, choices=Who)
    version = models.PositiveIntegerField(_("version"))
    people = models.FloatField(
        _("people concerned"),
        null=True,
        help_text=_("Rounded; empty where too few people live, or nothing is known."),
    )
    value = models.FloatField(
        _("value"), null=True, help_text=_("A share, or a mean number of hazards.")
    )
    withheld = models.BooleanField(_("withheld"), default=False)
    covered = models.FloatField(_("share of the zone that the raster covers"))
    people_raster = models.ForeignKey(
        "geography.Raster", models.PROTECT, related_name="+"
    )
    other_raster = models.ForeignKey(
        "geography.Raster", models.PROTECT, null=True, related_name="+"
    )
    parameters = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    computed_at = models.DateTimeField(_("computed"), auto_now_add=True)

    objects = ZoneStatisticQuerySet.as_manager()

    class Meta:
        verbose_name = _("zone statistic")
        verbose_name_plural = _("zone statistics")
        ordering = ["statistic", "zone__code", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["zone", "statistic", "version"], name="zone_statistic_version"
            ),
            models.CheckConstraint(
                condition=Q(withheld=False) | Q(people=None, value=None),
                name="zone_statistic_withheld_without_values",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.statistic} {self.version}"


class DefinitionQuerySet(TenantQuerySet):
    def published(self) -> Self:
        return self.filter(state=Definition.State.PUBLISHED)

    def newest_first(self) -> Self:
        return self.order_by("code", "-version")


class Definition(TenantModel):
    """A municipality's own indicator: a version of its definition.

    `content` has the grammar of the catalogue's files. It is written while the version
    is a draft and never after; a change is a new version.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        IN_REVIEW = "in_review", _("in review")
        PUBLISHED = "published", _("in use")
        RETIRED = "retired", _("retired")

    code = models.SlugField(_("code"), max_length=60)
    version = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.DRAFT
    )
    content = models.JSONField(_("definition"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    comment = models.CharField(_("comment"), max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)

    objects = DefinitionQuerySet.as_manager()

    class Meta:
        verbose_name = _("definition")
        verbose_name_plural = _("definitions")
        ordering = ["code", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "code", "version"], name="definition_version"
            ),
            models.UniqueConstraint(
                fields=["municipality", "code"],
                condition=Q(state="published"),
                name="definition_published_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.version}"


class FamilyCounts(TenantModel):
    """The exact counts behind a release, which the next one is compared with.

    Read by the audit alone: no page, tile, file or answer has them.
    """

    release = models.ForeignKey(Release, models.PROTECT, related_name="+")
    family = models.CharField(max_length=60)
    content = models.JSONField()

    class Meta:
        verbose_name = _("counts behind a release")
        verbose_name_plural = _("counts behind releases")
        constraints = [
            models.UniqueConstraint(
                fields=["release", "family"], name="family_counts_once_per_release"
            )
        ]

    def __str__(self) -> str:
        return f"{self.release} {self.family}"


class OwnVariable(TenantModel):
    """A variable of a municipality's own, beside the canonical ones.

    What it means never changes and its name is never given to another, because figures
    of all rounds rest on it.
    """

    class Of(models.TextChoices):
        HOUSEHOLD = "household", _("household")
        CHILD = "child", _("child")

    name = models.SlugField(max_length=60)
    of = models.CharField(max_length=9, choices=Of)
    smallest = models.FloatField()
    largest = models.FloatField()
    label_ar = models.CharField(max_length=200)
    label_en = models.CharField(max_length=200)
    label_fr = models.CharField(max_length=200)

    class Meta:
        verbose_name = _("variable of a municipality")
        verbose_name_plural = _("variables of a municipality")
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "name"], name="own_variable_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Trial(TenantModel):
    """A rule that somebody tried on a round on one day, by its digest."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    day = models.DateField(default=timezone.localdate)
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("trial of a rule")
        verbose_name_plural = _("trials of rules")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "municipality", "day", "digest"],
                name="trial_once_a_day",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.digest[:8]}"

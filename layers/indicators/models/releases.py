from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantModel, TenantQuerySet
from layers.indicators.groups.breakdowns import label_of
from layers.indicators.models.published import Published
from layers.indicators.models.samples import ObservationSet

if TYPE_CHECKING:
    from layers.geography.models import Municipality, Zone


class ReleaseQuerySet(TenantQuerySet):
    def of(self, municipality: Municipality) -> Self:
        """Without what only a comparison of rounds reads: it is long."""
        return super().of(municipality).defer("likeness")

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
    # The scheme of deprivation as it was used; empty: the release knows of none.
    deprivation = models.JSONField(default=dict)
    # By which known totals of how many children its figures were weighted; empty: by none.
    calibration = models.JSONField(default=dict)
    # Which figures resemble those of older rounds in which the same units answered.
    likeness = models.JSONField(default=dict)
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


class Estimate(Published):
    """A published figure: a share between 0 and 1, or the reason why there is none."""

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
    # A key of `breakdowns`.
    breakdown = models.CharField(_("breakdown"), max_length=60)
    deff = models.FloatField(_("design effect"), null=True)
    total = models.PositiveIntegerField(
        _("children in need, estimated, rounded"), null=True
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

    @property
    def group(self) -> str:
        return label_of(self.breakdown)


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
        OTHER_ZONES = "other_zones", _("the area is made of other zones")
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
    breakdown = models.CharField(_("breakdown"), max_length=60)
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

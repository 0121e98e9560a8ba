from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantModel, TenantQuerySet
from layers.indicators.models.published import Published
from layers.indicators.models.releases import Release

if TYPE_CHECKING:
    from layers.geography.models import Zone


class AgeBand(models.TextChoices):
    """The bands of `age_bands`, and all of them together."""

    ALL = "all", _("all ages")
    INFANTS = "0-23m", _("0 to 23 months")
    TODDLERS = "24-59m", _("2 to 4 years")
    PRIMARY = "5-11", _("5 to 11 years")
    ADOLESCENTS = "12-17", _("12 to 17 years")


class SchemeQuerySet(TenantQuerySet):
    def newest_first(self) -> Self:
        return self.order_by("-version")

    def in_use(self) -> Self:
        return self.filter(state=DeprivationScheme.State.IN_USE)


class DeprivationScheme(TenantModel):
    """What a municipality counts as deprivation: a version of its choice.

    `content` has the grammar of `deprivation_schemes.Scheme`. It is written while the
    version is a draft and never after.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        IN_USE = "in_use", _("in use")
        RETIRED = "retired", _("retired")

    version = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.DRAFT
    )
    content = models.JSONField(_("dimensions, weights and cutoffs"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    used_since = models.DateTimeField(null=True)

    objects = SchemeQuerySet.as_manager()

    class Meta:
        verbose_name = _("scheme of deprivation")
        verbose_name_plural = _("schemes of deprivation")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "version"], name="deprivation_scheme_version"
            ),
            models.UniqueConstraint(
                fields=["municipality"],
                condition=Q(state="in_use"),
                name="deprivation_scheme_in_use_once",
            ),
            models.UniqueConstraint(
                fields=["municipality"],
                condition=Q(state="draft"),
                name="deprivation_scheme_one_draft",
            ),
        ]

    def __str__(self) -> str:
        return str(self.version)


class DeprivationQuerySet(TenantQuerySet):
    def of_release(self, release: Release) -> Self:
        return self.filter(release=release)

    def of_band(self, band: str) -> Self:
        return self.filter(band=band)

    def of_zone(self, zone: Zone) -> Self:
        return self.filter(zone=zone)

    def of_town(self) -> Self:
        return self.filter(zone=None)


class DeprivationFigure(Published):
    """A published measure of multidimensional deprivation between 0 and 1.

    `part` says of what: for a cutoff its points, for indicators and dimensions their code,
    for an overlap the dimensions joined by "+", "none" or "other".
    """

    class Measure(models.TextChoices):
        HEADCOUNT = "headcount", _("share of children who are deprived (H)")
        INTENSITY = "intensity", _("how much the deprived lack on average (A)")
        ADJUSTED = "adjusted", _("adjusted headcount (M0)")
        CUTOFF = "cutoff", _("share of children at a cutoff")
        CUTOFF_ADJUSTED = "cutoff_m0", _("adjusted headcount at a cutoff")
        INDICATOR = "indicator", _("share lacking one thing")
        CENSORED = "censored", _("share deprived and lacking one thing")
        CONTRIBUTION = "contribution", _("part of M0 from one thing")
        DIMENSION = "dimension", _("share lacking in a dimension")
        DIMENSION_PART = "dimension_part", _("part of M0 from a dimension")
        OVERLAP = "overlap", _("share lacking in exactly these dimensions")

    release = models.ForeignKey(
        Release, models.PROTECT, related_name="deprivation_figures"
    )
    band = models.CharField(_("age band"), max_length=10, choices=AgeBand)
    zone = models.ForeignKey(
        "geography.Zone",
        models.PROTECT,
        null=True,
        related_name="+",
        help_text=_("Empty for the whole town."),
    )
    measure = models.CharField(_("measure"), max_length=20, choices=Measure)
    part = models.CharField(_("of what"), max_length=200, blank=True)
    dropped = models.PositiveIntegerField(
        _("children left out because of a missing answer, rounded"), null=True
    )
    total = models.PositiveIntegerField(
        _("deprived children, estimated, rounded"), null=True
    )

    objects = DeprivationQuerySet.as_manager()

    class Meta:
        verbose_name = _("figure of deprivation")
        verbose_name_plural = _("figures of deprivation")
        ordering = ["band", "zone__code", "measure", "part"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "band", "zone", "measure", "part"],
                name="deprivation_once_per_release",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(flag__in=["reliable", "uncertain"])
                | Q(estimate=None, se=None, low=None, high=None, df=None),
                name="deprivation_withheld_without_values",
            ),
            models.CheckConstraint(
                condition=Q(flag__in=["reliable", "uncertain"])
                | Q(n=None, households=None, dropped=None, population=None, total=None),
                name="deprivation_withheld_without_totals",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.band} {self.measure} {self.part}".strip()


class DeprivationCounts(TenantModel):
    """The exact counts behind a release's deprivation, which the next one is compared with.

    Read by the audit alone: no page, tile, file or answer has them.
    """

    release = models.OneToOneField(Release, models.PROTECT, related_name="+")
    content = models.JSONField()

    class Meta:
        verbose_name = _("counts behind the deprivation of a release")
        verbose_name_plural = _("counts behind the deprivation of releases")

    def __str__(self) -> str:
        return str(self.release)

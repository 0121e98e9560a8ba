from __future__ import annotations

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from layers.geography.models import Zone
from layers.geography.tenancy import TenantModel, TenantQuerySet
from layers.indicators.models.published import Published
from layers.indicators.models.releases import Release


class Area(TenantModel):
    """Whole zones that a release tells together: a parent zone, or neighbours merged."""

    class Level(models.TextChoices):
        QUARTER = "quarter", _("quarters")
        SECTION = "section", _("cadastral sections")
        BLOCK = "block", _("blocks")
        MERGED = "merged", _("merged zones")

    release = models.ForeignKey(Release, models.PROTECT, related_name="areas")
    level = models.CharField(_("level"), max_length=20, choices=Level)
    zone = models.ForeignKey(
        Zone,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text=_("Empty for merged zones."),
    )
    codes = models.TextField(help_text=_("Of its zones, ascending, with + between."))
    # Keys of its zones, which figures of the release keep from being deleted.
    members = ArrayField(models.BigIntegerField())

    class Meta:
        verbose_name = _("larger area")
        verbose_name_plural = _("larger areas")
        ordering = ["level", "codes"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "level", "codes"], name="area_once_per_release"
            )
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def key(self) -> tuple[str, str]:
        return self.level, self.codes

    @property
    def code(self) -> str:
        return self.zone.code if self.zone else self.codes


class AreaEstimateQuerySet(TenantQuerySet):
    def of_release(self, release: Release) -> Self:
        rows = self.filter(release=release).select_related("area__zone")
        return rows.defer("area__zone__geometry", "area__zone__geometry_3857")

    def of_indicator(self, code: str) -> Self:
        return self.filter(indicator=code)

    def of_breakdown(self, breakdown: str) -> Self:
        return self.filter(breakdown=breakdown)

    def of_level(self, level: str) -> Self:
        return self.filter(area__level=level)


class AreaEstimate(Published):
    """A published figure of a larger area, or why there is none."""

    release = models.ForeignKey(Release, models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, models.PROTECT, related_name="estimates")
    indicator = models.CharField(_("indicator"), max_length=60)
    breakdown = models.CharField(_("breakdown"), max_length=60)
    definition_version = models.PositiveSmallIntegerField(_("version of definition"))
    deff = models.FloatField(_("design effect"), null=True)
    population = models.PositiveIntegerField(_("children, estimated"), null=True)
    total = models.PositiveIntegerField(_("children in need, estimated"), null=True)

    objects = AreaEstimateQuerySet.as_manager()

    class Meta:
        verbose_name = _("estimate of a larger area")
        verbose_name_plural = _("estimates of larger areas")
        ordering = ["indicator", "breakdown", "area__level", "area__codes"]
        constraints = [
            models.UniqueConstraint(
                fields=["area", "indicator", "breakdown"], name="area_estimate_once"
            ),
            models.CheckConstraint(
                condition=Q(flag__in=["reliable", "uncertain"])
                | Q(
                    estimate=None, se=None, low=None, high=None, n=None, df=None,
                    deff=None, population=None, total=None, households=None,
                ),
                name="area_estimate_withheld_without_values",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.indicator} {self.area}"

    @property
    def zone(self) -> Zone | None:
        return self.area.zone

    @property
    def zone_id(self) -> int | None:
        return self.area.zone_id

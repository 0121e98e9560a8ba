from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantQuerySet
from layers.indicators.models.published import Published
from layers.indicators.models.releases import Release

if TYPE_CHECKING:
    from layers.geography.models import Zone


class MeanEstimateQuerySet(TenantQuerySet):
    def of_release(self, release: Release) -> Self:
        rows = self.filter(release=release).select_related("zone")
        return rows.defer("zone__geometry", "zone__geometry_3857")

    def of_indicator(self, code: str) -> Self:
        return self.filter(indicator=code)

    def of_zone(self, zone: Zone | None) -> Self:
        return self.filter(zone=zone)


class MeanEstimate(Published):
    """A published mean of all children of a zone or the town, in the unit of its
    definition, or the reason why there is none.

    Apart from the shares, so that nothing takes minutes for a part of 100 children.
    """

    release = models.ForeignKey(Release, models.PROTECT, related_name="means")
    indicator = models.CharField(_("indicator"), max_length=60)
    definition_version = models.PositiveSmallIntegerField(_("version of definition"))
    zone = models.ForeignKey(
        "geography.Zone",
        models.PROTECT,
        null=True,
        related_name="+",
        help_text=_("Empty for the whole town."),
    )
    estimate = models.FloatField(_("mean"), null=True)
    deff = models.FloatField(_("design effect"), null=True)

    objects = MeanEstimateQuerySet.as_manager()

    class Meta:
        verbose_name = _("mean")
        verbose_name_plural = _("means")
        ordering = ["indicator", "zone__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "indicator", "zone"],
                name="mean_once_per_release",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(flag__in=["reliable", "uncertain"])
                | Q(
                    estimate=None, se=None, low=None, high=None, n=None, df=None,
                    deff=None, population=None, households=None,
                ),
                name="mean_withheld_without_values",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.indicator} {self.zone_id or ''}".strip()

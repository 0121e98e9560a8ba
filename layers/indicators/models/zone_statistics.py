from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantModel, TenantQuerySet


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

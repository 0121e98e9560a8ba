"""Tables of zones for planners: what rasters say, and where neighbours are alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from layers.geography.models import Facility, Municipality
from layers.indicators.modelled.clusters import Clusters
from layers.indicators.models import ZoneStatistic
from layers.maps.raster_tiles import raster_title

Who = ZoneStatistic.Who
CLUSTERS = {
    "high-high": gettext_lazy("high need among high need"),
    "low-low": gettext_lazy("low need among low need"),
    "high-low": gettext_lazy("high need among low need"),
    "low-high": gettext_lazy("low need among high need"),
    "island": gettext_lazy("no neighbour with a figure"),
    "missing": gettext_lazy("no published figure"),
    "": gettext_lazy("no evidence"),
}
# Of the columns; ways then by kind and length.
ORDER = ("people", "hazard", "hazards", "walk")


@dataclass(frozen=True)
class StatisticsTable:
    """The newest statistics of the zones in force, of the kind computed last."""

    columns: list[dict[str, str]]
    rows: list[dict[str, Any]]
    who: str
    raster: str
    computed_at: Any
    withheld: bool

    @classmethod
    def of(cls, municipality: Municipality) -> StatisticsTable | None:
        """None where nothing has been computed."""
        found = ZoneStatistic.objects.of(municipality)
        last = (
            found.order_by("-version").select_related("zone", "people_raster").first()
        )
        if last is None:
            return None
        newest = (
            found.of_kind(last.zone.kind)
            .newest()
            .select_related("zone", "other_raster")
            .defer("zone__geometry", "zone__geometry_3857")
        )
        statistics: dict[str, ZoneStatistic] = {}
        by_zone: dict[str, dict[str, ZoneStatistic]] = {}
        for row in newest:
            statistics.setdefault(row.statistic, row)
            by_zone.setdefault(row.zone.code, {})[row.statistic] = row
        order = sorted(statistics, key=_order)
        return cls(
            columns=[column_of(statistics[name]) for name in order],
            rows=[_row(by_zone[code], order) for code in sorted(by_zone)],
            who=str(Who(last.who).label),
            raster=raster_title(last.people_raster),
            computed_at=last.computed_at,
            withheld=any(row.withheld for row in newest),
        )


def _order(statistic: str) -> tuple[int, str, int]:
    name, _colon, rest = statistic.partition(":")
    place, _colon, length = rest.partition(":")
    return ORDER.index(name), place, int(length or 0)


def column_of(row: ZoneStatistic) -> dict[str, str]:
    """The title of a statistic in the reader's language, and its unit."""
    name, _colon, rest = row.statistic.partition(":")
    if name == "walk":
        kind, _colon, length = rest.partition(":")
        title = _("%(place)s within %(minutes)s min") % {
            "place": capfirst(Facility.Kind(kind).label),
            "minutes": length,
        }
    elif name == "hazard":
        title = raster_title(row.other_raster) if row.other_raster else rest
    elif name == "hazards":
        title = _("Hazards per person")
    else:
        return {"title": str(capfirst(Who(row.who).label)), "unit": ""}
    return {"title": title, "unit": "" if name == "hazards" else _("of 100")}


def _row(found: dict[str, ZoneStatistic], order: Iterable[str]) -> dict[str, Any]:
    some = next(iter(found.values()))
    return {
        "zone": some.zone.name,
        "cells": [_cell(found.get(name)) for name in order],
        "covered": round(100 * some.covered),
    }


def _cell(row: ZoneStatistic | None) -> str:
    if row is None or (row.value is None and row.people is None):
        return "–"
    if row.statistic == "people" and row.people is not None:
        return number_format(int(row.people), force_grouping=True)
    if row.value is None:
        return "–"
    if row.statistic == "hazards":
        return number_format(row.value, decimal_pos=1)
    return number_format(round(100 * row.value))


def cluster_rows(found: Clusters) -> list[dict[str, Any]]:
    """A row a zone, clusters first."""
    local = found.pattern.local
    rows = [
        {
            "zone": zone.name,
            "code": zone.code,
            "cluster": local.cluster[at],
            "says": CLUSTERS[local.cluster[at]],
            "p": None
            if local.adjusted[at] != local.adjusted[at]
            else local.adjusted[at],
        }
        for at, zone in enumerate(found.zones)
    ]
    return sorted(rows, key=lambda row: (row["p"] is None, row["p"] or 0, row["code"]))

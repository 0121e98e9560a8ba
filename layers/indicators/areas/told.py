"""The figures of a release by larger areas: each as it was released, and zones in no
area of the level that has a figure as they are told alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from layers.geography.models import Zone
from layers.indicators import releases
from layers.indicators.models import Area, AreaEstimate, Release

Level = Area.Level
ORDER = (Level.BLOCK, Level.SECTION, Level.QUARTER, Level.MERGED)


@dataclass(frozen=True)
class Told:
    """What one figure is of. `zones` are keys, by code."""

    code: str
    name: str
    zones: tuple[int, ...]
    figure: dict[str, Any]
    area: Area | None = None
    """None for a zone."""


def zone_names(areas: Iterable[Area]) -> dict[int, str]:
    wanted = {pk for area in areas for pk in area.members}
    zones = Zone.objects.filter(pk__in=wanted).defer("geometry", "geometry_3857")
    return {zone.pk: zone.name for zone in zones}


def name_of(area: Area, names: Mapping[int, str]) -> str:
    """That of a parent; of merged zones all their names."""
    if area.zone:
        return area.zone.name
    return " + ".join(names[pk] for pk in area.members)


def levels_of(release: Release) -> list[str]:
    """From the smallest areas to the largest, merged zones last."""
    found = Area.objects.filter(release=release).order_by()
    there = set(found.values_list("level", flat=True).distinct())
    return [level for level in ORDER if level in there]


def told(release: Release, *, level: str, indicator: str, breakdown: str) -> list[Told]:
    """Areas first. Where there is none of the level, the zones alone.

    An area that is withheld takes no zone's figure off the map.
    """
    rows = AreaEstimate.objects.of_release(release).of_indicator(indicator)
    alone = [
        row
        for row in releases.rows_of(release, indicator=indicator, breakdown=breakdown)
        if row.zone is not None
    ]
    with_figure = {row.zone_id for row in alone if row.estimate is not None}
    found = [
        row
        for row in rows.of_breakdown(breakdown).of_level(level)
        if row.estimate is not None or not with_figure & set(row.area.members)
    ]
    names = zone_names(row.area for row in found)
    areas = [
        Told(
            row.area.code,
            name_of(row.area, names),
            tuple(row.area.members),
            releases.figure(row),
            row.area,
        )
        for row in found
    ]
    held = {pk for each in areas for pk in each.zones}
    return areas + [
        Told(row.zone.code, row.zone.name, (row.zone.pk,), releases.figure(row))
        for row in alone
        if row.zone is not None and row.zone.pk not in held
    ]

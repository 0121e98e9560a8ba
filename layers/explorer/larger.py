"""Figures of larger areas: parents of the zones, and neighbouring zones merged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from layers.explorer.rows import Row
from layers.geography.models import Zone
from layers.indicators.breakdowns import ALL, label_of
from layers.indicators.models import Area, AreaEstimate, Release

Level = Area.Level


def rows_of_areas(
    release: Release, indicator: str, breakdown: str = ALL
) -> dict[str, list[Row]]:
    """By level, merged zones last, the greatest need first."""
    found = AreaEstimate.objects.of_release(release).of_indicator(indicator)
    rows = list(found.of_breakdown(breakdown))
    names = zone_names(row.area for row in rows)
    levels: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        levels[row.area.level].append(Row(name_of(row.area, names), row))
    for level in levels.values():
        level.sort(key=lambda row: (not row.shown, -(row.value or 0), row.name))
    return dict(sorted(levels.items(), key=lambda pair: pair[0] == Level.MERGED))


def zone_names(areas: Iterable[Area]) -> dict[int, str]:
    wanted = {pk for area in areas for pk in area.members}
    zones = Zone.objects.filter(pk__in=wanted).defer("geometry", "geometry_3857")
    return {zone.pk: zone.name for zone in zones}


def name_of(area: Area, names: Mapping[int, str]) -> str:
    """That of a parent; of merged zones all their names."""
    if area.zone:
        return area.zone.name
    return " + ".join(names[pk] for pk in area.members)


def lines_of_areas(release: Release, titles: Mapping[str, str]) -> Iterator[list[Any]]:
    """A line a figure for files; shares between 0 and 1."""
    rows = list(AreaEstimate.objects.of_release(release))
    names = zone_names(row.area for row in rows)
    for row in rows:
        yield [
            row.indicator,
            titles[row.indicator],
            str(Level(row.area.level).label),
            row.area.code,
            name_of(row.area, names),
            row.area.codes,
            label_of(row.breakdown),
            *(row.estimate, row.se, row.low, row.high),
            *(row.n, row.households, row.population, row.total),
            str(row.get_flag_display()),
            str(row.get_reason_display()),
        ]


def area_headings() -> list[str]:
    return [
        _("indicator"), _("title"), _("level"), _("code"), _("area"), _("zones"),
        _("group"), _("percent"), _("standard error"), _("from"), _("to"),
        _("children asked, rounded"), _("households, rounded"),
        _("children, estimated"), _("children in need, estimated"),
        _("reliability"), _("reason"),
    ]  # fmt: skip

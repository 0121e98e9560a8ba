"""Figures of larger areas: parents of the zones, and neighbouring zones merged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from layers.explorer.rows import Row
from layers.geography.models import Zone
from layers.indicators.areas.changes import area_changes
from layers.indicators.areas.told import name_of, zone_names
from layers.indicators.groups.breakdowns import ALL
from layers.indicators.models import Area, AreaEstimate, Change, Release
from layers.indicators.rounds.changes import release_before

Level = Area.Level


class Place(NamedTuple):
    """Where a figure is of, as files name it."""

    code: str
    name: str
    level: str
    zones: str = ""
    """Codes of the zones of a larger area, with + between."""


def rows_of_areas(
    release: Release, indicator: str, breakdown: str = ALL
) -> dict[str, list[Row]]:
    """By level, merged zones last, the greatest need first."""
    found = AreaEstimate.objects.of_release(release).of_indicator(indicator)
    rows = list(found.of_breakdown(breakdown))
    names = zone_names(row.area for row in rows)
    changes = _changes(release, {row.area.level for row in rows}, indicator, breakdown)
    levels: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        levels[row.area.level].append(
            Row(name_of(row.area, names), row, changes.get(row.area_id))
        )
    for level in levels.values():
        level.sort(key=lambda row: (not row.shown, -(row.value or 0), row.name))
    return dict(sorted(levels.items(), key=lambda pair: pair[0] == Level.MERGED))


def _changes(
    release: Release, levels: Iterable[str], indicator: str, breakdown: str
) -> dict[int, Change]:
    """By area, since the round before; none for the first round."""
    former = release_before(release)
    if former is None:
        return {}
    wanted = {"indicator": indicator, "breakdown": breakdown}
    return {
        each.area.pk: each.change
        for level in levels
        for each in area_changes(former, release, level=level, **wanted)
    }


def places_of(release: Release) -> Iterator[tuple[Place, AreaEstimate]]:
    """A line a figure for files."""
    names = zone_names(Area.objects.filter(release=release))
    for row in AreaEstimate.objects.of_release(release).iterator(chunk_size=2000):
        area = row.area
        label = str(Level(area.level).label)
        yield Place(area.code, name_of(area, names), label, area.codes), row


@dataclass(frozen=True)
class Around:
    """The larger areas that hold a zone."""

    release: Release
    zone: Zone

    @cached_property
    def _rows(self) -> list[AreaEstimate]:
        found = AreaEstimate.objects.of_release(self.release).of_breakdown(ALL)
        return list(found.filter(area__members__contains=[self.zone.pk]))

    @cached_property
    def parent(self) -> Area | None:
        """The smallest one that is a zone itself."""
        held = [row.area for row in self._rows if row.area.zone]
        return min(held, key=lambda area: len(area.members), default=None)

    @property
    def name(self) -> str:
        return name_of(self.parent, {}) if self.parent else ""

    @cached_property
    def of_parent(self) -> dict[str, Row]:
        """By indicator."""
        return {
            row.indicator: Row(self.name, row)
            for row in self._rows
            if row.area == self.parent
        }

    @cached_property
    def merged(self) -> dict[str, Row]:
        """By indicator, with the names of all its zones."""
        rows = [row for row in self._rows if row.area.level == Level.MERGED]
        names = zone_names(row.area for row in rows)
        return {row.indicator: Row(name_of(row.area, names), row) for row in rows}

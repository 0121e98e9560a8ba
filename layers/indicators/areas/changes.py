"""What became of larger areas between two rounds, from what both releases tell of them.

Never stored: it follows from the published figures, as that of zones does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from layers.indicators.models import Area, AreaEstimate, Change, Release
from layers.indicators.rounds.changes import Kept, judged


@dataclass(frozen=True)
class AreaChange:
    area: Area
    change: Change
    """Unsaved, and of no zone."""


@dataclass(frozen=True)
class Careful:
    """How alike two rounds' figures of areas are is not computed: they are taken as
    independent, by which a change is missed sooner than invented, or as opposed as the
    town's figures are, where these are so.
    """

    town: float

    def of(self, row: Any) -> float:
        return min(self.town, 0.0)


def area_changes(
    former: Release, release: Release, *, level: str, indicator: str, breakdown: str
) -> list[AreaChange]:
    """One for each area of the later release, all judged together.

    Refused beside the reasons of zones where the former round has no area of exactly
    these zones: the difference of two areas would be one of places, not of time.
    """
    now, before = (
        _rows(each, level, indicator, breakdown) for each in (release, former)
    )
    known = {row.area.key: row for row in before}
    alike = Careful(Kept(former, release).known(indicator, breakdown))
    pairs = [(row, known.get(row.area.key)) for row in now]
    found = []
    for (row, other), change in zip(
        pairs, judged(release, former, pairs, alike), strict=True
    ):
        if other is None:
            change.reason = Change.Reason.OTHER_ZONES
        change.zone = None
        found.append(AreaChange(row.area, change))
    return found


def _rows(
    release: Release, level: str, indicator: str, breakdown: str
) -> list[AreaEstimate]:
    rows = AreaEstimate.objects.of_release(release).of_indicator(indicator)
    return list(rows.of_breakdown(breakdown).of_level(level))

"""Where one group of children fares worse than its counterpart, beyond doubt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.text import capfirst

from layers.explorer.ranking import MORE, TIED, beside
from layers.explorer.rows import Row
from layers.indicators.groups.breakdowns import label_of
from layers.indicators.models import Estimate

COUNTERPARTS = (
    ("sex:female", "sex:male"),
    ("wealth:1", "wealth:5"),
    ("disability:yes", "disability:no"),
    ("nationality:national", "nationality:syrian"),
    ("displacement:yes", "displacement:no"),
)


@dataclass(frozen=True)
class Gap:
    title: str
    """The indicator's."""
    worse: Row
    better: Row

    @property
    def points(self) -> int:
        return (self.worse.value or 0) - (self.better.value or 0)


def gaps_of(title: str, figures: Mapping[str, Estimate]) -> list[Gap]:
    """Of one indicator, from its figures by group, where the ranges do not overlap."""
    found = []
    for keys in COUNTERPARTS:
        rows = [
            Row(capfirst(label_of(key)), figures[key]) for key in keys if key in figures
        ]
        if len(rows) < 2 or not all(row.shown and row.bounded for row in rows):
            continue
        first, second = rows
        side = beside(first.interval, second.interval)
        if side != TIED:
            worse, better = (first, second) if side == MORE else (second, first)
            found.append(Gap(title, worse, better))
    return found

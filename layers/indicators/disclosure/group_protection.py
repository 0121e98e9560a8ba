"""Which figures of groups may be published beside those of all children, girls and boys.

Each dimension is a table of zones and the town by its categories; two dimensions crossed
are a table of the town. They are withheld by four rules, until nothing more changes:

1. A figure that is unsafe by itself, by the rule of `suppression`.
2. Where the figure of all children is withheld, so is every group; where a group is
   withheld for the town, it is in every zone, and so is every crossed figure of it.
3. A group alone in its row compares with nothing, and is withheld. What a published sum
   leaves when its published parts are taken away is no group too small to be shown.
4. Every withheld figure stays open by `exchange`, whatever else is published.

`group_zones` has the tables of zones, `group_crossed` the crossed ones. `withhold` takes figures out afterwards that `near_groups` found, and the rules hold again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from layers.indicators.disclosure.group_counts import (
    ZONE,
    Counted,
    Given,
    Pair,
    Sides,
)
from layers.indicators.disclosure.group_crossed import Crossed
from layers.indicators.disclosure.group_zones import ByZone
from layers.indicators.disclosure.suppression import NEARLY_EQUAL


class Protection:
    """Finds the reasons; `zones` and `pairs` hold them when `run` has ended."""

    def __init__(self, given: Given) -> None:
        self.given = given
        self.by_zone = ByZone(given, Sides(given))
        self.crossed = Crossed(self.by_zone)

    @property
    def zones(self) -> dict[str, Counted]:
        """By dimension, rows the zones and the town."""
        return self.by_zone.tables

    @property
    def pairs(self) -> dict[Pair, Counted]:
        """By two dimensions, rows the categories of the first and those in none."""
        return self.crossed.tables

    def run(self, dimensions: Sequence[str], pairs: Sequence[Pair]) -> None:
        for name in dimensions:
            self.by_zone.add(name)
        for pair in pairs:
            self.crossed.add(pair)
        self._protect()

    def withhold(self, cells: Iterable[tuple[str | Pair, int, int]]) -> None:
        """Withholds published figures too, by dimension or pair, row and column."""
        for name, row, column in cells:
            table = self.pairs[name] if isinstance(name, tuple) else self.zones[name]
            table.reasons[row, column] = NEARLY_EQUAL
        self._protect()

    def _protect(self) -> None:
        self.by_zone.protect()
        self.crossed.protect()

    def closed(self) -> Iterator[tuple[Pair, tuple[int, int]]]:
        """What the finished pattern gives away all the same: the audit."""
        for name, cell in self.by_zone.closed():
            yield (ZONE, name), cell
        yield from self.crossed.closed()

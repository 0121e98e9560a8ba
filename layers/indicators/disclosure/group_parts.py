"""Groups of the parts of a family, for the town: out of school at primary age, by wealth.

A family may be cut by age into parts, each an indicator of its own, which together are its
whole. The figures of the whole are found first, as if it were alone, and stay as they are;
the parts tell what is left to tell beside them:

1. A part tells nothing of a group where the whole does not, nor a figure that is unsafe by
   itself, nor a group alone in its row; it tells no crossed figure whose groups it does not
   tell for the town.
2. No sum of the whole and of its parts leaves a group too small to be shown (`part_rests`).
3. Every withheld figure stays open by exchange (`open_parts`).

Parts tell no group by zone. Age is no group of theirs, for they are ages themselves; and
where a family is told by parts, its whole tells age by itself alone.

Shapes: P parts, one for each age band; K categories of a dimension.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from layers.indicators.disclosure.exchange import Booleans, Integers
from layers.indicators.disclosure.group_counts import (
    AGE,
    BAND,
    SEX,
    ZONE,
    Counted,
    Given,
    Pair,
    counted,
    is_small_group,
    withhold_lone,
)
from layers.indicators.disclosure.group_crossed import Crossed
from layers.indicators.disclosure.part_rests import known_sets
from layers.indicators.disclosure.suppression import PROTECTS_OTHERS

TOWN = -1
WHOLE = -1
"""In place of a part's number."""

Line = int | tuple[slice, int]
"""A row or a column of a table."""


class At(NamedTuple):
    """A count of a part, or of the whole."""

    part: int
    table: str | Pair
    row: int
    column: int

    @property
    def names(self) -> tuple[str, ...]:
        return self.table if isinstance(self.table, tuple) else (self.table,)


@dataclass
class Parts:
    """Finds the reasons of the parts' tables by the rules 1 and 2."""

    crossed: Crossed
    """Of the whole, as `crossed.by_zone` is."""
    rows: dict[str, list[Counted]] = field(default_factory=dict)
    """By dimension, a table by zone of each part; nothing of zones is told."""
    pairs: dict[Pair, list[Counted]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.given = self.crossed.given
        self.children = _by_part(self.given)

    def add(self, name: str) -> None:
        if self.children and name not in (AGE, SEX):
            rule = self.given.rules[name]
            self.rows[name] = [counted(x, ZONE, name, rule) for x in self.children]
            for table in self.rows[name]:
                table.reasons[:TOWN] = PROTECTS_OTHERS

    def add_pair(self, pair: Pair) -> None:
        if self.children:
            rule = self.crossed.tables[pair].rule
            self.pairs[pair] = [counted(x, *pair, rule) for x in self.children]

    def of(self, part: int, table: str | Pair) -> Counted:
        return self.whole(table) if part == WHOLE else self.tables(table)[part]

    def whole(self, table: str | Pair) -> Counted:
        if isinstance(table, tuple):
            return self.crossed.tables[table]
        return self.crossed.by_zone.tables[table]

    def tables(self, table: str | Pair) -> list[Counted]:
        return self.pairs[table] if isinstance(table, tuple) else self.rows[table]

    def withdraw(self, names: Sequence[str]) -> bool:
        """Withholds what parts tell crossed with one of these; whether anything was told."""
        found = [hide_all(x) for pair, x in self.pairs.items() if {*names} & {*pair}]
        return any(found)

    def settle_rows(self) -> None:
        for name, tables in self.rows.items():
            everybody = np.ones(len(tables), dtype=bool)
            again = True
            while again:
                for table in tables:
                    table.hide(~self.whole(name).told[:, :-1])
                    withhold_lone(table)
                again = self._withhold_rest(name, TOWN, everybody)

    def settle_pairs(self) -> None:
        for pair in self.pairs:
            self._settle_pair(pair)

    def _settle_pair(self, pair: Pair) -> None:
        tables, whole = self.pairs[pair], self.whole(pair)
        sums = [
            [self._of_town(name, part) for name in pair] for part in range(len(tables))
        ]
        lines = list(_lines(sums))
        again = True
        while again:
            for table, (first, second) in zip(tables, sums, strict=True):
                table.reasons[-1] = PROTECTS_OTHERS
                table.hide(~(whole.told[:, :-1] & np.append(first, False)[:, None]))
                table.hide(np.broadcast_to(~second, table.shown.shape))
                while withhold_lone(table):
                    pass
            found = [self._withhold_rest(pair, *line) for line in lines]
            again = any(found)

    def _of_town(self, name: str, part: int) -> Booleans:
        """(K,) what a part tells of the town; of girls and boys it tells both."""
        if name == SEX:
            return np.ones(self.given.sizes[SEX], dtype=bool)
        return np.asarray(self.rows[name][part].told[TOWN, :-1])

    def _withhold_rest(self, name: str | Pair, line: Line, columns: Booleans) -> bool:
        """Takes the smallest figure that makes the first small set larger."""
        tables = self.tables(name)
        shown = along([np.pad(x.shown, ((0, 0), (0, 1))) for x in tables], line)
        if not shown.any():
            return False
        told = along([x.told for x in tables], line)
        count = along([x.count for x in tables], line)
        affected = along([x.affected for x in tables], line)
        rows = self.whole(name).told[line]
        for hidden, beside in known_sets(~told, rows, columns):
            sizes = int(count[hidden].sum()), int(affected[hidden].sum())
            if not is_small_group(*sizes, tables[0].rule):
                continue
            cells = np.argwhere(beside & shown)
            if not len(cells):
                cells = np.argwhere(shown)
            at, part = min(cells.tolist(), key=lambda cell: int(count[tuple(cell)]))
            tables[part].reasons[line][at] = PROTECTS_OTHERS
            return True
        return False


def _lines(
    sums: Sequence[Sequence[Booleans]],
) -> list[tuple[Line, Booleans]]:
    """Of a crossed table, each with the sums of the parts (P,) that are told."""
    first, second = (np.array(each) for each in zip(*sums, strict=True))
    rows: list[tuple[Line, Booleans]] = list(enumerate(first.T))
    return rows + [((slice(None), at), told) for at, told in enumerate(second.T)]


def _by_part(given: Given) -> list[Given]:
    """The children of each part; none of a family that is not told by parts."""
    return [
        replace(
            given,
            places={name: at[here] for name, at in given.places.items()},
            unit=given.unit[here],
            in_need=given.in_need[here],
        )
        for here in (given.places[BAND] == part for part in range(given.parts))
    ]


def along(tables: Sequence[Integers | Booleans], line: Line) -> np.ndarray:
    """(cells, P)"""
    return np.stack([table[line] for table in tables], axis=1)


def tell(tables: Sequence[Counted]) -> bool:
    return any(table.shown.any() for table in tables)


def hide_all(tables: Sequence[Counted]) -> bool:
    """Whether anything was shown before."""
    found = [table.hide(np.ones_like(table.shown)) for table in tables]
    return any(found)

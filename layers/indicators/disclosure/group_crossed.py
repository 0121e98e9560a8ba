"""Two groups crossed, for the town: rules 2 to 4 of `group_protection`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from layers.indicators.disclosure.exchange import Booleans, Cell, Tables
from layers.indicators.disclosure.group_counts import (
    AGE,
    BAND,
    SEX,
    SITE,
    ZONE,
    Counted,
    Pair,
    Proven,
    counted,
    row_of,
    withhold_lone,
    withhold_small_rows,
)
from layers.indicators.disclosure.group_zones import ByZone
from layers.indicators.disclosure.suppression import PROTECTS_OTHERS, Rule

FIXED = frozenset({ZONE, AGE})
"""Axes on which children of a crossed table do not exchange."""


@dataclass
class Crossed:
    """Finds the reasons of the crossed tables beside those by zone, which stay."""

    by_zone: ByZone
    tables: dict[Pair, Counted] = field(default_factory=dict)
    """By two dimensions, rows the categories of the first and those in none."""

    def __post_init__(self) -> None:
        self.given, self.sides = self.by_zone.given, self.by_zone.sides

    def add(self, pair: Pair) -> None:
        self.tables[pair] = counted(self.given, *pair, self._rule(pair))

    def protect(self) -> None:
        for pair in self.tables:
            self._settle(pair)
        self._open_all()

    def closed(self) -> Iterator[tuple[Pair, tuple[int, int]]]:
        """By pair, a withheld count that does not stay open."""
        if (found := self._first_closed(set())) is not None:
            yield found

    def _rule(self, pair: Pair) -> Rule:
        return max(
            (self.given.rules[each] for each in pair), key=lambda x: x.households
        )

    def _margin_told(self, name: str) -> Booleans:
        if name == SEX:
            return np.asarray(self.given.sex_told[-1])
        return np.asarray(self.by_zone.tables[name].told[-1, :-1])

    def _settle(self, pair: Pair) -> bool:
        """Rules 2 and 3; whether anything was withheld."""
        table, changed = self.tables[pair], False
        first, second = (self._margin_told(each) for each in pair)
        allowed = np.zeros_like(table.shown)
        allowed[:-1] = first[:, None] & second
        if not self.given.open_rows[-1]:
            allowed[:] = False
        table.reasons[-1] = PROTECTS_OTHERS
        table.hide(~allowed)
        while True:
            again = withhold_lone(table) or withhold_small_rows(table)
            again |= self._small_across(table)
            if not again:
                return changed
            changed = True

    @staticmethod
    def _small_across(table: Counted) -> bool:
        told = table.told
        for column in np.flatnonzero(table.shown.any(axis=0)):
            hidden = np.zeros_like(told)
            hidden[:, column] = ~told[:, column]
            if table.is_small(hidden):
                inside = np.zeros_like(table.shown)
                inside[:, column] = True
                return table.hide_one(inside)
        return False

    def _open_all(self) -> None:
        proven: Proven = set()
        while (closed := self._first_closed(proven)) is not None:
            pair, (row, column) = closed
            table = self.tables[pair]
            across = np.zeros_like(table.shown)
            across[:, column] = True
            if not (table.hide_one(row_of(table, row)) or table.hide_one(across)):
                everything = np.ones_like(table.shown)
                if not table.hide(everything):
                    self._withdraw(pair)
            self._settle(pair)

    def _withdraw(self, pair: Pair) -> None:
        """Every crossed figure of a dimension of the pair, where its own are not enough."""
        for other, table in self.tables.items():
            if set(pair) & set(other):
                table.hide(np.ones_like(table.shown))

    def touched(self, pair: Pair) -> bool:
        """Whether a crossed figure is told; else the two sums alone are known."""
        return any(
            set(pair) & set(other) and each.shown.any()
            for other, each in self.tables.items()
        )

    def _first_closed(self, proven: Proven) -> tuple[Pair, tuple[int, int]] | None:
        tables = self.published()
        for pair, table in self.tables.items():
            for row, column in table.secrets() if self.touched(pair) else ():
                at = "+".join(pair), row, column
                if at in proven:
                    continue
                cell = Cell(pair[0], row, pair[1], column)
                if not self.sides.open(cell, tables, span=table.span(row, column)):
                    return pair, (row, column)
                proven.add(at)
        return None

    def published(self) -> Tables:
        given = self.given
        hidden: dict[Pair, Booleans] = {
            (SEX, SITE): given.sex_hidden.reshape(-1, 2).T,
            (SEX, BAND): given.sex_hidden_in_town.T,
            **{
                (SEX, each.site): each.sex_hidden.reshape(-1, 2).T
                for each in given.larger
            },
        }
        hidden |= {
            (ZONE, name): ~table.told[:-1]
            for name, table in self.by_zone.tables.items()
            if table.shown[:-1].any()
        }
        hidden |= {
            pair: ~table.told
            for pair, table in self.tables.items()
            if table.shown.any()
        }
        unknown = {name: given.sizes[name] for name in given.sizes if name != ZONE}
        return Tables(hidden, FIXED, unknown)

"""Groups of one dimension by zone, and all dimensions beside each other: rules 2 to 4 of
`group_protection`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from layers.indicators.disclosure.exchange import Booleans, Cell, Tables
from layers.indicators.disclosure.group_counts import (
    BAND,
    COHORT,
    SEX,
    ZONE,
    Counted,
    Given,
    Proven,
    Sides,
    counted,
    row_of,
    withhold_lone,
    withhold_small_rows,
)


@dataclass
class ByZone:
    """Finds the reasons of the tables by zone."""

    given: Given
    sides: Sides
    tables: dict[str, Counted] = field(default_factory=dict)
    """By dimension, rows the zones and the town."""

    def add(self, name: str) -> None:
        self.tables[name] = counted(self.given, ZONE, name, self.given.rules[name])

    def protect(self) -> None:
        for name in self.tables:
            self._protect(name)
        self._together()

    def in_zones(self) -> list[str]:
        """Dimensions of which some zone tells something."""
        return [x for x, table in self.tables.items() if table.shown[:-1].any()]

    def closed(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """By dimension, withheld counts that do not stay open."""
        shown = self.in_zones()
        for name in shown:
            if (found := self._first_closed(name, shown, set())) is not None:
                yield name, found

    def _protect(self, name: str) -> None:
        table = self.tables[name]
        table.hide(np.broadcast_to(~self.given.open_rows[:, None], table.shown.shape))
        proven: Proven = set()
        while self._settle(name) or self._open_more(name, [name], proven):
            pass

    def _settle(self, name: str) -> bool:
        """Rules 2 and 3; whether anything was withheld."""
        table, changed = self.tables[name], False
        while True:
            again = withhold_lone(table)
            again |= table.hide(
                np.broadcast_to(~table.told[-1, :-1], table.shown.shape)
            )
            again |= self._one_hidden_in_town(name)
            again |= withhold_small_rows(table) or self._small_columns(table)
            if not again:
                return changed
            changed = True

    def _one_hidden_in_town(self, name: str) -> bool:
        """A category that is withheld alone is the rest of all children."""
        table = self.tables[name]
        told = table.told[-1, :-1]
        in_need, asked = table.affected[-1, -1], table.count[-1, -1]
        # Those of whom nothing is known hide a category only where there are any.
        beside = name in self.given.unasked and 0 < in_need < asked
        if told.all() or (~told).sum() + beside > 1 or not self.given.open_rows[-1]:
            return False
        return table.hide_one(row_of(table, len(table.reasons) - 1))

    @staticmethod
    def _small_columns(table: Counted) -> bool:
        told = table.told
        for column in np.flatnonzero(table.shown[-1]):
            hidden = np.zeros_like(told)
            hidden[:-1, column] = ~told[:-1, column]
            if table.is_small(hidden):
                inside = np.zeros_like(table.shown)
                inside[:-1, column] = True
                if table.hide_one(inside):
                    return True
        return False

    def _open_more(self, name: str, among: Sequence[str], proven: Proven) -> bool:
        """Rule 4: withholds one cell more for the first count that is not open."""
        found = self._first_closed(name, among, proven)
        if found is None:
            return False
        table, (row, column) = self.tables[name], found
        inside = np.zeros_like(table.shown)
        inside[:-1, column] = True
        return (
            table.hide_one(row_of(table, row))
            or table.hide_one(inside)
            or table.hide(_zone_rows(table))
        )

    def _first_closed(
        self, name: str, among: Sequence[str], proven: Proven
    ) -> tuple[int, int] | None:
        table = self.tables[name]
        if not table.shown[:-1].any():
            return None
        tables = self._published(among)
        for row, column in table.secrets():
            at = name, row, column
            if row == len(table.reasons) - 1 or at in proven:
                continue
            cell = Cell(ZONE, row, name, column)
            if not self.sides.open(cell, tables, span=table.span(row, column)):
                return row, column
            proven.add(at)
        return None

    def _published(self, among: Sequence[str]) -> Tables:
        given = self.given
        bands = given.sex_hidden.shape[1]
        cohorts = given.sex_hidden.reshape(given.sizes[ZONE], -1)
        hidden = {
            (ZONE, BAND): np.zeros((given.sizes[ZONE], bands), dtype=bool),
            (ZONE, COHORT): cohorts,
        }
        hidden |= {
            (ZONE, name): ~self.tables[name].told[:-1] for name in among if name != SEX
        }
        hidden |= {
            (each.area, COHORT): each.sex_hidden.reshape(len(each.sex_hidden), -1)
            for each in given.larger
        }
        together = frozenset({ZONE, *(each.area for each in given.larger)})
        return Tables(hidden, frozenset(given.sizes) - {ZONE}, {}, together)

    def _together(self) -> None:
        """All dimensions at once."""
        proven: Proven = set()
        while shown := self.in_zones():
            changed = False
            for name in shown:
                while self._open_more(name, shown, proven):
                    self._settle(name)
                    changed = True
            if changed:
                continue
            if self._sexes_open(shown):
                return
            self.tables[shown[-1]].hide(_zone_rows(self.tables[shown[-1]]))

    def _sexes_open(self, shown: Sequence[str]) -> bool:
        tables = self._published(shown)
        given = self.given
        secrets = [(ZONE, given.sex_secrets)]
        secrets += [(each.area, each.sex_secrets) for each in given.larger]
        return all(
            self.sides.open(Cell(axis, place, SEX, sex), tables, bands)
            for axis, cells in secrets
            for bands, place, sex in cells
        )


def _zone_rows(table: Counted) -> Booleans:
    found = np.ones_like(table.shown)
    found[-1] = False
    return found

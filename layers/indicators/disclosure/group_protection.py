"""Which figures of groups may be published beside those of all children, girls and boys.

Each dimension is a table of zones and the town by its categories; two dimensions crossed
are a table of the town. They are withheld by four rules, until nothing more changes:

1. A figure that is unsafe by itself, by the rule of `suppression`.
2. Where the figure of all children is withheld, so is every group; where a group is
   withheld for the town, it is in every zone, and so is every crossed figure of it.
3. A group alone in its row compares with nothing, and is withheld. What a published sum
   leaves when its published parts are taken away is no group too small to be shown.
4. Every withheld figure stays open by `exchange`, whatever else is published.

`withhold` takes figures out afterwards that `near_groups` found, and the rules hold again.

Shapes: N children of one family of indicators, Z zones, K categories of a dimension; a
last place on its axis holds those in no category.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from layers.indicators.disclosure.exchange import (
    Booleans,
    Cell,
    Integers,
    Tables,
    is_open,
)
from layers.indicators.disclosure.suppression import (
    FEW_AFFECTED,
    FEW_CHILDREN,
    FEW_HOUSEHOLDS,
    NEARLY_EQUAL,
    NO_DATA,
    PROTECTS_OTHERS,
    SMALLEST_GROUP,
    Rule,
    gives_group_away,
)

ZONE, BAND, COHORT, SITE, SEX = "zone", "band", "cohort", "site", "sex"
FIXED = frozenset({ZONE, "age"})
"""Axes on which children of a crossed table do not exchange."""

Words = NDArray[np.str_]
Pair = tuple[str, str]
Proven = set[tuple[str, int, int]]
"""Counts that were found open: they stay so, since more and more is withheld."""


@dataclass(frozen=True)
class Given:
    """The children, and what is published of all, girls and boys."""

    places: Mapping[str, Integers]
    """(N,) by axis: zone, band (of age), cohort (band x sex), site (zone x band), and the
    dimensions."""
    unit: Integers
    """(N,) the child's household."""
    in_need: Booleans
    """(N,)"""
    sizes: Mapping[str, int]
    """Zones, and categories by dimension."""
    rules: Mapping[str, Rule]
    """By dimension."""
    unasked: frozenset[str]
    """Dimensions in which a child may have no category."""
    open_rows: Booleans
    """(Z + 1,) where the figures of all children are published, the town last."""
    sex_told: Booleans
    """(Z + 1, 2) where those of girls and boys are."""
    sex_hidden: Booleans
    """(Z, bands, 2) where no published figure of girls or boys holds the band."""
    sex_secrets: Sequence[tuple[frozenset[int], int, int]]
    """Bands, zone and sex of the withheld ones."""


@dataclass
class Counted:
    """Counts of a table (rows, categories + 1), and the reason for each figure."""

    count: Integers
    affected: Integers
    reasons: Words
    """(rows, categories)"""
    rule: Rule

    @property
    def told(self) -> Booleans:
        """(rows, categories + 1) what everybody knows; "no child was asked" is a count."""
        known = np.isin(self.reasons, ["", NO_DATA])
        return np.pad(known, ((0, 0), (0, 1)))

    @property
    def shown(self) -> Booleans:
        return np.asarray(self.reasons == "")

    def hide(self, cells: Booleans) -> bool:
        """Whether any of the cells was shown before."""
        seen = cells & self.shown
        self.reasons[seen] = PROTECTS_OTHERS
        return bool(seen.any())

    def hide_one(self, among: Booleans) -> bool:
        """The smallest of the shown cells among these; False where there is none."""
        at = np.argwhere(among & self.shown)
        if not len(at):
            return False
        sizes = [self.count[tuple(each)] for each in at]
        self.reasons[tuple(at[int(np.argmin(sizes))])] = PROTECTS_OTHERS
        return True

    def is_small(self, hidden: Booleans) -> bool:
        """Whether these cells (rows, categories + 1) together are too small a group."""
        count = int(self.count[hidden].sum())
        affected = int(self.affected[hidden].sum())
        sizes = np.array([affected, count - affected])
        few = count < SMALLEST_GROUP or gives_group_away(sizes, self.rule).any()
        return bool(count > 0 and few)

    def span(self, row: int, column: int) -> int:
        """By how many children the count of a withheld figure must be able to differ: one
        that is nearly another's must not be known to be that close to it.
        """
        return SMALLEST_GROUP if self.reasons[row, column] == NEARLY_EQUAL else 1

    def secrets(self) -> Iterator[tuple[int, int]]:
        unsafe = [FEW_CHILDREN, FEW_HOUSEHOLDS, FEW_AFFECTED, NEARLY_EQUAL]
        for row, column in np.argwhere(np.isin(self.reasons, unsafe)):
            yield int(row), int(column)


@dataclass
class Protection:
    """Finds the reasons; `zones` and `pairs` hold them when `run` has ended."""

    given: Given
    zones: dict[str, Counted] = field(default_factory=dict)
    """By dimension, rows the zones and the town."""
    pairs: dict[Pair, Counted] = field(default_factory=dict)
    """By two dimensions, rows the categories of the first and those in none."""

    def run(self, dimensions: Sequence[str], pairs: Sequence[Pair]) -> None:
        for name in dimensions:
            self.zones[name] = self._counted(ZONE, name, self.given.rules[name])
            self._protect_zones(name)
        self._together()
        for pair in pairs:
            self.pairs[pair] = self._counted(*pair, self._rule(pair))
            self._settle_pair(pair)
        self._protect_pairs()

    def withhold(self, cells: Iterable[tuple[str | Pair, int, int]]) -> None:
        """Withholds published figures too, by dimension or pair, row and column."""
        for name, row, column in cells:
            table = self.pairs[name] if isinstance(name, tuple) else self.zones[name]
            table.reasons[row, column] = NEARLY_EQUAL
        for dimension in self.zones:
            self._protect_zones(dimension)
        self._together()
        for pair in self.pairs:
            self._settle_pair(pair)
        self._protect_pairs()

    def _rule(self, pair: Pair) -> Rule:
        return max(
            (self.given.rules[each] for each in pair), key=lambda x: x.households
        )

    def _counted(self, rows: str, columns: str, rule: Rule) -> Counted:
        given = self.given
        shape = given.sizes[rows] + 1, given.sizes[columns] + 1
        at = given.places[rows] * shape[1] + given.places[columns]

        def table(cells: Integers) -> Integers:
            found = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
            return np.asarray(found, dtype=np.int64)

        count, affected = table(at), table(at[given.in_need])
        households = self._homes(at, shape[0] * shape[1]).reshape(shape)
        if rows == ZONE:
            count[-1], affected[-1] = count.sum(axis=0), affected.sum(axis=0)
            households[-1] = self._homes(given.places[columns], shape[1])
        reasons = _unsafe(count, affected, households, rule)[:, :-1]
        return Counted(count, affected, reasons, rule)

    def _homes(self, cell: Integers, cells: int) -> Integers:
        """(cells,) households with a child in each cell."""
        units = int(self.given.unit.max(initial=0)) + 1
        found = np.zeros(cells * units, dtype=bool)
        found[cell * units + self.given.unit] = True
        return np.asarray(found.reshape(cells, units).sum(axis=1), dtype=np.int64)

    # Zones by the categories of one dimension.

    def _protect_zones(self, name: str) -> None:
        table = self.zones[name]
        table.hide(np.broadcast_to(~self.given.open_rows[:, None], table.shown.shape))
        proven: Proven = set()
        while self._settle_zones(name) or self._open_more(name, [name], proven):
            pass

    def _settle_zones(self, name: str) -> bool:
        """Rules 2 and 3; whether anything was withheld."""
        table, changed = self.zones[name], False
        while True:
            again = _lone(table)
            again |= table.hide(
                np.broadcast_to(~table.told[-1, :-1], table.shown.shape)
            )
            again |= self._one_hidden_in_town(name)
            again |= self._small_rows(table) or self._small_columns(table)
            if not again:
                return changed
            changed = True

    def _one_hidden_in_town(self, name: str) -> bool:
        """A category that is withheld alone is the rest of all children."""
        table = self.zones[name]
        told = table.told[-1, :-1]
        in_need, asked = table.affected[-1, -1], table.count[-1, -1]
        # Those of whom nothing is known hide a category only where there are any.
        beside = name in self.given.unasked and 0 < in_need < asked
        if told.all() or (~told).sum() + beside > 1 or not self.given.open_rows[-1]:
            return False
        return table.hide_one(_row(table, len(table.reasons) - 1))

    @staticmethod
    def _small_rows(table: Counted) -> bool:
        told = table.told
        for row in range(len(told)):
            hidden = np.zeros_like(told)
            hidden[row] = ~told[row]
            if table.shown[row].any() and table.is_small(hidden):
                return table.hide_one(_row(table, row))
        return False

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
        table, (row, column) = self.zones[name], found
        inside = np.zeros_like(table.shown)
        inside[:-1, column] = True
        return (
            table.hide_one(_row(table, row))
            or table.hide_one(inside)
            or table.hide(_zone_rows(table))
        )

    def _first_closed(
        self, name: str, among: Sequence[str], proven: Proven
    ) -> tuple[int, int] | None:
        table = self.zones[name]
        if not table.shown[:-1].any():
            return None
        tables = self._zone_tables(among)
        for row, column in table.secrets():
            at = name, row, column
            if row == len(table.reasons) - 1 or at in proven:
                continue
            cell = Cell(ZONE, row, name, column)
            if not self._open(cell, tables, span=table.span(row, column)):
                return row, column
            proven.add(at)
        return None

    def _zone_tables(self, among: Sequence[str]) -> Tables:
        given = self.given
        bands = given.sex_hidden.shape[1]
        cohorts = given.sex_hidden.reshape(given.sizes[ZONE], -1)
        hidden = {
            (ZONE, BAND): np.zeros((given.sizes[ZONE], bands), dtype=bool),
            (ZONE, COHORT): cohorts,
        }
        hidden |= {
            (ZONE, name): ~self.zones[name].told[:-1] for name in among if name != SEX
        }
        return Tables(hidden, frozenset(given.sizes) - {ZONE}, {})

    def _open(
        self,
        cell: Cell,
        tables: Tables,
        bands: frozenset[int] | None = None,
        span: int = 1,
    ) -> bool:
        for children in self.sides:
            chosen = children
            if bands is not None:
                within = np.isin(children[BAND], list(bands))
                chosen = {name: at[within] for name, at in children.items()}
            if not is_open(chosen, cell, tables, span):
                return False
        return True

    @cached_property
    def sides(self) -> list[dict[str, Integers]]:
        """The children in need, and the others."""
        given = self.given
        return [
            {name: at[side] for name, at in given.places.items()}
            for side in (given.in_need, ~given.in_need)
        ]

    def _together(self) -> None:
        """All dimensions at once."""
        proven: Proven = set()
        while shown := self._in_zones():
            changed = False
            for name in shown:
                while self._open_more(name, shown, proven):
                    self._settle_zones(name)
                    changed = True
            if changed:
                continue
            if self._sexes_open(shown):
                return
            self.zones[shown[-1]].hide(_zone_rows(self.zones[shown[-1]]))

    def _in_zones(self) -> list[str]:
        """Dimensions of which some zone tells something."""
        return [x for x, table in self.zones.items() if table.shown[:-1].any()]

    def _sexes_open(self, shown: Sequence[str]) -> bool:
        tables = self._zone_tables(shown)
        return all(
            self._open(Cell(ZONE, zone, SEX, sex), tables, bands)
            for bands, zone, sex in self.given.sex_secrets
        )

    # Two dimensions crossed, for the town.

    def _margin_told(self, name: str) -> Booleans:
        if name == SEX:
            return np.asarray(self.given.sex_told[-1])
        return np.asarray(self.zones[name].told[-1, :-1])

    def _settle_pair(self, pair: Pair) -> bool:
        """Rules 2 and 3; whether anything was withheld."""
        table, changed = self.pairs[pair], False
        first, second = (self._margin_told(each) for each in pair)
        allowed = np.zeros_like(table.shown)
        allowed[:-1] = first[:, None] & second
        if not self.given.open_rows[-1]:
            allowed[:] = False
        table.reasons[-1] = PROTECTS_OTHERS
        table.hide(~allowed)
        while True:
            again = _lone(table) or self._small_rows(table)
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

    def _protect_pairs(self) -> None:
        proven: Proven = set()
        while (closed := self._first_closed_pair(proven)) is not None:
            pair, (row, column) = closed
            table = self.pairs[pair]
            across = np.zeros_like(table.shown)
            across[:, column] = True
            if not (table.hide_one(_row(table, row)) or table.hide_one(across)):
                everything = np.ones_like(table.shown)
                if not table.hide(everything):
                    self._withdraw(pair)
            self._settle_pair(pair)

    def _withdraw(self, pair: Pair) -> None:
        """Every crossed figure of a dimension of the pair, where its own are not enough."""
        for other, table in self.pairs.items():
            if set(pair) & set(other):
                table.hide(np.ones_like(table.shown))

    def _first_closed_pair(self, proven: Proven) -> tuple[Pair, tuple[int, int]] | None:
        tables = self._pair_tables()
        for pair, table in self.pairs.items():
            touched = [
                other
                for other, each in self.pairs.items()
                if set(pair) & set(other) and each.shown.any()
            ]
            # What no crossed figure touches is known by its two sums alone.
            for row, column in table.secrets() if touched else ():
                at = "+".join(pair), row, column
                if at in proven:
                    continue
                cell = Cell(pair[0], row, pair[1], column)
                if not self._open(cell, tables, span=table.span(row, column)):
                    return pair, (row, column)
                proven.add(at)
        return None

    def _pair_tables(self) -> Tables:
        given = self.given
        hidden: dict[Pair, Booleans] = {
            (SEX, SITE): given.sex_hidden.reshape(-1, 2).T,
        }
        hidden |= {
            (ZONE, name): ~table.told[:-1]
            for name, table in self.zones.items()
            if table.shown[:-1].any()
        }
        hidden |= {
            pair: ~table.told for pair, table in self.pairs.items() if table.shown.any()
        }
        unknown = {name: given.sizes[name] for name in given.sizes if name != ZONE}
        return Tables(hidden, FIXED, unknown)

    def closed(self) -> Iterator[tuple[Pair, tuple[int, int]]]:
        """What the finished pattern gives away all the same: the audit."""
        shown = self._in_zones()
        for name in shown:
            if (found := self._first_closed(name, shown, set())) is not None:
                yield (ZONE, name), found
        if (crossed := self._first_closed_pair(set())) is not None:
            yield crossed


def _unsafe(
    count: Integers, affected: Integers, households: Integers, rule: Rule
) -> Words:
    return np.select(
        [
            count == 0,
            count < rule.children,
            households < rule.households,
            gives_group_away(affected, rule) | gives_group_away(count - affected, rule),
        ],
        [NO_DATA, FEW_CHILDREN, FEW_HOUSEHOLDS, FEW_AFFECTED],
        default="",
    ).astype("<U20")


def _lone(table: Counted) -> bool:
    """A group compares with another one, in its own row."""
    alone = table.shown.sum(axis=1) == 1
    return table.hide(np.broadcast_to(alone[:, None], table.shown.shape))


def _row(table: Counted, row: int) -> Booleans:
    found = np.zeros_like(table.shown)
    found[row] = True
    return found


def _zone_rows(table: Counted) -> Booleans:
    found = np.ones_like(table.shown)
    found[-1] = False
    return found

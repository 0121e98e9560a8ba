"""The children of a family by their groups, and the tables that count them.

Shapes: N children of one family of indicators, Z zones, K categories of a dimension; a
last place on its axis holds those in no category.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

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

ZONE, BAND, COHORT, SITE = "zone", "band", "cohort", "site"
SEX, AGE = "sex", "age"

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
    sex_hidden_in_town: Booleans
    """(bands, 2) where no published figure of the town holds the band, that of all bands
    left aside."""
    parts: int = 0
    """Bands, where each is an indicator of its own whose groups are told as well."""
    larger: Sequence[Larger] = ()


@dataclass(frozen=True)
class Larger:
    """What is published of girls and boys of larger areas that share no zone.

    `places` has two axes of each: `area`, the last place for zones in none, and `site`
    (area x band).
    """

    area: str
    site: str
    sex_hidden: Booleans
    """(areas + 1, bands, 2) as of zones."""
    sex_secrets: Sequence[tuple[frozenset[int], int, int]]


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
        count, affected = self.count[hidden].sum(), self.affected[hidden].sum()
        return is_small_group(int(count), int(affected), self.rule)

    def span(self, row: int, column: int) -> int:
        """By how many children the count of a withheld figure must be able to differ: one
        that is nearly another's must not be known to be that close to it.
        """
        return SMALLEST_GROUP if self.reasons[row, column] == NEARLY_EQUAL else 1

    def secrets(self) -> Iterator[tuple[int, int]]:
        unsafe = [FEW_CHILDREN, FEW_HOUSEHOLDS, FEW_AFFECTED, NEARLY_EQUAL]
        for row, column in np.argwhere(np.isin(self.reasons, unsafe)):
            yield int(row), int(column)


def is_small_group(count: int, affected: int, rule: Rule) -> bool:
    """Whether these children are somebody, but too few to be shown."""
    sizes = np.array([affected, count - affected])
    few = count < SMALLEST_GROUP or gives_group_away(sizes, rule).any()
    return bool(count > 0 and few)


def counted(given: Given, rows: str, columns: str, rule: Rule) -> Counted:
    """Rows and columns are axes; below zones stands the town."""
    shape = given.sizes[rows] + 1, given.sizes[columns] + 1
    at = given.places[rows] * shape[1] + given.places[columns]

    def table(cells: Integers) -> Integers:
        found = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
        return np.asarray(found, dtype=np.int64)

    count, affected = table(at), table(at[given.in_need])
    households = _homes(given, at, shape[0] * shape[1]).reshape(shape)
    if rows == ZONE:
        count[-1], affected[-1] = count.sum(axis=0), affected.sum(axis=0)
        households[-1] = _homes(given, given.places[columns], shape[1])
    reasons = _unsafe(count, affected, households, rule)[:, :-1]
    return Counted(count, affected, reasons, rule)


def _homes(given: Given, cell: Integers, cells: int) -> Integers:
    """(cells,) households with a child in each cell."""
    units = int(given.unit.max(initial=0)) + 1
    found = np.zeros(cells * units, dtype=bool)
    found[cell * units + given.unit] = True
    return np.asarray(found.reshape(cells, units).sum(axis=1), dtype=np.int64)


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


def withhold_lone(table: Counted) -> bool:
    """A group compares with another one, in its own row."""
    alone = table.shown.sum(axis=1) == 1
    return table.hide(np.broadcast_to(alone[:, None], table.shown.shape))


def row_of(table: Counted, row: int) -> Booleans:
    found = np.zeros_like(table.shown)
    found[row] = True
    return found


def withhold_small_rows(table: Counted) -> bool:
    """Takes one figure more from the first row whose rest is too small."""
    told = table.told
    for row in range(len(told)):
        hidden = np.zeros_like(told)
        hidden[row] = ~told[row]
        if table.shown[row].any() and table.is_small(hidden):
            return table.hide_one(row_of(table, row))
    return False


class Sides:
    """The children in need, and the others: what is withheld must stay open in both."""

    def __init__(self, given: Given) -> None:
        self.children = [
            {name: at[side] for name, at in given.places.items()}
            for side in (given.in_need, ~given.in_need)
        ]

    def open(
        self,
        cell: Cell,
        tables: Tables,
        bands: frozenset[int] | None = None,
        span: int = 1,
    ) -> bool:
        for children in self.children:
            chosen = children
            if bands is not None:
                within = np.isin(children[BAND], list(bands))
                chosen = {name: at[within] for name, at in children.items()}
            if not is_open(chosen, cell, tables, span):
                return False
        return True

"""Whether published tables leave a withheld count open, shown by other worlds.

Two children that are alike in need exchange one attribute: their zones, or their wealth.
Where all cells of the tables that this moves are withheld, nobody can tell the world after
the exchange from the one before; so what the exchanges can do to a count stays unknown to
whoever knows all that is published, in all tables together. No equation is solved, and
tables that share totals, or three that touch each other, need no proof of their own.

The idea of exchanges that keep tables as they are: Dalenius and Reiss, Data-swapping,
Journal of Statistical Planning and Inference 6 (1982).

Shapes: N children, all of whom are in need or none is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

SMALLEST_GROUP = 5
POOL = 3000
"""Partners that are looked at: fewer partners prove less, never too much."""


@dataclass(frozen=True)
class Cell:
    """The children that have `place` on axis `first` and `other` on axis `second`."""

    first: str
    place: int
    second: str
    other: int

    def turned(self) -> Cell:
        return Cell(self.second, self.other, self.first, self.place)


@dataclass(frozen=True)
class Tables:
    """What is published, two axes at a time; totals of single axes may all be known."""

    hidden: Mapping[tuple[str, str], Booleans]
    """(places, places) by axes in either order. A table that is not here is published in
    no part."""
    fixed: frozenset[str]
    """Axes on which children never exchange: an age goes with too much else."""
    unknown: Mapping[str, int]
    """The place on an axis that means no category; only zones are exchanged across it."""
    together: frozenset[str] = frozenset()
    """Axes on which children exchange at once: zones, and larger areas of whole zones."""

    def moving(self, axis: str) -> frozenset[str]:
        return self.together if axis in self.together else frozenset({axis})

    def about(self, axis: str) -> list[tuple[str, Booleans]]:
        found = []
        for (first, second), hidden in self.hidden.items():
            if first == axis:
                found.append((second, hidden))
            elif second == axis:
                found.append((first, hidden.T))
        return found


def is_open(
    children: Mapping[str, Integers], cell: Cell, tables: Tables, span: int = 1
) -> bool:
    """Whether nobody can tell the count of `cell`, nor that it lies in 1 to 4.

    `children` are (N,) places by axis. A count of five and more must be able to differ by
    `span`, up or down.
    """
    value = int(_inside(children, cell).sum())
    if not value:
        return True
    ways = [each for each in (cell, cell.turned()) if each.first not in tables.fixed]
    if value >= SMALLEST_GROUP:
        return any(
            exchanges(children, way, tables, up=up, wanted=span) == span
            for way in ways
            for up in (False, True)
        )
    return any(
        exchanges(children, way, tables, up=False, wanted=value) == value
        or exchanges(children, way, tables, up=True, wanted=SMALLEST_GROUP - value)
        == SMALLEST_GROUP - value
        for way in ways
    )


def _inside(children: Mapping[str, Integers], cell: Cell) -> Booleans:
    first, second = children[cell.first], children[cell.second]
    return np.asarray((first == cell.place) & (second == cell.other))


def exchanges(
    children: Mapping[str, Integers],
    cell: Cell,
    tables: Tables,
    *,
    up: bool,
    wanted: int,
) -> int:
    """How many exchanges on the cell's first axis, with no child in two of them, take a
    child out of the cell, or (`up`) bring one in; no more than `wanted` are looked for.
    """
    axis, own = children[cell.first], children[cell.second]
    other = own == cell.other
    movers = np.flatnonzero(
        other & ((axis != cell.place) if up else (axis == cell.place))
    )
    partners = np.flatnonzero(
        ~other & ((axis == cell.place) if up else (axis != cell.place))
    )
    if cell.first in tables.unknown:
        nobody = tables.unknown[cell.first]
        movers = movers[axis[movers] != nobody]
        partners = partners[axis[partners] != nobody]
    movers, partners = movers[: 4 * wanted], partners[:POOL]
    free = np.ones(len(partners), dtype=bool)
    about = [
        (children[moved], children[name], hidden)
        for moved in sorted(tables.moving(cell.first))
        for name, hidden in tables.about(moved)
    ]
    found = 0
    for mover in movers:
        if found == wanted:
            break
        fits = free.copy()
        for moved, values, hidden in about:
            fits &= _unseen(values, moved, int(mover), partners, hidden)
        if fits.any():
            free[int(fits.argmax())] = False
            found += 1
    return found


def _unseen(
    values: Integers, axis: Integers, mover: int, partners: Integers, hidden: Booleans
) -> Booleans:
    """For each partner, whether the exchange moves no published cell of the table."""
    mine, theirs = values[mover], values[partners]
    here, there = axis[mover], axis[partners]
    moved = (
        hidden[here, mine]
        & hidden[here, theirs]
        & hidden[there, mine]
        & hidden[there, theirs]
    )
    return np.asarray((mine == theirs) | (here == there) | moved)

"""Which figures of groups keep their former value in a later release of a round.

The tables are two-way, so the system of equations of `differencing` comes down to single
cells, rows and columns: a cell is said anew only where it was said before, where neither it
nor what is left of its row or column has moved by one to four children, and where the sums
that it belongs to are said anew as well.

Shapes: R rows, K categories; a last place holds the children in no category.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layers.indicators.disclosure.suppression import SMALLEST_GROUP, Booleans, Integers


@dataclass(frozen=True)
class Said:
    """The counts behind a table in one release, and which became known."""

    places: tuple[int, ...]
    """Keys of the zones of the rows, the town's row not among them; none for two
    dimensions crossed."""
    count: Integers
    """(R, K + 1)"""
    affected: Integers
    """(R, K + 1)"""
    fresh: Booleans
    """(R, K) said from these counts."""

    @property
    def in_zones(self) -> bool:
        return bool(self.places)

    def measures(self) -> tuple[Integers, ...]:
        return self.count, self.affected, self.count - self.affected


def held_back(
    earlier: Sequence[Said], new: Said, rows: Booleans, columns: Booleans
) -> Booleans:
    """(R, K) cells that must not be said anew.

    `rows` (R,) and `columns` (K,) are the sums that are said anew.
    """
    held = new.fresh & ~(rows[:, None] & columns)
    for old in earlier:
        held |= new.fresh & ~_comparable(old, new)
        for change in _changes(old, new):
            held |= new.fresh & _small(change[:, :-1])
    while (cell := _loose(earlier, new, held)) is not None:
        held[cell] = True
    return held


def _comparable(old: Said, new: Said) -> Booleans:
    """Cells that the older release said; other zones were other cells."""
    if old.fresh.shape[1] != new.fresh.shape[1]:
        return np.zeros_like(new.fresh)
    if old.places == new.places and old.fresh.shape == new.fresh.shape:
        return old.fresh
    found = np.zeros_like(new.fresh)
    if new.in_zones:
        found[-1] = old.fresh[-1]
    return found


def _changes(old: Said, new: Said) -> list[Integers]:
    if old.count.shape[1] != new.count.shape[1]:
        return []
    if old.places != new.places or old.count.shape != new.count.shape:
        # Only the town is the same place.
        changes = [np.zeros_like(now) for now in new.measures()]
        for change, before, now in zip(
            changes, old.measures(), new.measures(), strict=True
        ):
            change[-1] = now[-1] - before[-1]
        return changes if new.in_zones else []
    return [
        now - before for before, now in zip(old.measures(), new.measures(), strict=True)
    ]


def _small(change: Integers) -> Booleans:
    size = np.abs(change)
    return np.asarray((size > 0) & (size < SMALLEST_GROUP))


def _loose(
    earlier: Sequence[Said], new: Said, held: Booleans
) -> tuple[int, int] | None:
    """A cell whose row or column leaves a small change, if it is said anew."""
    for old in earlier:
        fresh = new.fresh & ~held & _comparable(old, new)
        unsaid = ~np.pad(fresh, ((0, 0), (0, 1)))
        for change in _changes(old, new):
            of_row = np.where(unsaid, change, 0).sum(axis=1)
            for row in np.flatnonzero(_small(of_row) & fresh.any(axis=1)):
                return int(row), _moved_least(
                    change[row, :-1], fresh[row], new.count[row]
                )
            inner = slice(0, -1) if new.in_zones else slice(None)
            of_column = np.where(unsaid, change, 0)[inner].sum(axis=0)[:-1]
            told = fresh[-1] if new.in_zones else fresh.any(axis=0)
            for column in np.flatnonzero(_small(of_column) & told):
                if new.in_zones:
                    return len(fresh) - 1, int(column)
                at = _moved_least(
                    change[:, column], fresh[:, column], new.count[:, column]
                )
                return at, int(column)
    return None


def _moved_least(change: Integers, fresh: Booleans, count: Integers) -> int:
    """Of the cells said anew, the smallest of those that moved, or of all."""
    among = np.flatnonzero(fresh & (change != 0))
    if not among.size:
        among = np.flatnonzero(fresh)
    return int(among[np.argmin(count[among])])

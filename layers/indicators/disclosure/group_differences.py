"""Which figures of groups keep their former value in a later release of a round.

The tables are two-way, so the system of equations of `differencing` comes down to rows and
columns: a cell is said anew only where it was said before, where neither it nor what is
left of its row or column, or of some rows less some columns, has moved by one to four
children, and where the sums that it belongs to are said anew as well. A cell that is not
said and did not move is taken for known: a correction may be known to be of one zone.

Shapes: R rows, K categories; a last place holds the children in no category.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

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
    while (
        cell := _loose(earlier, new, held)
        or _crossing(earlier, new, held, rows, columns)
    ) is not None:
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


def _crossing(
    earlier: Sequence[Said],
    new: Said,
    held: Booleans,
    rows: Booleans,
    columns: Booleans,
) -> tuple[int, int] | None:
    """A cell said anew without which some rows less some columns leave no small change."""
    for old in earlier:
        fresh = new.fresh & ~held & _comparable(old, new)
        if not fresh.any():
            continue
        inside = fresh[:-1] if new.in_zones else fresh
        sums = fresh[-1] if new.in_zones else columns
        whole = bool(new.in_zones and rows[-1])
        for change in _changes(old, new):
            inner = change[: len(inside)]
            moved = np.where(np.pad(inside, ((0, 0), (0, 1))), 0, inner)
            if not moved.any():
                continue
            for less, own in _small_sets(moved, rows[: len(inside)], sums, whole):
                among = np.zeros_like(fresh)
                among[: len(inside)] = inside & own[:, None]
                if new.in_zones:
                    among[-1] = fresh[-1] & less
                else:
                    among |= fresh & less
                if among.any():
                    return _least(change[:, :-1], among, new.count[:, :-1])
    return None


def _small_sets(
    moved: Integers, rows: Booleans, sums: Booleans, whole: bool
) -> Iterator[tuple[Booleans, Booleans]]:
    """Columns (K,) and rows (R,) whose sums differ by a small change.

    `moved` (R, K + 1) are the changes of what is not said; `rows` and `sums` (K,) are said,
    and with `whole` the sum of all rows. So rows that are not said are one that is.
    """
    said = np.append(rows[rows], whole)
    moved, open_cells = (
        np.vstack(
            [each[rows], each[~rows].sum(axis=0, keepdims=True, dtype=each.dtype)]
        )
        for each in (moved, moved != 0)
    )
    chosen = np.array(list(product((False, True), repeat=len(sums)))).T
    inside = np.pad(chosen, ((0, 1), (0, 0)))
    beyond = ~inside
    touching, leaving = (open_cells @ at for at in (inside, beyond))
    within = (said & open_cells.any(axis=1))[:, None] & ~leaving
    subtracted = chosen.any(axis=0) & ~(chosen & ~sums[:, None]).any(axis=0)
    nothing = np.zeros_like(chosen)
    for columns, among, change, known in (
        (nothing, within, np.where(within, moved @ (inside | beyond), 0), True),
        (chosen, within, np.where(within, 0, moved @ inside), subtracted),
        (
            chosen,
            touching,
            np.where(touching, moved @ beyond, 0),
            subtracted & ~(touching & ~said[:, None]).any(axis=0),
        ),
    ):
        for at in np.flatnonzero(_small(change.sum(axis=0)) & known):
            own = np.zeros(len(rows), dtype=bool)
            own[rows] = among[:-1, at]
            yield columns[:, at], own


def _least(change: Integers, among: Booleans, count: Integers) -> tuple[int, int]:
    """Of the cells `among`, the smallest of those that moved, or of all."""
    moved = among & (change != 0)
    cells = np.argwhere(moved if moved.any() else among)
    row, column = min(cells.tolist(), key=lambda cell: int(count[tuple(cell)]))
    return row, column

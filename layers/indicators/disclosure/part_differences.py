"""Which figures of a family's parts keep their former value in a later release of a round.

Each part's table follows `group_differences` by itself. Beside it the whole and the other
parts are said: what some groups moved, less what some parts of them moved, is no small
change either. A part says nothing anew that the whole does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from layers.indicators.disclosure import group_differences
from layers.indicators.disclosure.group_differences import (
    Said,
    changes,
    least,
    small_sets,
)
from layers.indicators.disclosure.suppression import Booleans

Line = int | tuple[slice, int]


@dataclass(frozen=True)
class Sums:
    """What is said anew of the sums of a part's table, or of the whole's."""

    rows: Booleans
    """(R,)"""
    columns: Booleans
    """(K,)"""


def said_anew(
    earlier: Sequence[Sequence[Said]],
    parts: Sequence[Said],
    sums: Sequence[Sums],
    whole: tuple[Said, Sums],
) -> list[Said]:
    """The parts, `fresh` where they may be said anew.

    `earlier` has the same releases for each part.
    """
    found = [replace(each, fresh=each.fresh & whole[0].fresh) for each in parts]
    while True:
        for part, (before, each) in enumerate(zip(earlier, sums, strict=True)):
            held = group_differences.held_back(
                before, found[part], each.rows, each.columns
            )
            found[part] = replace(found[part], fresh=found[part].fresh & ~held)
        if (cell := _loose(earlier, found, sums, whole)) is None:
            return found
        part, line, at = cell
        fresh = found[part].fresh.copy()
        fresh[line][at] = False
        found[part] = replace(found[part], fresh=fresh)


def _loose(
    earlier: Sequence[Sequence[Said]],
    parts: Sequence[Said],
    sums: Sequence[Sums],
    whole: tuple[Said, Sums],
) -> tuple[int, Line, int] | None:
    """A part, a line of its table and a cell there without which no small change is left."""
    padded = [np.pad(each.fresh, ((0, 0), (0, 1))) for each in parts]
    said = np.pad(whole[0].fresh, ((0, 0), (0, 1)))
    for line, columns, all_of_them in _lines(parts[0], sums, whole[1]):
        fresh = np.stack([each[line] for each in padded], axis=1)
        if not fresh.any():
            continue
        count = np.stack([each.count[line] for each in parts], axis=1)
        for olds in zip(*earlier, strict=True):
            both = [changes(old, new) for old, new in zip(olds, parts, strict=True)]
            for measure in zip(*both, strict=True):
                change = np.stack([each[line] for each in measure], axis=1)
                moved = np.pad(np.where(fresh, 0, change), ((0, 0), (0, 1)))
                if not moved.any():
                    continue
                for less, own in small_sets(moved, said[line], columns, all_of_them):
                    among = fresh & (own[:, None] | less)
                    if among.any():
                        at, part = least(change, among, count)
                        return part, line, at
    return None


def _lines(
    table: Said, sums: Sequence[Sums], whole: Sums
) -> Iterator[tuple[Line, Booleans, bool]]:
    """With the parts' sums (P,) that are said anew, and whether the whole's is."""
    if table.in_zones:
        yield -1, np.array([each.rows[-1] for each in sums]), bool(whole.rows[-1])
        return
    for row in range(len(table.fresh) - 1):
        yield row, np.array([each.rows[row] for each in sums]), bool(whole.rows[row])
    for column in range(table.fresh.shape[1]):
        yield (
            (slice(None), column),
            np.array([each.columns[column] for each in sums]),
            bool(whole.columns[column]),
        )

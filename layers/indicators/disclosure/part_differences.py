"""Which figures of a family's parts keep their former value in a later release of a round.

Each part's table follows `group_differences` by itself, and says nothing anew that the whole
does not. Beside it the whole and the other parts are said, so that what a withheld group
moved could be what is left of them. Therefore the parts say a table anew together, and only
where everything in it that moved is said: then there is nothing left to find.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from layers.indicators.disclosure.group_differences import Said, changes, held_back
from layers.indicators.disclosure.suppression import Booleans


@dataclass(frozen=True)
class Sums:
    """Which sums of a part's table are said anew."""

    rows: Booleans
    """(R,)"""
    columns: Booleans
    """(K,)"""


def said_anew(
    earlier: Sequence[Sequence[Said]],
    parts: Sequence[Said],
    sums: Sequence[Sums],
    whole: Said,
) -> list[Said]:
    """The parts, `fresh` where they may be said anew: beside a `whole` that is.

    `earlier` are the releases before by part.
    """
    found = []
    for before, part, own in zip(earlier, parts, sums, strict=True):
        each = replace(part, fresh=part.fresh & whole.fresh)
        held = held_back(before, each, own.rows, own.columns)
        found.append(replace(each, fresh=each.fresh & ~held))
    if any(_leaves(*each) for each in zip(earlier, found, strict=True)):
        return [replace(each, fresh=np.zeros_like(each.fresh)) for each in found]
    return found


def _leaves(earlier: Sequence[Said], new: Said) -> bool:
    """Whether something moved that is not said; of tables by zone the town's row counts."""
    said = np.pad(new.fresh, ((0, 0), (0, 1)))
    line = slice(-1, None) if new.in_zones else slice(None)
    for old in earlier:
        moved = changes(old, new)
        if not moved or any((each[line][~said[line]] != 0).any() for each in moved):
            return True
    return False

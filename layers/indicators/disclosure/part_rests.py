"""What published sums of a whole and of its parts leave together: a group as well.

A line is a row or a column of a table, once for the whole and once for each part of it. Its
sums across the parts are the whole's figures, its sums along each part are told too; so
"the poorest out of school, without those of primary age" is known, and must be nobody or no
small group.

Shapes: R cells of the line, P parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from layers.indicators.disclosure.exchange import Booleans


def known_sets(
    hidden: Booleans, rows: Booleans, columns: Booleans
) -> Iterator[tuple[Booleans, Booleans]]:
    """Sets (R, P) of `hidden` cells whose sum is known, and the cells of which one more
    withheld would make the set larger, or unknown.

    `rows` (R,) are the whole's figures that are told, `columns` (P,) the parts' sums; the
    sum of all is told. So what is told of no row by itself is told of them together.
    """
    for row in np.flatnonzero(rows):
        here = np.zeros((len(rows), 1), dtype=bool)
        here[row] = True
        yield hidden & here, ~hidden & here
    for inside in _sums(columns):
        within = (rows & ~hidden[:, ~inside].any(axis=1))[:, None]
        yield hidden & inside & ~within, ~hidden & (within ^ inside)
        touching = np.asarray(hidden[:, inside].any(axis=1))
        if (touching & ~rows).any():
            touching |= ~rows
        among = touching[:, None]
        yield hidden & among & ~inside, ~hidden & (among ^ inside)


def _sums(columns: Booleans) -> Iterator[Booleans]:
    """(P,) parts whose sum is told, but none and all of them."""
    blocks = [np.arange(len(columns)) == part for part in np.flatnonzero(columns)]
    if not columns.all():
        blocks.append(~columns)
    for chosen in product((False, True), repeat=len(blocks)):
        inside = np.zeros(len(columns), dtype=bool)
        for block in np.array(blocks)[np.array(chosen)]:
            inside |= block
        if inside.any() and not inside.all():
            yield inside

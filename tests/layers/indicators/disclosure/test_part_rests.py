"""Every set of withheld cells that linear algebra finds is compared with the few that are
looked at."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.indicators.disclosure.part_rests import known_sets
from layers.indicators.disclosure.suppression import SMALLEST_GROUP

ROWS, PARTS = 3, 3


def a_line(seed):
    """Counts, what is withheld, and which sums are told: no part tells what the whole does
    not, nor what its own sum is not told of."""
    random = np.random.default_rng(seed)
    count = random.choice([0, 1, 2, 3, 7, 9], (ROWS, PARTS))
    rows, columns = random.random(ROWS) < 0.7, random.random(PARTS) < 0.7
    hidden = random.random((ROWS, PARTS)) < 0.6
    return count, hidden | ~rows[:, None] | ~columns, rows, columns


def small(size):
    return 0 < size < SMALLEST_GROUP


def all_known_sets(hidden, rows, columns):
    cells = np.argwhere(hidden)
    told = [cells[:, 0] == row for row in np.flatnonzero(rows)]
    told += [cells[:, 1] == part for part in np.flatnonzero(columns)]
    told = np.array([*told, np.ones(len(cells), bool)], dtype=float)
    rank = np.linalg.matrix_rank(told)
    for chosen in product((0.0, 1.0), repeat=len(cells)):
        if np.linalg.matrix_rank(np.vstack([told, chosen])) == rank:
            found = np.zeros_like(hidden)
            found[tuple(cells[np.array(chosen) > 0].T)] = True
            yield found


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_a_small_set_that_is_known_is_among_those_looked_at(seed):
    count, hidden, rows, columns = a_line(seed)
    known = list(all_known_sets(hidden, rows, columns))
    looked_at = [cells for cells, _beside in known_sets(hidden, rows, columns)]
    # Those that the whole leaves by itself are for its own rules to keep.
    of_whole = [hidden & ~rows[:, None], hidden & ~columns]
    worst = [count[cells].sum() for cells in (*looked_at, *of_whole)]
    if any(small(count[cells].sum()) for cells in known):
        assert any(small(size) for size in worst)
    for cells in looked_at:
        assert any((cells == each).all() for each in known)


def test_three_parts_that_are_told_but_for_one_group_leave_it():
    hidden = np.zeros((3, 3), dtype=bool)
    hidden[0, :2] = hidden[1, :2] = True
    everything = np.ones(3, dtype=bool)
    found = [cells for cells, _beside in known_sets(hidden, everything, everything)]
    first = np.zeros((3, 3), dtype=bool)
    first[0, :2] = True
    assert any((cells == first).all() for cells in found)


def test_one_more_withheld_makes_a_set_larger():
    hidden = np.array([[True, False, False], [True, False, False]])
    everything = np.ones(2, dtype=bool), np.ones(3, dtype=bool)
    for cells, beside in known_sets(hidden, *everything):
        assert not (beside & hidden).any()
        assert not cells.any() or beside.any()

"""The audit and the search against plain enumeration of small tables."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from layers.indicators.disclosure.audit import LinkedTable, intervals
from layers.indicators.disclosure.protection import (
    Need,
    Unprotectable,
    naive,
    protect,
    too_narrow,
)


def linked(atoms, *sums):
    """A table of atoms and of sums, each a list of atom numbers."""
    rows = [np.eye(len(atoms))]
    for each in sums:
        row = np.zeros((1, len(atoms)))
        row[0, list(each)] = 1
        rows.append(row)
    return LinkedTable.of(csr_array(np.vstack(rows)), np.array(atoms, dtype=float))


def crossed(counts):
    """A table of two variables with all its margins."""
    counts = np.asarray(counts)
    place = np.arange(counts.size).reshape(counts.shape)
    return linked(counts.ravel(), *place, *place.T, place.ravel())


def need_of(table, threshold=5, width=4, **changes):
    count = table.count
    given = {
        "primary": (count >= 1) & (count < threshold),
        "width": np.full(len(count), float(width)),
        "cost": np.ones(len(count)),
        "may_hide": np.ones(len(count), dtype=bool),
    }
    return Need(**given | changes)


def enumerated(table, hidden, top):
    """(C,) lowest and highest over all tables of whole numbers to `top` that fit."""
    rows = table.membership.toarray()
    every = rows @ np.array(list(product(range(top + 1), repeat=len(table.atoms)))).T
    fit = every[:, (every[~hidden] == table.count[~hidden, None]).all(axis=0)]
    return fit.min(axis=1), fit.max(axis=1)


@st.composite
def small_tables(draw):
    """Two by three counts, their margins, and a sum across both."""
    atoms = draw(st.lists(st.integers(0, 3), min_size=6, max_size=6))
    across = draw(st.lists(st.integers(0, 5), min_size=2, max_size=3, unique=True))
    return linked(atoms, [0, 1, 2], [3, 4, 5], [0, 3], [1, 4], [2, 5], across)


@settings(max_examples=15, deadline=None)
@given(table=small_tables(), seed=st.integers(0, 99))
def test_the_intervals_are_those_of_all_tables_that_fit(table, seed):
    hidden = np.random.default_rng(seed).random(len(table.count)) < 0.6
    low, high = intervals(table, hidden)
    top = intervals(table, hidden, np.arange(6))[1].max()
    if top > 6:
        return
    first, last = enumerated(table, hidden, int(top))
    assert low.tolist() == first[hidden].tolist()
    assert high.tolist() == last[hidden].tolist()


def test_what_nothing_published_bounds_has_no_upper_end():
    table = linked([3, 7], [0, 1])
    low, high = intervals(table, np.ones(3, dtype=bool))
    assert low.tolist() == [0, 0, 0]
    assert np.isinf(high).all()


def test_a_published_nought_gives_its_parts_and_what_stands_beside_them():
    table = crossed([[0, 3], [0, 8]])
    hidden = np.zeros(9, dtype=bool)
    hidden[:4] = True
    low, high = intervals(table, hidden)
    assert low.tolist() == high.tolist() == [0, 3, 0, 8]


def test_a_range_that_is_wide_enough_is_searched_no_further():
    table = crossed(np.random.default_rng(1).integers(1, 40, (6, 6)))
    hidden = np.zeros(len(table.count), dtype=bool)
    hidden[:36] = True
    low, high = intervals(table, hidden)
    some = intervals(table, hidden, np.arange(36), np.full(36, 4.0))
    assert (some[1] - some[0] >= 4).all()
    assert (some[0] >= low).all()
    assert (some[1] <= high).all()


def test_a_bound_of_a_table_in_three_variables_is_a_whole_number():
    """The three ways to add up a cube of 2 x 2 x 2 leave one move of all eight atoms."""
    place = np.arange(8).reshape(2, 2, 2)
    sums = [
        line for axis in range(3) for line in np.moveaxis(place, axis, 2).reshape(4, 2)
    ]
    table = linked([3, 2, 4, 1, 2, 5, 3, 3], *sums)
    hidden = np.zeros(len(table.count), dtype=bool)
    hidden[:8] = True
    low, high = intervals(table, hidden)
    assert ((high - low) == (high - low)[0]).all()
    assert (low <= table.atoms).all()
    assert (table.atoms <= high).all()
    assert (low == np.rint(low)).all()


def narrow_somewhere(table, need, hidden):
    return any(
        too_narrow(table, need, hidden, np.array([cell])).size
        for cell in np.flatnonzero(need.primary)
    )


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10_000), width=st.sampled_from([1, 4]))
def test_the_pattern_protects_and_is_the_cheapest_that_does(seed, width):
    random = np.random.default_rng(seed)
    table = crossed(random.poisson(random.choice([3, 9, 20], (2, 3))))
    need = need_of(table, width=width)
    found = protect(table, need)
    assert not too_narrow(table, need, found.hidden).size
    assert found.hidden[need.primary].all()
    assert found.at_least == pytest.approx(found.hidden.sum())
    others = np.flatnonzero(~need.primary)
    for extra in range(int(found.hidden.sum() - need.primary.sum())):
        for chosen in combinations(others, extra):
            hidden = need.primary.copy()
            hidden[list(chosen)] = True
            assert narrow_somewhere(table, need, hidden)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_each_small_count_keeps_the_width_that_the_rule_asks_for(seed):
    random = np.random.default_rng(seed)
    table = crossed(random.poisson(random.gamma(1, 12, (9, 4))))
    need = need_of(table)
    hidden = protect(table, need, seconds=2.0).hidden
    low, high = intervals(table, hidden, np.flatnonzero(need.primary))
    # Five values or more: never all of them among 1 to 4.
    assert (high - low >= 4).all()
    assert ((low < 1) | (high > 4)).all()


def test_a_value_may_be_weighed_instead_of_the_number_of_cells():
    table = crossed([[2, 90, 40], [60, 10, 50]])
    need = need_of(table, cost=table.count + 0.01)
    hidden = protect(table, need).hidden
    assert np.flatnonzero(hidden[:6]).tolist() == [0, 2, 3, 5] or (
        table.count[hidden].sum() <= 2 + 90 + 60 + 10
    )
    assert not too_narrow(table, need, hidden).size


def test_without_anything_small_nothing_is_withheld():
    table = crossed([[20, 30], [40, 50]])
    need = need_of(table)
    assert not protect(table, need).hidden.any()
    assert naive(need).at_least == 0


def test_what_cannot_be_protected_is_said():
    table = crossed([[2, 30], [40, 50]])
    only = np.zeros(9, dtype=bool)
    only[:2] = True
    with pytest.raises(Unprotectable) as refused:
        protect(table, need_of(table, may_hide=only))
    assert refused.value.cell == 0

"""Releases one after another: the rule of cells, rows and columns is compared with the
equations of `differencing` over the same tables."""

from dataclasses import replace

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from layers.indicators.disclosure import differencing
from layers.indicators.disclosure.differencing import Issued, found
from layers.indicators.disclosure.group_differences import Said, held_back
from layers.indicators.disclosure.suppression import SMALLEST_GROUP

ZONES, GROUPS = 4, 3


def table(inner, fresh):
    """From counts (2, zones, groups + 1) of children in need and not."""
    with_town = np.concatenate([inner, inner.sum(axis=1, keepdims=True)], axis=1)
    return Said(
        places=tuple(range(1, ZONES + 1)),
        count=with_town.sum(axis=0),
        affected=with_town[0],
        fresh=fresh,
    )


def first_table(random):
    inner = random.integers(0, 60, (2, ZONES, GROUPS + 1))
    fresh = random.random((ZONES + 1, GROUPS)) < 0.8
    return inner, table(inner, fresh)


def corrected(random, inner, said):
    change = random.integers(-3, 14, inner.shape) * (random.random(inner.shape) < 0.2)
    later = table(np.maximum(inner + change, 0), said.fresh)
    return replace(later, fresh=said.fresh | (random.random(said.fresh.shape) < 0.2))


def rows_said(before, after):
    """Rows whose sum of all children is said anew, by the rule of families."""
    return ~differencing.held_back([of_all(before)], of_all(after))


def of_all(said):
    count, affected = said.count.sum(axis=1), said.affected.sum(axis=1)
    return Issued(
        atoms=range(ZONES),
        cells=range(ZONES + 1),
        membership=np.vstack([np.eye(ZONES), np.ones(ZONES)]),
        count=count,
        affected=affected,
        fresh=np.ones(ZONES + 1, dtype=bool),
        secret=np.zeros(ZONES + 1, dtype=bool),
    )


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000))
def test_no_cell_that_is_said_anew_has_moved_a_little(seed):
    random = np.random.default_rng(seed)
    inner, before = first_table(random)
    after = corrected(random, inner, before)
    rows = rows_said(before, after)
    held = held_back([before], after, rows, np.ones(GROUPS, dtype=bool))
    fresh = after.fresh & ~held
    assert not (fresh & ~before.fresh).any()
    assert not fresh[~rows].any()
    for old, new in zip(before.measures(), after.measures(), strict=True):
        change = np.abs(new - old)
        assert not (
            (change[:, :-1] > 0) & (change[:, :-1] < SMALLEST_GROUP) & fresh
        ).any()
        left = np.where(~np.pad(fresh, ((0, 0), (0, 1))), new - old, 0)
        for size in np.abs(left.sum(axis=1))[fresh.any(axis=1)]:
            assert not 0 < size < SMALLEST_GROUP
        for size in np.abs(left[:-1].sum(axis=0)[:-1])[fresh[-1]]:
            assert not 0 < size < SMALLEST_GROUP


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
@example(66)
@example(447)
def test_the_equations_of_both_releases_find_no_small_change_either(seed):
    random = np.random.default_rng(seed)
    inner, before = first_table(random)
    after = corrected(random, inner, before)
    rows = rows_said(before, after)
    held = held_back([before], after, rows, np.ones(GROUPS, dtype=bool))
    after = replace(after, fresh=after.fresh & ~held)
    assert not found([issued(before, np.ones_like(rows))], issued(after, rows))


def issued(said, rows):
    """As `differencing` has it: the cells, and the sums of all children of each row.

    Children in no category are a cell that is never said: without one the equations would
    take them for the same as before wherever their row's sum stays, though a child went
    to them from a category.
    """
    width = GROUPS + 1
    atoms = [(zone, group) for zone in range(ZONES) for group in range(width)]
    told = np.pad(said.fresh, ((0, 0), (0, 1)))
    cells, membership, values = [], [], []
    for row in range(ZONES + 1):
        for group in (*range(width), None):
            mask = [
                float(row in (zone, ZONES) and group in (own, None))
                for zone, own in atoms
            ]
            cells.append((row, group))
            membership.append(mask)
            at = slice(None) if group is None else slice(group, group + 1)
            values.append(
                (
                    said.count[row, at].sum(),
                    said.affected[row, at].sum(),
                    rows[row] if group is None else told[row, group],
                )
            )
    count, affected, fresh = (np.array(part) for part in zip(*values, strict=True))
    return Issued(
        atoms=atoms,
        cells=cells,
        membership=np.array(membership),
        count=count,
        affected=affected,
        fresh=fresh.astype(bool),
        secret=np.zeros(len(cells), dtype=bool),
    )


def test_the_same_counts_are_said_again():
    random = np.random.default_rng(1)
    _inner, before = first_table(random)
    everything = np.ones(ZONES + 1, dtype=bool), np.ones(GROUPS, dtype=bool)
    assert not held_back([before], before, *everything).any()


def test_zones_drawn_anew_are_held_and_the_town_is_compared():
    random = np.random.default_rng(2)
    inner, before = first_table(random)
    before = replace(before, fresh=np.ones_like(before.fresh))
    inner[0, 0, 0] += 20
    later = replace(table(inner, before.fresh), places=(11, 12, 13, 14))
    everything = np.ones(ZONES + 1, dtype=bool), np.ones(GROUPS, dtype=bool)
    held = held_back([before], later, *everything)
    assert held[:-1].all()
    assert not held[-1].any()

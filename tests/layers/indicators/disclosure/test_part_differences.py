"""Releases one after another, of a whole and its parts: what the parts say anew leaves nothing
that moved to be found from sums and parts, whatever is known besides."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.indicators.disclosure.group_differences import Said
from layers.indicators.disclosure.part_differences import Sums, said_anew
from layers.indicators.disclosure.suppression import SMALLEST_GROUP

PARTS, ROWS, GROUPS = 3, 2, 2
EVERYTHING = Sums(np.ones(ROWS + 1, dtype=bool), np.ones(GROUPS, dtype=bool))


def tables(inner, *, by_zone):
    """The whole and the parts, from counts (2, parts, rows, groups + 1) of children in need
    and not; by zone only the town is said.
    """
    found = []
    for each in (inner.sum(axis=1), *inner.transpose(1, 0, 2, 3)):
        cells = each
        if by_zone:
            cells = np.concatenate([each, each.sum(axis=1, keepdims=True)], axis=1)
        fresh = np.ones((cells.shape[1], GROUPS), dtype=bool)
        fresh[slice(-1) if by_zone else slice(-1, None)] = False
        places = tuple(range(ROWS)) if by_zone else ()
        found.append(Said(places, cells.sum(axis=0), cells[0], fresh))
    return found


def anew(old, new, sums=(EVERYTHING,) * PARTS):
    return said_anew([[each] for each in old[1:]], new[1:], sums, new[0])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_what_moved_is_said_of_all_parts_or_of_none(seed, by_zone):
    random = np.random.default_rng(seed)
    # Two dimensions crossed have a last row as well, of those in no category.
    shape = 2, PARTS, ROWS if by_zone else ROWS + 1, GROUPS + 1
    before = random.integers(20, 60, shape)
    change = random.choice([-3, 7, 9, 12], shape) * (random.random(shape) < 0.1)
    old, new = (tables(each, by_zone=by_zone) for each in (before, before + change))
    new[0] = replace(new[0], fresh=new[0].fresh & (random.random() < 0.9))
    found = anew(old, new)
    line = -1 if by_zone else slice(None)
    for was, part, each in zip(old[1:], new[1:], found, strict=True):
        assert not (each.fresh & ~(part.fresh & new[0].fresh)).any()
        said = np.pad(each.fresh, ((0, 0), (0, 1)))[line]
        for one, other in zip(was.measures(), part.measures(), strict=True):
            moved = np.abs(other - one)[line]
            assert not (said & (moved > 0) & (moved < SMALLEST_GROUP)).any()
            if any(x.fresh.any() for x in found):
                assert not moved[~said].any()


@pytest.mark.parametrize(("moved", "said"), [((7, 3), False), ((7, 8), True)])
def test_a_small_change_of_one_part_holds_the_group_of_all(moved, said):
    """The second part's 3 are the whole's 10 less the first part's 7."""
    before = np.full((2, PARTS, ROWS, GROUPS + 1), 40)
    after = before.copy()
    after[0, :2, 0, 0] += moved
    old, new = (tables(each, by_zone=True) for each in (before, after))
    assert all(each.fresh[-1].all() == said for each in anew(old, new))


def test_a_group_that_the_whole_does_not_say_anew_holds_the_others():
    before = np.full((2, PARTS, ROWS, GROUPS + 1), 40)
    after = before.copy()
    after[0, 0, 0, 0] += 9
    old, new = (tables(each, by_zone=True) for each in (before, after))
    new[0].fresh[-1, 0] = False
    assert not any(each.fresh.any() for each in anew(old, new))


def test_nothing_that_stayed_is_held():
    old = tables(np.full((2, PARTS, ROWS, GROUPS + 1), 40), by_zone=True)
    assert all((each.fresh == old[0].fresh).all() for each in anew(old, old))


def test_zones_drawn_anew_leave_the_town():
    old = tables(np.full((2, PARTS, ROWS, GROUPS + 1), 40), by_zone=True)
    new = [replace(each, places=(11, 12)) for each in old]
    assert all(each.fresh[-1].all() for each in anew(old, new))

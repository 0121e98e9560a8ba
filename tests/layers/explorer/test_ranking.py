import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.explorer.ranking import (
    LESS,
    MORE,
    TIED,
    Axis,
    beside,
    both_ways,
    rank_ranges,
    ticks,
)

intervals = st.lists(
    st.tuples(st.floats(0, 100), st.floats(0, 100)).map(
        lambda pair: tuple(sorted(pair))
    ),
    min_size=1,
    max_size=30,
)


def test_zones_that_overlap_share_their_ranks():
    assert rank_ranges([(50, 60), (40, 55), (10, 20)]) == [(1, 2), (1, 2), (3, 3)]


def test_zones_apart_have_a_rank_each():
    assert rank_ranges([(1, 2), (7, 9), (4, 5)]) == [(3, 3), (1, 1), (2, 2)]


@given(intervals)
def test_every_order_of_true_values_gives_ranks_inside_the_ranges(found):
    """With each zone at its own lower bound, the ranks lie inside."""
    ranges = rank_ranges(found)
    lows = [low for low, _high in found]
    for (first, last), low in zip(ranges, lows, strict=True):
        rank = 1 + sum(other > low for other in lows)
        assert first <= rank <= last


def test_touching_intervals_cannot_be_told_apart():
    assert beside((10, 20), (20, 30)) == TIED
    assert beside((31, 40), (20, 30)) == MORE
    assert beside((10, 19), (20, 30)) == LESS


@given(st.floats(0, 100))
def test_ticks_begin_at_zero_reach_the_top_and_are_few(top):
    found = ticks(top)
    assert found[0] == 0
    assert top <= found[-1] <= 100
    assert len(found) <= 6


@given(st.floats(0, 100))
def test_ticks_of_changes_lie_evenly_around_zero(reach):
    found = both_ways(reach)
    assert found == [-each for each in reversed(found)]
    assert reach <= found[-1]


@pytest.mark.parametrize(("rtl", "place"), [(False, 25), (True, 75)])
def test_an_axis_runs_from_where_one_begins_to_read(rtl, place):
    axis = Axis([0, 20, 40], rtl=rtl)
    assert axis.at(10) == place
    assert axis.span(10, 20) == (min(place, 50), 25)


def test_what_lies_beyond_the_axis_is_drawn_at_its_end():
    assert Axis([0, 40], rtl=False).at(70) == 100

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.indicators.areas.regions import merge


def test_a_small_zone_joins_its_smallest_neighbour():
    found = merge([30, 5, 40, 60], {0: [1], 1: [2], 2: [3]}, 25)
    assert found.region == [0, 0, 1, 2]
    assert found.short == []


def test_merging_goes_on_until_the_region_is_large_enough():
    found = merge([3, 4, 5, 100], {0: [1], 1: [2], 2: [3]}, 10)
    assert found.region == [0, 0, 0, 1]


def test_an_island_stays_small_and_is_named():
    found = merge([3, 40, 40], {1: [2]}, 10)
    assert (found.region, found.short) == ([0, 1, 2], [0])


def test_bad_zones_are_refused():
    with pytest.raises(ValueError, match="name no zone"):
        merge([1, 2], {0: [2]}, 5)
    with pytest.raises(ValueError, match="negative"):
        merge([1, -2], {0: [1]}, 5)


@st.composite
def towns(draw):
    sizes = draw(st.lists(st.integers(0, 50), min_size=1, max_size=12))
    zone = st.integers(0, len(sizes) - 1)
    pairs = draw(st.lists(st.tuples(zone, zone), max_size=20))
    beside = {each: [b for a, b in pairs if a == each] for each in range(len(sizes))}
    return sizes, beside


@given(towns(), st.integers(1, 60))
def test_regions_are_connected_and_large_enough_where_that_is_possible(town, least):
    sizes, beside = town
    found = merge(sizes, beside, least)
    links = {(a, b) for a, others in beside.items() for b in others}
    links |= {(b, a) for a, b in links}
    for region in set(found.region):
        members = {z for z, r in enumerate(found.region) if r == region}
        reached = {min(members)}
        while more := {b for a, b in links if a in reached and b in members} - reached:
            reached |= more
        assert reached == members
        outside = {b for a, b in links if a in members} - members
        total = sum(sizes[z] for z in members)
        assert total >= least or (not outside and region in found.short)

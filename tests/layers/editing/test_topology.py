"""What the checks find, in metres, without a database."""

import pytest
from shapely import MultiPolygon, Polygon, box

from layers.editing.topology import Ground, examine, invalid

HERE, THERE = box(0, 0, 100, 100), box(100, 0, 200, 100)


def found(**ground):
    told = examine(Ground(**{"before": {}, "after": {}, "neighbours": {}, **ground}))
    return [(each.code, each.codes, round(each.square_metres, 1)) for each in told]


def test_neighbours_that_touch_are_in_order():
    assert found(before={"1": HERE}, after={"1": HERE}, neighbours={"2": THERE}) == []


@pytest.mark.parametrize(
    ("metres", "said"), [(0.01, []), (0.1, [("overlap", ("1", "2"), 10.0)])]
)
def test_an_overlap_is_one_from_two_centimetres(metres, said):
    wider = box(0, 0, 100 + metres, 100)
    assert found(before={"1": HERE}, after={"1": wider}, neighbours={"2": THERE}) == said  # fmt: skip


def test_a_seam_that_opens_is_told_once():
    narrower = box(0, 0, 99.8, 100)
    told = found(before={"1": HERE}, after={"1": narrower}, neighbours={"2": THERE})
    assert told == [("gap", ("1",), 20.0)]


def test_a_new_place_beside_a_narrow_seam_is_told():
    told = found(after={"2": box(100.3, 0, 200, 100)}, neighbours={"1": HERE})
    assert told == [("narrow_gap", ("2",), 30.0)]


def test_a_street_is_no_gap():
    assert found(after={"2": box(104, 0, 200, 100)}, neighbours={"1": HERE}) == []


def test_a_seam_that_was_there_is_not_the_editors():
    beside = box(100.3, 0, 200, 100)
    halves = {"2": box(100.3, 0, 200, 50), "3": box(100.3, 50, 200, 100)}
    assert found(before={"2": beside}, after=halves, neighbours={"1": HERE}) == []


def test_what_is_retired_leaves_its_ground():
    assert found(before={"1": HERE}, neighbours={"2": THERE}, leaves_gap=True) == []
    assert found(before={"1": HERE}, neighbours={"2": THERE}) == [
        ("gap", (), 10000.0)
    ]  # fmt: skip


def test_a_part_beyond_the_boundary_is_measured():
    told = found(after={"1": HERE}, boundary=box(0, 0, 90, 100))
    assert told == [("beyond_boundary", ("1",), 1000.0)]


def test_a_place_fifty_metres_beyond_the_boundary_is_outside():
    told = found(after={"1": HERE}, boundary=box(-500, 0, -10, 100))
    assert told == [("outside", ("1",), 10000.0)]


def test_a_parcel_across_zones_tells_the_smaller_part():
    zones = {"W": box(-500, 0, 30, 100), "E": box(30, 0, 500, 100)}
    assert found(after={"1": HERE}, zones=zones) == [
        ("across_zones", ("1", "W"), 3000.0)
    ]
    assert found(before={"1": HERE}, after={"1": HERE}, zones=zones) == []


def test_borders_that_cross_themselves_are_found_at_the_crossing():
    bow = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    (finding,) = invalid({"1": MultiPolygon([bow])})
    assert (finding.code, finding.place) == ("self_intersection", (5.0, 5.0))
    assert invalid({"1": HERE}) == []


def test_a_place_without_area_is_found():
    flat = Polygon([(0, 0), (10, 0), (20, 0)])
    assert [each.code for each in invalid({"1": flat})] == ["empty"]
    hair = Polygon([(0, 0), (10, 0.01), (20, 0)])
    assert [each.code for each in invalid({"1": hair})] == ["empty"]
    lane = Polygon([(0, 0), (10, 0.1), (20, 0)])
    assert invalid({"1": lane}) == []

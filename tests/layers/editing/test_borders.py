"""A moved border and what lies on its other side, without a database."""

import shapely
from shapely import LineString, MultiPolygon, Polygon, box

from layers.editing import borders, cutting

# Squares of 0.001 degrees, about 100 m.
U = 0.001


def area(*corners) -> MultiPolygon:
    return MultiPolygon([Polygon([(x * U, y * U) for x, y in corners])])


LEFT = area((0, 0), (1, 0), (1, 1), (0, 1))
RIGHT = area((1, 0), (2, 0), (2, 1), (1, 1))


def follow(old, new, neighbour):
    return borders.take_along(neighbour, borders.changes(old, new))


def joined(*areas):
    return shapely.union_all(areas)


def test_a_neighbour_without_the_border_is_the_same_object():
    far = area((5, 5), (6, 5), (6, 6), (5, 6))
    new = area((0, 0), (1.1, 0), (1, 1), (0, 1))
    assert follow(LEFT, new, far) is far


def test_a_shared_corner_goes_along():
    new = area((0, 0), (1.2, 0), (1, 1), (0, 1))
    moved = follow(LEFT, new, RIGHT)
    assert moved.equals(area((1.2, 0), (2, 0), (2, 1), (1, 1)))


def test_a_new_corner_on_the_border_is_the_neighbours_too():
    new = area((0, 0), (1, 0), (1.3, 0.5), (1, 1), (0, 1))
    moved = follow(LEFT, new, RIGHT)
    assert moved.equals(area((1, 0), (2, 0), (2, 1), (1, 1), (1.3, 0.5)))


def test_a_corner_that_goes_goes_from_both():
    left = area((0, 0), (1, 0), (1.3, 0.5), (1, 1), (0, 1))
    right = area((1, 0), (2, 0), (2, 1), (1, 1), (1.3, 0.5))
    assert follow(left, LEFT, right).equals(RIGHT)


def test_the_end_of_anothers_border_on_a_moved_edge_slides_along():
    """Two neighbours meet in the middle of an edge whose one end moves."""
    low = area((1, 0), (2, 0), (2, 0.5), (1, 0.5))
    high = area((1, 0.5), (2, 0.5), (2, 1), (1, 1))
    new = area((0, 0), (1.2, 0), (1, 1), (0, 1))
    moved = [follow(LEFT, new, each) for each in (low, high)]
    whole = joined(new, *moved)
    assert whole.symmetric_difference(box(0, 0, 2 * U, U)).area < 1e-14
    assert not any(one.buffer(-1e-8).intersects(new.buffer(-1e-8)) for one in moved)


def test_a_long_edge_that_only_passes_by_gets_the_moved_corner():
    low = area((0, 0), (1, 0), (1, 0.5), (0, 0.5))
    high = area((0, 0.5), (1, 0.5), (1, 1), (0, 1))
    long = area((1, 0), (2, 0), (2, 1), (1, 1))
    new = area((0, 0), (1, 0), (1.2, 0.5), (0, 0.5))
    moved = [follow(low, new, each) for each in (high, long)]
    whole = joined(new, *moved)
    assert whole.symmetric_difference(box(0, 0, 2 * U, U)).area < 1e-14
    areas = [each.area for each in (new, *moved)]
    assert abs(sum(areas) - 2 * U * U) < 1e-14


def test_a_ring_written_the_other_way_round_is_the_same_border():
    new = area((0, 1), (1, 1), (1.2, 0), (0, 0))
    moved = follow(LEFT, new, RIGHT)
    assert moved.equals(area((1.2, 0), (2, 0), (2, 1), (1, 1)))


def test_a_line_that_ends_on_the_border_cuts():
    pieces = cutting.split(LEFT, LineString([(0.25 * U, 0), (0.5 * U, U)]))
    assert len(pieces) == 2
    assert pieces[0].area > pieces[1].area
    assert sum(piece.area for piece in pieces) - LEFT.area < 1e-13


def test_a_line_through_an_arm_makes_three():
    shape = area((0, 0), (3, 0), (3, 2), (2, 2), (2, 1), (1, 1), (1, 2), (0, 2))
    pieces = cutting.split(shape, LineString([(-U, 1.5 * U), (4 * U, 1.5 * U)]))
    assert len(pieces) == 3


def test_a_seam_of_a_centimetre_is_closed_by_merging():
    apart = MultiPolygon(
        [Polygon([(U + 1e-7, 0), (2 * U, 0), (2 * U, U), (U + 1e-7, U)])]
    )
    merged = cutting.merge([LEFT, apart])
    assert merged is not None
    assert len(merged.geoms) == 1
    assert not merged.geoms[0].interiors

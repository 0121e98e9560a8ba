"""What is drawn near a border lies on it, to the bit, whatever the browser sent."""

import numpy as np
import pytest
import shapely
from shapely import box

from layers.editing.catching import Borders, catch
from layers.editing.errors import EditRefused
from layers.editing.models import Edit
from tests.layers.editing.ground import STEP_X, at
from tests.layers.editing.test_services import ring, shape

METRE = STEP_X / 50


def corners(row):
    return set(map(tuple, shapely.get_coordinates(shape(row)).tolist()))


def beside(x, y, metres):
    longitude, latitude = at(x, y)
    return longitude + metres * METRE, latitude


def test_corners_come_before_borders_and_only_within_the_tolerance():
    borders = Borders.of([box(0, 0, 10, 10)])
    points = np.array([[0.05, 0.05], [5, 0.08], [5, 0.2], [10.09, 3]])
    caught = catch(points, borders, 0.1)
    assert borders.corners[caught.corner[0]].tolist() == [0, 0]
    assert caught.corner.tolist()[1:] == [-1, -1, -1]
    assert caught.spot[[1, 3]].tolist() == [[5, 0], [10, 3]]
    assert np.isnan(caught.spot[[0, 2]]).all()


def test_a_border_that_is_moved_catches_on_its_former_self_within_two_centimetres():
    own, other = box(0, 0, 10, 10), box(0, 10.5, 10, 20)
    points = np.array([[0.05, 10], [0.01, 10], [0.05, 10.45]])
    caught = catch(points, Borders.of([own, other]), 0.1, moving=own)
    assert caught.corner[0] == -1
    assert np.isnan(caught.spot[0]).all()
    assert [Borders.of([own, other]).corners[n].tolist() for n in caught.corner[1:]] == [[0, 10], [0, 10.5]]  # fmt: skip


@pytest.mark.parametrize("metres", [0.09, -0.09])
def test_an_added_place_shares_the_corners_of_its_neighbours(edit, parcels, metres):
    drawn = ring(beside(3, 0, metres), at(4, 0), at(4, 1), beside(3, 1, metres))
    outcome = edit("add", new_codes=["7"], geometry=drawn)
    assert [each.code for each in outcome.remarks] == ["zoneless"]
    edit("add", new_codes=["7"], geometry=drawn, accepted=True)
    shared = corners(parcels()["7"]) & corners(parcels()["3"])
    assert shared == {at(3, 0), at(3, 1)}


def test_beyond_the_tolerance_nothing_is_caught(edit):
    drawn = ring(beside(3, 0, -0.3), at(4, 0), at(4, 1), beside(3, 1, -0.3))
    outcome = edit("add", new_codes=["7"], geometry=drawn)
    assert [each.code for each in outcome.errors] == ["overlap"]
    nothing = edit("add", new_codes=["7"], geometry=ring(beside(3, 0, -0.09), at(4, 0), at(4, 1), beside(3, 1, -0.09)), tolerance=0.0)  # fmt: skip
    assert [each.code for each in nothing.errors] == ["overlap"]


def test_a_line_that_ends_near_a_corner_ends_in_it(edit, parcels):
    edit("split", codes=["2"], line=[beside(1, 0, 0.07), beside(2, 1, -0.07)], new_codes=["2", "x"])  # fmt: skip
    assert corners(parcels()["x"]) <= {at(1, 0), at(2, 0), at(2, 1), at(1, 1)}


def test_corners_sent_with_noise_are_as_they_were(edit):
    noisy = ring(beside(1, 1, 0.01), beside(2, 1, -0.01), at(2, 2), at(1, 2))
    with pytest.raises(EditRefused, match="Nothing was moved"):
        edit("reshape", codes=["5"], geometry=noisy)


def test_a_corner_may_be_moved_by_less_than_the_tolerance(edit, parcels):
    moved = ring(beside(1, 1, 0.05), at(2, 1), at(2, 2), at(1, 2))
    assert edit("reshape", codes=["5"], geometry=moved, accepted=True).edit
    assert at(1, 1) not in corners(parcels()["5"])
    assert corners(parcels()["5"]) & corners(parcels()["2"]) - {at(2, 1)}


def test_the_towns_tolerance_is_that_of_its_last_edit(edit, block):
    assert Edit.objects.of(block).tolerance() == 0.1
    edit("merge", codes=["2", "3"], new_codes=["3"], tolerance=0.25)
    assert Edit.objects.of(block).tolerance() == 0.25

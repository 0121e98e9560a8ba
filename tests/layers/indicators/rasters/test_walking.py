import numpy as np
import pytest

from layers.indicators.rasters import walking

FLAT = 100 * np.exp(-0.175)  # metres per minute, by Tobler


def reach(heights, place, **changes):
    return walking.minutes(cell=20, places=[place], heights=heights, **changes)


def test_speeds_are_those_of_tobler():
    assert walking.speed(np.array([0.0, -0.05])) == pytest.approx([FLAT, 100])
    # 5.037 km/h on the flat, as the literature has it.
    assert round(FLAT * 60 / 1000, 3) == 5.037


def test_on_the_flat_it_is_the_way_at_one_speed():
    found = reach(np.zeros((81, 81)), (810, 810))
    row, column = np.mgrid[:81, :81]
    straight = 20 * np.hypot(row - 40, column - 40) / FLAT
    apart = straight > 0
    ratio = found[apart] / straight[apart]
    assert ratio.min() >= 1 - 1e-9
    assert ratio.max() < 1.028
    assert found[40, 80] == pytest.approx(800 / FLAT)


def test_half_the_pace_takes_twice_as_long():
    once = reach(np.zeros((9, 9)), (33, 30))
    twice = reach(np.zeros((9, 9)), (33, 30), pace=0.5)
    assert twice == pytest.approx(2 * once)


def test_the_way_to_school_is_up_or_down():
    # The ground falls 2 m a cell to the east; the place lies at the eastern end.
    heights = np.tile(-2.0 * np.arange(21), (3, 1))
    down = reach(heights, (20.5 * 20, 30))[1, 0]
    up = reach(heights, (10, 30))[1, 20]
    assert down == pytest.approx(400 / (100 * np.exp(-3.5 * 0.05)), rel=1e-6)
    assert up == pytest.approx(400 / (100 * np.exp(-3.5 * 0.15)), rel=1e-6)


def test_ground_without_a_height_is_not_walked_nor_leapt_over():
    heights = np.zeros((7, 7))
    heights[:, 3] = np.nan
    found = reach(heights, (10, 10))
    assert np.isinf(found[:, 3:]).all()
    heights[6, 3] = 0
    assert reach(heights, (10, 10))[0, 6] > 200 / FLAT


def test_the_nearest_place_counts_and_those_off_the_grid_do_not():
    heights = np.zeros((5, 21))
    both = walking.minutes(
        cell=20, places=[(10, 50), (410, 50), (-5, 50), (10, 999)], heights=heights
    )
    one = reach(heights, (10, 50))
    other = reach(heights, (410, 50))
    assert both == pytest.approx(np.minimum(one, other))
    assert np.isinf(reach(heights, (-5, 50))).all()


def test_beyond_the_farthest_it_is_not_known():
    found = reach(np.zeros((3, 50)), (10, 30), farthest=5)
    assert np.isfinite(found).any()
    assert found[np.isfinite(found)].max() <= 5
    assert np.isinf(found[1, -1])


def test_wrong_numbers_are_refused():
    with pytest.raises(ValueError, match="pace"):
        reach(np.zeros((3, 3)), (10, 10), pace=0)

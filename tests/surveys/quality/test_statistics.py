import numpy as np
import pytest

from surveys.quality.statistics import (
    adjusted,
    digit_preference,
    fences,
    last_digits,
)


def test_fences_stand_three_quartile_ranges_out():
    values = np.array([2, 3, 3, 4, 4, 4, 5, 5, 6.0])
    # The quartiles are 3 and 5, so their range is 2.
    assert fences(values, spread=3) == (-3, 11)


def test_a_long_tail_is_judged_by_its_logarithm():
    incomes = np.array([1, 2, 4, 8, 16, 32, 64, 128, 256.0])
    # The quartiles are 4 and 64, a factor of 16 apart: one range up is 64 times 16.
    assert fences(incomes, spread=1) == pytest.approx((0.25, 1024))


def test_where_half_are_equal_nothing_is_outside():
    assert fences(np.array([0, 0, 0, 0, 0, 90.0]), spread=3) == (-np.inf, np.inf)


def test_last_digits_of_whole_numbers_with_two_digits():
    values = np.array([5, 10, 20, 25, 25.5, 130, 7])
    assert last_digits(values).tolist() == [3, 0, 0, 0, 0, 1, 0, 0, 0, 0]


def test_even_digits_are_no_preference():
    assert digit_preference(np.full(10, 20)) == 1
    assert digit_preference(np.zeros(10, int)) == 1


def test_heaping_on_zero_and_five_is_seen():
    # Chi-square 2 * (60 - 20)^2 / 20 + 8 * (10 - 20)^2 / 20 = 200, 9 degrees.
    assert digit_preference(np.array([60, 10, 10, 10, 10, 60, 10, 10, 10, 10])) < 1e-30


def test_many_tests_raise_the_bar():
    # Sorted p times number over rank: .01*4/1, .02*4/2, .03*4/3, .5.
    assert adjusted([0.02, 0.5, 0.01, 0.03]) == pytest.approx([0.04, 0.5, 0.04, 0.04])
    assert adjusted([]).tolist() == []

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, t

from layers.indicators.rounds.round_differences import (
    Shares,
    benjamini_hochberg,
    differences,
)

NAN = float("nan")


def shares(*rows):
    return Shares(*np.array(rows, dtype=float).reshape(len(rows), 3).T)


def test_a_difference_has_the_error_of_both_samples():
    found = differences(shares((0.30, 0.03, NAN)), shares((0.40, 0.04, NAN)))
    assert found.difference[0] == pytest.approx(0.10)
    assert found.se[0] == pytest.approx(0.05)
    assert found.p[0] == pytest.approx(2 * norm.sf(2.0))
    assert found.low[0] == pytest.approx(0.10 - norm.ppf(0.975) * 0.05)
    assert found.high[0] == pytest.approx(0.10 + norm.ppf(0.975) * 0.05)


def test_few_degrees_of_freedom_widen_the_interval():
    found = differences(shares((0.30, 0.05, 10)), shares((0.40, 0.05, 10)))
    # Equal errors and degrees of freedom: Satterthwaite's sum is exact.
    assert found.p[0] == pytest.approx(2 * t.sf(0.10 / np.hypot(0.05, 0.05), 20))


def test_a_difference_stays_between_minus_one_and_one():
    found = differences(shares((0.02, 0.2, 3)), shares((0.98, 0.2, 3)))
    assert found.high[0] == 1.0


def test_without_any_variance_there_is_no_p():
    found = differences(shares((1.0, 0.0, 30)), shares((1.0, 0.0, 30)))
    assert np.isnan(found.p[0])
    assert not found.changed[0]


def test_no_zone_gives_no_difference():
    assert differences(shares(), shares()).difference.size == 0


def test_the_example_of_benjamini_and_hochberg():
    """Their table of 15 tests (1995, section 4.1): the first four are rejected."""
    p = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
        0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
    ]  # fmt: skip
    adjusted = benjamini_hochberg(np.array(p))
    assert (adjusted < 0.05).sum() == 4
    assert adjusted[3] == pytest.approx(0.0095 * 15 / 4)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40))
def test_each_adjusted_value_is_the_smallest_level_that_rejects(values):
    p = np.array(values)
    ordered = np.sort(p)
    m = len(p)
    for value, adjusted in zip(p, benjamini_hochberg(p), strict=True):
        levels = [ordered[k] * m / (k + 1) for k in range(m) if ordered[k] >= value]
        assert adjusted == pytest.approx(min([*levels, 1.0]))


def test_a_zone_without_a_figure_is_no_test():
    p = np.array([0.01, NAN, 0.04])
    adjusted = benjamini_hochberg(p)
    assert np.isnan(adjusted[1])
    assert adjusted[[0, 2]] == pytest.approx([0.02, 0.04])

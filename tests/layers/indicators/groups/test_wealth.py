import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.indicators.groups import wealth


def homes(seed, households=200, assets=6):
    random = np.random.default_rng(seed)
    rich = random.normal(size=households)
    owned = random.normal(size=(households, assets)) < rich[:, None]
    return owned.astype(float), random.uniform(1, 30, households)


def by_singular_values(assets, weight):
    """The same component by another way: rows scaled by the root of their weight."""
    share = weight / weight.sum()
    mean = np.average(assets, axis=0, weights=share)
    deviation = np.sqrt(np.average((assets - mean) ** 2, axis=0, weights=share))
    standard = (assets - mean) / deviation
    _left, _sizes, directions = np.linalg.svd(np.sqrt(share)[:, None] * standard)
    return standard @ directions[0]


@settings(deadline=None)
@given(st.integers(0, 200))
def test_the_index_is_the_first_component_found_by_singular_values(seed):
    assets, weight = homes(seed)
    found = wealth.scores(assets, weight)
    other = by_singular_values(assets, weight)
    sign = np.sign(found @ other)
    np.testing.assert_allclose(found, sign * other, atol=1e-9)
    assert np.corrcoef(found, assets.sum(axis=1))[0, 1] > 0.5


def test_a_household_of_which_an_asset_is_unknown_has_no_score():
    assets, weight = homes(1)
    assets[3, 2] = np.nan
    found = wealth.scores(assets, weight)
    assert np.isnan(found[3])
    assert np.isfinite(np.delete(found, 3)).all()
    without = wealth.scores(np.delete(assets, 3, axis=0), np.delete(weight, 3))
    np.testing.assert_allclose(np.delete(found, 3), without)


@pytest.mark.parametrize("assets", [np.zeros((9, 4)), np.eye(9)[:, :2]])
def test_what_hardly_differs_makes_no_index(assets):
    assert np.isnan(wealth.scores(assets, np.ones(9))).all()


def test_no_household_has_no_index():
    assert wealth.scores(np.zeros((0, 8)), np.zeros(0)).shape == (0,)
    assert wealth.fifths(np.zeros(0), np.zeros(0)).shape == (0,)


def test_fifths_hold_a_fifth_of_the_weight_each_and_ties_stay_together():
    score = np.arange(100.0)
    weight = np.where(score < 50, 3.0, 1.0)
    found = wealth.fifths(score, weight)
    mass = np.bincount(found, weights=weight, minlength=6)
    assert mass[0] == 0
    np.testing.assert_allclose(mass[1:], 40, atol=3)
    assert (np.diff(found) >= 0).all()
    tied = wealth.fifths(np.repeat([1.0, 2.0, np.nan], 10), np.ones(30))
    assert [set(tied[:10]), set(tied[10:20]), set(tied[20:])] == [{2}, {4}, {0}]

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from layers.indicators.modelled import small_areas
from layers.indicators.modelled.small_areas import UnfitModel

# Milk expenditure of 43 areas: Arora and Lahiri, Statistica Sinica 7 (1997) 1053.
MILK = np.genfromtxt(
    Path(__file__).parents[1] / "data/milk.csv", delimiter=",", names=True, dtype=float
)


def milk():
    x = np.column_stack([np.ones(len(MILK)), *(MILK[f"major{n}"] for n in (2, 3, 4))])
    return MILK["mean"].copy(), MILK["se"] ** 2, x


def drawn(generator, areas=40, sigma2=1.0):
    """One town of the model: direct estimates, variances, covariates, the truth."""
    x = np.column_stack([np.ones(areas), generator.normal(size=areas)])
    psi = generator.uniform(0.2, 2, areas)
    truth = x @ [1, 2] + generator.normal(scale=np.sqrt(sigma2), size=areas)
    return truth + generator.normal(scale=np.sqrt(psi)), psi, x, truth


def test_milk_gives_the_figures_of_r_sae():
    # sae::mseFH(yi ~ as.factor(MajorArea), SD^2, data = milk), which stops at 1e-4.
    y, psi, x = milk()
    model = small_areas.fit(y, psi, x)
    found = small_areas.predict(model, y, psi, x)
    assert model.sigma2 == pytest.approx(0.01855022, abs=3e-7)
    assert model.coefficients == pytest.approx(
        [0.9681890, 0.1327801, 0.2269462, -0.2413011], abs=3e-7
    )
    assert model.coefficient_se == pytest.approx(
        [0.06936208, 0.10300072, 0.09232981, 0.08161707], abs=3e-7
    )
    assert found.estimate[[0, 6, 27, 42]] == pytest.approx(
        [1.0219703, 1.0584523, 0.7338443, 0.6810870], abs=3e-6
    )
    assert found.mse[[0, 6, 27, 42]] == pytest.approx(
        [0.013460220, 0.015926137, 0.016476912, 0.009903626], abs=3e-7
    )


@pytest.mark.parametrize("seed", range(5))
def test_reml_is_the_top_of_the_dense_restricted_likelihood(seed):
    y, psi, x, _truth = drawn(np.random.default_rng(seed), areas=25)

    def dense(sigma2):
        v = np.diag(sigma2 + psi)
        inner = x.T @ np.linalg.solve(v, x)
        beta = np.linalg.solve(inner, x.T @ np.linalg.solve(v, y))
        r = y - x @ beta
        half = np.linalg.slogdet(v)[1] + np.linalg.slogdet(inner)[1]
        half += r @ np.linalg.solve(v, r) + (len(y) - 2) * np.log(2 * np.pi)
        return half / 2

    model = small_areas.fit(y, psi, x)
    top = minimize_scalar(dense, bounds=(0, 50), method="bounded")
    assert model.sigma2 == pytest.approx(top.x, abs=1e-4)
    assert model.log_likelihood == pytest.approx(-dense(model.sigma2), rel=1e-12)
    assert model.log_likelihood >= -top.fun - 1e-9


def test_no_variance_between_areas_gives_zero_and_not_less():
    x = np.column_stack([np.ones(20), np.arange(20.0)])
    y = x @ [1, 0.1] + np.tile([0.01, -0.01], 10)
    model = small_areas.fit(y, np.ones(20), x)
    assert (model.sigma2, model.iterations) == (0.0, 0)
    found = small_areas.predict(model, y, np.ones(20), x)
    assert found.shrinkage == pytest.approx(np.zeros(20))
    assert (found.mse > 0).all()


def test_it_is_unbiased_and_its_errors_are_told_truly():
    generator = np.random.default_rng(20261126)
    errors, claimed, covered, sigma2 = [], [], [], []
    for _ in range(300):
        y, psi, x, truth = drawn(generator)
        model = small_areas.fit(y, psi, x)
        found = small_areas.predict(model, y, psi, x)
        errors.append(found.estimate - truth)
        claimed.append(found.mse)
        covered.append((found.low <= truth) & (truth <= found.high))
        sigma2.append(model.sigma2)
    assert abs(np.mean(errors)) < 0.02
    assert np.mean(sigma2) == pytest.approx(1.0, abs=0.08)
    assert np.mean(claimed) == pytest.approx(np.mean(np.square(errors)), rel=0.05)
    assert 0.93 < np.mean(covered) < 0.97
    assert np.mean(np.square(errors)) < np.mean(psi)


def test_an_area_nobody_sampled_gets_the_synthetic_figure():
    y, psi, x = milk()
    y[4], psi[4] = np.nan, np.nan
    model = small_areas.fit(y, psi, x)
    found = small_areas.predict(model, y, psi, x)
    assert found.estimate[4] == pytest.approx(x[4] @ model.coefficients)
    assert found.shrinkage[4] == 0
    assert found.mse[4] > model.sigma2


@given(st.permutations(range(43)), st.floats(0.01, 100))
@settings(max_examples=20, deadline=None)
def test_order_and_unit_do_not_matter(order, unit):
    y, psi, x = milk()
    there = small_areas.predict(small_areas.fit(y, psi, x), y, psi, x)
    y2, psi2, x2 = unit * y[order], unit**2 * psi[order], x[order]
    again = small_areas.predict(small_areas.fit(y2, psi2, x2), y2, psi2, x2)
    assert again.estimate == pytest.approx(unit * there.estimate[order], rel=1e-6)
    assert again.mse == pytest.approx(unit**2 * there.mse[order], rel=1e-5)


@pytest.mark.parametrize("method", ["ratio", "difference"])
def test_benchmarked_estimates_add_up_to_the_total(method):
    y, psi, x = milk()
    found = small_areas.predict(small_areas.fit(y, psi, x), y, psi, x)
    weight = MILK["n"]
    agreed = small_areas.benchmark(found, weight, 0.95, method)
    assert (weight * agreed.estimate).sum() / weight.sum() == pytest.approx(0.95)
    assert (agreed.low < agreed.estimate).all()


def refused(words, *, y=None, psi=None, x=None, n=None):
    own_y, own_psi, own_x = milk()
    with pytest.raises(UnfitModel, match=words):
        small_areas.check(
            own_y if y is None else y,
            own_psi if psi is None else psi,
            own_x if x is None else x,
            MILK["n"] if n is None else n,
        )


def test_what_cannot_carry_a_model_is_refused():
    y, psi, x = milk()
    few = np.where(np.arange(43) < 11, 10.0, 9.0)
    refused("Only 11 areas .* 10 or more", n=few)
    refused("No covariate differs", x=x[:, :1])
    refused("No covariate differs", x=np.column_stack([x[:, 0], 3 * x[:, 0]]))
    refused("sum of others", x=np.column_stack([x, x[:, 1] + x[:, 2]]))
    refused("variance above zero", psi=np.where(np.arange(43) == 3, 0, psi))
    refused("covariate is missing", x=np.where(np.arange(43)[:, None] == 3, np.nan, x))
    small_areas.check(y, psi, x, np.full(43, np.nan))


@pytest.mark.parametrize("name", ["arcsine", "logit"])
def test_a_share_comes_back_as_the_mean_of_what_it_may_be(name):
    scale = small_areas.Scale(name)
    share = np.array([0.02, 0.3, 0.97])
    assert scale.back(scale.there(share)) == pytest.approx(share)
    psi, sigma2 = np.array([0.02, 0.02, np.nan]), 0.03
    z = scale.there(share)
    modelled = small_areas.Modelled(
        estimate=z,
        mse=np.full(3, 0.02),
        low=z - 0.2,
        high=z + 0.2,
        shrinkage=np.array([0.6, 0.6, 0.0]),
    )
    found = scale.restored(modelled, sigma2, psi)
    draws = np.random.default_rng(1).normal(size=400_000)
    for i, left in enumerate((0.012, 0.012, 0.03)):
        expected = scale.back(z[i] + np.sqrt(left) * draws).mean()
        assert found.estimate[i] == pytest.approx(expected, abs=5e-4)
    assert ((found.low >= 0) & (found.high <= 1) & (found.mse > 0)).all()


def test_scales_refuse_shares_without_a_variance():
    with pytest.raises(UnfitModel, match="0 or 1"):
        small_areas.Scale("logit").check(np.array([0.5, 1.0]))
    small_areas.Scale("none").check(np.array([0.5, 1.0]))


def test_the_smoothed_variance_gives_one_design_effect_to_all():
    share, n = np.array([0.0, 0.2, 0.4, np.nan]), np.array([20, 50, 40, 0.0])
    variance = 1.5 * share * (1 - share) / np.where(n > 0, n, 1)
    found = small_areas.smoothed_variance(share, variance, n)
    p = 26 / 110
    assert found[:3] == pytest.approx(1.5 * p * (1 - p) / n[:3])
    assert np.isnan(found[3])


# esda 2.9.0: smoothing.Empirical_Bayes(np.array([0, 3, 9, 4, 30.]),
#                                np.array([10, 40, 45, 80, 200.])).r
ESDA_RATES = [
    0.11131715657263101, 0.10885834877496396, 0.14698855028189653,
    0.09002234993614303, 0.1410061993323796,
]  # fmt: skip


def test_marshall_gives_the_figures_of_esda():
    affected = np.array([0, 3, 9, 4, 30.0])
    asked = np.array([10, 40, 45, 80, 200.0])
    found = small_areas.marshall(affected, asked, shares=False)
    assert found == pytest.approx(ESDA_RATES, abs=1e-12)


def test_rates_are_drawn_to_the_overall_one_and_stay_between():
    affected, asked = np.array([0, 30, 5, 0.0]), np.array([5, 60, 50, 0.0])
    overall = affected.sum() / asked.sum()
    found = small_areas.marshall(affected, asked)
    assert found[3] == pytest.approx(overall)
    rate = affected[:3] / asked[:3]
    assert (np.minimum(rate, overall) <= found[:3]).all()
    assert (found[:3] <= np.maximum(rate, overall)).all()
    with pytest.raises(UnfitModel, match="More are affected"):
        small_areas.marshall(np.array([3.0]), np.array([2.0]))
    with pytest.raises(UnfitModel, match="somebody must be asked"):
        small_areas.marshall(np.array([0.0]), np.array([0.0]))


def test_the_composite_is_fay_herriot_without_covariates():
    y, psi, _x, _truth = drawn(np.random.default_rng(3))
    y[2], psi[2] = np.nan, np.nan
    found, weight = small_areas.composite(y, psi)
    assert weight[2] == 0
    low, high = np.nanmin(y), np.nanmax(y)
    assert ((found >= low) & (found <= high)).all()
    same, none = small_areas.composite(np.full(5, 3.0), np.ones(5))
    assert same == pytest.approx(np.full(5, 3.0))
    assert none == pytest.approx(np.zeros(5))

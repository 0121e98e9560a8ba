import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, ttest_1samp

from layers.indicators.estimation import statistics
from layers.indicators.estimation.contrasts import (
    benjamini_hochberg,
    differences,
    judge,
)
from layers.indicators.estimation.design import Design, Factor
from layers.indicators.estimation.errors import StatisticError
from layers.indicators.estimation.summary import Flag
from tests.layers.indicators.estimation.samples import design_of, simulated

FIRST, SECOND = np.array([0]), np.array([1])


def two_rounds(seed, households=60):
    """The same households twice, one row each time; round 0 and 1."""
    random = np.random.default_rng(seed)
    base = random.normal(5, 2, households)
    value = np.concatenate([base, base + random.normal(0.5, 0.5, households)])
    unit = np.tile(np.arange(households), 2)
    design = Design.of(weight=np.ones(2 * households), clusters=[Factor.of(unit)])
    return design, value, np.repeat([0, 1], households)


def test_households_asked_twice_give_the_paired_t_test():
    design, value, rounds = two_rounds(1)
    found = statistics.mean(design, value, rounds, 2)
    compared = differences(design, found, FIRST, SECOND)
    gained = value[rounds == 1] - value[rounds == 0]
    paired = ttest_1samp(gained, 0.0)
    assert compared.difference[0] == pytest.approx(gained.mean())
    assert compared.t[0] == pytest.approx(paired.statistic, rel=1e-9)
    assert compared.p[0] == pytest.approx(paired.pvalue, rel=1e-9)
    low, high = paired.confidence_interval(0.95)
    assert (compared.low[0], compared.high[0]) == pytest.approx((low, high))
    apart = found.variance.sum()
    assert compared.variance[0] == pytest.approx(apart - 2 * compared.covariance[0])
    assert compared.variance[0] < apart / 4


def test_rounds_that_share_no_household_have_no_covariance():
    data = simulated(3)
    data["round"] = data["stratum"] % 2
    found = statistics.mean(design_of(data), data["need"], data["round"], 2)
    compared = differences(design_of(data), found, FIRST, SECOND)
    assert compared.covariance[0] == pytest.approx(0.0, abs=1e-15)
    assert compared.df[0] == found.df.sum()


def test_many_zones_at_once_are_each_zone_by_itself():
    data = simulated(4, rows=900)
    domain = data["zone"] * 2 + data["stratum"] % 2
    design = design_of(data)
    found = statistics.mean(design, data["need"], domain, 10)
    first, second = np.arange(0, 10, 2), np.arange(1, 10, 2)
    together = differences(design, found, first, second)
    for place in range(5):
        alone = differences(design, found, first[[place]], second[[place]])
        assert alone.se[0] == pytest.approx(together.se[place], rel=1e-12)
        assert alone.df[0] == together.df[place]


def test_a_domain_is_not_compared_with_itself():
    data = simulated(4)
    found = statistics.mean(design_of(data), data["need"], data["zone"], 5)
    with pytest.raises(StatisticError, match="not the same"):
        differences(design_of(data), found, FIRST, FIRST)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_the_correction_is_that_of_scipy(values):
    p = np.array(values)
    assert benjamini_hochberg(p) == pytest.approx(false_discovery_control(p))


def test_the_correction_counts_no_untested_zone():
    found = benjamini_hochberg(np.array([0.01, np.nan, 0.04]))
    np.testing.assert_allclose(found, [0.02, np.nan, 0.04])


def judged(seed=2, *, first=Flag.RELIABLE, second=Flag.RELIABLE, **options):
    design, value, rounds = two_rounds(seed)
    found = statistics.mean(design, value, rounds, 2)
    compared = differences(design, found, FIRST, SECOND)
    return judge(compared, [first], [second], **options)


@pytest.mark.parametrize(("worse", "verdict"), [(True, "worse"), (False, "better")])
def test_a_rise_is_worse_or_better_as_the_figure_has_it(worse, verdict):
    found = judged(higher_is_worse=worse)
    assert (found.verdict[0], found.refusal[0]) == (verdict, "")


def test_a_small_change_is_no_evidence():
    assert judged(rate=1e-40).verdict[0] == "no_evidence"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"first": Flag.FEW}, "few"),
        ({"second": Flag.NO_DATA}, "no_data"),
        ({"same_definition": np.array([False])}, "definition"),
    ],
)
def test_what_would_mislead_is_not_judged(options, reason):
    found = judged(**options)
    assert (found.verdict[0], found.refusal[0]) == ("refused", reason)
    assert np.isnan(found.p_adjusted[0])


def test_all_in_need_twice_is_no_change_that_could_be_tested():
    design, _value, rounds = two_rounds(5)
    weights = np.random.default_rng(5).uniform(1, 9, len(rounds))
    design = Design.of(weight=weights, clusters=[Factor.of(design.stages[0].unit)])
    found = statistics.mean(design, np.ones(len(rounds)), rounds, 2)
    compared = differences(design, found, FIRST, SECOND)
    assert np.isnan(compared.p[0])
    found = judge(compared, [Flag.RELIABLE], [Flag.RELIABLE])
    assert (found.verdict[0], found.refusal[0]) == ("refused", "zero_variance")


def test_a_single_unit_has_no_degrees_of_freedom():
    design = Design.of(weight=np.ones(60), clusters=[Factor.of(["a"] * 60)])
    value = np.random.default_rng(1).random(60)
    found = statistics.mean(design, value, np.repeat([0, 1], 30), 2)
    compared = differences(design, found, FIRST, SECOND)
    assert np.isnan([compared.t[0], compared.low[0]]).all()
    flags = [Flag.UNCERTAIN]
    assert judge(compared, flags, flags).refusal[0] == "no_degrees"


def test_the_error_of_a_difference_agrees_with_a_regression_on_the_round():
    # A weighted regression of y on an indicator has the difference as its slope.
    data = simulated(6)
    keep = data["zone"] < 2
    data = {name: column[keep] for name, column in data.items()}
    design = design_of(data, frames=False)
    found = statistics.mean(design, data["value"], data["zone"], 2)
    compared = differences(design, found, FIRST, SECOND)
    x = np.stack([np.ones(keep.sum()), data["zone"]], axis=1)
    bread = np.linalg.inv(x.T @ (data["weight"][:, None] * x))
    slope = bread @ (x.T @ (data["weight"] * data["value"]))
    score = (data["weight"] * (data["value"] - x @ slope))[:, None] * x
    frame = pl.DataFrame(
        {"h": data["stratum"], "u": data["unit"], "s": score @ bread[1]}
    )
    meat = 0.0
    for _, part in frame.group_by("h"):
        sums = part.group_by("u").agg(pl.col("s").sum())["s"].to_numpy()
        meat += len(sums) / (len(sums) - 1) * ((sums - sums.mean()) ** 2).sum()
    assert compared.difference[0] == pytest.approx(slope[1])
    assert compared.se[0] == pytest.approx(np.sqrt(meat), rel=1e-9)

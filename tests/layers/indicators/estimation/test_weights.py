import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.indicators.estimation.design import Factor
from layers.indicators.estimation.errors import WeightError
from layers.indicators.estimation.weights import (
    adjust_for_nonresponse,
    post_stratify,
    rake,
)


def sampled(seed=1, rows=200):
    random = np.random.default_rng(seed)
    return {
        "weight": random.uniform(1, 5, rows),
        "zone": Factor.of([f"Z{n}" for n in random.integers(0, 4, rows)]),
        "sex": Factor.of(np.where(random.random(rows) < 0.5, "f", "m")),
        "responded": random.random(rows) < 0.7,
    }


def by(factor, weight):
    sums = np.bincount(factor.codes, weights=weight)
    return dict(zip(factor.names, sums, strict=True))


def test_respondents_stand_for_those_of_their_class_who_did_not_answer():
    data = sampled()
    found = adjust_for_nonresponse(data["weight"], data["responded"], data["zone"])
    assert by(data["zone"], found.weight) == pytest.approx(
        by(data["zone"], data["weight"])
    )
    assert (found.weight[~data["responded"]] == 0).all()
    assert found.factor == pytest.approx(1 / found.rate)
    assert found.merged == ()


def test_a_class_of_few_respondents_is_refused_by_name():
    data = sampled()
    responded = data["responded"] & (data["zone"].codes != 2)
    with pytest.raises(
        WeightError, match='Class "Z2" has 0 respondents; 10 are needed'
    ):
        adjust_for_nonresponse(data["weight"], responded, data["zone"])


def test_a_class_of_few_respondents_joins_the_one_of_the_nearest_rate():
    weight, classes = np.ones(90), Factor.of(np.repeat(["a", "b", "c"], 30))
    responded = np.zeros(90, dtype=bool)
    responded[:9] = responded[30:42] = responded[60:88] = True
    found = adjust_for_nonresponse(weight, responded, classes, merge=True)
    assert found.merged == (("a", "b"),)
    assert found.factor == pytest.approx([60 / 21, 60 / 21, 30 / 28])
    assert found.weight.sum() == pytest.approx(90)


def test_too_few_respondents_in_all_cannot_be_merged_away():
    responded = np.arange(20) < 5
    with pytest.raises(WeightError, match="5 respondents"):
        adjust_for_nonresponse(
            np.ones(20), responded, Factor.of(["a", "b"] * 10), merge=True
        )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 5000))
def test_raked_weights_meet_every_known_total(seed):
    data = sampled(seed)
    zones = {name: 100.0 + 50 * place for place, name in enumerate(data["zone"].names)}
    sexes = {"f": 0.4 * sum(zones.values()), "m": 0.6 * sum(zones.values())}
    found = rake(data["weight"], [(data["zone"], zones), (data["sex"], sexes)])
    assert by(data["zone"], found) == pytest.approx(zones, rel=1e-10)
    assert by(data["sex"], found) == pytest.approx(sexes, rel=1e-10)
    assert (found > 0).all()


def test_post_strata_are_a_rake_of_one_margin():
    data, totals = sampled(), {"f": 300.0, "m": 250.0}
    found = post_stratify(data["weight"], data["sex"], totals)
    assert found == pytest.approx(rake(data["weight"], [(data["sex"], totals)]))


@pytest.mark.parametrize(
    ("totals", "words"),
    [
        ({"f": 10.0}, 'no known total for "m"'),
        ({"f": 10.0, "m": 5.0, "x": 3.0}, '"x" has a known total and no row'),
        ({"f": 10.0, "m": 0.0}, 'total of "m" is 0; it must be above 0'),
        ({"f": 10.0, "m": float("nan")}, 'total of "m" is nan'),
    ],
)
def test_known_totals_that_cannot_be_met_are_refused(totals, words):
    data = sampled()
    with pytest.raises(WeightError, match=words):
        post_stratify(data["weight"], data["sex"], totals)


def test_margins_that_differ_in_their_sum_are_refused():
    data = sampled()
    margins = [(data["zone"], dict.fromkeys(data["zone"].names, 100.0))]
    margins.append((data["sex"], {"f": 100.0, "m": 100.0}))
    with pytest.raises(
        WeightError, match="margin 1 add up to 400, those of margin 2 to 200"
    ):
        rake(data["weight"], margins)


def test_margins_that_contradict_each_other_do_not_settle():
    same = Factor.of(["a"] * 10 + ["b"] * 10)
    margins = [(same, {"a": 60.0, "b": 40.0}), (same, {"a": 40.0, "b": 60.0})]
    with pytest.raises(WeightError, match='not settle in 200 rounds: the total of "b"'):
        rake(np.ones(20), margins)

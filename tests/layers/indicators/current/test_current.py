"""What follows step by step must be what is computed from all."""

import dataclasses

import numpy as np
import pytest

from layers.geography.models import Zone
from layers.indicators import errors
from layers.indicators.catalogue import indicators
from layers.indicators.current.figures import (
    current_figures,
    estimates_now,
    put_units,
    rebuild,
)
from layers.indicators.estimator import Estimator
from layers.indicators.models import SampleUnit
from layers.indicators.samples.observations import WOMEN
from layers.indicators.samples.sample import read_sample
from layers.indicators.services import compute_release
from tests.factories.observations import households, with_women


def clustered(units):
    """Nine households to a cluster; clusters and strata cross the zones."""
    return [
        dataclasses.replace(
            unit,
            stratum="ab"[place % 2],
            psu=f"cluster-{place // 9 % 12}",
            stratum_psus=30,
            response_class="xyz"[place // 9 % 3],
        )
        for place, unit in enumerate(units)
    ]


FACTORS = {"x": 1.0, "y": 1.5, "z": 1.25}


def whole(observation_set):
    """Estimates, variances, counts and degrees of freedom from all observations."""
    estimator = Estimator(read_sample(observation_set))
    found = [estimator.estimate(each) for each in indicators().values()]
    return {
        "estimate": np.vstack([each.found.estimate for each in found]),
        "variance": np.vstack([each.found.variance for each in found]),
        "count": np.vstack([each.found.count for each in found]),
        "affected": np.vstack([each.found.affected for each in found]),
        "df": np.vstack([each.found.df for each in found]),
        "households": np.vstack([each.households for each in found]),
    }


def running(observation_set):
    """The same from the sums."""
    zones = read_sample(observation_set).zones
    found, counted = estimates_now(observation_set, zones)
    return {
        "estimate": found.estimate,
        "variance": found.variance,
        "count": found.count,
        "affected": found.affected,
        "df": found.df,
        "households": counted,
    }


def assert_in_step(observation_set):
    observation_set.refresh_from_db()
    expected, found = whole(observation_set), running(observation_set)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, 1e-9, 1e-14, err_msg=name)


@pytest.mark.parametrize("arranged", [list, clustered])
def test_one_household_after_another_is_all_of_them_at_once(put, arranged):
    units = arranged(with_women(households(per_zone=25)))
    start, rest = units[:30], units[30:]
    observation_set = put(start, response_factors=FACTORS)
    rebuild(observation_set)
    for unit in rest[::5]:
        put_units(
            observation_set=observation_set,
            units={unit.key: unit},
            response_factors=FACTORS,
        )
    assert_in_step(observation_set)
    at = list(indicators()).index("pro_marriage")
    assert running(observation_set)["affected"][3 * at, -1] > 0
    assert SampleUnit.objects.count() == len(start) + len(rest[::5])


def test_what_is_taken_out_or_changed_leaves_no_trace(put):
    units = clustered(with_women(households(per_zone=25)))
    observation_set = put(units, response_factors=FACTORS)
    rebuild(observation_set)
    former = running(observation_set)
    other = dataclasses.replace(units[7], weight=9.0, children=[], women=[])
    away = {units[40].key: None, units[7].key: other}
    put_units(observation_set=observation_set, units=away, response_factors=FACTORS)
    assert_in_step(observation_set)
    back = {units[40].key: units[40], units[7].key: units[7]}
    put_units(observation_set=observation_set, units=back, response_factors=FACTORS)
    observation_set.refresh_from_db()
    for name, values in running(observation_set).items():
        np.testing.assert_allclose(values, former[name], 1e-9, 1e-14, err_msg=name)


def test_a_class_that_answers_more_changes_its_weights_without_reading_them(put):
    units = clustered(households(per_zone=25))
    observation_set = put(units, response_factors=FACTORS)
    rebuild(observation_set)
    put_units(
        observation_set=observation_set, units={}, response_factors=FACTORS | {"y": 1.1}
    )
    assert_in_step(observation_set)


def test_a_question_that_was_put_to_nobody_has_no_figure_until_it_is(put, town):
    units = households(per_zone=25)
    silent = [
        dataclasses.replace(
            unit,
            children=[
                dataclasses.replace(
                    child, values={**child.values, "birth_registered": None}
                )
                for child in unit.children
            ],
        )
        for unit in units
    ]
    observation_set = put(silent)
    rebuild(observation_set)
    assert_in_step(observation_set)
    put_units(
        observation_set=observation_set,
        units={unit.key: unit for unit in units[::4]},
        response_factors={},
    )
    assert_in_step(observation_set)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_comes_and_goes_the_sums_stay_in_step(put, seed):
    random = np.random.default_rng(seed)
    units = {unit.key: unit for unit in clustered(households(seed, per_zone=20))}
    others = {
        unit.key: dataclasses.replace(unit, weight=unit.weight * 2)
        for unit in clustered(households(seed + 10, per_zone=20))
    }
    observation_set = put(list(units.values())[:20], response_factors=FACTORS)
    rebuild(observation_set)
    for _step in range(12):
        keys = random.choice(list(units), 4, replace=False)
        source = [units, others, dict.fromkeys(keys)][random.integers(3)]
        put_units(
            observation_set=observation_set,
            units={key: source[key] for key in keys},
            response_factors=FACTORS | {"x": float(random.uniform(1, 2))},
        )
    assert_in_step(observation_set)


def test_nothing_is_written_where_nothing_changed(put):
    units = households(per_zone=25)
    observation_set = put(units)
    rebuild(observation_set)
    before = set(SampleUnit.objects.values_list("pk", flat=True))
    again = {unit.key: unit for unit in units[:5]}
    assert not put_units(
        observation_set=observation_set, units=again, response_factors={}
    )
    assert set(SampleUnit.objects.values_list("pk", flat=True)) == before


def test_a_release_of_changed_observations_is_a_new_one(put, town):
    units = households()
    observation_set = put(units)
    first = compute_release(municipality=town, observation_set=observation_set)
    put_units(
        observation_set=observation_set,
        units={units[0].key: None},
        response_factors={},
    )
    second = compute_release(municipality=town, observation_set=observation_set)
    assert second.number == first.number + 1
    assert second.digest
    assert second.digest != first.digest
    assert compute_release(municipality=town, observation_set=put(units[1:])) == second


def test_small_groups_are_left_out_and_the_town_comes_last(put, town):
    observation_set = put(households(per_zone=60))
    zones = list(Zone.objects.of(town).order_by("code"))
    rows = current_figures(observation_set, zones)
    # Of women there are no girls and boys.
    groups = [1 if x.population.who == WOMEN else 3 for x in indicators().values()]
    assert len(rows) == sum(groups) * (len(zones) + 1)
    assert {row.zone.code if row.zone else None for row in rows[-5:]} == {
        *("Z1", "Z2", "Z3", "Z4"),
        None,
    }
    for row in rows:
        assert (row.estimate is None) == bool(row.reason)
        assert row.n is None or row.n % 5 == 0
    assert {row.reason for row in rows} >= {"", "no_data", "few_children"}


def test_another_frame_for_a_stratum_is_refused(put):
    units = households(per_zone=25)
    observation_set = put(units)
    rebuild(observation_set)
    strange = dataclasses.replace(units[0], key="new", psu="new", stratum_psus=7)
    with pytest.raises(errors.FrameDiffers):
        put_units(
            observation_set=observation_set,
            units={"new": strange},
            response_factors={},
        )
    assert_in_step(observation_set)


def test_more_units_than_the_frame_is_said(put):
    observation_set = put(households(per_zone=20, frame=20))
    rebuild(observation_set)
    one_more = dataclasses.replace(
        households(frame=20)[0], key="new", psu="new", children=[]
    )
    put_units(
        observation_set=observation_set, units={"new": one_more}, response_factors={}
    )
    with pytest.raises(errors.FrameTooSmall):
        current_figures(observation_set, [])

"""Means of a release: against the engine of `estimate`, and from one release to the next."""

import csv
import dataclasses
import json

import numpy as np
import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from layers.geography.tenancy import tenant
from layers.indicators.definitions.means import overlapping
from layers.indicators.estimation.design import Design, Factor
from layers.indicators.estimation.statistics import Yardstick
from layers.indicators.estimation.statistics import mean as mean_of
from layers.indicators.estimator import Estimator
from layers.indicators.means.estimates import Counted, estimated
from layers.indicators.means.figures import Mean, Past
from layers.indicators.models import Estimate, FamilyCounts, MeanEstimate
from layers.indicators.samples.sample import read_sample
from layers.indicators.services import compute_means, compute_release
from tests.factories.means import mean_definition, mean_indicator
from tests.factories.observations import households


def clustered(units):
    """Four households to a cluster; one stratum holds a single cluster."""
    return [
        dataclasses.replace(
            unit,
            psu=f"{unit.zone_code}-{0 if unit.zone_code == 'Z3' else number // 4}",
            stratum_psus=None if unit.zone_code == "Z3" else 40,
        )
        for number, unit in enumerate(units)
    ]


def by_the_other_engine(sample, indicator):
    """Of the zones, then the town; households without a child stand as rows of no domain."""
    position = indicator.positions(sample.columns)
    value = indicator.least + indicator.width * position
    factor = indicator.population.factor(sample.columns)
    factor = np.ones(len(value)) if factor is None else np.nan_to_num(factor)
    of_home = np.arange(len(sample.unit_zone))
    unit = np.append(sample.child_unit, of_home)
    weight = (sample.unit_weight * sample.unit_factor)[unit]
    weight[: len(value)] *= factor
    stratum = sample.design.psu_stratum[sample.unit_psu[unit]]
    frames = np.array([np.nan if x is None else x for x in sample.frames])
    counts = ~np.isnan(position) & (factor > 0)
    nowhere = np.full(len(of_home), -1)
    zone = np.where(counts, sample.unit_zone[sample.child_unit], -1)
    # A child with no weight in the module still holds its unit in the design.
    weight = np.where(weight > 0, weight, 1.0)
    design = Design.of(
        weight=weight,
        strata=Factor.of(stratum),
        clusters=[Factor.of(sample.unit_psu[unit])],
        frames=[np.nan_to_num(frames, nan=np.inf)[stratum]],
    )
    found = [
        mean_of(
            design,
            np.append(value, np.zeros(len(of_home))),
            np.append(domain, nowhere),
            domains,
            yardstick=Yardstick.REPLACE,
        )
        for domain, domains in (
            (zone, len(sample.zones)),
            (np.where(counts, 0, -1), 1),
        )
    ]
    return {
        name: np.concatenate([getattr(each, name) for each in found])
        for name in ("estimate", "se", "df", "deff", "n")
    }


@pytest.mark.parametrize("arranged", [list, clustered])
def test_means_errors_and_design_effects_are_those_of_the_other_engine(put, arranged):
    sample = read_sample(put(arranged(households())))
    estimator = Estimator(sample)
    for indicator in (
        mean_indicator(),
        mean_indicator(
            of="chores_hours", most=30, population={"module": "module_5_17"}
        ),
        mean_indicator(of="water_minutes", least=10, most=30),
    ):
        ours = estimated(estimator, indicator, Counted.of(estimator, indicator))
        for name, theirs in by_the_other_engine(sample, indicator).items():
            np.testing.assert_allclose(
                getattr(ours, name), theirs, 1e-9, 1e-12, err_msg=name
            )


def test_the_command_estimates_the_same(put, tmp_path, capsys):
    """`estimate` reads a CSV of the same children and knows nothing of releases."""
    sample = read_sample(put(households(frame=None)))
    indicator = mean_indicator()
    estimator = Estimator(sample)
    ours = estimated(estimator, indicator, Counted.of(estimator, indicator))
    value = sample.columns["water_minutes"]
    with (tmp_path / "children.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["zone", "stratum", "psu", "weight", "minutes"])
        for child, unit in enumerate(sample.child_unit):
            psu = sample.unit_psu[unit]
            stratum = sample.design.psu_stratum[psu]
            zone = sample.zones[sample.unit_zone[unit]].code
            rows.writerow(
                [zone, stratum, psu, sample.child_weight[child], value[child]]
            )
        # Households without children count as sampling units and have no value.
        for unit in set(range(len(sample.unit_psu))) - set(sample.child_unit.tolist()):
            psu = sample.unit_psu[unit]
            rows.writerow(["Z4", sample.design.psu_stratum[psu], psu, 1.0, ""])
    spec = {
        "weight": "weight",
        "strata": "stratum",
        "cluster": ["psu"],
        "statistic": "mean",
        "numerator": "minutes",
        "domain": ["zone"],
    }
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    call_command(
        "estimate",
        str(tmp_path / "children.csv"),
        spec=str(tmp_path / "spec.json"),
        format="csv",
    )
    rows = csv.DictReader(capsys.readouterr().out.splitlines())
    said = {row["zone"]: row for row in rows}
    for place, zone in enumerate(sample.zones[:3]):
        row = said[zone.code]
        assert float(row["estimate"]) == pytest.approx(ours.estimate[place], 1e-9)
        assert float(row["se"]) == pytest.approx(ours.se[place], 1e-9)


def test_weights_by_any_factor_give_the_same_mean_and_error(put):
    units = households()
    heavy = [dataclasses.replace(unit, weight=5 * unit.weight) for unit in units]
    found = []
    for given in (units, heavy):
        estimator = Estimator(read_sample(put(given)))
        indicator = mean_indicator()
        found.append(estimated(estimator, indicator, Counted.of(estimator, indicator)))
    np.testing.assert_allclose(found[0].estimate, found[1].estimate, 1e-9)
    np.testing.assert_allclose(found[0].se, found[1].se, 1e-9)


def test_a_mean_does_not_depend_on_its_unit(put):
    """Limits that hold the same answers give the same mean; only the rounding differs."""
    estimator = Estimator(read_sample(put(households())))
    near, far = mean_indicator(), mean_indicator(least=-100, most=1000)
    first, second = (
        estimated(estimator, each, Counted.of(estimator, each)) for each in (near, far)
    )
    np.testing.assert_allclose(first.estimate, second.estimate, 1e-9)
    np.testing.assert_allclose(first.se, second.se, 1e-9)


def test_steps_are_round_and_within_a_hundredth_of_the_width():
    for most, step, digits in (
        (120, 1.0, 0),
        (100, 1.0, 0),
        (8, 0.05, 2),
        (50, 0.5, 1),
        (99_000, 500.0, 0),
        (100_000, 1000.0, 0),
    ):
        mean = mean_indicator(most=most)
        assert (mean.step, mean.digits) == (step, digits)
    assert mean_indicator(most=8).rounded(3.333) == 3.35


@pytest.fixture
def defined(town):
    return mean_definition(town)


def rows_of(release):
    return {
        each.zone.code if each.zone else "": each
        for each in MeanEstimate.objects.of_release(release)
    }


def test_a_release_tells_means_of_zones_and_the_town(put, town, defined):
    stored = put(households())
    release = compute_release(municipality=town, observation_set=stored)
    assert release.definitions["own_minutes"] == 1
    rows = rows_of(release)
    assert set(rows) == {"", "Z1", "Z2", "Z3", "Z4"}
    assert rows["Z4"].flag == Estimate.Flag.NO_DATA
    told = rows[""]
    assert told.flag == Estimate.Flag.RELIABLE
    assert told.low < told.estimate < told.high
    assert told.estimate == round(told.estimate)
    assert told.n % 5 == told.households % 5 == told.population % 10 == 0
    assert not Estimate.objects.of_release(release).of_indicator("own_minutes").exists()
    same = compute_release(municipality=town, observation_set=stored)
    assert same.number == release.number


def test_what_a_release_said_of_means_cannot_be_changed(put, town, defined):
    release = compute_release(municipality=town, observation_set=put(households()))
    with (
        pytest.raises(IntegrityError, match="release"),
        transaction.atomic(),
        tenant(town),
    ):
        MeanEstimate.objects.of_release(release).update(estimate=1.0)


def rich(units, zone, minutes=110):
    """In one zone all live beside their water but one household."""
    first = next(unit for unit in units if unit.zone_code == zone and unit.children)
    return [
        dataclasses.replace(
            unit,
            values=unit.values | {"water_minutes": minutes * (unit is first)},
        )
        if unit.zone_code == zone
        else unit
        for unit in units
    ]


def test_one_household_far_from_the_others_is_not_given_away(put, town, defined):
    release = compute_release(
        municipality=town, observation_set=put(rich(households(), "Z2"))
    )
    rows = rows_of(release)
    assert rows["Z2"].estimate is None
    assert rows["Z2"].reason == Estimate.Reason.PROTECTS_OTHERS
    hidden = [code for code in ("Z1", "Z2", "Z3") if rows[code].estimate is None]
    assert len(hidden) == 2 or rows[""].estimate is None


def test_a_correction_of_one_household_keeps_the_former_means(put, town, defined):
    units = households()
    before = compute_release(municipality=town, observation_set=put(units))
    place = next(x for x, unit in enumerate(units) if unit.children)
    moved = dataclasses.replace(
        units[place], values=units[place].values | {"water_minutes": 119}
    )
    units[place] = moved
    after = compute_release(municipality=town, observation_set=put(units))
    assert after.number == before.number + 1
    former, rows = rows_of(before), rows_of(after)
    for code, row in rows.items():
        assert (row.estimate, row.se, row.n) == (
            former[code].estimate, former[code].se, former[code].n,
        )  # fmt: skip
    # Its answers are compared with later ones all the same.
    content = FamilyCounts.objects.get(release=after, family="own_minutes").content
    assert not content["mean"]["town"]
    assert len(content["mean"]["fresh"]) == 3


def test_a_correction_of_many_is_told(put, town, defined):
    units = households()
    before = compute_release(municipality=town, observation_set=put(units))
    longer = [
        dataclasses.replace(
            unit, values=unit.values | {"water_minutes": 60 + place % 30}
        )
        if unit.zone_code == "Z1" and place < 30
        else unit
        for place, unit in enumerate(units)
    ]
    after = compute_release(municipality=town, observation_set=put(longer))
    former, rows = rows_of(before), rows_of(after)
    assert rows["Z1"].estimate > former["Z1"].estimate + 10
    assert rows[""].estimate > former[""].estimate
    assert rows["Z2"].estimate == former["Z2"].estimate


def test_other_limits_of_few_answers_are_not_told_in_the_same_round(put, town, defined):
    """The new mean leaves out who walks longest; beside the old one it would name them."""
    units = households()
    for place in [x for x, unit in enumerate(units) if unit.children][:2]:
        values = units[place].values | {"water_minutes": 110}
        units[place] = dataclasses.replace(units[place], values=values)
    stored = put(units)
    compute_release(municipality=town, observation_set=stored)
    mean_definition(town, version=2, most=100)
    rows = rows_of(compute_release(municipality=town, observation_set=stored))
    assert rows["Z1"].estimate is None
    assert rows[""].estimate is None
    assert rows["Z2"].estimate is not None
    assert {row.definition_version for row in rows.values()} == {2}


def test_the_next_round_is_not_held_by_this_one(put, town, defined):
    compute_release(municipality=town, observation_set=put(households()))
    stored = put(households(seed=2), code="autumn")
    with tenant(town):
        assert Past.of(stored).told == {}
    assert all(
        each.estimate is not None
        for each in compute_means(municipality=town, observation_set=stored)
        if each.zone is None or each.zone.code != "Z4"
    )


def test_the_order_of_households_changes_nothing(put, town, defined):
    units = households()
    first = compute_means(municipality=town, observation_set=put(units))
    again = compute_means(municipality=town, observation_set=put(units[::-1]))
    assert first == again


def test_known_totals_weigh_means_as_well(put):
    totals = {"zone": {"Z1": 400.0, "Z2": 500.0, "Z3": 300.0}}
    sample = read_sample(put(households(), known_totals=totals))
    mean = Mean.of(Estimator(sample), mean_indicator(), Past({}, {}))
    np.testing.assert_allclose(mean.found.population, [400, 500, 300, 0, 1200], 1e-8)
    parts = np.array([400, 500, 300]) @ mean.found.estimate[:3] / 1200
    assert mean.found.estimate[-1] == pytest.approx(parts)
    # A zone's weights are all raised alike, so the town's error is that of its zones.
    error = np.hypot.reduce(np.array([400, 500, 300]) * mean.found.se[:3]) / 1200
    assert mean.found.se[-1] == pytest.approx(error, rel=1e-6)


def test_means_of_one_number_overlap_where_ages_do():
    def of(first, last, **more):
        return mean_indicator(population={"from": first, "to": last, **more})

    assert overlapping(of(0, 5), of(5, 9))
    assert not overlapping(of(0, 5), of(6, 9))
    assert overlapping(of(6, 9, moment="school_year"), of(10, 12))
    assert not overlapping(of(0, 5), mean_indicator(of="persons", population={"to": 9}))


def test_the_command_prints_means(put, town, defined, capsys):
    put(households())
    call_command(
        "compute_indicators",
        "spring",
        municipality=town.slug,
        indicator=["own_minutes"],
    )
    said = capsys.readouterr().out
    assert "own_minutes" in said
    assert "(town)" in said

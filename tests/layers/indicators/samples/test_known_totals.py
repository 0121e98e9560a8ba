"""Weights drawn to known totals, and the errors of what they give."""

import dataclasses

import numpy as np
import pytest

from layers.indicators import errors
from layers.indicators.catalogue import indicators
from layers.indicators.current.figures import estimates_now, why_uncalibrated
from layers.indicators.estimation.design import Design, Factor
from layers.indicators.estimation.statistics import ratio
from layers.indicators.estimation.weights import rake as raked_by_turns
from layers.indicators.estimator import MEMBERSHIP, Estimator
from layers.indicators.maths.calibration import BOUNDS, rake
from layers.indicators.models import Estimate
from layers.indicators.samples.known_totals import (
    SEX_AGE,
    SEX_AGE_KEYS,
    ZONE,
    check_totals,
    scaled,
)
from layers.indicators.samples.sample import read_sample
from layers.indicators.services import compute_release
from tests.factories.observations import households
from tests.layers.indicators.current.test_current import clustered

ZONES = {"Z1": 700.0, "Z2": 420.0, "Z3": 510.0}
OF_AGES = 290.0, 210.0, 190.0, 120.0, 260.0, 270.0, 150.0, 140.0
AGES = dict(zip(SEX_AGE_KEYS, OF_AGES, strict=True))
TOTALS = {ZONE: ZONES, SEX_AGE: AGES}
ONLY_A_PART = {
    margin: {key: each / 2 for key, each in totals.items()}
    for margin, totals in TOTALS.items()
}
CODES = "was_water", "edu_oos", "pro_labour", "pro_birthreg"


def by_the_other_engine(sample, indicator, domain, domains):
    """The same ratios from rows of children, one for a home without any."""
    calibration = sample.calibration
    empty = np.setdiff1d(np.arange(len(sample.unit_psu)), sample.child_unit)
    unit = np.concatenate([sample.child_unit, empty])

    def rows(values, filling=0):
        return np.concatenate([values, np.full(len(empty), filling)])

    psu = sample.unit_psu[unit]
    stratum = sample.design.psu_stratum[psu]
    frames = np.array(sample.frames, dtype=np.float64)[stratum]
    design = Design.of(
        weight=rows(calibration.before),
        strata=Factor.of(stratum.astype(str)),
        clusters=[Factor.of(psu.astype(str))],
        frames=[frames],
    )
    codes = [each - each.min() for each in calibration.margins]
    known = [
        {f"{at:02}": wanted[key] for at, key in enumerate(sorted(wanted))}
        for wanted in scaled(TOTALS).values()
    ]
    factors = [Factor.of([f"{code:02}" for code in each]) for each in codes]
    weight = raked_by_turns(calibration.before, list(zip(factors, known, strict=True)))
    np.testing.assert_allclose(calibration.after, weight, 1e-8)
    design = dataclasses.replace(
        design.calibrated(rows(weight), [rows(each) for each in codes]),
        before=rows(calibration.before),
    )
    eligible, in_need = indicator.decide(sample.columns)
    scale = indicator.population.factor(sample.columns)
    scale = np.ones(len(domain)) if scale is None else np.nan_to_num(scale)
    return ratio(
        design,
        rows(scale * (eligible & in_need)),
        rows(scale * eligible),
        rows(np.where(eligible, domain, -1), -1),
        domains,
    )


@pytest.mark.parametrize("arranged", [list, clustered])
def test_figures_and_errors_are_those_of_the_other_engine(put, arranged):
    stored = put(arranged(households()), known_totals=TOTALS)
    sample = read_sample(stored)
    estimator, width = Estimator(sample), len(sample.zones)
    for code in CODES:
        indicator = indicators()[code]
        found = estimator.estimate(indicator).found
        for row, sexes in enumerate(MEMBERSHIP):
            inside = sexes[sample.child_group] > 0
            zone = np.where(inside, sample.unit_zone[sample.child_unit], -1)
            for domain, domains, columns in (
                (zone, width, slice(0, width)),
                (np.where(inside, 0, -1), 1, slice(width, None)),
            ):
                other = by_the_other_engine(sample, indicator, domain, domains)
                for ours, theirs in (
                    (found.estimate, other.estimate),
                    (found.se, other.se),
                ):
                    np.testing.assert_allclose(ours[row, columns], theirs, 1e-8, 1e-12)


def test_weights_add_up_to_the_known_totals(put):
    sample = read_sample(put(households(), known_totals=TOTALS))
    for margin, wanted in zip(
        sample.calibration.margins, scaled(TOTALS).values(), strict=True
    ):
        sums = np.bincount(margin - margin.min(), sample.child_weight)
        np.testing.assert_allclose(sums, [wanted[key] for key in sorted(wanted)], 1e-9)


def test_no_weight_leaves_its_bounds():
    for seed in range(5):
        random = np.random.default_rng(seed)
        weight = random.uniform(1, 5, 400)
        margins = random.integers(0, 3, 400), 3 + random.integers(0, 4, 400)
        drawn = random.normal(0, 0.6, 7)
        wanted = weight * np.clip(np.exp(sum(drawn[each] for each in margins)), 0.5, 2)
        known = sum(np.bincount(each, wanted, 7) for each in margins)
        found = rake(weight, margins, known, (0.5, 2.0))
        assert found.settled
        assert 0.5 <= found.factor.min() < found.factor.max() <= 2.0
        assert np.isin(found.factor, (0.5, 2.0)).any()
        reached = sum(np.bincount(each, weight * found.factor, 7) for each in margins)
        np.testing.assert_allclose(reached, known, 1e-9)


def test_what_the_bounds_do_not_allow_is_refused_by_name(put, town):
    stored = put(households(), known_totals={ZONE: ZONES | {"Z2": 40_000.0}})
    with pytest.raises(errors.CannotCalibrate, match=r"Z2, 40000, stays .* % away"):
        compute_release(municipality=town, observation_set=stored)
    assert not Estimate.objects.exists()
    assert "Z2, 40000" in why_uncalibrated(stored)
    assert BOUNDS == (0.25, 4.0)


@pytest.mark.parametrize(
    ("totals", "words"),
    [
        ({ZONE: {"Z1": 700.0, "Z2": 420.0}}, "no known total for Z3"),
        ({ZONE: ZONES | {"Z4": 10.0}}, "No child of Z4 was asked"),
    ],
)
def test_zones_without_a_total_or_without_a_child_are_refused(put, totals, words):
    sample = read_sample(put(households(), known_totals=totals))
    with pytest.raises(errors.UnlikeTotals, match=words):
        _refused = sample.calibration


@pytest.mark.parametrize(
    ("totals", "words"),
    [
        ({ZONE: ZONES | {"Z1": 0.0}}, "total of Z1 must be above zero"),
        ({SEX_AGE: {SEX_AGE_KEYS[0]: 100.0}}, "no known totals for"),
        (
            {ZONE: ZONES, SEX_AGE: {key: 2 * each for key, each in AGES.items()}},
            "zones have 1630 children together, the sexes and ages 3260",
        ),
    ],
)
def test_totals_that_contradict_themselves_are_refused(totals, words):
    with pytest.raises(errors.UnlikeTotals, match=words):
        check_totals(totals)


def test_other_totals_are_another_release_that_says_so(put, town):
    units = households()
    plain = compute_release(municipality=town, observation_set=put(units))
    stored = put(units, known_totals={SEX_AGE: AGES})
    release = compute_release(municipality=town, observation_set=stored)
    assert (plain.calibration, release.number) == ({}, plain.number + 1)
    assert release.calibration == {"margins": [SEX_AGE], "children": 1630}
    town_rows = Estimate.objects.of_release(release).of_town().of_breakdown("all")
    water = town_rows.of_indicator("was_water").get()
    assert water.population == 1630
    again = put(units, known_totals={SEX_AGE: AGES})
    assert compute_release(municipality=town, observation_set=again) == release


def test_figures_of_now_are_those_of_a_release(put):
    units = [
        dataclasses.replace(unit, response_class=unit.zone_code)
        for unit in households(per_zone=25)
    ]
    stored = put(units, known_totals=ONLY_A_PART, response_factors={"Z1": 1.5})
    assert not why_uncalibrated(stored)
    sample = read_sample(stored)
    chosen = list(indicators().values())
    found, _households = estimates_now(stored, sample.zones[:2], chosen)
    estimator = Estimator(sample)
    whole = [estimator.estimate(each).found for each in chosen]
    for name in ("estimate", "variance"):
        expected = np.vstack([getattr(each, name) for each in whole])[:, [0, 1, -1]]
        np.testing.assert_allclose(getattr(found, name), expected, 1e-12)

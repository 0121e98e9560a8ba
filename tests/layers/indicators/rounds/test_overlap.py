"""What two rounds share: against the two rounds stacked as one sample."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from layers.indicators.catalogue import indicators
from layers.indicators.estimation import statistics
from layers.indicators.estimation.contrasts import differences
from layers.indicators.estimation.design import Design, Factor
from layers.indicators.rounds.changes import changes_between
from layers.indicators.rounds.overlap import Overlap
from layers.indicators.samples.sample import read_sample
from layers.indicators.services import compute_release
from tests.factories.observations import households, told_apart
from tests.layers.indicators.rounds.test_changes import AUTUMN, change

INDICATOR = "hou_internet"


@pytest.fixture
def rounds(put):
    """Half of the households gave the same answers again, the others are new."""
    before = households(3, per_zone=60, frame=None)
    after = [
        replace(unit, weight=unit.weight * 1.1) if number % 2 else renamed(unit)
        for number, unit in enumerate(before[:-7])
    ]
    return put(before, **AUTUMN), put(after)


def renamed(unit):
    children = [replace(each, key=f"{each.key}n") for each in unit.children]
    return replace(unit, key=f"{unit.key}n", psu=f"{unit.psu}n", children=children)


def stacked(rounds, domains, inside=lambda sample: np.ones(len(sample.child_unit))):
    """Rows of the children of both rounds, and one of each household besides, so that
    those without children count as units. `domains` of a zone and a round; children who
    are not `inside` are in no domain."""
    rows = []
    for number, each in enumerate(rounds):
        sample = read_sample(each)
        weight = sample.unit_weight
        eligible, in_need = indicators()[INDICATOR].decide(sample.columns)
        eligible = eligible & (inside(sample) > 0)
        units = list(each.units.order_by("pk").values_list("stratum", "psu"))
        for unit, (stratum, psu) in enumerate(units):
            rows.append((stratum, psu, weight[unit], 0.0, 0.0, -1))
        for unit, asked, need in zip(sample.child_unit, eligible, in_need, strict=True):
            stratum, psu = units[unit]
            zone = sample.zones[sample.unit_zone[unit]]
            domain = domains(zone, number) if asked else -1
            rows.append((stratum, psu, weight[unit], need * 1.0, asked * 1.0, domain))
    return [np.array(column) for column in zip(*rows, strict=True)]


def together(rounds, overlap, *, whole, inside):
    """Covariance and former variance of the domains that have children, by the other
    engine; and which domains these are."""
    places = {pk: 0 if whole else n for n, pk in enumerate(overlap.zones)}
    size = len(set(places.values()))
    strata, psus, weight, need, asked, domain = stacked(
        rounds, lambda zone, number: number * size + places[zone.pk], inside
    )
    design = Design.of(
        weight=weight, strata=Factor.of(strata), clusters=[Factor.of(psus)]
    )
    found = statistics.ratio(design, need, asked, domain, 2 * size)
    first = np.flatnonzero(np.isin(np.arange(size), domain[asked > 0]))
    expected = differences(design, found, first, first + size)
    return first, expected.covariance, found.variance[first]


@pytest.mark.django_db
@pytest.mark.parametrize("whole", [False, True])
def test_the_covariance_is_that_of_both_rounds_as_one_sample(rounds, whole):
    overlap = Overlap.of(*rounds)
    first, expected, own = together(
        rounds, overlap, whole=whole, inside=lambda sample: sample.child_group >= 0
    )
    covariance, *variance = overlap.covariances(indicators()[INDICATOR], town=whole)
    assert covariance[0, first] == pytest.approx(expected, abs=1e-12)
    assert variance[0][0, first] == pytest.approx(own, abs=1e-12)
    # Every home of the first zone has internet.
    assert covariance[0, first].max() > 0


@pytest.mark.django_db
@pytest.mark.parametrize("whole", [False, True])
def test_groups_are_those_of_each_round(put, settings, whole):
    """Every fifth home was displaced in the second round alone."""
    settings.TELL_GROUPS = True
    before = told_apart(households(3, per_zone=60, frame=None))
    after = [
        replace(unit, values=unit.values | {"displaced": 1.0}) if not n % 5 else unit
        for n, unit in enumerate(told_apart(before))
    ]
    rounds = put(before, **AUTUMN), put(after)
    overlap = Overlap.of(*rounds)
    first, expected, own = together(
        rounds,
        overlap,
        whole=whole,
        inside=lambda sample: sample.columns["displaced"] == 1,
    )
    indicator, name = indicators()[INDICATOR], ("displacement",)
    covariance, *variance = overlap.covariances(indicator, name, town=whole)
    assert covariance[0, first] == pytest.approx(expected, abs=1e-12)
    assert variance[0][0, first] == pytest.approx(own, abs=1e-12)
    assert covariance[0, first].max() > 0
    found = overlap.correlations(indicator, ("sex", "displacement"))
    assert {zone for _group, zone in found} == {None}
    assert "sex:female+displacement:yes" in {group for group, _zone in found}


@pytest.mark.django_db
def test_rounds_apart_resemble_each_other_too(put, town):
    units = households(3, per_zone=200, frame=None)
    moved = [worse(unit, number) for number, unit in enumerate(units)]
    winter = {"code": "winter", "reference_date": date(2026, 1, 15)}
    released = [
        compute_release(municipality=town, observation_set=put(of_round, **changes))
        for of_round, changes in (
            (units, AUTUMN),
            ([worse(renamed(unit), 9) for unit in units], winter),
            (moved, {}),
        )
    ]
    first, _second, third = released
    assert list(third.likeness) == [first.observation_set.code]
    found = changes_between(first, third, indicator=INDICATOR, breakdown="all")
    (stated,) = [each for each in found if each.zone and each.zone.code == "Z2"]
    former, latter = (
        each.estimates.get(zone=stated.zone, indicator=INDICATOR, breakdown="all")
        for each in (first, third)
    )
    assert stated.se < 0.6 * (former.se**2 + latter.se**2) ** 0.5


@pytest.mark.django_db
def test_rounds_without_a_household_in_common_are_independent(put):
    units = households(3, per_zone=20)
    before, after = put(units, **AUTUMN), put([renamed(unit) for unit in units])
    assert Overlap.of(before, after) is None


@pytest.mark.django_db
def test_a_change_is_surer_where_the_same_households_answered(put, town):
    units = households(3, per_zone=300, frame=None)
    moved = [worse(unit, number) for number, unit in enumerate(units)]
    earlier = put(units, **AUTUMN)
    compute_release(municipality=town, observation_set=earlier)
    release = compute_release(municipality=town, observation_set=put(moved))
    stated = change(release, "Z2")
    former = stated.former.estimates.get(
        zone=stated.zone, indicator=INDICATOR, breakdown="all"
    )
    latter = release.estimates.get(
        zone=stated.zone, indicator=INDICATOR, breakdown="all"
    )
    apart = (former.se**2 + latter.se**2) ** 0.5
    assert stated.se < 0.6 * apart


def worse(unit, number):
    """All are a year older, and every ninth home has lost its internet."""
    values = unit.values if number % 9 else unit.values | {"internet": 0}
    children = [
        replace(each, age_months=each.age_months + 12)
        for each in unit.children
        if each.age_months < 200
    ]
    return replace(unit, values=values, children=children)

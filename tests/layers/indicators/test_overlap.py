"""What two rounds share: against the two rounds stacked as one sample."""

from dataclasses import replace

import numpy as np
import pytest

from layers.indicators.catalogue import indicators
from layers.indicators.estimation import statistics
from layers.indicators.estimation.change import differences
from layers.indicators.estimation.design import Design, Factor
from layers.indicators.overlap import Overlap
from layers.indicators.sample import read_sample
from layers.indicators.services import compute_release
from tests.factories.observations import households
from tests.layers.indicators.test_changes import AUTUMN, change

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


def stacked(rounds, domains):
    """Rows of the children of both rounds, and one of each household besides, so that
    those without children count as units. `domains` of a zone and a round."""
    rows = []
    for number, each in enumerate(rounds):
        sample = read_sample(each)
        weight = sample.unit_weight
        eligible, in_need = indicators()[INDICATOR].decide(sample.columns)
        units = list(each.units.order_by("pk").values_list("stratum", "psu"))
        for unit, (stratum, psu) in enumerate(units):
            rows.append((stratum, psu, weight[unit], 0.0, 0.0, -1))
        for unit, asked, need in zip(sample.child_unit, eligible, in_need, strict=True):
            stratum, psu = units[unit]
            zone = sample.zones[sample.unit_zone[unit]]
            domain = domains(zone, number)
            rows.append((stratum, psu, weight[unit], need * 1.0, asked * 1.0, domain))
    return [np.array(column) for column in zip(*rows, strict=True)]


@pytest.mark.django_db
@pytest.mark.parametrize("whole", [False, True])
def test_the_covariance_is_that_of_both_rounds_as_one_sample(rounds, whole):
    overlap = Overlap.of(*rounds)
    places = {pk: 0 if whole else n for n, pk in enumerate(overlap.zones)}
    size = len(set(places.values()))
    strata, psus, weight, need, asked, domain = stacked(
        rounds, lambda zone, number: number * size + places[zone.pk]
    )
    design = Design.of(
        weight=weight, strata=Factor.of(strata), clusters=[Factor.of(psus)]
    )
    found = statistics.ratio(design, need, asked, domain, 2 * size)
    first = np.flatnonzero(np.isin(np.arange(size), domain[asked > 0]))
    expected = differences(design, found, first, first + size)
    covariance, *variance = overlap.covariances(indicators()[INDICATOR], town=whole)
    assert covariance[0, first] == pytest.approx(expected.covariance, abs=1e-12)
    assert variance[0][0, first] == pytest.approx(found.variance[first], abs=1e-12)
    # Every home of the first zone has internet.
    assert covariance[0, first].max() > 0


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

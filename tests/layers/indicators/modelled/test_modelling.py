"""Modelled figures: from published ones alone, benchmarked, none where withheld."""

import numpy as np
import pytest

from layers.indicators.modelled.modelling import Covariate, Direct, fit, modelled_of
from layers.indicators.models import (
    Estimate,
    ModelledEstimate,
    Observation,
    RunningSum,
    SampleUnit,
)
from layers.indicators.services import compute_release
from tests.factories.geography import ZoneFactory
from tests.factories.observations import households

CODES = tuple(f"Z{n}" for n in range(1, 10))


@pytest.fixture
def release(put, town, zones):
    for code in CODES[len(zones) :]:
        ZoneFactory(municipality=town, code=code)
    units = households(zones=CODES, per_zone=16)
    few = [u for u in units if u.zone_code != "Z9"]
    few += [u for u in units if u.zone_code == "Z9"][:6]
    return compute_release(municipality=town, observation_set=put(few))


def said(rows):
    return [
        (row.indicator, row.zone_id, row.estimate, row.low, row.high, row.own_weight)
        for row in rows
    ]


def test_no_zone_whose_figure_is_withheld_gets_one(release):
    shown = set(
        Estimate.objects.of_release(release)
        .of_breakdown("all")
        .filter(estimate__isnull=False, zone__isnull=False)
        .values_list("indicator", "zone")
    )
    modelled = set(
        ModelledEstimate.objects.of_release(release).values_list("indicator", "zone")
    )
    assert modelled
    assert modelled <= shown
    withheld = Estimate.objects.of_release(release).filter(
        zone__code="Z9", indicator="hou_internet", breakdown="all"
    )
    assert [row.flag for row in withheld] == ["withheld"]


def test_they_are_made_of_what_is_published_and_of_nothing_else(release):
    stored = said(ModelledEstimate.objects.of_release(release))
    RunningSum.objects.all().delete()
    Observation.objects.all().delete()
    SampleUnit.objects.all().delete()
    assert sorted(said(modelled_of(release))) == sorted(stored)


def test_they_are_drawn_together_and_keep_the_mean_of_the_zones(release):
    rows = ModelledEstimate.objects.of_release(release).of_indicator("hou_internet")
    direct = {
        row.zone_id: row
        for row in Estimate.objects.of_release(release)
        .of_indicator("hou_internet")
        .of_breakdown("all")
    }
    weight = np.array([direct[row.zone_id].population for row in rows])
    own = np.array([direct[row.zone_id].estimate for row in rows])
    model = np.array([row.estimate for row in rows])
    assert len(rows) >= 6
    assert (weight * model).sum() / weight.sum() == pytest.approx(
        (weight * own).sum() / weight.sum(), abs=0.01
    )
    assert model.std() < own.std()
    assert all(row.low <= row.estimate <= row.high for row in rows)
    assert all(0 <= row.own_weight <= 1 for row in rows)


def direct_of(share, n=40.0):
    size = len(share)
    zones = [ZoneFactory.build(pk=place + 1) for place in range(size)]
    share = np.asarray(share)
    variance = share * (1 - share) / n
    many = np.full(size, n)
    return Direct("a", zones, share, variance, many, many * 10, float(share.mean()))


def test_a_covariate_is_used_only_where_it_tells_something():
    random = np.random.default_rng(3)
    truth = np.linspace(0.1, 0.6, 15)
    direct = direct_of(np.clip(truth + random.normal(0, 0.03, 15), 0.02, 0.98))
    telling = Covariate("walk:school:10", 1, dict(enumerate(truth, start=1)))
    noise = Covariate("hazards", 1, dict(enumerate(random.normal(size=15), start=1)))
    found = fit(direct, [noise, telling])
    assert (found.method, found.covariate) == ("fay_herriot", telling)
    assert fit(direct, [noise]).method == "empirical_bayes"
    error = np.abs(found.found.estimate - truth).mean()
    assert error < np.abs(direct.share - truth).mean()


def test_fewer_than_twelve_zones_carry_no_covariate():
    truth = np.linspace(0.1, 0.6, 8)
    telling = Covariate("walk:school:10", 1, dict(enumerate(truth, start=1)))
    assert fit(direct_of(truth), [telling]).method == "empirical_bayes"


def test_shares_that_are_all_zero_carry_no_model():
    assert fit(direct_of(np.zeros(8)), []) is None

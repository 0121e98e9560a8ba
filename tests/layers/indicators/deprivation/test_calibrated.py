"""Errors of deprivation under weights drawn to known totals."""

import csv

import numpy as np

from layers.indicators.catalogue import indicators
from layers.indicators.deprivation import scores
from layers.indicators.deprivation.domains import Domains
from layers.indicators.estimation.design import Design, Factor
from layers.indicators.estimation.weights import post_stratify
from layers.indicators.estimator import Estimator
from layers.indicators.samples.sample import read_sample
from tests.factories.observations import households
from tests.layers.indicators.estimation import r
from tests.layers.indicators.samples.test_known_totals import TOTALS


def test_shares_have_the_errors_of_the_indicators(put):
    sample = read_sample(put(households(), known_totals=TOTALS))
    indicator = indicators()["was_water"]
    eligible, in_need = sample.decide(indicator)
    found = Estimator(sample).estimate(indicator).found
    zone = sample.unit_zone[sample.child_unit]
    domains = Domains(
        scores._design(sample), np.where(eligible, zone, -1), len(sample.zones)
    )
    estimate, variance = domains.ratio((eligible & in_need) * 1.0, eligible * 1.0)
    np.testing.assert_allclose(estimate, found.estimate[0, :-1], 1e-10)
    np.testing.assert_allclose(variance, found.variance[0, :-1], 1e-8, 1e-20)


def test_shares_after_known_totals_have_the_errors_of_r():
    with r.SAMPLE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    def column(name):
        return [row[name] for row in rows]

    zone = Factor.of(column("zone"))
    design = Design.of(
        weight=np.array(column("weight"), dtype=float),
        strata=Factor.of(column("stratum")),
        clusters=[Factor.of(column("segment"))],
    )
    weight = post_stratify(design.weight, zone, {"A": 160.0, "B": 150.0, "C": 140.0})
    drawn = design.calibrated(weight, [zone.codes])
    need = np.array(column("need"), dtype=float)
    domains = Domains(drawn, zone.codes, 3)
    estimate, variance = domains.ratio(need, np.ones(len(need)))
    answers = r.committed()["post-strata by zone"]
    np.testing.assert_allclose(estimate, [a["estimate"] for a in answers], 1e-9)
    np.testing.assert_allclose(variance**0.5, [a["se"] for a in answers], 1e-9)

import numpy as np
import polars as pl
import pytest
import svy

from layers.indicators.catalogue import indicators
from layers.indicators.estimator import Estimator
from layers.indicators.figures import family_membership, figures_of
from layers.indicators.samples.sample import read_sample
from tests.factories.observations import households


@pytest.fixture
def sample(put):
    return read_sample(put(households()))


def test_what_is_read_from_the_database_agrees_with_svy(sample):
    """Labour: one selected child per household, weighted by the eligible ones."""
    estimated = Estimator(sample).estimate(indicators()["pro_labour"])
    rows = [
        {
            "zone": unit.zone_code,
            "psu": unit.key,
            "frame": float(unit.stratum_psus),
            "weight": unit.weight * factor,
            "x": float(in_module),
            "y": float(in_module and works(child)),
        }
        for unit in households()
        for child, factor, in_module in children_or_none(unit)
    ]
    design = svy.Design(stratum="zone", psu="psu", wgt="weight", pop_size="frame")
    found = svy.Sample(pl.DataFrame(rows), design).estimation.prop(
        "y", by="zone", where=svy.col("x") == 1
    )
    needy = found.to_polars().filter(pl.col("y") == 1).sort("zone")
    assert len(needy) >= 2
    for row in needy.iter_rows(named=True):
        at = 0, int(row["zone"][1]) - 1
        assert estimated.found.estimate[at] == pytest.approx(row["est"], abs=1e-9)
        assert estimated.found.se[at] == pytest.approx(row["se"], abs=1e-9)
        assert estimated.found.df[at] == row["df"]


def children_or_none(unit):
    for child in unit.children:
        factor = child.weight_factors.get("module_5_17")
        yield child, factor or 1, factor is not None
    if not unit.children:
        yield None, 1, False


def works(child):
    age, hours = child.age_months // 12, child.values["economic_hours"]
    threshold = 1 if age < 12 else 14 if age < 15 else 43
    return hours >= threshold or (age < 15 and child.values["chores_hours"] > 21)


def test_the_town_counts_each_child_of_the_zones_once(sample):
    estimator = Estimator(sample)
    for indicator in indicators().values():
        count = estimator.estimate(indicator).found.count
        assert (count[:, :-1].sum(axis=1) == count[:, -1]).all()
        assert (count[1] + count[2] == count[0]).all()


def test_the_age_bands_of_a_family_add_up(sample):
    estimator = Estimator(sample)
    codes = ["edu_oos_primary", "edu_oos_lowsec", "edu_oos_upsec"]
    bands = [estimator.estimate(indicators()[code]) for code in codes]
    union = estimator.estimate(indicators()["edu_oos"])
    for name in ("count", "affected"):
        parts = sum(getattr(each.found, name) for each in bands)
        assert (parts == getattr(union.found, name)).all()
    membership = family_membership([each.indicator for each in [*bands, union]])
    parts = membership.reshape(4, 3, -1)
    assert np.array_equal(parts[:3].sum(axis=0), parts[3])


def test_figures_are_rounded_for_publication(sample):
    for figure in figures_of(sample, indicators().values()):
        if figure.estimate is None:
            continue
        places = 2 if figure.n < 100 else 3
        assert figure.n % 5 == 0
        assert figure.n >= 25
        assert figure.households % 5 == 0
        for share in (figure.estimate, figure.low, figure.high):
            assert share == round(share, 3)
            if figure.n < 95:
                assert share == round(share, places)
        assert figure.low <= figure.estimate <= figure.high
        if figure.flag == "reliable":
            assert figure.n >= 50

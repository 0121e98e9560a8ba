import numpy as np
import polars as pl
import pytest
import svy

from layers.indicators.deprivation.domains import Domains, logit_interval
from layers.indicators.estimation.design import Design, Factor, SinglePSU

ROWS = 300


def columns(seed, *, fpc=True):
    random = np.random.default_rng(seed)
    cluster = random.integers(0, 40, ROWS)
    found = {
        "strata": (cluster // 8).astype(str),
        "cluster": cluster.astype(str),
        "weight": random.uniform(0.5, 4.0, ROWS),
        "y": random.uniform(0, 1, ROWS),
        "x": random.uniform(0.5, 1.5, ROWS),
        "zone": random.integers(0, 3, ROWS),
    }
    if fpc:
        found["frame"] = 12.0 + 5.0 * (cluster // 8)
    return found


def design_of(data, **options):
    frame = data.get("frame")
    return Design.of(
        weight=data["weight"],
        strata=Factor.of(data["strata"]),
        clusters=[Factor.of(data["cluster"])],
        frames=() if frame is None else [frame],
        single=SinglePSU(options.get("single", "adjust")),
    )


def by_svy(data, **options):
    frame = pl.DataFrame(data)
    return svy.Sample(
        frame,
        svy.Design(
            stratum="strata",
            psu="cluster",
            wgt="weight",
            pop_size="frame" if "frame" in data else None,
            **options,
        ),
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("fpc", [True, False])
def test_ratios_in_domains_agree_with_svy(seed, fpc):
    data = columns(seed, fpc=fpc)
    domains = Domains(design_of(data), data["zone"], 3)
    estimate, variance = domains.ratio(data["y"], data["x"])
    found = by_svy(data).estimation.ratio("y", "x", by="zone").to_polars()
    for row in found.iter_rows(named=True):
        assert estimate[row["zone"]] == pytest.approx(row["est"], abs=1e-9)
        assert variance[row["zone"]] ** 0.5 == pytest.approx(row["se"], abs=1e-9)


@pytest.mark.parametrize(
    ("single", "other"),
    [("adjust", "center"), ("certainty", "skip"), ("average", "scale")],
)
def test_a_stratum_with_one_unit_agrees_with_svy(single, other):
    data = columns(4)
    data["cluster"] = np.where(data["strata"] == "0", "only", data["cluster"])
    domains = Domains(design_of(data, single=single), np.zeros(ROWS, dtype=np.int64), 1)
    _, variance = domains.ratio(data["y"], data["x"])
    found = by_svy(data, singleton=other).estimation.ratio("y", "x").to_polars()
    assert variance[0] ** 0.5 == pytest.approx(found["se"][0], abs=1e-9)


def test_average_gives_a_lonely_stratum_the_mean_of_the_others():
    data = columns(4)
    data["cluster"] = np.where(data["strata"] == "0", "only", data["cluster"])
    whole = np.zeros(ROWS, dtype=np.int64)
    some, mean = (
        Domains(design_of(data, single=single), whole, 1)
        for single in ("certainty", "average")
    )
    sure, averaged = (each.ratio(data["y"], data["x"])[1] for each in (some, mean))
    assert averaged == pytest.approx(sure * 5 / 4, rel=1e-12)


def test_a_whole_stratum_of_one_unit_adds_nothing():
    data = columns(4)
    data["cluster"] = np.where(data["strata"] == "0", "only", data["cluster"])
    data["frame"] = np.where(data["strata"] == "0", 1.0, data["frame"])
    whole = np.zeros(ROWS, dtype=np.int64)
    found = [
        Domains(design_of(data, single=single), whole, 1).ratio(data["y"], data["x"])
        for single in ("adjust", "certainty", "average", "fail")
    ]
    for _, variance in found[1:]:
        assert variance == pytest.approx(found[0][1], rel=1e-12)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"frame": np.full(ROWS, 7.0)}, 'Stratum "0" has 8 sampled units but a frame'),
        ({"frame": np.arange(ROWS) + 50.0}, "has two frame counts"),
        ({"strata": np.arange(ROWS).astype(str)}, "is in two strata"),
    ],
)
def test_columns_that_contradict_each_other_are_refused(change, words):
    data = columns(0) | change
    with pytest.raises(ValueError, match=words):
        design_of(data)


def test_fail_refuses_a_stratum_with_one_unit():
    data = columns(4)
    data["cluster"] = np.where(data["strata"] == "0", "only", data["cluster"])
    with pytest.raises(ValueError, match='Stratum "0" has a single sampling unit'):
        design_of(data, single="fail")


def test_an_empty_domain_has_no_ratio():
    data = columns(0)
    domains = Domains(design_of(data), np.zeros(ROWS, dtype=np.int64), 2)
    estimate, variance = domains.ratio(data["y"], data["x"])
    assert np.isnan([estimate[1], variance[1]]).all()
    assert domains.count.tolist() == [ROWS, 0]


def test_the_interval_of_a_mean_score_stays_inside_and_is_unknown_at_the_edges():
    estimate = np.array([0.02, 0.5, 0.0, 1.0, 0.5, 0.5])
    df = np.array([9, 9, 9, 9, 0, 9])
    variance = np.array([0.01, 0.01, 0.01, 0.01, 0.01, 1e-34])
    low, high = logit_interval(estimate, variance, df, 0.95)
    assert 0 < low[0] < 0.02 < high[0] < 1
    assert low[1] == pytest.approx(1 - high[1])
    assert np.isnan([low[2:], high[2:]]).all()

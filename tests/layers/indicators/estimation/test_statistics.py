import numpy as np
import polars as pl
import pytest
import svy
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.indicators import maths
from layers.indicators.estimation import statistics
from layers.indicators.estimation.design import Design, Factor, SinglePSU
from layers.indicators.estimation.errors import StatisticError
from layers.indicators.estimation.intervals import Interval
from layers.indicators.estimation.statistics import Yardstick
from layers.indicators.estimation.summary import share_bounds
from tests.layers.indicators.estimation.samples import design_of, simulated

ZONES = 5


def everywhere(data):
    return np.zeros(len(data["zone"]), dtype=int)


def by_svy(data, *, frames, single="center"):
    design = svy.Design(
        stratum="stratum",
        psu="unit",
        wgt="weight",
        pop_size="frame" if frames else None,
        singleton=single,
    )
    return svy.Sample(pl.DataFrame(data), design).estimation


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("frames", [True, False])
@pytest.mark.parametrize("single", [False, True])
def test_means_totals_ratios_and_shares_by_zone_agree_with_svy(seed, frames, single):
    data = simulated(seed)
    if single:
        data["unit"] = np.where(data["stratum"] == 0, 0, data["unit"])
    design, estimation = design_of(data, frames=frames), by_svy(data, frames=frames)
    wanted = {"by": "zone", "deff": "wr"}
    options = {"yardstick": Yardstick.REPLACE}
    at = data["zone"], ZONES
    pairs = [
        (
            statistics.mean(design, data["value"], *at, **options),
            estimation.mean("value", **wanted),
        ),
        (
            statistics.total(design, data["value"], *at, **options),
            estimation.total("value", **wanted),
        ),
        (
            statistics.ratio(design, data["value"], data["size"], *at, **options),
            estimation.ratio("value", "size", **wanted),
        ),
    ]
    for ours, theirs in pairs:
        rows = theirs.to_polars().sort("zone")
        assert ours.estimate == pytest.approx(rows["est"].to_numpy(), abs=1e-9)
        assert ours.se == pytest.approx(rows["se"].to_numpy(), rel=1e-9)
        assert ours.deff == pytest.approx(rows["deff"].to_numpy(), rel=1e-9)


@pytest.mark.parametrize("method", ["logit", "korn-graubard"])
def test_bounds_of_shares_agree_with_svy(method):
    data = simulated(4, rows=300)
    found = statistics.mean(design_of(data), data["need"], data["zone"], ZONES)
    ours = share_bounds(found, Interval(method.replace("-", "_")), 0.9)
    theirs = by_svy(data, frames=True).prop(
        "need", by="zone", ci_method=method, alpha=0.1
    )
    rows = theirs.to_polars().filter(pl.col("need") == 1).sort("zone")
    assert ours.low == pytest.approx(rows["lci"].to_numpy(), abs=1e-9)
    assert ours.high == pytest.approx(rows["uci"].to_numpy(), abs=1e-9)


def test_the_engine_of_releases_says_the_same():
    data = simulated(9)
    found = statistics.mean(design_of(data), data["need"], data["zone"], ZONES)
    stage = design_of(data).stages[0]
    design = maths.Design(stage.stratum, stage.fraction)
    cells, cell = maths.Cells.of_units(
        domain=data["zone"], psu=stage.unit, domains=ZONES, design=design
    )
    totals = maths.psu_totals(
        cell=cell,
        cells=len(cells),
        group=everywhere(data),
        groups=1,
        weight=data["weight"],
        eligible=np.ones(len(cell), dtype=bool),
        in_need=data["need"] == 1,
    )
    released = maths.ratios(totals, cells, design)
    assert released.estimate[0] == pytest.approx(found.estimate, abs=1e-12)
    assert released.se[0] == pytest.approx(found.se, abs=1e-12)
    assert released.df[0].tolist() == found.df.tolist()


def test_the_variance_of_two_stages_by_hand():
    # Two of four blocks; of block a two of five homes, of block b two of two.
    design = Design.of(
        weight=np.array([5.0, 5.0, 2.0, 2.0]),
        clusters=[Factor.of(list("aabb")), Factor.of([1, 2, 1, 2])],
        frames=[np.full(4, 4.0), np.array([5.0, 5.0, 2.0, 2.0])],
    )
    found = statistics.total(
        design, np.array([1.0, 3.0, 4.0, 4.0]), np.zeros(4, int), 1
    )
    # Blocks add 20 and 16: (1 - 2/4) * 2 * (2^2 + 2^2); homes of a add 5 and 15.
    first, second = 0.5 * 2 * 8.0, (2 / 4) * (1 - 2 / 5) * 2 * (5.0**2 + 5.0**2)
    assert found.estimate[0] == 36.0
    assert found.variance[0] == pytest.approx(first + second, rel=1e-12)


def test_without_weights_the_frames_give_them():
    data = simulated(3)
    design = Design.of(
        strata=Factor.of(data["stratum"]),
        clusters=[Factor.of(data["unit"])],
        frames=[data["frame"]],
    )
    stage = design.stages[0]
    drawn = stage.sampled[stage.stratum[stage.unit]]
    assert design.weight == pytest.approx(data["frame"] / drawn)


def test_a_row_of_unknown_value_is_left_out_and_its_unit_stays():
    data = simulated(5)
    known = data["value"].copy()
    known[:40] = np.nan
    found = statistics.mean(design_of(data), known, everywhere(data), 1)
    inside = np.where(np.arange(len(known)) < 40, -1, 0)
    outside = statistics.mean(design_of(data), data["value"], inside, 1)
    assert found.n[0] == len(known) - 40
    assert found.variance[0] == pytest.approx(outside.variance[0], rel=1e-12)


def test_a_domain_with_nothing_has_no_estimate():
    data = simulated(6)
    found = statistics.total(design_of(data), data["value"], data["zone"], ZONES + 1)
    assert np.isnan([found.estimate[-1], found.variance[-1], found.deff[-1]]).all()
    assert (found.n[-1], found.df[-1]) == (0, 0)


def test_a_denominator_of_nothing_is_refused():
    data = simulated(6)
    zero = np.zeros(len(data["zone"]))
    with pytest.raises(StatisticError, match="zero in every row"):
        statistics.ratio(design_of(data), data["value"], zero, data["zone"], ZONES)


def test_lonely_strata_alone_leave_nothing_to_average():
    data = simulated(7, psus=1)
    design = design_of(data, single=SinglePSU.AVERAGE, frames=False)
    found = statistics.mean(design, data["value"], everywhere(data), 1)
    assert np.isnan(found.se[0])


def test_a_median_is_a_value_between_its_bounds():
    data = simulated(8)
    found = statistics.median(design_of(data), data["value"], data["zone"], ZONES)
    low, high = found.bounds
    assert np.isin(found.estimate, data["value"]).all()
    assert (low <= found.estimate).all()
    assert (found.estimate <= high).all()
    wider = statistics.median(
        design_of(data), data["value"], data["zone"], ZONES, level=0.99
    )
    assert (wider.bounds[0] <= low).all()
    assert wider.se == pytest.approx(found.se)


SHARES = [each for each in Interval if each != Interval.T]
seeds = st.integers(0, 10_000)
KINDS = ("mean", "total", "ratio", "median")


def estimated(kind, data, *, weight=None, domain=None):
    data = data if weight is None else data | {"weight": weight}
    domain = data["zone"] if domain is None else domain
    arguments = [data["value"], domain, ZONES]
    if kind == "ratio":
        arguments.insert(1, data["size"])
    return getattr(statistics, kind)(design_of(data), *arguments)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, kind=st.sampled_from(KINDS))
def test_the_order_of_rows_changes_nothing(seed, kind):
    data = simulated(seed, rows=120)
    order = np.random.default_rng(seed).permutation(120)
    shuffled = {name: column[order] for name, column in data.items()}
    found, again = estimated(kind, data), estimated(kind, shuffled)
    assert again.estimate == pytest.approx(found.estimate, rel=1e-9, nan_ok=True)
    assert again.se == pytest.approx(found.se, rel=1e-7, abs=1e-9, nan_ok=True)
    assert again.df.tolist() == found.df.tolist()


@settings(max_examples=40, deadline=None)
@given(seed=seeds, scale=st.floats(1e-3, 1e3), kind=st.sampled_from(KINDS))
def test_weights_scale_totals_alone(seed, scale, kind):
    data = simulated(seed, rows=120)
    found = estimated(kind, data)
    scaled = estimated(kind, data, weight=data["weight"] * scale)
    times = scale if kind == "total" else 1.0
    assert scaled.estimate == pytest.approx(found.estimate * times, nan_ok=True)
    assert scaled.se == pytest.approx(found.se * times, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, method=st.sampled_from(SHARES))
def test_shares_and_their_bounds_stay_between_zero_and_one(seed, method):
    data = simulated(seed, rows=60, strata=2)
    found = statistics.mean(design_of(data), data["need"], data["zone"], ZONES)
    bounds = share_bounds(found, method, 0.95)
    known = ~np.isnan(bounds.low)
    assert (bounds.method[known] != "").all()
    low, share, high = bounds.low[known], found.estimate[known], bounds.high[known]
    assert ((low >= 0) & (high <= 1) & (low < high)).all()
    assert ((low <= share + 1e-12) & (share <= high + 1e-12)).all()


@settings(max_examples=40, deadline=None)
@given(seed=seeds)
def test_totals_of_zones_add_up_to_the_total_of_all(seed):
    data = simulated(seed, rows=120)
    zones = estimated("total", data)
    whole = estimated("total", data, domain=everywhere(data))
    assert np.nansum(zones.estimate) == pytest.approx(whole.estimate[0])
    # The influences of the zones, with what they share, vary as that of the whole does.
    assert zones.influence == pytest.approx(whole.influence)


@settings(max_examples=40, deadline=None)
@given(seed=seeds)
def test_units_outside_a_domain_still_count_in_its_strata(seed):
    data = simulated(seed, rows=120)
    design = design_of(data, frames=False)
    inside = np.where(data["zone"] == 0, 0, -1)
    zeroed = np.where(data["zone"] == 0, data["value"], 0.0)
    found = statistics.total(design, data["value"], inside, 1)
    by_zeros = statistics.total(design, zeroed, everywhere(data), 1)
    assert found.variance[0] == pytest.approx(by_zeros.variance[0])

import numpy as np
import polars as pl
import pytest
import svy
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.indicators import maths

ZONES = 4
BREAKDOWNS = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])


def simulated(seed, *, households=240, strata=6, psus=9, fpc=True, by_zone=True):
    """Households with children, as a dict of arrays per household and per child."""
    random = np.random.default_rng(seed)
    stratum = random.integers(0, strata, households)
    psu = stratum * psus + random.integers(0, psus, households)
    zone = stratum % ZONES if by_zone else random.integers(0, ZONES, households)
    children = random.poisson(1.6, households)
    unit = np.repeat(np.arange(households), children)
    weight = random.uniform(0.5, 6.0, households)
    eligible = random.random(len(unit)) < 0.8
    tendency = random.beta(1.0, 2.5, households)
    frame = np.full(strata, np.nan)
    if fpc:
        frame = psus + np.arange(strata) * 3.0
    return {
        "stratum": stratum,
        "psu": np.unique(psu, return_inverse=True)[1],
        "zone": zone,
        "unit": unit,
        "weight": weight,
        "sex": random.integers(0, 2, len(unit)),
        "eligible": eligible,
        "in_need": eligible & (random.random(len(unit)) < tendency[unit]),
        "frame": frame,
    }


def design_of(data):
    psus = data["psu"].max() + 1
    psu_stratum = np.zeros(psus, dtype=np.int64)
    psu_stratum[data["psu"]] = data["stratum"]
    return maths.Design.from_frame(psu_stratum, data["frame"])


def totals_of(data, *, weight=None, keep=None):
    design = design_of(data)
    cells, cell = maths.Cells.of_units(
        domain=data["zone"], psu=data["psu"], domains=ZONES, design=design
    )
    weight = data["weight"] if weight is None else weight
    keep = np.ones(len(data["unit"]), dtype=bool) if keep is None else keep
    totals = maths.psu_totals(
        cell=cell[data["unit"]],
        cells=len(cells),
        group=data["sex"],
        groups=2,
        weight=weight[data["unit"]],
        eligible=data["eligible"] & keep,
        in_need=data["in_need"] & keep,
    )
    return totals, cells, design


def estimated(data, **options):
    totals, cells, design = totals_of(data, **options)
    return maths.ratios(totals, cells, design, BREAKDOWNS)


def sample_of(data):
    """The same sample for svy, with a row for each household without children."""
    childless = np.setdiff1d(np.arange(len(data["zone"])), data["unit"])
    unit = np.concatenate([data["unit"], childless])
    none = np.zeros(len(childless))
    frame = pl.DataFrame(
        {
            "stratum": data["stratum"][unit],
            "psu": data["psu"][unit],
            "zone": data["zone"][unit],
            "weight": data["weight"][unit],
            "frame": data["frame"][data["stratum"][unit]],
            "sex": np.concatenate([data["sex"], none - 1]).astype(int),
            "x": np.concatenate([data["eligible"], none]).astype(float),
            "y": np.concatenate([data["in_need"], none]).astype(float),
        }
    )
    pop_size = None if np.isnan(data["frame"]).all() else "frame"
    design = svy.Design(
        stratum="stratum",
        psu="psu",
        wgt="weight",
        pop_size=pop_size,
        singleton="center",
    )
    return svy.Sample(frame, design)


def by_svy(sample, condition, **options):
    """Rows per zone: estimate, standard error, bounds, degrees of freedom, children."""
    eligible = (svy.col("x") == 1) & condition
    found = sample.estimation.prop(
        "y", by="zone", where=eligible, **options
    ).to_polars()
    return {
        row["zone"]: row for row in found.filter(pl.col("y") == 1).iter_rows(named=True)
    }


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("fpc", [True, False])
@pytest.mark.parametrize("by_zone", [True, False])
def test_estimates_errors_and_degrees_of_freedom_agree_with_svy(seed, fpc, by_zone):
    data = simulated(seed, fpc=fpc, by_zone=by_zone)
    found, sample = estimated(data), sample_of(data)
    conditions = [svy.col("sex") >= 0, svy.col("sex") == 0, svy.col("sex") == 1]
    effects = maths.design_effect(found)
    for breakdown, condition in enumerate(conditions):
        for zone, row in by_svy(sample, condition, deff="wr").items():
            at = breakdown, zone
            assert found.estimate[at] == pytest.approx(row["est"], abs=1e-9)
            assert found.se[at] == pytest.approx(row["se"], abs=1e-9)
            assert found.df[at] == row["df"]
            assert found.count[at] == row["n"]
            assert effects[at] == pytest.approx(row["deff"], abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_the_whole_town_is_the_merged_cells_and_agrees_with_svy(seed):
    data = simulated(seed, by_zone=False)
    totals, cells, design = totals_of(data)
    town, cell = cells.merged(design)
    gathered = totals.gathered(cell, len(town))
    found = maths.ratios(gathered, town, design, BREAKDOWNS)
    sample = sample_of(data)
    row = sample.estimation.ratio("y", "x").to_polars().row(0, named=True)
    assert found.estimate[0, 0] == pytest.approx(row["est"], abs=1e-9)
    assert found.se[0, 0] == pytest.approx(row["se"], abs=1e-9)


@pytest.mark.parametrize("fpc", [True, False])
def test_a_stratum_with_one_sampling_unit_is_centred_at_the_grand_mean_as_in_svy(fpc):
    data = simulated(5, fpc=fpc, by_zone=False)
    lonely = data["stratum"] == 0
    data["psu"] = np.unique(np.where(lonely, -1, data["psu"]), return_inverse=True)[1]
    assert (design_of(data).psus == 1).sum() == 1
    found, sample = estimated(data), sample_of(data)
    for zone, row in by_svy(sample, svy.col("sex") >= 0).items():
        assert found.se[0, zone] == pytest.approx(row["se"], abs=1e-9)
        assert found.df[0, zone] == row["df"]


@pytest.mark.parametrize("seed", range(4))
def test_logit_intervals_agree_with_svy_where_the_effective_sample_is_large(seed):
    data = simulated(seed, households=400, by_zone=False)
    found, sample = estimated(data), sample_of(data)
    low, high = maths.intervals(found)
    rows = by_svy(sample, svy.col("sex") >= 0, ci_method="logit")
    compared = [zone for zone in rows if maths.effective_size(found)[0, zone] >= 30]
    assert compared
    for zone in compared:
        assert low[0, zone] == pytest.approx(rows[zone]["lci"], abs=1e-9)
        assert high[0, zone] == pytest.approx(rows[zone]["uci"], abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_small_samples_take_the_capped_korn_graubard_interval_of_svy(seed):
    data = simulated(seed, households=60, psus=12, fpc=False)
    found, sample = estimated(data), sample_of(data)
    low, high = maths.intervals(found)
    rows = by_svy(sample, svy.col("sex") >= 0, ci_method="korn-graubard")
    size = maths.effective_size(found)[0]
    compared = [zone for zone in rows if size[zone] < 30 and rows[zone]["df"] > 0]
    assert compared
    for zone in compared:
        assert low[0, zone] == pytest.approx(rows[zone]["lci"], abs=1e-9)
        assert high[0, zone] == pytest.approx(rows[zone]["uci"], abs=1e-9)


@pytest.mark.parametrize("needy", [False, True])
def test_none_and_all_in_need_take_a_one_sided_interval(needy):
    data = simulated(3)
    data["in_need"] = data["eligible"] & needy
    found, sample = estimated(data), sample_of(data)
    low, high = maths.intervals(found)
    wide_low, wide_high = maths.intervals(found, pooled_effect=2.0)
    frame = sample.estimation.prop(
        "y", by="zone", where=svy.col("x") == 1, ci_method="korn-graubard"
    ).to_polars()
    # svy has no level 1 where nobody is in need: there the bounds of level 0 are mirrored.
    for row in frame.filter(pl.col("y") == float(needy)).iter_rows(named=True):
        zone, bounds = row["zone"], (row["lci"], row["uci"])
        expected = bounds if needy else (1.0 - bounds[1], 1.0 - bounds[0])
        assert found.estimate[0, zone] == float(needy)
        assert (low[0, zone], high[0, zone]) == pytest.approx(expected, abs=1e-9)
        gap = high[0, zone] - low[0, zone]
        assert wide_high[0, zone] - wide_low[0, zone] > gap > 0


def test_a_domain_without_children_has_no_estimate_and_no_interval():
    data = simulated(1)
    data["eligible"] &= data["zone"][data["unit"]] != 2
    found = estimated(data)
    low, high = maths.intervals(found)
    assert np.isnan(found.estimate[:, 2]).all()
    assert np.isnan(found.variance[:, 2]).all()
    assert np.isnan(low[:, 2]).all()
    assert np.isnan(high[:, 2]).all()
    assert (found.count[:, 2] == 0).all()


def test_a_frame_smaller_than_the_sample_is_refused():
    with pytest.raises(
        ValueError, match="stratum 1 has more sampling units than its frame"
    ):
        maths.Design.from_frame(np.array([0, 1, 1]), np.array([5.0, 1.0]))


def test_a_census_has_no_sampling_error_but_keeps_an_interval():
    data = simulated(2)
    design = design_of(data)
    data["frame"] = design.psus.astype(float)
    found = estimated(data)
    low, high = maths.intervals(found)
    assert found.variance == pytest.approx(0.0, abs=1e-30)
    assert (low[0] < found.estimate[0]).all()
    assert (high[0] > found.estimate[0]).all()


def test_households_are_counted_once_per_breakdown():
    counted = maths.units_with_children(
        unit=np.array([0, 0, 1, 2]),
        places=[(np.array([0, 1, 1]), 2), (np.zeros(3, dtype=int), 1)],
        group=np.array([0, 1, 1, 0]),
        membership=BREAKDOWNS,
        eligible=np.array([True, True, True, False]),
    )
    assert counted.tolist() == [[1, 1, 2], [1, 0, 1], [1, 1, 2]]


seeds = st.integers(0, 10_000)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, scale=st.floats(1e-3, 1e3))
def test_the_scale_of_weights_changes_nothing(seed, scale):
    data = simulated(seed, households=80)
    found, scaled = estimated(data), estimated(data, weight=data["weight"] * scale)
    assert scaled.estimate == pytest.approx(found.estimate, abs=1e-9, nan_ok=True)
    assert scaled.se == pytest.approx(found.se, abs=1e-9, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(seed=seeds)
def test_the_order_of_children_changes_nothing(seed):
    data = simulated(seed, households=80)
    order = np.random.default_rng(seed).permutation(len(data["unit"]))
    shuffled = data | {
        key: data[key][order] for key in ("unit", "sex", "eligible", "in_need")
    }
    found, again = estimated(data), estimated(shuffled)
    assert again.estimate == pytest.approx(found.estimate, abs=1e-9, nan_ok=True)
    assert again.se == pytest.approx(found.se, abs=1e-9, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, households=st.integers(6, 120))
def test_bounds_lie_inside_zero_and_one_around_the_estimate(seed, households):
    found = estimated(simulated(seed, households=households))
    low, high = maths.intervals(found)
    known = ~np.isnan(low)
    assert (low[known] >= 0).all()
    assert (high[known] <= 1).all()
    assert (low[known] <= found.estimate[known] + 1e-12).all()
    assert (high[known] >= found.estimate[known] - 1e-12).all()
    assert (found.variance[~np.isnan(found.variance)] >= 0).all()


@settings(max_examples=40, deadline=None)
@given(seed=seeds)
def test_totals_of_disjoint_children_add_up(seed):
    data = simulated(seed, households=80)
    first = np.random.default_rng(seed + 1).random(len(data["unit"])) < 0.4
    whole, _, _ = totals_of(data)
    summed = totals_of(data, keep=first)[0] + totals_of(data, keep=~first)[0]
    for part, expected in zip(summed.parts, whole.parts, strict=True):
        assert part == pytest.approx(expected, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(seed=seeds)
def test_zones_add_up_to_the_town(seed):
    data = simulated(seed, households=80, by_zone=False)
    totals, cells, design = totals_of(data)
    town, cell = cells.merged(design)
    for part, expected in zip(
        totals.gathered(cell, len(town)).parts, totals.parts, strict=True
    ):
        assert part.sum() == pytest.approx(expected.sum())

"""The measures against a reference that goes child by child in exact fractions."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.indicators.deprivation.domains import Domains
from layers.indicators.deprivation.measures import (
    Structure,
    agreement,
    alternatives,
    by_cutoff,
    measures,
    moda,
    overlaps,
    share,
)
from layers.indicators.estimation.design import Design, Factor

SIXTHS = {
    "water": {"source": Fraction(1, 6), "toilet": Fraction(1, 6)},
    "health": {"stunted": Fraction(1, 3)},
    "school": {"absent": Fraction(1, 3)},
}
STRUCTURE = Structure.of(SIXTHS)
CUTOFFS = (Fraction(1, 6), Fraction(1, 3), Fraction(1, 2), Fraction(1))


def simulated(seed, children=240):
    random = np.random.default_rng(seed)
    household = np.sort(random.integers(0, 80, children))
    frailty = random.beta(1, 2, 80)[household]
    return {
        "deprived": random.random((children, 4)) < frailty[:, None],
        "household": household,
        "stratum": household // 20,
        "weight": random.integers(1, 5, children).astype(float),
        "frame": 25.0 + household // 20,
        "domain": (household % 3) - (random.random(children) < 0.1) * 3,
    }


def domains_of(data):
    """Three zones; a tenth of the children is outside them all (below 0)."""
    return Domains(
        Design.of(
            weight=data["weight"],
            strata=Factor.of(data["stratum"]),
            clusters=[Factor.of(data["household"])],
            frames=[data["frame"]],
        ),
        np.maximum(data["domain"], -1),
        3,
    )


def score_by_hand(row):
    return sum(
        (
            weight
            for weight, hit in zip(STRUCTURE.weights, row.tolist(), strict=True)
            if hit
        ),
        Fraction(0),
    )


def ratio_by_hand(data, zone, over, under):
    """Estimate and standard error, with loops over strata and households."""
    weight = data["weight"].tolist()
    rows = [row for row, home in enumerate(data["domain"]) if home == zone]
    below = sum(weight[row] * float(under[row]) for row in rows)
    found = sum(weight[row] * float(over[row]) for row in rows) / below
    variance = 0.0
    for stratum in sorted(set(data["stratum"].tolist())):
        totals = dict.fromkeys(data["household"][data["stratum"] == stratum], 0.0)
        for row in rows:
            if data["stratum"][row] == stratum:
                residual = float(over[row]) - found * float(under[row])
                totals[data["household"][row]] += weight[row] * residual / below
        size, frame = len(totals), 25.0 + stratum
        mean = sum(totals.values()) / size
        squares = sum((total - mean) ** 2 for total in totals.values())
        variance += (1 - size / frame) * size / (size - 1) * squares
    return found, variance**0.5


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_measures_and_their_errors_agree_with_the_reference(seed, cutoff):
    data = simulated(seed)
    found = measures(
        STRUCTURE, data["deprived"], STRUCTURE.needed(cutoff), domains_of(data)
    )
    scores = [score_by_hand(row) for row in data["deprived"]]
    poor = [score >= cutoff for score in scores]
    censored = [score * hit for score, hit in zip(scores, poor, strict=True)]
    ones = [1] * len(poor)
    pairs = [
        (found.headcount, poor, ones),
        (found.intensity, censored, poor),
        (found.adjusted, censored, ones),
    ]
    for place, weight in enumerate(STRUCTURE.weights):
        hits = [
            hit and own
            for hit, own in zip(poor, data["deprived"][:, place].tolist(), strict=True)
        ]
        pairs.append((found.censored[place], hits, ones))
        parts = [hit * weight for hit in hits]
        pairs.append((found.contributions[place], parts, censored))
    for figure, over, under in pairs:
        for zone in range(3):
            estimate, se = ratio_by_hand(data, zone, over, under)
            assert figure.estimate[zone] == pytest.approx(estimate, abs=1e-12)
            assert figure.se[zone] == pytest.approx(se, abs=1e-12)


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_the_measures_belong_together(cutoff):
    data = simulated(9)
    needed = STRUCTURE.needed(cutoff)
    domains = domains_of(data)
    found = measures(STRUCTURE, data["deprived"], needed, domains)
    h, a, m0 = (
        each.estimate for each in (found.headcount, found.intensity, found.adjusted)
    )
    np.testing.assert_allclose(h * a, m0, rtol=1e-12)
    weights = np.array([float(weight) for weight in STRUCTURE.weights])
    censored = np.array([each.estimate for each in found.censored])
    np.testing.assert_allclose(weights @ censored, m0, rtol=1e-12)
    parts = np.array([each.estimate for each in found.contributions])
    np.testing.assert_allclose(parts.sum(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(parts, weights[:, None] * censored / m0, rtol=1e-12)
    dimensions = np.array([each.estimate for each in found.by_dimension])
    np.testing.assert_allclose(dimensions.sum(axis=0), 1, rtol=1e-12)
    assert (a >= float(cutoff) - 1e-12).all()
    for figure in (found.headcount, found.intensity, found.adjusted):
        inside = ~np.isnan(figure.low)
        assert (figure.low[inside] <= figure.estimate[inside]).all()
        assert (figure.high[inside] >= figure.estimate[inside]).all()
        assert (figure.low[inside] >= 0).all()
        assert (figure.high[inside] <= 1).all()


def test_domains_weighted_by_their_population_give_the_total():
    data = simulated(2)
    zones = domains_of(data)
    inside = np.where(data["domain"] >= 0, 0, -1)
    total = Domains(zones.design, inside, 1)
    needed = STRUCTURE.needed(Fraction(1, 3))
    parts = measures(STRUCTURE, data["deprived"], needed, zones)
    whole = measures(STRUCTURE, data["deprived"], needed, total)
    population = zones.totals(np.ones(len(inside)))
    shares = population / population.sum()
    for name in ("headcount", "adjusted"):
        summed = shares @ getattr(parts, name).estimate
        assert summed == pytest.approx(getattr(whole, name).estimate[0], rel=1e-12)


# The cutoff


def test_a_score_that_equals_the_cutoff_reaches_it():
    """1/10 + 2/10 is more than 3/10 in binary, 1/3 a hair less than 2 of 1/6."""
    tenths = Structure.of(
        {"a": {"x": Fraction("0.1"), "y": Fraction("0.2")}, "b": {"z": Fraction("0.7")}}
    )
    both = tenths.scores(np.array([[True, True, False]]))
    assert both >= tenths.needed(Fraction("0.3"))
    assert both < tenths.needed(Fraction("0.3") + Fraction(1, 10**9))
    pair = STRUCTURE.scores(np.array([[True, True, False, False]]))
    assert pair == STRUCTURE.needed(Fraction(1, 3))


@given(st.lists(st.integers(1, 30), min_size=2, max_size=7), st.data())
@settings(max_examples=60)
def test_every_sum_of_weights_is_met_by_a_cutoff_that_equals_it(parts, draw):
    total = sum(parts)
    weights = {f"i{place}": Fraction(part, total) for place, part in enumerate(parts)}
    structure = Structure.of({"one": weights})
    hit = np.array(draw.draw(st.lists(st.booleans(), min_size=len(parts), max_size=7)))
    hit = hit[: len(parts)]
    exact = sum((w for w, own in zip(weights.values(), hit, strict=True) if own), 0)
    points = int(structure.scores(hit[None])[0])
    assert Fraction(points, structure.total) == exact
    if exact:
        assert points >= structure.needed(Fraction(exact))
        if exact < 1:
            assert points < structure.needed(Fraction(exact) + Fraction(1, 10**9))


def test_a_higher_cutoff_finds_no_more_poor():
    data = simulated(5)
    found = by_cutoff(STRUCTURE, data["deprived"], domains_of(data))
    assert list(found) == [Fraction(place, 6) for place in range(1, 7)]
    shares = np.array([share for share, _ in found.values()])
    assert (np.diff(shares, axis=0) <= 0).all()
    for cutoff, (headcount, mean) in found.items():
        needed = STRUCTURE.needed(cutoff)
        expected = measures(STRUCTURE, data["deprived"], needed, domains_of(data))
        np.testing.assert_allclose(headcount, expected.headcount.estimate)
        np.testing.assert_allclose(mean, expected.adjusted.estimate)


# MODA


def test_a_dimension_is_deprived_if_any_of_its_indicators_is():
    rows = np.array([[1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0], [1, 1, 1, 0]]) > 0
    assert STRUCTURE.by_dimension(rows).tolist() == [
        [True, False, False],
        [True, False, True],
        [False, False, False],
        [True, True, False],
    ]


def test_dimensions_are_counted_at_every_cutoff():
    data = simulated(6)
    columns = STRUCTURE.by_dimension(data["deprived"])
    counted = columns.sum(axis=1)
    structure, domains = moda(STRUCTURE), domains_of(data)
    for number in (1, 2, 3):
        needed = structure.needed(Fraction(number, 3))
        found = measures(structure, columns, needed, domains)
        for zone in range(3):
            rows = data["domain"] == zone
            weight, some = data["weight"][rows], counted[rows]
            hit = some >= number
            assert found.headcount.estimate[zone] == pytest.approx(
                weight[hit].sum() / weight.sum()
            )
            assert found.intensity.estimate[zone] * 3 == pytest.approx(
                (weight * some)[hit].sum() / weight[hit].sum()
            )


def test_overlaps_are_a_partition_and_give_the_headcounts_back():
    data = simulated(7)
    columns = STRUCTURE.by_dimension(data["deprived"])
    domains = domains_of(data)
    found = overlaps(columns, domains)
    sums = sum(each.estimate for each in found.values())
    np.testing.assert_allclose(sums, 1, rtol=1e-12)
    for dimension in range(3):
        alone = share(domains, columns[:, dimension]).estimate
        together = sum(
            each.estimate for kind, each in found.items() if dimension in kind
        )
        np.testing.assert_allclose(alone, together, rtol=1e-12)
    possible = {c for size in range(4) for c in combinations(range(3), size)}
    assert set(found) <= possible


# Edges


def test_where_nobody_is_poor_there_is_no_intensity():
    data = simulated(1)
    nobody = np.zeros_like(data["deprived"])
    found = measures(STRUCTURE, nobody, 1, domains_of(data))
    assert found.headcount.estimate.tolist() == [0, 0, 0]
    assert np.isnan(found.intensity.estimate).all()
    assert found.adjusted.estimate.tolist() == [0, 0, 0]
    np.testing.assert_array_equal(found.adjusted.high, found.headcount.high)
    assert (found.headcount.high > 0).all()
    assert np.isnan(found.contributions[0].estimate).all()


def test_where_everybody_is_deprived_in_everything_all_is_one():
    data = simulated(1)
    all_of_it = np.ones_like(data["deprived"])
    found = measures(STRUCTURE, all_of_it, STRUCTURE.total, domains_of(data))
    for figure in (found.headcount, found.intensity, found.adjusted):
        assert figure.estimate.tolist() == [1, 1, 1]
        assert figure.se == pytest.approx([0, 0, 0])
    assert (found.headcount.low < 1).all()


@pytest.mark.parametrize("factor", [0.001, 1000.0])
def test_the_unit_of_the_weights_does_not_matter(factor):
    data = simulated(3)
    scaled = data | {"weight": data["weight"] * factor}
    one, other = (
        measures(STRUCTURE, each["deprived"], 2, domains_of(each))
        for each in (data, scaled)
    )
    np.testing.assert_allclose(one.adjusted.estimate, other.adjusted.estimate)
    np.testing.assert_allclose(one.adjusted.se, other.adjusted.se)


# The structure


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({}, "there is no dimension"),
        ({"a": {}}, 'the dimension "a" has no indicator'),
        ({"a": {"x": Fraction(1, 2)}}, "the weights add up to 1/2, not to 1"),
        (
            {"a": {"x": Fraction(1, 2)}, "b": {"x": Fraction(1, 2)}},
            'the indicator "x" is in two dimensions',
        ),
        (
            {"a": {"x": Fraction(2), "y": Fraction(-1)}},
            'the weight of "y" is not above 0',
        ),
        (
            {"a": {"x": Fraction(1, 10**13), "y": 1 - Fraction(1, 10**13)}},
            "write plain fractions",
        ),
    ],
)
def test_a_structure_that_makes_no_sense_is_refused(weights, words):
    with pytest.raises(ValueError, match=words):
        Structure.of(weights)


@pytest.mark.parametrize("cutoff", [Fraction(0), Fraction(-1, 3), Fraction(4, 3)])
def test_a_cutoff_outside_0_and_1_is_refused(cutoff):
    with pytest.raises(ValueError, match="not above 0 and at most 1"):
        STRUCTURE.needed(cutoff)


# Sensitivity


def test_other_weights_are_those_of_the_global_index():
    found = alternatives(STRUCTURE)
    assert list(found) == [
        "equal indicators",
        "equal dimensions",
        "half on water",
        "half on health",
        "half on school",
    ]
    assert found["equal indicators"].weights == [Fraction(1, 4)] * 4
    quarters = [Fraction(1, 8), Fraction(1, 8), Fraction(1, 2), Fraction(1, 4)]
    assert found["half on health"].weights == quarters
    assert all(sum(each.weights) == 1 for each in found.values())


def test_one_dimension_alone_has_no_other_share():
    alone = Structure.of({"only": {"x": Fraction(1, 3), "y": Fraction(2, 3)}})
    assert list(alternatives(alone)) == ["equal indicators", "equal dimensions"]


def test_agreement_of_rankings():
    order = np.array([0.1, 0.2, 0.3, 0.4])
    assert agreement(order, order**2) == pytest.approx(1)
    assert agreement(order, -order) == pytest.approx(-1)
    swapped = np.array([0.1, 0.3, 0.2, 0.4])
    assert agreement(order, swapped) == pytest.approx(4 / 6)
    assert np.isnan(agreement(order, np.ones(4)))
    assert agreement(order, np.array([np.nan, 1, 2, 3])) == pytest.approx(1)


def test_a_share_of_none_is_bounded_by_the_design_effect_of_all_domains():
    data = simulated(8)
    # Whole households, so that children of one say little more than one child.
    affected = (data["household"] % 2 == 0) & (data["domain"] != 1)
    domains = domains_of(data)
    found = share(domains, affected)
    assert found.estimate[1] == 0
    assert found.low[1] == 0
    alone = np.where(data["domain"] == 1, 0, -1)
    by_count = share(Domains(domains.design, alone, 1), affected)
    assert found.high[1] > by_count.high[0] > 0

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from layers.indicators.disclosure import suppression
from layers.indicators.disclosure.suppression import SENSITIVE, USUAL

ALL, GIRLS, BOYS = range(3)
SEXES = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])


def table_of(count, affected, *, households=None, membership=SEXES):
    """A table from counts per group and zone, (G, zones)."""
    columns = [np.asarray(part) for part in (count, affected)]
    with_town = [np.hstack([part, part.sum(1, keepdims=True)]) for part in columns]
    count, affected = (np.rint(membership @ part).astype(int) for part in with_town)
    return suppression.zone_table(
        membership=membership,
        count=count,
        affected=affected,
        households=count // 2 if households is None else np.asarray(households),
    )


def reasons_of(table, rule=USUAL):
    """Reasons as breakdowns x (zones, town)."""
    return suppression.withheld(table, rule).reshape(3, -1).tolist()


def test_large_groups_are_all_published():
    table = table_of([[60, 60], [60, 60]], [[20, 10], [10, 20]])
    assert reasons_of(table) == [["", "", ""]] * 3


@pytest.mark.parametrize(
    ("count", "affected", "reason"),
    [
        (0, 0, "no_data"),
        (24, 12, "few_children"),
        (60, 1, "few_affected"),
        (60, 4, "few_affected"),
        (60, 56, "few_affected"),
        (60, 5, ""),
        (60, 0, ""),
        (60, 60, ""),
    ],
)
def test_the_primary_rule_looks_at_children_at_those_in_need_and_at_the_rest(
    count, affected, reason
):
    table = table_of([[count, 99], [0, 99]], [[affected, 40], [0, 40]])
    assert suppression.primary(table, USUAL)[0] == reason


def test_few_households_are_withheld_although_the_children_are_many():
    table = table_of([[60], [60]], [[20], [20]], households=[[8, 8], [4, 4], [4, 4]])
    assert suppression.primary(table, USUAL).tolist() == [
        *("", ""),
        *("few_households",) * 4,
    ]
    assert set(suppression.primary(table, SENSITIVE)) == {"few_households"}


def test_nobody_and_everybody_are_not_said_of_a_sensitive_matter():
    table = table_of([[60, 60], [60, 60]], [[0, 20], [60, 20]])
    reasons = suppression.primary(table, SENSITIVE).reshape(3, -1)
    assert reasons[GIRLS, 0] == reasons[BOYS, 0] == "few_affected"
    assert (suppression.primary(table, USUAL) == "").all()


def test_the_other_sex_and_another_zone_hide_with_a_withheld_cell():
    table = table_of([[30, 60, 70], [60, 60, 70]], [[3, 20, 20], [20, 20, 20]])
    reasons = reasons_of(table)
    assert reasons[GIRLS] == ["few_affected", "protects_others", "", ""]
    assert reasons[BOYS] == ["protects_others", "protects_others", "", ""]
    assert reasons[ALL] == ["", "", "", ""]


def test_without_the_second_zone_the_audit_finds_the_withheld_cell():
    table = table_of([[30, 60, 70], [60, 60, 70]], [[3, 20, 20], [20, 20, 20]])
    hidden = np.zeros((3, 4), dtype=bool)
    hidden[[GIRLS, BOYS], 0] = True
    assert suppression.derivable(table, hidden.ravel()).reshape(3, 4)[
        :, 0
    ].tolist() == [
        False,
        True,
        True,
    ]


def test_a_zone_where_nobody_is_in_need_cannot_hide_another():
    """Whoever knows that 0 of the second zone are in need subtracts them."""
    table = table_of([[30, 60, 70], [60, 60, 70]], [[3, 0, 20], [20, 0, 20]])
    hidden = np.zeros((3, 4), dtype=bool)
    hidden[[GIRLS, BOYS], :2] = True
    assert not suppression.derivable(table, hidden.ravel()).any()
    found = suppression.recoverable(table, hidden.ravel()).reshape(3, 4)
    assert found[[GIRLS, BOYS], 0].all()
    reasons = reasons_of(table)
    assert reasons[GIRLS] == ["few_affected", "", "protects_others", ""]


def test_a_town_of_one_zone_withholds_the_town_too():
    table = table_of([[30], [60]], [[3], [20]])
    assert reasons_of(table) == [
        ["", ""],
        ["few_affected", "few_affected"],
        ["protects_others", "protects_others"],
    ]


def test_withheld_zones_are_no_small_group_together():
    """1 and 2 in need are withheld; the town less the other zones would say 3."""
    table = table_of([[60, 60, 60, 70], [0, 0, 0, 0]], [[1, 2, 20, 25], [0, 0, 0, 0]])
    hidden = suppression.primary(table, USUAL) == "few_affected"
    assert not suppression.recoverable(table, hidden)[0]
    rest = suppression.small_rest(table, hidden, USUAL)
    assert rest is not None
    assert table.affected[rest.cells].tolist() == [48, 20, 25]
    reasons = np.array(reasons_of(table))
    assert reasons[ALL].tolist() == [*["few_affected"] * 2, "protects_others", "", ""]


def test_nobody_in_need_together_is_not_said_of_a_sensitive_matter():
    """Z1 and Z2 hide because of no one in need; together they are no one as well."""
    table = table_of([[60, 60, 60, 70], [0, 0, 0, 0]], [[0, 0, 20, 25], [0, 0, 0, 0]])
    assert np.array(reasons_of(table, USUAL))[ALL].tolist() == [""] * 5
    reasons = np.array(reasons_of(table, SENSITIVE))[ALL].tolist()
    assert reasons[:3] == ["few_affected", "few_affected", "protects_others"]


def test_a_range_of_one_to_four_is_known_well_enough():
    """Two zones share four in need, so that each has one to three."""
    table = table_of([[60, 60, 70], [60, 60, 70]], [[2, 2, 20], [20, 20, 20]])
    hidden = np.zeros((3, 4), dtype=bool)
    hidden[[GIRLS, BOYS], :2] = True
    assert suppression.recoverable(table, hidden.ravel()).sum() == 0
    assert suppression.small_rest(table, hidden.ravel(), USUAL) is not None
    reasons = np.array(reasons_of(table))
    assert (reasons[GIRLS] != "").sum() >= 3


def test_age_bands_that_add_up_are_protected_together():
    """Rows: two bands and their union; the first band of one zone is withheld."""
    bands = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    table = table_of(
        [[40, 60, 70], [60, 60, 70]], [[3, 20, 20], [20, 20, 20]], membership=bands
    )
    reasons = reasons_of(table)
    assert reasons[0] == ["few_affected", "protects_others", "", ""]
    assert reasons[1] == ["protects_others", "protects_others", "", ""]


COUNTIES = (
    Path(__file__).parents[5] / "shared/data/suppression/nc_sids_counties.geojson"
)


@pytest.mark.skipif(not COUNTIES.exists(), reason=f"{COUNTIES.name} is not at hand")
def test_real_small_counts_come_back_until_the_audit_has_nothing_left():
    """100 counties in two periods: 72 counts of 1 to 4 hidden, 30 found again."""
    features = json.loads(COUNTIES.read_text("utf-8"))["features"]
    counts = [
        [int(feature["properties"][name]) for feature in features]
        for name in ("SID74", "SID79")
    ]
    periods = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    table = table_of(counts, counts, membership=periods)
    small = (table.count >= 1) & (table.count <= 4)
    hidden = small & (table.zone != suppression.TOWN) & (table.breakdown < 2)
    assert hidden.sum() == 72
    assert suppression.derivable(table, hidden).sum() == 30
    protected = suppression.complementary(table, hidden)
    assert not suppression.recoverable(table, protected).any()
    assert protected.sum() == 102


@st.composite
def tables(draw):
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    zones = draw(st.integers(1, 7))
    count = random.poisson(draw(st.sampled_from([12, 30, 60])), (2, zones))
    share = random.beta(1.0, draw(st.sampled_from([1.0, 4.0, 12.0])), (2, zones))
    return table_of(count, random.binomial(count, share))


@settings(max_examples=40, deadline=None)
@given(table=tables(), rule=st.sampled_from([USUAL, SENSITIVE]))
def test_no_withheld_cell_is_a_sum_of_published_ones(table, rule):
    """The row of a withheld cell always raises the rank of the published rows."""
    reasons = suppression.withheld(table, rule)
    published = table.membership[(reasons == "") | (reasons == "no_data")]
    rank = np.linalg.matrix_rank(published) if len(published) else 0
    for cell in np.flatnonzero((reasons != "") & (reasons != "no_data")):
        if table.count[cell]:
            both = np.vstack([published, table.membership[cell]])
            assert np.linalg.matrix_rank(both) == rank + 1


@settings(max_examples=20, deadline=None)
@given(table=tables(), rule=st.sampled_from([USUAL, SENSITIVE]))
def test_no_withheld_cell_is_pinned_down_by_counts_that_cannot_be_negative(table, rule):
    reasons = suppression.withheld(table, rule)
    shown = (reasons == "") | (reasons == "no_data")
    if not shown.any():
        return
    for counts in (table.affected, table.unaffected):
        for cell in np.flatnonzero(~shown & (counts > 0)):
            ends = [
                linprog(
                    sign * table.membership[cell],
                    A_eq=table.membership[shown],
                    b_eq=counts[shown],
                    bounds=(0, counts.sum() + 5),
                ).fun
                * sign
                for sign in (1.0, -1.0)
            ]
            assert ends[1] - ends[0] > 0.999


@settings(max_examples=40, deadline=None)
@given(table=tables(), rule=st.sampled_from([USUAL, SENSITIVE]))
def test_what_the_primary_rule_withholds_stays_withheld(table, rule):
    first, final = suppression.primary(table, rule), suppression.withheld(table, rule)
    unsafe = (first != "") & (first != "no_data")
    assert (final[unsafe] == first[unsafe]).all()


@given(count=st.integers(25, 400), data=st.data())
def test_a_shown_percentage_and_count_give_back_no_group_of_one_to_four(count, data):
    """Every published numerator is zero or at least five; so is what a reader infers."""
    affected = data.draw(st.integers(5, count - 5))
    share = suppression.shown_share(np.array([affected / count]), np.array([count]))
    inferred = float(share[0]) * int(suppression.shown_count(np.array([count]))[0])
    assert inferred >= 4.0
    half = 0.005 if count < 100 else 0.0005
    possible = {
        y
        for n in range(count - 4, count + 5)
        if suppression.shown_count(np.array([n]))[0]
        == suppression.shown_count(np.array([count]))[0]
        for y in range(n + 1)
        if abs(y / n - share[0]) <= half + 1e-9
    }
    assert affected in possible
    assert not possible <= {1, 2, 3, 4}
    assert not {n - affected for n in range(count - 4, count + 5)} <= {1, 2, 3, 4}

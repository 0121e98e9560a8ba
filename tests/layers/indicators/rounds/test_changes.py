"""Changes as releases state them: from published figures, frozen, with their reasons."""

import datetime
from dataclasses import replace

import pytest
from django.db import Error, transaction

from layers.indicators.models import Change, Estimate
from layers.indicators.rounds.changes import release_before
from layers.indicators.services import compute_release
from tests.factories.geography import ZoneFactory
from tests.factories.observations import households

AUTUMN = {"code": "autumn", "reference_date": datetime.date(2025, 10, 1)}


@pytest.fixture
def two(put, town):
    """An earlier round, and one in which the poorer two zones have changed places."""

    def two(first=None, second=None):
        earlier = put(first or households(3, per_zone=300, frame=1000), **AUTUMN)
        compute_release(municipality=town, observation_set=earlier)
        zones = ("Z1", "Z3", "Z2")
        later = put(second or households(4, zones=zones, per_zone=300, frame=1000))
        return compute_release(municipality=town, observation_set=later)

    return two


def change(release, zone, indicator="hou_internet"):
    found = Change.objects.of_release(release).of_indicator(indicator)
    return found.of_breakdown("all").get(zone__code=zone)


def test_a_first_round_states_no_change(release):
    assert Change.objects.count() == 0
    assert release_before(release) is None


def test_a_release_is_compared_with_the_round_before_it(two):
    release = two()
    assert {each.former.observation_set.code for each in release.changes.all()} == {
        "autumn"
    }
    sexes = {"breakdown__in": ["all", "sex:female", "sex:male"]}
    assert (
        release.changes.filter(**sexes).count()
        == release.estimates.filter(**sexes).count()
    )
    worse, better = change(release, "Z2"), change(release, "Z3")
    assert (worse.verdict, better.verdict) == ("worse", "better")
    assert worse.difference > 0.1
    assert worse.low < worse.difference < worse.high
    assert worse.p < 0.05
    # No home of the richest zone is without internet, in neither round.
    assert change(release, "Z1").reason == "no_variance"


def test_a_change_says_no_more_than_the_two_published_figures(two):
    """Where no household was asked twice."""
    others = [
        replace(
            unit,
            key=f"{unit.key}n",
            psu=f"{unit.psu}n",
            children=[replace(each, key=f"{each.key}n") for each in unit.children],
        )
        for unit in households(4, per_zone=300, frame=1000)
    ]
    release = two(second=others)
    for each in release.changes.exclude(difference=None).select_related("former"):
        same = {"indicator": each.indicator, "breakdown": each.breakdown}
        after = release.estimates.get(zone=each.zone, **same)
        before = each.former.estimates.get(zone=each.zone, **same)
        assert each.difference == pytest.approx(after.estimate - before.estimate)
        assert each.se == pytest.approx((after.se**2 + before.se**2) ** 0.5, abs=1e-4)


def test_what_is_withheld_in_either_round_has_no_change(two):
    release = two()
    hidden = release.estimates.filter(estimate=None).exclude(zone=None)
    hidden = hidden.filter(breakdown__in=["all", "sex:female", "sex:male"])
    assert hidden.exists()
    for each in hidden:
        same = {"indicator": each.indicator, "breakdown": each.breakdown}
        stated = release.changes.get(zone=each.zone, **same)
        assert (stated.verdict, stated.reason) == ("not_comparable", "not_published")
        assert stated.difference is stated.se is stated.p is None


def test_uncertain_figures_are_not_compared(two):
    few = households(5, per_zone=30, frame=100)
    release = two(second=few)
    uncertain = release.estimates.filter(flag="uncertain", se__gt=0).exclude(zone=None)
    assert uncertain.exists()
    for each in uncertain:
        same = {"indicator": each.indicator, "breakdown": each.breakdown}
        stated = release.changes.get(zone=each.zone, **same)
        assert stated.reason in ("uncertain", "not_published")


def test_two_definitions_are_not_compared(put, town, monkeypatch):
    earlier = put(households(3, per_zone=300, frame=1000), **AUTUMN)
    former = compute_release(municipality=town, observation_set=earlier)
    rows = Estimate.objects.of_release(former).of_indicator("hou_internet")

    class Older:
        """The former round's figures, as an older definition would have made them."""

        def __call__(self, release):
            found = list(release.estimates.select_related("zone"))
            for row in found if release == former else []:
                row.definition_version = 0
            return found

    assert rows.exists()
    monkeypatch.setattr("layers.indicators.rounds.changes._figures", Older())
    later = put(households(4, per_zone=300, frame=1000))
    release = compute_release(municipality=town, observation_set=later)
    assert change(release, "Z1").reason == "other_definition"


def test_a_zone_that_was_drawn_anew_is_not_compared(put, town, zones):
    earlier = put(households(3, per_zone=300, frame=1000), **AUTUMN)
    compute_release(municipality=town, observation_set=earlier)
    old = zones[0]
    old.valid_until = datetime.date(2026, 1, 1)
    old.save()
    ZoneFactory(municipality=town, code=old.code)
    later = put(households(4, per_zone=300, frame=1000))
    release = compute_release(municipality=town, observation_set=later)
    assert change(release, "Z1").reason == "other_boundary"
    assert change(release, "Z2").reason != "other_boundary"


def test_changes_are_frozen(two):
    two()
    for spoil in (
        lambda: Change.objects.update(verdict="better"),
        lambda: Change.objects.all().delete(),
    ):
        with pytest.raises(Error, match="A release is frozen"), transaction.atomic():
            spoil()


def test_totals_are_the_shown_share_of_the_shown_population(release):
    shown = release.estimates.exclude(estimate=None)
    assert shown.count() > 20
    for row in shown:
        assert row.population % 10 == row.total % 10 == 0
        assert abs(row.total - row.estimate * row.population) <= 5.001
        assert row.df >= 1
    whole = shown.get(indicator="hou_internet", breakdown="all", zone=None)
    parts = shown.filter(indicator="hou_internet", breakdown="all").exclude(zone=None)
    added = sum(row.population for row in parts)
    assert whole.population == pytest.approx(added, abs=10 * (parts.count() + 1))


def test_a_withheld_figure_has_no_total_either(release):
    hidden = release.estimates.filter(estimate=None)
    assert hidden.exists()
    for row in hidden:
        assert row.df is row.deff is row.population is row.total is None

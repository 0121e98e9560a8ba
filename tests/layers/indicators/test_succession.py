"""Releases of one round, one after another."""

from dataclasses import replace

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from layers.indicators.disclosure import differencing, suppression
from layers.indicators.models import Estimate, FamilyCounts, Release
from layers.indicators.services import compute_release
from tests.factories.observations import households

VALUES = ("estimate", "low", "high", "n", "households", "flag", "reason")


def figures(release):
    return {
        (row.indicator, row.breakdown, row.zone and row.zone.code): [
            getattr(row, name) for name in VALUES
        ]
        for row in Estimate.objects.of_release(release).select_related("zone")
    }


@pytest.fixture
def publish(put, town):
    return lambda units: compute_release(municipality=town, observation_set=put(units))


def without_one(units, zone="Z1"):
    """The round without one household that has children: a correction."""
    gone = next(
        unit for unit in units if unit.zone_code == zone and 0 < len(unit.children) < 5
    )
    return [unit for unit in units if unit is not gone]


def test_a_small_correction_moves_no_published_figure_of_its_zone(publish):
    units = households()
    first, second = publish(units), publish(without_one(units))
    assert second.number == first.number + 1
    before, after = figures(first), figures(second)
    assert before.keys() == after.keys()
    same_children = [
        key
        for key in before
        if key[0] in {"was_water", "was_sanit", "hou_internet"}
        and key[2] in {"Z1", None}
        and key[1] == "all"
    ]
    assert len(same_children) == 6
    for key in same_children:
        assert after[key] == before[key]


def test_a_large_correction_is_published(publish):
    units = households()
    few = [unit for unit in units if unit.zone_code != "Z1"]
    some = [unit for unit in units if unit.zone_code == "Z1"][:30]
    first, second = publish(units), publish(few + some)
    key = ("hou_internet", "all", "Z1")
    assert figures(first)[key] != figures(second)[key]


def test_the_counts_behind_a_release_say_what_was_published_from_them(publish):
    units = households()
    publish(units)
    second = publish(without_one(units))
    stored = FamilyCounts.objects.get(release=second, family="hou_internet").content
    # Cells of larger areas follow.
    whole = 3, len(stored["zones"]) + 1
    fresh = np.array(stored["fresh"])[: np.prod(whole)].reshape(whole)
    assert not fresh[0, 0]
    assert not fresh[0, -1]
    assert fresh[0, 1]


def test_two_releases_and_their_sums_show_no_change_of_one_to_four(publish):
    """The stored counts are the truth; what both publish must not give it."""
    units = households()
    publish(units)
    second = publish(without_one(without_one(units), "Z2"))
    assert FamilyCounts.objects.filter(release=second).count() >= 8
    both = FamilyCounts.objects.order_by("release__number")
    for family in both.filter(release=second):
        old, new = (
            each.content for each in both.filter(family=family.family).order_by("pk")
        )
        for name in ("count", "affected"):
            change = np.abs(np.array(new[name]) - np.array(old[name]))
            small = (change > 0) & (change < 5)
            shown = np.array(old["fresh"]) & np.array(new["fresh"])
            assert not (small & shown).any()


def test_a_release_whose_audit_finds_a_withheld_figure_is_not_published(
    publish, monkeypatch
):
    monkeypatch.setattr(
        suppression, "complementary", lambda table, hidden, rule: hidden
    )
    with pytest.raises(ValidationError, match="Nothing was published: readers could"):
        publish(households())
    assert not Release.objects.exists()


def test_the_comparison_with_earlier_releases_is_audited_as_well(publish, monkeypatch):
    units = households()
    publish(units)

    def nothing_held(earlier, new):
        return np.zeros(len(new.cells), dtype=bool)

    monkeypatch.setattr(differencing, "held_back", nothing_held)
    with pytest.raises(ValidationError, match="Move the households of this zone"):
        publish(without_one(units))
    assert Release.objects.count() == 1


@pytest.mark.parametrize(
    ("language", "word"), [("ar", "لم يُنشر شيء"), ("fr", "Rien n’a été publié")]
)
def test_the_refusal_speaks_the_readers_language(publish, monkeypatch, language, word):
    monkeypatch.setattr(
        suppression, "complementary", lambda table, hidden, rule: hidden
    )
    with translation.override(language), pytest.raises(ValidationError, match=word):
        publish(households())


def test_a_figure_of_a_zone_that_is_new_is_not_taken_from_another(publish, zones):
    """Z4 had nobody; its first households are news, not a correction of little."""
    units = households()
    publish(units)
    moved = [
        replace(unit, zone_code="Z4", stratum="Z4") if number < 30 else unit
        for number, unit in enumerate(units)
    ]
    second = publish(moved)
    assert figures(second)["hou_internet", "all", "Z4"][0] is not None

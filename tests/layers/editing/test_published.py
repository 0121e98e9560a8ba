"""Figures and zones that change: what was published stays, what is small stays hidden."""

import datetime
from dataclasses import replace

import numpy as np
import pytest

from layers.editing.errors import EditRefused
from layers.editing.models import Layer
from layers.editing.services import Order, undo
from layers.geography.models import Zone
from layers.indicators.models import Estimate, FamilyCounts
from layers.indicators.services import compute_release, replace_observations
from tests.factories.observations import households
from tests.layers.editing.ground import at

TITLES = {"ar": "جولة", "en": "Round", "fr": "Vague"}
SPLIT = {"codes": ["E"], "line": [at(2, -1), at(2, 3)], "accepted": True}


@pytest.fixture
def publish(block):
    def publish(units):
        observed = replace_observations(
            municipality=block,
            code="spring",
            titles=TITLES,
            reference_date=datetime.date(2026, 4, 30),
            source="Household survey",
            units=units,
        )
        return compute_release(municipality=block, observation_set=observed)

    return publish


@pytest.fixture
def units():
    return households(zones=("W", "E"))


def test_published_figures_stay_with_the_former_zone(edit, publish, units, zones):
    release = publish(units)
    former = zones()["E"]
    outcome = edit("split", Layer.QUARTERS, **SPLIT, new_codes=["E1", "E2"])
    warned = {each.code: each.codes for each in outcome.warnings}
    assert warned["published"] == ("E",)
    assert warned["before_round"] == ("Round",)
    assert outcome.edit
    told = Estimate.objects.of_release(release).exclude(zone=None)
    assert {row.zone.code for row in told} == {"W", "E"}
    assert Zone.objects.get(pk=former.pk).valid_until is not None
    assert set(zones()) == {"W", "E1", "E2"}


def test_an_edit_after_the_published_round_comes_before_none(edit, publish, units):
    publish(units)
    later = datetime.date(2026, 5, 1)
    asked = {**SPLIT, "new_codes": ["E1", "E2"], "on": later, "dry_run": True}
    outcome = edit("split", Layer.QUARTERS, **asked)
    assert "before_round" not in [each.code for each in outcome.warnings]


def test_a_piece_does_not_take_the_code_of_published_figures(edit, publish, units):
    """The map joins figures by code: the whole's would be drawn on the piece."""
    publish(units)
    with pytest.raises(EditRefused, match="published under the code “E”"):
        edit("split", Layer.QUARTERS, **SPLIT, new_codes=["E", "E2"])


def test_a_small_piece_is_not_what_remains_of_the_published_whole(edit, publish, units):
    publish(units)
    edit("split", Layer.QUARTERS, **SPLIT, new_codes=["E1", "E2"])
    few = [each.key for each in units if each.zone_code == "E" and each.children][:2]
    moved = [
        replace(each, zone_code="E2" if each.key in few else "E1")
        if each.zone_code == "E"
        else each
        for each in units
    ]
    second = publish(moved)
    content = FamilyCounts.objects.get(release=second, family="hou_internet").content
    codes = [code for _pk, code in content["zones"]]
    fresh = np.array(content["fresh"]).reshape(3, -1)[0]
    count = np.array(content["count"]).reshape(3, -1)[0]
    assert 0 < count[codes.index("E2")] < 10
    assert not fresh[codes.index("E2")]
    assert not fresh[codes.index("E1")]
    shown = Estimate.objects.of_release(second).of_indicator("hou_internet")
    assert shown.get(zone__code="E1", breakdown="all").estimate is None


def test_an_edit_is_not_undone_under_figures_of_its_zones(
    edit, publish, units, block, editor
):
    made = edit("split", Layer.QUARTERS, **SPLIT, new_codes=["E1", "E2"]).edit
    publish([replace(x, zone_code="E1") if x.zone_code == "E" else x for x in units])
    order = Order(by=editor, reason="Wrong", on=datetime.date(2026, 3, 1))
    with pytest.raises(EditRefused, match="published by these zones after"):
        undo(municipality=block, edit=made, order=order)

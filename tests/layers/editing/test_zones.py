"""Smaller zones stay under the right one when a larger changes, and go back."""

from datetime import date

import pytest

from layers.editing.errors import EditRefused
from layers.editing.models import Layer
from layers.editing.services import Order, undo
from layers.geography.models import Zone
from tests.factories.geography import ZoneFactory
from tests.layers.editing.ground import area, at
from tests.layers.editing.test_services import LONG_AGO, codes, ring

DAY = date(2026, 3, 1)


@pytest.fixture
def inside(block, zones):
    """Four blocks: one to the west, three in a row to the east, one of them in two rows."""
    quarters = zones()
    for code, parent, place in [
        ("w", "W", (0, 0, 1, 2)),
        ("a", "E", (1, 0, 2, 1)),
        ("b", "E", (1, 1, 2, 2)),
        ("c", "E", (2, 0, 3, 2)),
    ]:
        ZoneFactory(
            municipality=block,
            code=code,
            kind="block",
            parent=quarters[parent],
            valid_from=LONG_AGO,
            geometry=area(*place),
        )
    return block


@pytest.fixture
def parents(zones):
    """Code of each block → code of the zone above it, in force."""

    def told():
        rows = [row for row in zones().values() if row.kind == "block"]
        assert all(row.parent is None or row.parent.valid_until is None for row in rows)
        return {row.code: row.parent.code if row.parent else "" for row in rows}

    return told


@pytest.fixture
def take_back(block, editor):
    order = Order(by=editor, reason="Wrong decision", on=DAY, accepted=True)
    return lambda made: undo(municipality=block, edit=made, order=order)


def said(outcome):
    return [
        (move.label, move.origin, move.destination, move.open)
        for move in outcome.following["zones"].moves
    ]


WIDER = ring(at(0, 0), at(2, 0), at(2, 1), at(1, 1), at(1, 2), at(0, 2))
"""Quarter W with the ground of block a."""


def test_a_block_that_lies_wholly_elsewhere_goes_there_and_back(
    edit, inside, parents, take_back
):
    before = parents()
    # The corner at (1, 0) goes on to (2, 0): E takes its border along.
    outcome = edit("reshape", Layer.QUARTERS, codes=["W"], geometry=WIDER)
    assert codes(outcome) == []
    assert said(outcome) == [("a", "E", "W", False)]
    assert parents() == {**before, "a": "W"}
    undone = take_back(outcome.edit)
    assert said(undone) == [("a", "W", "E", False)]
    assert parents() == before
    take_back(undone.edit)
    assert parents() == {**before, "a": "W"}


@pytest.mark.parametrize(("share", "parent"), [(1.3, "E"), (1.7, "W")])
def test_a_block_that_is_cut_goes_by_its_largest_part_after_a_yes(
    edit, inside, parents, take_back, share, parent
):
    before = parents()
    moved = ring(at(0, 0), at(share, 0), at(share, 1), at(1, 1), at(1, 2), at(0, 2))
    asked = {"codes": ["W"], "geometry": moved}
    outcome = edit("reshape", Layer.QUARTERS, **asked)
    assert outcome.edit is None
    assert ("cuts_zones", ("a",)) in codes(outcome)
    (remark,) = [each for each in outcome.remarks if each.code == "cuts_zones"]
    assert remark.square_metres == pytest.approx(2500 * 0.3, rel=0.02)
    assert "smaller zones: 1" in remark.message
    assert said(outcome) == [("a", "E", parent, True)]
    assert parents() == before
    made = edit("reshape", Layer.QUARTERS, **asked, accepted=True).edit
    assert parents() == {**before, "a": parent}
    take_back(made)
    assert parents() == before


def test_blocks_go_with_the_pieces_of_a_quarter_and_back(
    edit, inside, parents, take_back
):
    before = parents()
    outcome = edit("split", Layer.QUARTERS, codes=["E"], line=[at(2, -1), at(2, 3)], new_codes=["E1", "E2"])  # fmt: skip
    now = parents()
    assert now["a"] == now["b"] != now["c"]
    assert {now["a"], now["c"]} == {"E1", "E2"}
    take_back(outcome.edit)
    assert parents() == before


def test_a_split_along_nothing_tells_the_blocks_that_it_cuts(edit, inside):
    outcome = edit("split", Layer.QUARTERS, codes=["E"], line=[at(0, 0.8), at(4, 0.8)])
    assert ("cuts_zones", ("a", "c")) in codes(outcome)


def test_blocks_of_merged_quarters_lie_under_the_one_and_back(
    edit, inside, parents, take_back
):
    before = parents()
    outcome = edit("merge", Layer.QUARTERS, codes=["W", "E"], new_codes=["N"])
    assert outcome.edit
    assert set(parents().values()) == {"N"}
    take_back(outcome.edit)
    assert parents() == before


def test_blocks_of_a_quarter_out_of_force_lie_under_none_after_a_yes(
    edit, inside, parents, take_back
):
    before = parents()
    outcome = edit("retire", Layer.QUARTERS, codes=["W"])
    assert ("parentless", ("w",)) in codes(outcome)
    made = edit("retire", Layer.QUARTERS, codes=["W"], accepted=True).edit
    assert parents() == {**before, "w": ""}
    take_back(made)
    assert parents() == before


def test_a_block_goes_under_a_section_that_is_added_above_it(edit, inside, parents):
    place = ring(at(1, 0), at(2, 0), at(2, 2), at(1, 2))
    outcome = edit("add", Layer.SECTIONS, new_codes=["S"], geometry=place)
    assert said(outcome) == [("a", "E", "S", False), ("b", "E", "S", False)]
    retired = edit("retire", Layer.SECTIONS, codes=["S"])
    assert retired.edit, codes(retired)
    assert {parents()[code] for code in "ab"} == {"E"}


def test_an_edit_of_a_block_is_undone_under_the_quarter_of_today(
    edit, inside, parents, take_back
):
    made = edit("merge", Layer.BLOCKS, codes=["a", "b"], new_codes=["a"]).edit
    edit("split", Layer.QUARTERS, codes=["E"], line=[at(2, -1), at(2, 3)], new_codes=["E1", "E2"])  # fmt: skip
    here = parents()["a"]
    take_back(made)
    assert parents()["a"] == parents()["b"] == here


def test_blocks_of_two_quarters_become_one_after_a_yes(edit, inside, parents):
    outcome = edit("merge", Layer.BLOCKS, codes=["w", "a"], new_codes=["n"])
    assert codes(outcome) == [("across_parents", ("w", "a"))]
    assert outcome.remarks[0].square_metres == pytest.approx(2500, rel=0.02)
    edit("merge", Layer.BLOCKS, codes=["w", "a"], new_codes=["n"], accepted=True)
    assert parents()["n"] == "W"


def test_a_warning_that_nobody_saw_is_accepted_by_nobody(edit, inside, block, zones):
    asked = {"codes": ["E"], "line": [at(2, -1), at(2, 3)], "new_codes": ["E1", "E2"]}
    seen = edit("split", Layer.QUARTERS, **asked, dry_run=True).token
    ZoneFactory(municipality=block, code="late", kind="block", parent=zones()["E"], valid_from=LONG_AGO, geometry=area(1.5, 0, 2.5, 1))  # fmt: skip
    with pytest.raises(EditRefused, match="Somebody changed these places"):
        edit("split", Layer.QUARTERS, **asked, seen=seen, accepted=True)
    assert not Zone.objects.of(block).current().filter(code="E1").exists()

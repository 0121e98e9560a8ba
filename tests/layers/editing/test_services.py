"""Edits on a real PostGIS: what they write, refuse, and take back."""

import re
from datetime import date

import pytest
import shapely
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon

from layers.editing.errors import EditRefused
from layers.editing.models import Edit, Layer
from layers.editing.services import Order, undo
from layers.geography.models import Parcel, Zone
from layers.maps.catalogue import layer_named
from layers.maps.models import LayerVersion
from tests.factories.geography import ParcelFactory
from tests.layers.editing.ground import area, at

DAY = date(2026, 3, 1)
LONG_AGO = date(2020, 1, 1)
WITHIN = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def shape(row) -> MultiPolygon:
    return shapely.from_wkb(bytes(row.geometry.wkb))


def ring(*corners) -> MultiPolygon:
    return MultiPolygon([Polygon(corners)])


def codes(outcome):
    return [(each.code, each.codes) for each in outcome.remarks]


# -- splitting -------------------------------------------------------------------------


def test_a_piece_keeps_the_row_of_the_code_that_it_keeps(edit, parcels):
    before = parcels()
    outcome = edit("split", codes=["2"], line=[at(1.4, -0.5), at(1.4, 1.5)], new_codes=["2", "2/1"])  # fmt: skip
    assert outcome.edit
    assert outcome.remarks == []
    after = parcels()
    assert after["2"].pk == before["2"].pk
    assert after["2"].zone == after["2/1"].zone == before["2"].zone
    assert after["2"].area + after["2/1"].area == pytest.approx(before["2"].area, 0.01)
    assert after["2"].area > after["2/1"].area
    assert after["2"].official_area is None
    assert {after[code].valid_from for code in ("2", "2/1")} == {DAY}


def test_the_former_state_of_a_split_parcel_is_kept_as_a_closed_row(edit, block):
    was = Parcel.objects.get(code="2")
    edit("split", codes=["2"], line=[at(1.4, -0.5), at(1.4, 1.5)], new_codes=["7", "8"])
    closed = Parcel.objects.of(block).get(code="2")
    assert (closed.pk, closed.valid_from, closed.valid_until) == (was.pk, LONG_AGO, DAY)
    on_that_day = Parcel.objects.of(block).current(on=date(2026, 2, 28))
    assert sorted(on_that_day.values_list("code", flat=True)) == list("123456")


@WITHIN
@given(
    start=st.floats(1.02, 1.98),
    end=st.floats(1.02, 1.98),
    bend=st.tuples(st.floats(1.1, 1.9), st.floats(0.2, 0.8)),
)
def test_pieces_add_up_and_leave_neither_gap_nor_overlap(edit, block, start, end, bend):
    with transaction.atomic():
        whole = shape(Parcel.objects.of(block).current().get(code="2"))
        line = [at(start, -0.2), at(*bend), at(end, 1.2)]
        outcome = edit("split", codes=["2"], line=line, new_codes=["2", "2/1"], accepted=True)  # fmt: skip
        assert outcome.errors == [], codes(outcome)
        assert {each.code for each in outcome.remarks} <= {"sliver"}
        rows = Parcel.objects.of(block).current().filter(code__in=["2", "2/1"])
        one, other = map(shape, rows)
        assert one.area + other.area == pytest.approx(whole.area, rel=1e-5)
        assert one.intersection(other).buffer(-1e-7).is_empty
        assert whole.difference(one.union(other)).buffer(-1e-7).is_empty
        transaction.set_rollback(True)


def test_a_line_that_does_not_cross_is_refused(edit):
    with pytest.raises(EditRefused, match="does not cut “2” in two"):
        edit("split", codes=["2"], line=[at(1.4, -0.5), at(1.4, 0.5)], new_codes=["2", "7"])  # fmt: skip


def test_there_must_be_a_code_for_each_piece(edit):
    with pytest.raises(EditRefused, match="2 pieces and 1 codes are given"):
        edit("split", codes=["2"], line=[at(1.4, -1), at(1.4, 2)], new_codes=["2"])
    with pytest.raises(EditRefused, match="“3” is in force already"):
        edit("split", codes=["2"], line=[at(1.4, -1), at(1.4, 2)], new_codes=["2", "3"])
    with pytest.raises(EditRefused, match="“2” is given twice"):
        edit("split", codes=["2"], line=[at(1.4, -1), at(1.4, 2)], new_codes=["2", "2"])


def test_a_strip_of_a_few_centimetres_needs_a_yes(edit, parcels):
    asked = {
        "codes": ["2"],
        "line": [at(1.005, -1), at(1.005, 2)],
        "new_codes": ["2", "9"],
    }
    outcome = edit("split", **asked)
    assert codes(outcome) == [("sliver", ("9",))]
    assert outcome.edit is None
    assert "9" not in parcels()
    assert edit("split", **asked, accepted=True).edit
    assert "9" in parcels()


# -- merging ---------------------------------------------------------------------------


def test_neighbours_become_one(edit, parcels):
    before = parcels()
    outcome = edit("merge", codes=["2", "3", "5"], new_codes=["3"])
    assert outcome.edit
    assert outcome.remarks == []
    after = parcels()
    assert sorted(after) == ["1", "3", "4", "6"]
    assert after["3"].pk == before["3"].pk
    assert after["3"].official_area == 7500
    gone = Parcel.objects.get(pk=before["5"].pk)
    assert gone.valid_until == DAY
    assert after["3"].area == pytest.approx(sum(before[x].area for x in "235"), 0.01)


def test_places_apart_do_not_become_one(edit):
    with pytest.raises(EditRefused, match="don't share a border"):
        edit("merge", codes=["1", "3"], new_codes=["1"])
    # A corner is no border.
    with pytest.raises(EditRefused, match="don't share a border"):
        edit("merge", codes=["1", "5"], new_codes=["1"])


def test_a_merged_parcel_across_two_quarters_needs_a_yes(edit):
    outcome = edit("merge", codes=["1", "2"], new_codes=["1"], dry_run=True)
    assert [each.code for each in outcome.warnings] == ["across_zones"]
    assert outcome.warnings[0].square_metres == pytest.approx(2500, rel=0.02)


# -- moving corners --------------------------------------------------------------------


def moved_middle(x=1.2, y=1.1):
    """Parcel 5 with the corner that it shares with 1, 2 and 4 moved."""
    return ring(at(x, y), at(2, 1), at(2, 2), at(1, 2))


def test_neighbours_move_along_with_a_shared_corner(edit, parcels):
    before = parcels()
    outcome = edit("reshape", codes=["5"], geometry=moved_middle(), accepted=True)
    assert outcome.errors == []
    assert [state["code"] for state in outcome.after] == ["5", "1", "2", "4"]
    after = parcels()
    whole = shapely.union_all([shape(row) for row in after.values()])
    assert whole.equals(shapely.union_all([shape(row) for row in before.values()]))
    assert {code for code in after if after[code].valid_from == DAY} == set("1245")


@WITHIN
@given(x=st.floats(0.1, 1.9), y=st.floats(0.1, 1.9))
def test_a_moved_corner_opens_no_gap_and_no_overlap(edit, block, x, y):
    # A corner that stays where it was, within 2 cm, is refused.
    assume(abs(x - 1) + abs(y - 1) > 2e-3)
    with transaction.atomic():
        rows = list(Parcel.objects.of(block).current())
        whole = shapely.union_all([shape(row) for row in rows])
        outcome = edit("reshape", codes=["5"], geometry=moved_middle(x, y), accepted=True)  # fmt: skip
        if outcome.errors:
            # A corner that passes over another border.
            assert {each.code for each in outcome.errors} <= {"self_intersection", "overlap"}  # fmt: skip
            return
        after = [shape(row) for row in Parcel.objects.of(block).current()]
        assert sum(each.area for each in after) == pytest.approx(whole.area, rel=1e-6)
        assert whole.symmetric_difference(shapely.union_all(after)).area < 1e-16
        transaction.set_rollback(True)


def test_a_border_that_alone_moves_into_the_neighbour_is_refused(edit, parcels):
    outcome = edit("reshape", codes=["5"], geometry=ring(at(0.9, 1), at(2, 1), at(2, 2), at(0.9, 2)), neighbours_follow=False, accepted=True)  # fmt: skip
    assert codes(outcome) == [("overlap", ("5", "4"))] or codes(outcome)[0] == (
        "overlap",
        ("5", "4"),
    )
    assert outcome.errors[0].square_metres == pytest.approx(250, rel=0.02)
    longitude, latitude = outcome.errors[0].place
    assert at(0.9, 1)[0] < longitude < at(1, 1)[0]
    assert at(0, 1)[1] < latitude < at(0, 2)[1]
    assert outcome.edit is None
    assert parcels()["5"].valid_from == LONG_AGO


def test_ground_that_is_left_to_nobody_needs_a_yes_and_is_measured(edit):
    outcome = edit("reshape", codes=["5"], geometry=ring(at(1.1, 1), at(2, 1), at(2, 2), at(1.1, 2)), neighbours_follow=False)  # fmt: skip
    assert [each.code for each in outcome.remarks] == ["gap"]
    assert outcome.remarks[0].square_metres == pytest.approx(250, rel=0.02)


def test_a_border_that_crosses_itself_is_refused_with_the_place(edit):
    outcome = edit("reshape", codes=["5"], geometry=ring(at(1, 1), at(2, 2), at(2, 1), at(1, 2)))  # fmt: skip
    assert codes(outcome) == [("self_intersection", ("5",))]
    assert outcome.errors[0].place == pytest.approx(at(1.5, 1.5), abs=1e-6)


def test_an_overlap_that_the_register_had_already_is_not_the_editors(edit, block):
    ParcelFactory(municipality=block, code="old", valid_from=LONG_AGO, geometry=area(2.9, 0, 3.5, 1))  # fmt: skip
    line = [at(2.5, -1), at(2.5, 2)]
    outcome = edit("split", codes=["3"], line=line, new_codes=["3", "3/1"])
    assert [each for each in outcome.remarks if each.code == "overlap"] == []


# -- adding and retiring ---------------------------------------------------------------


def test_a_place_is_added_and_taken_out_of_force(edit, parcels, block):
    added = edit("add", new_codes=["7"], geometry=ring(at(3, 0), at(4, 0), at(4, 1), at(3, 1)), accepted=True)  # fmt: skip
    assert added.edit
    assert [each.code for each in added.warnings] == ["zoneless"]
    assert parcels()["7"].area == pytest.approx(2500, rel=0.02)
    assert edit("retire", codes=["7"], on=date(2026, 3, 2)).edit
    assert "7" not in parcels()
    assert Parcel.objects.of(block).get(code="7").valid_until == date(2026, 3, 2)


def test_a_place_far_outside_is_refused(edit):
    far = ring((36.5, 34.5), (36.501, 34.5), (36.501, 34.501), (36.5, 34.501))
    outcome = edit("add", new_codes=["7"], geometry=far, accepted=True)
    assert [each.code for each in outcome.errors] == ["outside"]
    assert outcome.edit is None


# -- dates -----------------------------------------------------------------------------


def test_an_edit_is_neither_of_tomorrow_nor_before_the_last_change(edit):
    with pytest.raises(EditRefused, match="lies in the future"):
        edit("retire", codes=["1"], on=date(2100, 1, 1))
    with pytest.raises(EditRefused, match="last changed on 2020-01-01"):
        edit("retire", codes=["1"], on=date(2019, 12, 31))


# -- zones -----------------------------------------------------------------------------


def test_parcels_go_to_the_quarters_that_a_split_makes(edit, parcels, zones):
    outcome = edit("split", Layer.QUARTERS, codes=["E"], line=[at(2, -1), at(2, 3)], new_codes=["E1", "E2"])  # fmt: skip
    assert outcome.edit
    assert outcome.remarks == []
    assert sorted(zones()) == ["E1", "E2", "W"]
    held = {code: row.zone.code for code, row in parcels().items()}
    assert held["2"] == held["5"] != held["3"] == held["6"]
    assert held["1"] == "W"
    assert zones()["E1"].name_ar.endswith(" E1")


def test_a_quarter_that_cuts_parcels_says_which(edit):
    outcome = edit("split", Layer.QUARTERS, codes=["E"], line=[at(1.5, -1), at(1.5, 3)], new_codes=["E1", "E2"])  # fmt: skip
    assert codes(outcome) == [("cuts_parcels", ("2", "5"))]
    assert outcome.edit is None
    assert outcome.remarks[0].message == "The new border cuts through parcels: 2."


def test_no_ground_may_be_left_without_a_quarter(edit):
    smaller = ring(at(1, 0), at(2.5, 0), at(2.5, 2), at(1, 2))
    outcome = edit("reshape", Layer.QUARTERS, codes=["E"], geometry=smaller, accepted=True)  # fmt: skip
    assert [each.code for each in outcome.errors] == ["gap_zone"]


# -- history and undo ------------------------------------------------------------------


def everything(block):
    fields = ("code", "valid_from", "valid_until", "area", "official_area", "zone_id")
    return [
        (row.pk, row.geometry.hexewkb, *(getattr(row, name) for name in fields))
        for model in (Parcel,)
        for row in model.objects.of(block).order_by("pk")
    ]


@pytest.mark.parametrize(
    "asked",
    [
        {
            "kind": "split",
            "codes": ["2"],
            "line": [at(1.37, -1), at(1.61, 2)],
            "new_codes": ["2", "2/1"],
        },
        {
            "kind": "split",
            "codes": ["2"],
            "line": [at(1.37, -1), at(1.61, 2)],
            "new_codes": ["a", "b"],
        },
        {"kind": "merge", "codes": ["2", "3", "6"], "new_codes": ["3"]},
        {"kind": "merge", "codes": ["2", "3"], "new_codes": ["new"]},
        {"kind": "reshape", "codes": ["5"], "geometry": moved_middle(1.3, 0.8)},
        {"kind": "retire", "codes": ["6", "1"]},
    ],
)
def test_undo_restores_every_place_bit_by_bit(edit, block, editor, asked):
    before = everything(block)
    made = edit(asked.pop("kind"), **asked, accepted=True).edit
    assert everything(block) != before
    taken_back = undo(
        municipality=block,
        edit=made,
        order=Order(by=editor, reason="Wrong deed", on=DAY, accepted=True),
    ).edit
    assert taken_back.undoes == made
    living = [row for row in everything(block) if row[4] is None or row[0] in {x[0] for x in before}]  # fmt: skip
    assert living == before


def test_what_was_changed_again_is_not_undone(edit, block, editor):
    made = edit("merge", codes=["2", "3"], new_codes=["3"]).edit
    edit("split", codes=["3"], line=[at(2.5, -1), at(2.5, 2)], new_codes=["3", "x"])
    order = Order(by=editor, reason="Wrong deed", on=DAY, accepted=True)
    with pytest.raises(EditRefused, match="“3” was changed again"):
        undo(municipality=block, edit=made, order=order)


def test_an_edit_is_undone_once(edit, block, editor):
    made = edit("merge", codes=["2", "3"], new_codes=["3"]).edit
    order = Order(by=editor, reason="Wrong deed", on=DAY, accepted=True)
    undo(municipality=block, edit=made, order=order)
    with pytest.raises(EditRefused, match="undone already"):
        undo(municipality=block, edit=made, order=order)


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "split", "codes": ["2"], "line": [at(1.37, -1), at(1.61, 2)]},
        {"kind": "merge", "codes": ["2", "3", "6"], "new_codes": ["3"]},
        {"kind": "reshape", "codes": ["5"], "geometry": moved_middle(1.3, 0.8)},
        {"kind": "add", "geometry": ring(at(3, 0), at(4, 0), at(4, 1), at(3, 1))},
        {"kind": "retire", "codes": ["6", "1"]},
    ],
)
def test_an_undo_is_undone_and_the_map_is_as_the_edit_left_it(
    edit, block, editor, asked
):
    order = Order(by=editor, reason="Wrong deed", on=DAY, accepted=True)
    before = living(block)
    made = edit(asked.pop("kind"), **asked, accepted=True).edit
    after, history = living(block), on_the_eve(block)
    undone = undo(municipality=block, edit=made, order=order).edit
    assert living(block) == before
    again = undo(municipality=block, edit=undone, order=order).edit
    assert (again.kind, again.undoes) == ("redo", undone)
    assert living(block) == after
    assert on_the_eve(block) == history == before
    assert undo(municipality=block, edit=again, order=order).edit.kind == "undo"
    assert living(block) == before
    assert Edit.objects.count() == 4


def living(block):
    return sorted(row[1:] for row in everything(block) if row[4] is None)


def on_the_eve(block):
    """The map of the day before, as it is told now: without the end of validity."""
    rows = Parcel.objects.of(block).current(on=date(2026, 2, 28))
    fields = ("code", "valid_from", "area", "official_area", "zone_id")
    return sorted(
        (
            row.geometry.hexewkb,
            row.code,
            row.valid_from,
            None,
            *(getattr(row, name) for name in fields[2:]),
        )
        for row in rows
    )


def test_what_blocks_an_undo_is_named(edit, block, editor):
    made = edit("merge", codes=["2", "3"], new_codes=["3"]).edit
    later = edit("retire", codes=["3"]).edit
    order = Order(by=editor, reason="Wrong deed", on=DAY, accepted=True)
    told = rf"taken out of force on .* by {re.escape(str(editor))}\. Undo that first"
    with pytest.raises(EditRefused, match=told):
        undo(municipality=block, edit=made, order=order)
    undo(municipality=block, edit=later, order=order)
    assert undo(municipality=block, edit=made, order=order).edit
    again = edit("merge", codes=["2", "3"], new_codes=["3"]).edit
    Parcel.objects.of(block).current().filter(code="3").update(valid_from="2026-04-01")
    with pytest.raises(EditRefused, match="by the import of a file"):
        undo(municipality=block, edit=again, order=order)


def test_the_log_says_who_why_and_what_and_takes_no_change(edit, editor):
    made = edit("merge", codes=["2", "3"], new_codes=["3"]).edit
    assert (made.by, made.reason, made.valid_from) == (
        editor,
        "Deed 12 of the land registry",
        DAY,
    )
    assert made.codes == ["2", "3"]
    assert list(Edit.objects.about("2")) == [made]
    for write in (
        lambda: Edit.objects.update(reason="Another"),
        lambda: made.delete(),
    ):
        with (
            pytest.raises(DatabaseError, match="appended to, never changed"),
            transaction.atomic(),
        ):
            write()


def test_a_preview_writes_nothing_and_its_token_guards_the_edit(edit, block):
    before = everything(block)
    seen = edit("merge", codes=["2", "3"], new_codes=["3"], dry_run=True).token
    assert everything(block) == before
    assert not Edit.objects.exists()
    edit("split", codes=["3"], line=[at(2.5, -1), at(2.5, 2)], new_codes=["3", "x"])
    with pytest.raises(EditRefused, match="Somebody changed these places"):
        edit("merge", codes=["2", "3"], new_codes=["3"], seen=seen)


def test_an_edit_raises_the_version_of_the_tiles(edit, block):
    layers = [layer_named("parcels"), layer_named("zones")]
    before = LayerVersion.objects.of_layers(layers, block)
    edit("merge", codes=["2", "3"], new_codes=["3"], dry_run=True)
    assert LayerVersion.objects.of_layers(layers, block) == before
    edit("merge", codes=["2", "3"], new_codes=["3"])
    after = LayerVersion.objects.of_layers(layers, block)
    assert after["parcels"] != before["parcels"]
    assert after["zones"] == before["zones"]


def test_the_zones_of_a_town_without_any_change_stay(edit, block):
    """An edit of one quarter touches no parcel of the others."""
    edit("split", Layer.QUARTERS, codes=["E"], line=[at(2, -1), at(2, 3)], new_codes=["E1", "E2"])  # fmt: skip
    west = Zone.objects.of(block).current().get(code="W")
    assert west.valid_from == LONG_AGO
    assert west.parcels.current().count() == 2

"""The pages of editing: what they show to whom, and how they refuse."""

from datetime import date

import pytest
from django.urls import reverse

from gisportal.cases.models import Case
from layers.editing.models import Edit
from layers.geography.models import Parcel
from tests.factories.accounts import staff
from tests.factories.billing import AccountFactory, bill
from tests.layers.editing.ground import at

LINE = "\n".join(f"{x} {y}" for x, y in (at(1.4, -1), at(1.4, 2)))
SPLIT = {
    "layer": "parcels",
    "kind": "split",
    "codes": "2",
    "line": LINE,
    "new_codes": "2\n2/1",
    "reason": "Deed 12",
    "valid_from": "2026-03-01",
}


@pytest.fixture
def page(client, block, editor):
    """Posts to a page of the room as the data manager; English."""
    client.force_login(editor)

    def ask(name, data=None, pk=None, **more):
        arguments = [block.slug] if pk is None else [block.slug, pk]
        address = reverse(f"editing:{name}", args=arguments).replace("/ar/", "/en/")
        if data is None:
            return client.get(address, more)
        return client.post(address, data, **more)

    return ask


def text(response) -> str:
    return response.content.decode()


def test_the_preview_shows_areas_checks_and_a_way_to_confirm(page, parcels):
    answer = text(page("preview", SPLIT, headers={"HX-Request": "true"}))
    assert "<html" not in answer
    assert "No gap, no overlap, nothing outside." in answer
    assert "Change the map" in answer
    assert "<bdi>2/1</bdi></th>" in answer.replace("\n", "")
    assert "2/1" not in parcels()


def test_without_scripts_the_preview_is_a_page(page):
    answer = page("preview", SPLIT)
    assert answer.status_code == 200
    assert "What this changes" in text(answer)
    assert "Deed 12" in text(answer)


def test_a_confirmed_edit_is_in_force_and_told(page, parcels):
    answer = page("apply", SPLIT)
    edit = Edit.objects.get()
    assert answer.url.endswith(f"/editing/history/{edit.pk}/")
    assert "2/1" in parcels()
    told = text(page("detail", pk=edit.pk))
    assert "Deed 12" in told
    assert str(edit.by) in told
    assert "Undo this edit" in told
    assert "Deed 12" in text(page("list", code="2/1"))
    assert "No edit touched this code." in text(page("list", code="99"))


def test_an_edit_without_a_reason_is_refused(page, parcels):
    answer = page("apply", {**SPLIT, "reason": " "})
    assert answer.status_code == 422
    assert "Reason" in text(answer)
    assert not Edit.objects.exists()


def test_warnings_need_a_tick(page, parcels):
    merge = {**SPLIT, "kind": "merge", "codes": "1,2", "new_codes": "1"}
    answer = page("apply", merge)
    assert answer.status_code == 200
    assert "lies across two zones" in text(answer)
    assert not Edit.objects.exists()
    assert page("apply", {**merge, "accepted": "on"}).status_code == 302
    assert "2" not in parcels()


def test_errors_cannot_be_ticked_away(page):
    corners = [at(0.9, 1), at(2, 1), at(2, 2), at(0.9, 2)]
    reshape = {
        **SPLIT,
        "kind": "reshape",
        "codes": "5",
        "corners": "\n".join(f"{x}, {y}" for x, y in corners),
        "accepted": "on",
    }
    answer = page("apply", reshape)
    assert answer.status_code == 422
    assert "Two places overlap." in text(answer)
    assert not Edit.objects.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"line": "east of the tree"}, "Line 1 is no position"),
        ({"line": "35.8 33.8\n35.8 nan"}, "Line 2 is no position"),
        ({"line": "35.8 33.8\n35.8 inf"}, "Line 2 is no position"),
        ({"line": "35.8 33.8\n35.8 33.8"}, "does not cut"),
        ({"line": ""}, "does not cut"),
        ({"codes": "nothing"}, "There is no “nothing” in force"),
        ({"codes": ""}, "Choose exactly one place"),
        ({"codes": "2\x00"}, "Null characters are not allowed"),
        ({"codes": "x" * 61}, "60 characters at the most"),
        ({"new_codes": "2"}, "2 pieces and 1 codes are given"),
        ({"valid_from": "2100-01-01"}, "lies in the future"),
        ({"valid_from": "soon"}, "Enter a valid date"),
        ({"kind": "add", "corners": "35.8 33.8\n35.8 33.9", "new_codes": "n"}, "at least three corners"),
        ({"kind": "add", "corners": "35.8 33.8\n35.9 33.8\n36 33.8", "new_codes": "n"}, "at least three corners"),
        ({"kind": "add", "corners": "35.8 33.8\n35.8 33.8\n35.8 33.8", "new_codes": "n"}, "at least three corners"),
        ({"kind": "undo"}, "undo is not one of the available choices"),
        ({"layer": "roofs"}, "roofs is not one of the available choices"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_with_the_place_and_the_way_out(page, change, said):
    for name in ("preview", "apply"):
        answer = page(name, {**SPLIT, **change})
        assert answer.status_code == 422
        assert said in text(answer)
    assert not Edit.objects.exists()


def test_arabic_digits_are_digits(page):
    arabic = LINE.translate(str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫"))
    assert page("preview", {**SPLIT, "line": arabic}).status_code == 200


def test_a_hole_is_written_after_an_empty_line(page, parcels):
    outer = [at(3, 0), at(4, 0), at(4, 1), at(3, 1)]
    hole = [at(3.3, 0.3), at(3.6, 0.3), at(3.6, 0.6), at(3.3, 0.6)]
    corners = "\n\n".join(
        "\n".join(f"{x} {y}" for x, y in ring) for ring in (outer, hole)
    )
    add = {
        **SPLIT,
        "kind": "add",
        "codes": "",
        "new_codes": "7",
        "corners": corners,
        "accepted": "on",
    }
    assert page("apply", add).status_code == 302
    assert parcels()["7"].area == pytest.approx(2500 * 0.91, rel=0.02)


def test_what_follows_is_named_to_those_who_may_see_it_only(
    page, client, block, parcels
):
    AccountFactory(municipality=block, parcel=parcels()["2"], number="A-77")
    Case.objects.create(
        municipality=block,
        type="service_request",
        number="2026-00009",
        channel="web",
        title="Dark street",
        language="ar",
        parcel=parcels()["2"],
    )
    seen = text(page("preview", SPLIT))
    assert "1 account" in seen
    assert "1 request" in seen
    assert "A-77" not in seen
    assert "2026-00009" not in seen
    client.force_login(staff(block, "municipal_admin"))
    seen = text(page("preview", SPLIT))
    assert "A-77" in seen
    assert "2026-00009" in seen


def test_undo_shows_what_goes_back_and_asks_why(page, parcels):
    page("apply", SPLIT)
    edit = Edit.objects.get()
    seen = text(page("undo", pk=edit.pk))
    assert "2/1" in seen
    assert "2/1" in parcels()
    assert page("undo", {"reason": ""}, pk=edit.pk).status_code == 422
    assert page("undo", {"reason": "Wrong deed"}, pk=edit.pk).status_code == 302
    assert "2/1" not in parcels()
    told = text(page("detail", pk=edit.pk))
    assert "Undone on" in told
    again = page("undo", {"reason": "Wrong deed"}, pk=edit.pk)
    assert again.status_code == 302
    assert Edit.objects.count() == 2


def test_the_map_gets_exact_borders_of_what_is_in_force(page, parcels, block):
    west, south, east, north = parcels()["5"].geometry.extent
    shapes = page("shapes", layer="parcels", bbox=f"{west},{south},{east},{north}")
    codes = {each["properties"]["code"] for each in shapes.json()["features"]}
    assert "5" in codes
    (one,) = page("shapes", layer="parcels", code="5").json()["features"]
    ring = one["geometry"]["coordinates"][0][0]
    assert [tuple(corner) for corner in ring] == list(
        Parcel.objects.get(code="5").geometry[0][0].coords
    )
    for bad in ("", "1,2,3", "a,b,c,d", "nan,0,1,1", "5,5,1,1"):
        assert page("shapes", layer="parcels", bbox=bad).status_code == 400
    assert page("shapes", layer="roofs", bbox="1,1,2,2").status_code == 400


def test_another_towns_edits_and_places_are_not_there(page, parcels, client):
    page("apply", SPLIT)
    edit = Edit.objects.get()
    other = Parcel.objects.get(code="6")
    assert edit.valid_from == date(2026, 3, 1)
    stranger = staff(other.municipality, "planner")
    client.force_login(stranger)
    assert page("detail", pk=edit.pk).status_code == 403
    assert page("shapes", layer="parcels", code="6").status_code == 403


@pytest.mark.parametrize(
    ("role", "told"), [("municipal_admin", True), ("data_manager", False)]
)
def test_unpaid_bills_on_a_parcel_that_keeps_its_code_are_told_to_who_may_see_them(
    client, block, parcels, role, told
):
    bill(AccountFactory(municipality=block, parcel=parcels()["2"]), 2_000)
    client.force_login(staff(block, role))
    merge = {**SPLIT, "kind": "merge", "codes": "2\n3", "line": "", "new_codes": "2"}
    address = reverse("editing:preview", args=[block.slug]).replace("/ar/", "/en/")
    answer = text(client.post(address, merge, headers={"HX-Request": "true"}))
    assert ("1 bill is unpaid on" in answer) == told
    assert ("I have looked at the warnings" in answer) == told

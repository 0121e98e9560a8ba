"""Who goes where when a parcel or zone is edited; on real records, accounts, requests."""

from datetime import date

import pytest
from django.contrib.gis.geos import Point

from gisportal.billing.models import Account
from gisportal.cases.models import Case
from layers.editing.models import Layer
from layers.editing.services import Order, undo
from layers.geography.models import Parcel, Zone
from surveys.models import Household, Submission, SubmissionEvent, Target
from tests.factories.billing import AccountFactory
from tests.factories.surveys import RoundFactory
from tests.layers.editing.ground import at

pytestmark = pytest.mark.django_db
CUT = {"codes": ["2"], "line": [at(1.4, -1), at(1.4, 2)]}
"""Through parcel 2: the larger piece lies in the east."""


@pytest.fixture
def round(block):
    return RoundFactory(municipality=block, status="open")


@pytest.fixture
def record(block, round, parcels):
    """Makes a record on a parcel, with or without a position in steps of the block."""

    def make(number, parcel="2", position=None, placed_by="parcel_code"):
        place = parcels()[parcel]
        household = Household.objects.create(
            municipality=block, code=f"H{number}", parcel=place
        )
        return Submission.objects.create(
            municipality=block,
            round=round,
            household=household,
            interviewed_on=date(2026, 4, 2),
            parcel=place,
            zone=place.zone,
            geometry=Point(at(*position), srid=4326) if position else None,
            accuracy=5 if position else None,
            placed_by=placed_by,
            weight=1,
            digest=str(number),
            changed_at="2026-04-02T10:00:00Z",
            state="approved",
        )

    return make


def where(record):
    record.refresh_from_db()
    household = record.household
    household.refresh_from_db()
    assert household.parcel_id == record.parcel_id
    return record.parcel.code, record.zone.code, record.placed_by


def take_back(block, editor, made):
    order = Order(by=editor, reason="Wrong deed", on=date(2026, 3, 1), accepted=True)
    return undo(municipality=block, edit=made, order=order)


def moves(outcome, room):
    return [
        (move.label, move.origin, move.destination, move.open)
        for move in outcome.following[room].moves
    ]


# -- survey records --------------------------------------------------------------------


def test_a_record_goes_to_the_piece_that_holds_its_position(edit, record):
    west, east = record(1, position=(1.2, 0.5)), record(2, position=(1.8, 0.5))
    outcome = edit("split", **CUT, new_codes=["2", "2/1"])
    assert where(west) == ("2/1", "E", "inside")
    assert where(east) == ("2", "E", "parcel_code")
    assert moves(outcome, "records") == [("H1", "2", "2/1", False)]


def test_a_record_without_position_goes_to_the_largest_and_is_to_be_looked_at(
    edit, record
):
    here = record(1)
    outcome = edit("split", **CUT, new_codes=["a", "b"])
    assert where(here) == ("a", "E", "successor")
    assert moves(outcome, "records") == [("H1", "2", "a", True)]


def test_a_record_that_stays_in_doubt_is_listed_too(edit, record):
    here = record(1)
    outcome = edit("split", **CUT, new_codes=["2", "2/1"])
    assert where(here) == ("2", "E", "parcel_code")
    assert moves(outcome, "records") == [("H1", "2", "2", True)]


def test_a_vague_position_decides_nothing(edit, record):
    here = record(1, position=(1.2, 0.5))
    Submission.objects.filter(pk=here.pk).update(accuracy=400)
    outcome = edit("split", **CUT, new_codes=["2", "2/1"])
    assert where(here)[0] == "2"
    assert moves(outcome, "records") == [("H1", "2", "2", True)]


def test_records_of_merged_parcels_are_on_the_merged_one(edit, record):
    one, other = record(1, "2"), record(2, "3")
    edit("merge", codes=["2", "3"], new_codes=["3"])
    assert where(one) == ("3", "E", "successor")
    assert where(other) == ("3", "E", "parcel_code")


def test_a_records_own_history_says_who_moved_it(edit, record, editor):
    here = record(1, position=(1.2, 0.5))
    edit("split", **CUT, new_codes=["2", "2/1"])
    event = SubmissionEvent.objects.get(submission=here)
    assert (event.by, event.before["parcel"], event.after["parcel"]) == (
        editor,
        "2",
        "2/1",
    )


def test_a_preview_lists_who_follows_and_moves_nobody(edit, record):
    here = record(1, position=(1.2, 0.5))
    outcome = edit("split", **CUT, new_codes=["2", "2/1"], dry_run=True)
    assert moves(outcome, "records") == [("H1", "2", "2/1", False)]
    assert where(here) == ("2", "E", "parcel_code")
    assert not SubmissionEvent.objects.exists()


def test_undo_brings_records_back_as_they_were(edit, record, block, editor):
    here = [
        record(1, position=(1.2, 0.5)),
        record(2, placed_by="hand"),
        record(3, "3", placed_by="hand"),
    ]
    before = [where(each) for each in here]
    split = edit("split", **CUT, new_codes=["a", "b"]).edit
    assert [where(each) for each in here] != before
    take_back(block, editor, split)
    assert [where(each) for each in here] == before
    merge = edit("merge", codes=["2", "3"], new_codes=["new"]).edit
    take_back(block, editor, merge)
    assert [where(each) for each in here] == before


def test_a_record_that_came_after_an_edit_goes_back_with_its_parcel(
    edit, record, block, editor
):
    split = edit("split", **CUT, new_codes=["a", "b"]).edit
    here = record(1, "b")
    take_back(block, editor, split)
    assert where(here)[:2] == ("2", "E")


def test_a_household_without_a_record_stays_with_the_code(edit, block, parcels):
    household = Household.objects.create(municipality=block, code="H9", parcel=parcels()["2"])  # fmt: skip
    outcome = edit("split", **CUT, new_codes=["2/1", "2"])
    household.refresh_from_db()
    assert household.parcel.code == "2"
    assert moves(outcome, "households") == [("H9", "2", "2", True)]


def test_records_follow_their_quarter(edit, record):
    here = record(1, position=(1.2, 0.5))
    edit("split", Layer.QUARTERS, codes=["E"], line=[at(2, -1), at(2, 3)], new_codes=["E2", "E1"])  # fmt: skip
    zone = Parcel.objects.get(code="2", valid_until=None).zone.code
    assert where(here) == ("2", zone, "parcel_code")
    assert zone in {"E1", "E2"}


def test_a_visit_goes_on_and_two_to_one_parcel_are_for_a_person(edit, round, parcels):
    for code in ("2", "3"):
        Target.objects.create(municipality=round.municipality, round=round, parcel=parcels()[code])  # fmt: skip
    outcome = edit("merge", codes=["2", "3"], new_codes=["new"])
    assert [(origin, to, is_open) for _, origin, to, is_open in moves(outcome, "visits")] == [
        ("2", "new", False),
        ("3", "3", True),
    ]  # fmt: skip
    codes = Target.objects.order_by("pk").values_list("parcel__code", flat=True)
    assert list(codes) == ["new", "3"]


def test_a_round_visits_what_took_a_quarters_place(edit, round, block, editor):
    round.zones = ["W", "E"]
    round.save()
    made = edit("split", Layer.QUARTERS, codes=["E"], line=[at(2, -1), at(2, 3)], new_codes=["E1", "E2"]).edit  # fmt: skip
    round.refresh_from_db()
    assert sorted(round.zones) == ["E1", "E2", "W"]
    take_back(block, editor, made)
    round.refresh_from_db()
    assert round.zones == ["W", "E"]


# -- accounts and requests -------------------------------------------------------------


def test_an_account_stays_with_the_code_and_the_question_is_listed(
    edit, block, parcels
):
    account = AccountFactory(municipality=block, parcel=parcels()["2"])
    outcome = edit("split", **CUT, new_codes=["2/1", "2"])
    account.refresh_from_db()
    assert account.parcel.code == "2"
    assert moves(outcome, "accounts") == [(account.number, "2", "2", True)]


def test_an_account_goes_to_the_merged_parcel_and_back(edit, block, parcels, editor):
    account = AccountFactory(municipality=block, parcel=parcels()["2"])
    made = edit("merge", codes=["2", "3"], new_codes=["3"])
    assert moves(made, "accounts") == [(account.number, "2", "3", False)]
    assert Account.objects.get(pk=account.pk).parcel.code == "3"
    take_back(block, editor, made.edit)
    assert Account.objects.get(pk=account.pk).parcel.code == "2"


def test_an_account_of_a_retired_parcel_is_for_a_person(edit, block, parcels):
    account = AccountFactory(municipality=block, parcel=parcels()["6"])
    outcome = edit("retire", codes=["6"])
    assert moves(outcome, "accounts") == [(account.number, "6", "6", True)]


def test_an_open_request_goes_by_its_point_and_an_answered_one_stays(
    edit, block, parcels
):
    def request(number, status):
        return Case.objects.create(
            municipality=block,
            type="complaint",
            number=number,
            channel="web",
            status=status,
            title="Dark street",
            language="ar",
            parcel=parcels()["2"],
            geometry=Point(at(1.2, 0.5), srid=4326),
        )

    open_, done = (
        request("2026-00001", "received"),
        request("2026-00002", "resolved"),
    )
    outcome = edit("split", **CUT, new_codes=["2", "2/1"])
    for each in (open_, done):
        each.refresh_from_db()
    assert open_.parcel.code == "2/1"
    assert done.parcel.code == "2"
    assert moves(outcome, "requests") == [("2026-00001", "2", "2/1", False)]


def test_records_without_a_parcel_follow_their_position(
    edit, record, block, editor, django_assert_max_num_queries
):
    """Thousands may stand in one quarter: statements do not grow with their number."""
    spots = {1: (1.2, 1.5), 2: (2.8, 0.5), 3: (1.9, 0.1), 4: (0.5, 0.5), 5: (2.9, 1.9)}
    here = {number: record(number, position=spot) for number, spot in spots.items()}
    zones = {zone.code: zone for zone in Zone.objects.of(block).current()}
    for number, each in here.items():
        zone = zones["W" if number == 4 else "E"]
        Submission.objects.filter(pk=each.pk).update(parcel=None, zone=zone, placed_by="zone")  # fmt: skip
    Submission.objects.filter(pk=here[5].pk).update(accuracy=400)

    def told():
        rows = Submission.objects.order_by("pk").values_list("zone__code", "placed_by")
        return list(rows)

    before = told()
    with django_assert_max_num_queries(75):
        outcome = edit("split", Layer.QUARTERS, codes=["E"], line=[at(2, -1), at(2, 3)], new_codes=["E1", "E2"])  # fmt: skip
    west, east = zone_at("2"), zone_at("3")
    assert told()[:4] == [(west, "zone"), (east, "zone"), (west, "zone"), ("W", "zone")]
    assert ("H1", "E", west, False) in moves(outcome, "records")
    assert ("H4", "W", "W", False) not in moves(outcome, "records")
    event = SubmissionEvent.objects.filter(submission=here[1]).get()
    assert (event.by, event.before["zone"], event.after["zone"]) == (editor, "E", west)
    take_back(block, editor, outcome.edit)
    assert told()[:4] == before[:4]


def zone_at(parcel):
    return Parcel.objects.get(code=parcel, valid_until=None).zone.code

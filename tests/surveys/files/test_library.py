"""Files of the library's questionnaire, from the bytes to the records."""

import io
from datetime import date

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon

from surveys.errors import AlreadyWithdrawn, UploadNotReady
from surveys.files.uploads import store_upload
from surveys.files.working import check_upload, load_upload
from surveys.models import Household, RepeatRow, Submission, Upload
from surveys.problems import Problem
from surveys.review.approving import approve_upload
from surveys.services import withdraw_submission
from tests.factories.accounts import staff
from tests.factories.geography import ParcelFactory, ZoneFactory, square
from tests.factories.surveys import (
    RoundFactory,
    child,
    csv_file,
    household,
    load,
    store,
    workbook_file,
)

HERE = {"longitude": 35.8205, "latitude": 33.7905}


@pytest.fixture
def round(town):
    zone = ZoneFactory(municipality=town, code="Z1")
    ParcelFactory(municipality=town, code="1187", zone=zone)
    return RoundFactory(municipality=town)


def messages_of(upload: Upload) -> list[str]:
    found = [Problem(**each) for each in upload.report["problems"]]
    return [each.message for each in found if each.code != "question_missing"]


def test_a_file_is_kept_byte_for_byte_before_it_is_read(round):
    content = b"\x00not a survey at all\xff"
    upload = store(round, content)
    assert upload.status == Upload.Status.RECEIVED
    assert upload.file.open("rb").read() == content
    check_upload(upload=upload)
    assert upload.status == Upload.Status.FAULTY


def test_the_same_bytes_are_one_upload(round):
    content = workbook_file([household()])
    assert store(round, content).pk == store(round, content).pk


def test_households_and_children_are_loaded_with_their_place(round):
    outcome = load(
        round,
        [household(parcel_code="1187", phone="03 123 456", head_name="سليم")],
        [child(1), child(2, birth_date=date(2023, 2, 1), birth_registered="no")],
    )
    assert (outcome.added, outcome.children) == (1, 2)
    submission = Submission.objects.get()
    assert submission.parcel.code == "1187"
    assert submission.zone.code == "Z1"
    assert submission.phone == "03 123 456"
    assert submission.answers["persons"] == 5
    assert submission.answers["phone"] == "03 123 456"
    assert submission.version.form.code == "child_needs"
    young = submission.rows.get(code="C2")
    assert young.birth_date == date(2023, 2, 1)
    assert young.answers["birth_registered"] == "no"
    round.refresh_from_db()
    assert round.status == "open"


def test_loading_the_same_file_twice_changes_nothing(round):
    rows = ([household(parcel_code="1187")], [child()])
    load(round, *rows)
    before = Submission.objects.values().get()
    outcome = load(round, *rows)
    assert (outcome.added, outcome.changed, outcome.unchanged) == (0, 0, 1)
    assert Submission.objects.values().get() == before
    assert RepeatRow.objects.count() == 1


def test_a_household_that_comes_again_is_changed_not_doubled(round):
    load(round, [household(1), household(2)], [child(1), child(2)])
    outcome = load(
        round, [household(1, persons=7), household(3)], [child(1, sex="male")]
    )
    assert (outcome.added, outcome.changed, outcome.unchanged) == (1, 1, 0)
    changed = Submission.objects.get(household__code="H1")
    assert changed.answers["persons"] == 7
    assert [member.sex for member in changed.rows.all()] == ["male"]
    # A household that is not in the later file stays.
    assert Submission.objects.filter(household__code="H2").exists()


def test_a_household_is_followed_from_round_to_round(round):
    later = RoundFactory(municipality=round.municipality)
    load(round, [household()])
    load(later, [household()])
    assert Household.objects.count() == 1
    assert Submission.objects.count() == 2


def test_one_faulty_cell_keeps_the_whole_file_out(round):
    upload = store(round, workbook_file([household(1), household(2, persons="many")]))
    with pytest.raises(UploadNotReady, match="not loaded"):
        load_upload(upload=upload)
    assert not Submission.objects.exists()
    assert not Household.objects.exists()


@pytest.mark.parametrize(
    ("place", "placed_by", "parcel"),
    [
        ({"parcel_code": "1187"}, "parcel_code", "1187"),
        ({"parcel_code": "9999", **HERE}, "inside", "1187"),
        (HERE, "inside", "1187"),
        # Some 19 m south of the parcel, and some 55 m.
        ({"longitude": 35.8205, "latitude": 33.78983}, "nearest", "1187"),
        ({"longitude": 35.8205, "latitude": 33.7895}, "nothing", None),
        ({"longitude": 35.8300, "latitude": 33.8000}, "zone", None),
        ({"longitude": 0.0, "latitude": 90.0}, "nothing", None),
        ({}, "nothing", None),
    ],
)
def test_the_place_comes_from_the_parcel_else_from_the_coordinates(
    round, place, placed_by, parcel
):
    load(round, [household(**place)])
    submission = Submission.objects.get()
    assert submission.placed_by == placed_by
    assert (submission.parcel and submission.parcel.code) == parcel
    assert (submission.zone is None) == (placed_by == "nothing")


def test_doubtful_places_are_said(round):
    rows = [
        household(1, parcel_code="9999", **HERE),
        household(2, parcel_code="1187", longitude=35.83, latitude=33.80),
        household(3, longitude=0.5, latitude=0.5),
    ]
    upload = store(round, workbook_file(rows))
    assert check_upload(upload=upload)
    unknown, far, nowhere = messages_of(upload)
    assert unknown.startswith("Parcel 9999 is not on the map")
    assert "m away from parcel 1187" in far
    assert nowhere.startswith("No place was found")


def test_a_parcel_that_is_nowhere_is_an_error(round):
    upload = store(round, workbook_file([household(parcel_code="9999")]))
    assert not check_upload(upload=upload)
    (told,) = messages_of(upload)
    assert told.startswith("“9999” is not on the list “parcels”")


def test_records_of_files_wait_for_review_like_others(round):
    upload = store(round, workbook_file([household(parcel_code="1187")]))
    load_upload(upload=upload)
    submission = Submission.objects.get()
    assert submission.state == "received"
    reviewer = staff(round.municipality, "data_manager")
    assert approve_upload(upload=upload, by=reviewer) == 1
    submission.refresh_from_db()
    assert submission.state == "approved"
    assert submission.events.get(kind="state").by == reviewer
    assert approve_upload(upload=upload, by=reviewer) == 0


def test_a_stratum_has_one_size(round):
    rows = [
        household(n, parcel_code="1187", stratum="A", frame_households=size)
        for n, size in enumerate((9, 8))
    ]
    upload = store(round, workbook_file(rows))
    assert not check_upload(upload=upload)
    (told,) = messages_of(upload)
    assert told.startswith("Stratum A has 8 households here but 9 in row 2")


def test_a_parcel_without_zone_is_placed_by_its_middle(round):
    ParcelFactory(municipality=round.municipality, code="55", zone=None)
    load(round, [household(parcel_code="55")])
    assert Submission.objects.get().zone.code == "Z1"


def test_another_towns_parcels_are_not_this_towns(round):
    ParcelFactory(code="foreign", geometry=square(west=35.9, side=0.001))
    load(round, [household(parcel_code="foreign", longitude=35.9005, latitude=33.7905)])
    assert Submission.objects.get().placed_by == "nothing"


def test_the_nearest_of_two_parcels_is_taken(round):
    west = Polygon.from_bbox((35.8212, 33.79, 35.8215, 33.791))
    ParcelFactory(
        municipality=round.municipality,
        code="near",
        geometry=MultiPolygon(west, srid=4326),
    )
    load(round, [household(longitude=35.82115, latitude=33.7905)])
    assert Submission.objects.get().parcel.code == "near"


def test_a_withdrawn_household_does_not_come_back_with_a_later_file(round):
    manager = staff(round.municipality, "data_manager")
    load(round, [household()], [child()])
    submission = Submission.objects.get()
    withdraw_submission(submission=submission, by=manager, reason="The family asked.")
    outcome = load(round, [household(persons=9)], [child()])
    assert (outcome.withdrawn, outcome.added, outcome.changed) == (1, 0, 0)
    submission.refresh_from_db()
    assert submission.answers["persons"] == 5
    assert not Submission.objects.valid().exists()
    with pytest.raises(AlreadyWithdrawn, match="already withdrawn"):
        withdraw_submission(submission=submission, by=manager, reason="Again.")


def test_two_csv_files_load_like_a_workbook(round):
    rows = [household(1, head_name="أم كريم", parcel_code="1187")]
    kids = csv_file("children", [child(1, name="ليان")], "cp1256", ";")
    homes = csv_file("households", rows, "cp1256", ";")
    files = [("kids.csv", io.BytesIO(kids)), ("homes.csv", io.BytesIO(homes))]
    upload = store_upload(round=round, files=files, by=None)
    assert load_upload(upload=upload).added == 1
    assert Submission.objects.get().head_name == "أم كريم"
    assert RepeatRow.objects.get().name == "ليان"
    # The same two files in the other order are the same upload.
    again = store_upload(round=round, files=files[::-1], by=None)
    assert again.pk == upload.pk

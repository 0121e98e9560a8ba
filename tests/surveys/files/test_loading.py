"""A file of a form of one's own, from the bytes to the records."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from surveys.errors import UploadNotReady
from surveys.files.handing_out import rows_to_correct
from surveys.files.working import check_upload, load_upload
from surveys.models import Round, Submission, Upload
from tests.factories.forms import make_version, receiving_round
from tests.factories.surveys import store

pytestmark = pytest.mark.django_db

HOME = ["household_id", "interview_date", "Persons", "water-source", "weight"]
CHILD = ["_parent_index", "child_id", "Nom", "sex", "birth_date"]


@pytest.fixture
def round(town: Any) -> Round:
    version = make_version(town)
    return receiving_round(version)


def book(
    homes: list[list[Any]], children: list[list[Any]], head: list[str] | None = None
) -> bytes:
    made = Workbook()
    made.active.title = "answers"
    for row in [head or HOME, *homes]:
        made.active.append(row)
    page = made.create_sheet("children")
    for row in [CHILD, *children]:
        page.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def home(number: int, **given: Any) -> list[Any]:
    row = {
        "id": f"H{number}",
        "day": date(2026, 4, 18),
        "persons": 5,
        "water": "Eau courante",
        "weight": 4.5,
    }
    return list({**row, **given}.values())


GIRL = [1, "C1", "ليان", "Girl", "2016-05-20"]


def codes(upload: Upload) -> set[tuple[str, str, int, str]]:
    return {
        (each["code"], each["sheet"], each["row"], each["column"])
        for each in upload.report["problems"]
        if each["code"] not in {"no_place", "question_missing"}
    }


def test_records_come_in_by_names_and_labels_in_any_language(round: Round) -> None:
    upload = store(round, book([home(1), home(2)], [GIRL]))
    assert check_upload(upload=upload)
    assert upload.report["news"] == {"added": 2}
    outcome = load_upload(upload=upload)
    assert (outcome.added, outcome.children) == (2, 1)
    first = Submission.objects.get(household__code="H1")
    assert first.answers["water_source"] == "piped"
    assert (first.weight, first.source) == (4.5, Submission.Source.FILE)
    assert first.interviewed_on == date(2026, 4, 18)
    row = first.rows.get()
    assert (row.code, row.sex, row.answers["name"]) == ("C1", "female", "ليان")


def test_the_same_rows_again_change_nothing_and_others_their_record(
    round: Round,
) -> None:
    load_upload(upload=store(round, book([home(1), home(2)], [GIRL])))
    again = store(round, book([home(1), home(2, persons=6), home(3)], [GIRL]))
    outcome = load_upload(upload=again)
    assert (outcome.added, outcome.changed, outcome.unchanged) == (1, 1, 1)
    changed = Submission.objects.get(household__code="H2")
    assert changed.answers["persons"] == 6
    assert changed.events.filter(kind="edited").count() == 1


def test_what_the_form_forbids_is_told_by_cell(round: Round) -> None:
    homes = [
        home(1, persons=0),
        home(2, persons=None),
        home(3, water="sea"),
        home(4, day="soon"),
        home(1),
    ]
    children = [[9, "C1", "", "female", "2016-05-20"], [2, "", "", "x", "2030-01-01"]]
    upload = store(round, book(homes, children))
    assert not check_upload(upload=upload)
    assert upload.status == Upload.Status.FAULTY
    assert codes(upload) == {
        ("constraint", "answers", 2, "Persons"),
        ("required", "answers", 3, "Persons"),
        ("not_a_choice", "answers", 4, "water-source"),
        ("not_a_date", "answers", 5, "interview_date"),
        ("repeated_household", "answers", 6, "household_id"),
        ("no_parent", "children", 2, "_parent_index"),
        ("required", "children", 3, "child_id"),
        ("not_a_choice", "children", 3, "sex"),
        ("constraint", "children", 3, "birth_date"),
    }
    with pytest.raises(UploadNotReady):
        load_upload(upload=upload)
    assert not Submission.objects.exists()


def test_good_rows_go_in_now_and_the_others_come_back_as_a_file(round: Round) -> None:
    children = [GIRL, [2, "C1", "", "nobody", "2016-05-20"]]
    upload = store(round, book([home(1), home(2), home(3, persons=99)], children))
    upload.mode = "good"
    outcome = load_upload(upload=upload)
    assert outcome.added == 1
    assert Submission.objects.get().household.code == "H1"
    out = io.BytesIO()
    rows_to_correct(upload, out)
    left = load_workbook(out)
    assert [row[0].value for row in left["answers"]] == ["household_id", "H2", "H3"]
    faulty = left["children"]["D2"]
    assert (faulty.value, bool(faulty.comment)) == ("nobody", True)


def test_a_column_nobody_knows_is_told_and_not_read(round: Round) -> None:
    content = book([[*home(1), "x"]], [], [*HOME, "shoe size"])
    upload = store(round, content)
    assert check_upload(upload=upload)
    assert ("unknown_column", "answers", 1, "shoe size") in codes(upload)

"""Pages of files whose columns are the questions of the round's own form."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from surveys.models import Round, Submission
from tests.factories.accounts import staff
from tests.factories.forms import make_version, receiving_round
from tests.surveys.files.test_loading import book, home

pytestmark = pytest.mark.django_db


@pytest.fixture
def round(town: Any, client: Any) -> Round:
    client.force_login(staff(town, "surveyor"))
    return receiving_round(make_version(town))


def address(round: Round, path: str) -> str:
    return f"/en/{round.municipality.slug}/surveys/{path}"


def send(client: Any, round: Round, content: bytes) -> Any:
    file = SimpleUploadedFile("answers.xlsx", content)
    page = address(round, f"rounds/{round.code}/upload/")
    return client.post(page, {"answers": [file]}, follow=True)


def test_good_rows_are_loaded_and_the_others_downloaded(
    round: Round, client: Any
) -> None:
    response = send(client, round, book([home(1), home(2, persons=0)], []))
    words = response.content.decode()
    assert "Load the 1 good record now" in words
    assert "is not allowed by the form" in words
    upload = round.uploads.get()
    page = address(round, f"uploads/{upload.pk}/")
    response = client.post(f"{page}load/", {"mode": "good"}, follow=True)
    assert "1 households added" in response.content.decode()
    assert Submission.objects.get().household.code == "H1"
    response = client.get(address(round, f"files/uploads/{upload.pk}/rows.xlsx"))
    left = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    assert [row[0].value for row in left["answers"]] == ["household_id", "H2"]
    assert (
        "H2" not in b"".join(client.get(f"{page}errors.csv").streaming_content).decode()
    )


def test_without_the_word_good_a_faulty_file_stays_out(
    round: Round, client: Any
) -> None:
    send(client, round, book([home(1), home(2, persons=0)], []))
    upload = round.uploads.get()
    client.post(address(round, f"uploads/{upload.pk}/load/"), follow=True)
    assert not Submission.objects.exists()


def test_columns_are_matched_and_the_match_is_remembered(
    round: Round, client: Any
) -> None:
    head = ["household_id", "interview_date", "how many", "water_source", "weight"]
    assert (
        "“persons”" in send(client, round, book([home(1)], [], head)).content.decode()
    )
    page = address(round, f"files/uploads/{round.uploads.get().pk}/columns/")
    words = client.get(page).content.decode()
    assert "how many" in words
    assert "persons – Persons" in words
    client.post(page, {"column-0-2": "persons"}, follow=True)
    upload = round.uploads.get()
    client.post(address(round, f"uploads/{upload.pk}/load/"), follow=True)
    assert Submission.objects.get().answers["persons"] == 5
    send(client, round, book([home(2, persons=7)], [], head))
    later = round.uploads.exclude(pk=upload.pk).get()
    client.post(address(round, f"uploads/{later.pk}/load/"), follow=True)
    assert Submission.objects.get(household__code="H2").answers["persons"] == 7


def test_the_template_filled_in_is_a_file_that_loads(round: Round, client: Any) -> None:
    path = f"files/rounds/{round.code}/template.xlsx"
    response = client.get(address(round, path))
    template = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    fill(template, "households", {"_index": 1, "household_id": "H1", "persons": 3})
    born = {"child_id": "C1", "sex": "male", "birth_date": "2020-02-01"}
    fill(template, "children", {"_parent_index": 1, **born})
    out = io.BytesIO()
    template.save(out)
    response = send(client, round, out.getvalue())
    assert "This would be loaded" in response.content.decode()
    upload = round.uploads.get()
    client.post(address(round, f"uploads/{upload.pk}/load/"), follow=True)
    assert Submission.objects.get().rows.get().sex == "male"


def fill(made: Workbook, sheet: str, answers: dict[str, object]) -> None:
    page = made[sheet]
    headers = [cell.value for cell in page[1]]
    for name, value in answers.items():
        page.cell(2, headers.index(name) + 1, value)

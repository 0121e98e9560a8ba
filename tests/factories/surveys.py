"""Rounds, and the files that a town would upload for them."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import factory
from openpyxl import Workbook

from surveys.files.uploads import store_upload
from surveys.files.working import load_upload
from surveys.models import Round, Upload
from surveys.review.approving import approve_upload
from tests.factories.geography import MunicipalityFactory


class RoundFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Round

    municipality = factory.SubFactory(MunicipalityFactory)
    code = factory.Sequence(lambda n: f"round-{n}")
    name_ar = factory.Sequence(lambda n: f"جولة {n}")
    name_en = factory.Sequence(lambda n: f"Round {n}")
    name_fr = factory.Sequence(lambda n: f"Vague {n}")
    starts_on = date(2026, 4, 1)
    ends_on = date(2026, 5, 31)
    school_year_start = date(2025, 9, 1)


def household(number: object = 1, **cells: Any) -> dict[str, Any]:
    return {
        "household_id": f"H{number}",
        "interview_date": date(2026, 4, 18),
        "persons": 5,
        "sleeping_rooms": 2,
        "water_source": "piped",
        "water_minutes": 0,
        "sanitation": "flush_sewer",
        "sanitation_shared": "no",
        "internet": "yes",
        "weight": 4.5,
        **cells,
    }


def child(number: object = 1, of: object = 1, **cells: Any) -> dict[str, Any]:
    return {
        "household_id": f"H{of}",
        "child_id": f"C{number}",
        "name": "ليان",
        "sex": "female",
        "birth_date": date(2016, 5, 20),
        "school_attended_this_year": "yes",
        **cells,
    }


def woman(of: object = 1, **cells: Any) -> dict[str, Any]:
    return {
        "household_id": f"H{of}",
        "woman_age": 22,
        "woman_married": "yes",
        "woman_age_married": 17,
        **cells,
    }


def columns_of(sheet: str, rows: list[dict[str, Any]]) -> list[str]:
    """Those of the usual row first, then what any of the rows has beside."""
    usual = {"households": household, "children": child, "women": woman}[sheet]()
    return list(dict.fromkeys(key for row in (usual, *rows) for key in row))


def workbook_file(
    households: list[dict[str, Any]],
    children: list[dict[str, Any]] | None = None,
    women: list[dict[str, Any]] | None = None,
) -> bytes:
    book = Workbook()
    book.remove(book.active)
    sheets = {"households": households, "children": children or []}
    for name, rows in (sheets | ({"women": women} if women else {})).items():
        page = book.create_sheet(name)
        columns = columns_of(name, rows)
        page.append(columns)
        for row in rows:
            page.append([row.get(column) for column in columns])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv_file(
    sheet: str,
    rows: list[dict[str, Any]],
    encoding: str = "utf-8",
    delimiter: str = ",",
) -> bytes:
    out = io.StringIO()
    columns = columns_of(sheet, rows)
    writer = csv.DictWriter(out, columns, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def store(round: Round, content: bytes, by: Any = None, name: str = "a.xlsx") -> Upload:
    return store_upload(round=round, files=[(name, io.BytesIO(content))], by=by)


def load(
    round: Round,
    households: list[dict[str, Any]],
    children: list[dict[str, Any]] | None = None,
    women: list[dict[str, Any]] | None = None,
) -> Any:
    """Loads the rows through the same door as a real file, and approves the records;
    gives the outcome of loading.
    """
    upload = store(round, workbook_file(households, children, women))
    outcome = load_upload(upload=upload)
    approve_upload(upload=upload, by=None)
    return outcome

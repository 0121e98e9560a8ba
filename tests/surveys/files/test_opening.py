"""Hostile, broken and merely untidy files: refused with a reason or read, never a crash."""

from __future__ import annotations

import io
import re
import zipfile
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from surveys.errors import FileRefused
from surveys.files import opening
from surveys.files.reading import Entry, Reading, Terms
from surveys.files.uploads import _packed
from surveys.questionnaires.compiling import compile_xlsform
from surveys.questionnaires.library import LIBRARY
from tests.factories.surveys import child, csv_file, household, workbook_file

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAYS = {"first": date(2026, 4, 1), "last": date(2026, 5, 31)}


@cache
def library() -> Any:
    form = LIBRARY["child_needs"]
    return compile_xlsform(form.content, form.file_name).structure


def read(content: bytes, structure: Any = None) -> Reading:
    with NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return Reading(Path(file.name), Terms(structure or library(), NOW, **DAYS))


def entries(reading: Reading) -> list[Entry]:
    return reading.entries(0, 1000)


def problems(households: list[dict], children: list[dict] | None = None) -> list[tuple]:
    """Those of the rows: (sheet, row, column, code)."""
    found = entries(read(workbook_file(households, children)))
    return [
        (each.sheet, each.row, each.column, each.code)
        for entry in found
        for each in entry.problems
    ]


def rebuilt(content: bytes, part: str, change) -> bytes:
    """The workbook with one of its parts rewritten."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == part else data)
    return out.getvalue()


GOOD = workbook_file([household()], [child()])
SHEET_1 = "xl/worksheets/sheet1.xml"


GOOD = workbook_file([household()], [child()])
SHEET_1 = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty"),
        (b"\xd0\xcf\x11\xe0 old excel", "old Excel file"),
        (b"PK\x03\x04 cut off", "The file is damaged"),
        (GOOD[: len(GOOD) // 2], "The file is damaged"),
        (b"%PDF-1.7 \x00\x00", "kind of file can't be read"),
        (b"<html>hello</html>", "No sheet has the questions of"),
        (csv_file("children", [child()]), "No sheet has the questions of"),
        (b"SQLite format 3\x00 and no more", "The file is damaged"),
        (b'{"type": "FeatureCollection", "features": [', "The file is damaged"),
    ],
)
def test_what_is_no_survey_file_is_refused_with_the_way_out(content, message):
    with pytest.raises(FileRefused, match=message):
        read(content)


def test_a_zip_bomb_is_refused_unopened(monkeypatch):
    bomb = rebuilt(GOOD, SHEET_1, lambda data: data + b" " * 200 * 1024 * 1024)
    assert len(bomb) < 1024 * 1024
    monkeypatch.setattr(
        opening, "load_workbook", lambda *_args, **_kw: pytest.fail("opened")
    )
    with pytest.raises(FileRefused, match="unpacks to far more"):
        read(bomb)


def test_texts_that_would_fill_the_memory_are_refused_unopened(monkeypatch):
    monkeypatch.setattr(opening, "MAX_HELD", 10)
    with pytest.raises(FileRefused, match="unpacks to far more"):
        read(GOOD)


def test_a_part_that_lies_about_its_size_is_refused():
    bomb = bytearray(rebuilt(GOOD, SHEET_1, lambda data: data + b" " * 10**6))
    # The uncompressed size in the central directory becomes one byte.
    entry = bomb.rindex(SHEET_1.encode()) - 46
    bomb[entry + 24 : entry + 28] = (1).to_bytes(4, "little")
    with pytest.raises(FileRefused, match="damaged"):
        read(bytes(bomb))


def test_entities_that_multiply_are_refused():
    head = (
        b"""<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>"""
    )
    bomb = rebuilt(GOOD, SHEET_1, lambda data: head + data)
    with pytest.raises(FileRefused, match="damaged"):
        read(bomb)


def test_a_row_number_of_a_billion_does_not_stall():
    far = rebuilt(
        GOOD, SHEET_1, lambda d: d.replace(b'<row r="2"', b'<row r="1000000000"')
    )
    with pytest.raises(FileRefused, match="more than 300000 rows"):
        read(far)


def test_a_declared_size_of_a_million_empty_rows_is_ignored():
    wide = rebuilt(
        GOOD,
        SHEET_1,
        lambda d: re.sub(rb'(<dimension ref=)"[^"]*"', rb'\1"A1:XFD1048576"', d),
    )
    assert read(wide).count == 1


def test_formulas_count_by_their_last_value_and_never_run():
    def with_formula(data: bytes) -> bytes:
        return data.replace(
            b"<v>5</v>", b'<f>WEBSERVICE("http://x.invalid")</f><v>6</v>'
        )

    (entry,) = entries(read(rebuilt(GOOD, SHEET_1, with_formula)))
    assert entry.record.answers["persons"] == 6


def test_links_to_other_workbooks_are_left_alone():
    def linked(data: bytes) -> bytes:
        target = b'<Relationship Id="rIdX" TargetMode="External" Target="file:///etc/passwd" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLink"/>'
        return data.replace(b"</Relationships>", target + b"</Relationships>")

    (entry,) = entries(read(rebuilt(GOOD, "xl/_rels/workbook.xml.rels", linked)))
    assert entry.problems == []


def test_titles_above_the_header_are_skipped_and_rows_keep_their_numbers():
    book = load_workbook(io.BytesIO(workbook_file([household(persons="many")])))
    page = book["households"]
    page.insert_rows(1, amount=3)
    page["A1"] = "بلدية وادي الزيتون"
    page.merge_cells("A1:F1")
    out = io.BytesIO()
    book.save(out)
    (entry,) = entries(read(out.getvalue()))
    assert [(each.row, each.column) for each in entry.problems] == [(5, "persons")]


def test_columns_nobody_knows_are_noted_and_not_read():
    found = read(workbook_file([household(shoe_size=38)]))
    codes = {(each.code, each.column) for each in found.problems}
    assert ("unknown_column", "shoe_size") in codes
    assert "shoe_size" not in entries(found)[0].record.answers


def test_unknown_columns_of_our_own_exports_are_no_surprise():
    found = read(workbook_file([household(_state="approved", _zone="Z1")]))
    assert "unknown_column" not in {each.code for each in found.problems}


def test_a_column_that_comes_twice_keeps_every_row_out():
    book = load_workbook(io.BytesIO(GOOD))
    page = book["households"]
    page.cell(1, page.max_column + 1, "persons")
    out = io.BytesIO()
    book.save(out)
    assert read(out.getvalue()).doubtful


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"household_id": None}, "household_id", "required"),
        ({"household_id": "   "}, "household_id", "required"),
        ({"household_id": "H" * 61}, "household_id", "too_long"),
        ({"head_name": "a" * 10_001}, "head_name", "too_long"),
        ({"persons": "many"}, "persons", "not_a_number"),
        ({"persons": 2.5}, "persons", "not_whole"),
        ({"persons": 2**63}, "persons", "out_of_range"),
        ({"persons": -1}, "persons", "constraint"),
        ({"persons": True}, "persons", "not_a_number"),
        ({"persons": datetime(2026, 1, 5)}, "persons", "not_a_number"),
        ({"weight": 0}, "weight", "out_of_range"),
        ({"weight": "NaN"}, "weight", "not_a_number"),
        ({"weight": "1e999"}, "weight", "not_a_number"),
        ({"weight": "1e99"}, "weight", "out_of_range"),
        ({"latitude": 91, "longitude": 1}, "latitude", "out_of_range"),
        ({"latitude": 33.8, "longitude": None}, "longitude", "half_coordinates"),
        ({"interview_date": "18 April"}, "interview_date", "not_a_date"),
        ({"interview_date": "0000-01-01"}, "interview_date", "not_a_date"),
        ({"interview_date": "2026-02-30"}, "interview_date", "not_a_date"),
        ({"interview_date": "99999-01-01"}, "interview_date", "not_a_date"),
        ({"interview_date": 46000}, "interview_date", "not_a_date"),
        ({"interview_date": date(2026, 7, 1)}, "interview_date", "outside_round"),
        ({"water_source": "river"}, "water_source", "not_a_choice"),
        ({"water_source": "#REF!"}, "water_source", "cell_error"),
        ({"sanitation_shared": "maybe"}, "sanitation_shared", "not_a_choice"),
    ],
)
def test_each_faulty_cell_is_named_by_sheet_row_and_column(cells, column, code):
    found = problems([household(**cells)])
    assert ("households", 2, column, code) in found
    # Without a number the row can't be found again, which is said beside.
    others = {each[3] for each in found} - {code}
    assert others <= {"no_household"}


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"sex": "x"}, "sex", "not_a_choice"),
        ({"sex": None}, "sex", "required"),
        ({"birth_date": date(2026, 12, 19)}, "birth_date", "constraint"),
        ({"birth_date": date(2008, 1, 1)}, "birth_date", "constraint"),
        ({"selected_5_17": "yes", "chores_hours": 169}, "chores_hours", "constraint"),
    ],
)
def test_each_faulty_child_is_named(cells, column, code):
    found = problems([household()], [child(**cells)])
    assert ("children", 2, column, code) in found


def test_a_child_of_nobody_is_named():
    found = read(workbook_file([household()], [child(of=9)]))
    (lost,) = [each for each in found.problems if each.code == "no_parent"]
    assert (lost.sheet, lost.row, lost.column) == ("children", 2, "household_id")


def test_rows_that_come_twice_are_named():
    assert problems([household(1), household(1)]) == [
        ("households", 3, "household_id", "repeated_household")
    ]
    assert problems([household()], [child(1), child(1)]) == [
        ("children", 3, "child_id", "repeated_child")
    ]


@pytest.mark.parametrize(
    ("column", "written", "meant"),
    [
        ("interview_date", "2026-04-18", "2026-04-18"),
        ("interview_date", "18/04/2026", "2026-04-18"),
        ("interview_date", "٢٠٢٦-٠٤-١٨", "2026-04-18"),
        ("interview_date", "2026-04-18 00:00:00", "2026-04-18"),
        ("interview_date", datetime(2026, 4, 18, 10, 30), "2026-04-18"),
        ("persons", "٥", 5),
        ("persons", "5", 5),
        ("internet", "نعم", "yes"),
        ("internet", "Non", "no"),
        ("internet", True, "yes"),
        ("water_source", " Piped ", "piped"),
        ("water_source", "protected well", "protected_well"),
        ("water_source", "شبكة المياه", "piped"),
        ("phone", 3123456.0, "3123456"),
        ("phone", "‪03 123 456‬", "03 123 456"),
        ("household_id", 17, "17"),
        ("household_id", "١٧", "17"),
    ],
)
def test_cells_are_read_as_people_write_them(column, written, meant):
    (entry,) = entries(read(workbook_file([household(**{column: written})])))
    assert entry.problems == []
    assert entry.record.answers[column] == meant


@pytest.mark.parametrize("written", ["4,5", "٤٫٥", 4.5])
def test_weights_are_read_as_people_write_them(written):
    (entry,) = entries(read(workbook_file([household(weight=written)])))
    assert entry.design == {"weight": 4.5}


def zipped(*files: tuple[str, bytes]) -> bytes:
    opened = [(name, io.BytesIO(content)) for name, content in files]
    with _packed(opened) as (_name, blob):
        blob.seek(0)
        return blob.read()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1256"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_files_are_read_in_the_encodings_of_excel(encoding, delimiter):
    rows = [household(head_name="أم كريم")]
    found = read(
        zipped(
            ("kids.csv", csv_file("children", [child()], encoding, delimiter)),
            ("homes.csv", csv_file("households", rows, encoding, delimiter)),
        )
    )
    (entry,) = entries(found)
    assert entry.record.answers["head_name"] == "أم كريم"
    assert entry.record.rows[0].answers["name"] == "ليان"


@pytest.mark.parametrize("text", ["a\x00b", "\x1b[31m", "\ufffe"])
def test_signs_that_cannot_be_stored_are_faulty_cells(text):
    homes = csv_file("households", [household(head_name=text)])
    kids = csv_file("children", [child()])
    (entry,) = entries(read(zipped(("homes.csv", homes), ("kids.csv", kids))))
    assert [each.code for each in entry.problems] == ["bad_characters"]


def test_not_a_number_in_a_workbook_is_refused():
    broken = rebuilt(GOOD, SHEET_1, lambda d: d.replace(b"<v>4.5</v>", b"<v>NaN</v>"))
    with pytest.raises(FileRefused, match="damaged"):
        read(broken)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.binary(max_size=400), st.integers(0, len(GOOD) - 1))
def test_bytes_in_the_wrong_place_never_crash(noise, place):
    broken = GOOD[:place] + noise + GOOD[place + len(noise) :]
    with suppress(FileRefused):
        entries(read(broken))


CELLS = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.integers(),
    st.floats(),
    st.dates(),
    st.booleans(),
)
HOME = ("household_id", "parcel_code", "latitude", "longitude", "interview_date",
        "phone", "persons", "water_source", "weight", "frame_households")  # fmt: skip
CHILD = ("household_id", "child_id", "sex", "birth_date", "economic_hours")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(*[CELLS] * len(HOME)), max_size=4),
    st.lists(st.tuples(*[CELLS] * len(CHILD)), max_size=4),
)
def test_any_cells_give_problems_or_records(homes, children):
    sheets = [
        opening.RawSheet("households", iter([HOME, *homes])),
        opening.RawSheet("children", iter([CHILD, *children])),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("surveys.files.tables.open_sheets", lambda _path: sheets)
        found = read(b"anything")
    for entry in entries(found):
        assert entry.name or entry.blocked

"""Hostile, broken and merely untidy files: refused with a reason or read, never a crash."""

import csv
import io
import re
import zipfile
from contextlib import suppress
from datetime import date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from surveys import workbook
from surveys.columns import CHILDREN, HOUSEHOLDS, SHEETS
from surveys.errors import FileRefused
from surveys.problems import Problem
from surveys.rows import Reading, read_rows
from surveys.spreadsheets import marked_workbook, problems_csv, template_workbook
from surveys.workbook import read
from tests.factories.surveys import child, csv_file, household, workbook_file

DAYS = {"first": date(2026, 4, 1), "last": date(2026, 5, 31)}


def reading(content: bytes) -> Reading:
    return read_rows(read(content), **DAYS)


def problems(households: list[dict], children: list[dict] | None = None) -> list[tuple]:
    found = reading(workbook_file(households, children)).problems
    return [(each.sheet, each.row, each.column, each.code) for each in found]


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


def test_a_template_that_was_filled_in_is_read():
    book = load_workbook(io.BytesIO(template_workbook()))
    for name, row in (("households", household()), ("children", child())):
        page = book[name]
        for number, cell in enumerate(page[1], start=1):
            page.cell(2, number, row.get(cell.value))
    out = io.BytesIO()
    book.save(out)
    found = reading(out.getvalue())
    assert found.problems == []
    assert found.households[0].children[0].cells["name"] == "ليان"


def test_the_template_offers_the_answers_of_every_choice():
    book = load_workbook(io.BytesIO(template_workbook()))
    lists = {
        rule.formula1.strip('"')
        for page in (book["households"], book["children"])
        for rule in page.data_validations.dataValidation
        if rule.type == "list"
    }
    for column in (*HOUSEHOLDS, *CHILDREN):
        if column.choices:
            assert ",".join(column.choices) in lists
    explained = {row[1].value for row in book.worksheets[2].iter_rows(min_row=2)}
    assert explained == {column.name for page in SHEETS.values() for column in page}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty"),
        (b"\xd0\xcf\x11\xe0 old excel", "old Excel file"),
        (b"PK\x03\x04 cut off", "damaged or not an Excel workbook"),
        (GOOD[: len(GOOD) // 2], "damaged or not an Excel workbook"),
        (b"%PDF-1.7 \x00\x00", "kind of file can't be read"),
        (b"<html>hello</html>", "kind of file can't be read"),
        (csv_file("households", [household()]), "“children” is missing"),
    ],
)
def test_what_is_no_survey_file_is_refused_with_the_way_out(content, message):
    with pytest.raises(FileRefused, match=message):
        read(content)


def test_a_missing_sheet_is_named():
    book = load_workbook(io.BytesIO(GOOD))
    del book["children"]
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(FileRefused, match="The sheet “children” is missing"):
        read(out.getvalue())


def test_a_zip_bomb_is_refused_unopened(monkeypatch):
    bomb = rebuilt(GOOD, SHEET_1, lambda data: data + b" " * 200 * 1024 * 1024)
    assert len(bomb) < 1024 * 1024
    monkeypatch.setattr(
        workbook, "load_workbook", lambda *_args, **_kw: pytest.fail("opened")
    )
    with pytest.raises(FileRefused, match="unpacks to far more"):
        read(bomb)


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


def test_a_hundred_thousand_rows_are_too_many():
    book = Workbook(write_only=True)
    for name in SHEETS:
        page = book.create_sheet(name)
        page.append(["household_id", "child_id"])
        for number in range(100_000 if name == "households" else 1):
            page.append([f"H{number}"])
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(FileRefused, match="more than 50000 rows"):
        read(out.getvalue())


def test_a_row_number_of_a_billion_does_not_stall():
    far = rebuilt(
        GOOD, SHEET_1, lambda d: d.replace(b'<row r="2"', b'<row r="1000000000"')
    )
    with pytest.raises(FileRefused, match="more than 50000 rows"):
        read(far)


def test_a_declared_size_of_a_million_empty_rows_is_ignored():
    wide = rebuilt(
        GOOD,
        SHEET_1,
        lambda d: re.sub(rb'(<dimension ref=)"[^"]*"', rb'\1"A1:XFD1048576"', d),
    )
    assert len(reading(wide).households) == 1


def test_formulas_count_by_their_last_value_and_never_run():
    def with_formula(data: bytes) -> bytes:
        return data.replace(
            b"<v>5</v>", b'<f>WEBSERVICE("http://x.invalid")</f><v>6</v>'
        )

    found = reading(rebuilt(GOOD, SHEET_1, with_formula))
    assert found.households[0].cells["persons"] == 6


def test_links_to_other_workbooks_are_left_alone():
    def linked(data: bytes) -> bytes:
        target = b'<Relationship Id="rIdX" TargetMode="External" Target="file:///etc/passwd" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLink"/>'
        return data.replace(b"</Relationships>", target + b"</Relationships>")

    found = reading(rebuilt(GOOD, "xl/_rels/workbook.xml.rels", linked))
    assert found.problems == []


def test_titles_above_the_header_are_skipped_and_rows_keep_their_numbers():
    book = load_workbook(io.BytesIO(workbook_file([household(persons="many")])))
    page = book["households"]
    page.insert_rows(1, amount=3)
    page["A1"] = "بلدية وادي الزيتون"
    page.merge_cells("A1:F1")
    out = io.BytesIO()
    book.save(out)
    (problem,) = reading(out.getvalue()).problems
    assert (problem.row, problem.column) == (5, "persons")


def test_merged_headers_show_as_missing_columns():
    book = load_workbook(io.BytesIO(GOOD))
    page = book["households"]
    page.merge_cells("A1:E1")
    out = io.BytesIO()
    book.save(out)
    (problem,) = reading(out.getvalue()).problems
    assert problem.message == (
        "The column “interview_date” is missing. Add it with exactly this name."
    )


def test_wrong_headers_say_what_to_do():
    book = Workbook()
    book.active.title = "households"
    book.active.append(["id", "date"])
    book.create_sheet("children")
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(FileRefused, match="No row with the column names"):
        read(out.getvalue())


def test_unknown_columns_are_noted_and_not_read():
    row = household()
    text = csv_file("households", [row]).decode()
    head, rest = text.split("\n", 1)
    lines = [f"{head.strip()},remarks", *(f"{line},x" for line in rest.split())]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("a.csv", "\r\n".join(lines))
        made.writestr("b.csv", csv_file("children", [child()]))
    found = reading(archive.getvalue())
    assert [each.code for each in found.problems] == ["unknown_column"]
    assert not found.blocked


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"household_id": None}, "household_id", "required"),
        ({"household_id": "   "}, "household_id", "required"),
        ({"household_id": "H" * 61}, "household_id", "too_long"),
        ({"head_name": "a" * 201}, "head_name", "too_long"),
        ({"persons": "many"}, "persons", "not_a_number"),
        ({"persons": 2.5}, "persons", "not_whole"),
        ({"persons": 2**63}, "persons", "out_of_range"),
        ({"persons": -1}, "persons", "out_of_range"),
        ({"persons": True}, "persons", "not_a_number"),
        ({"persons": datetime(2026, 1, 5)}, "persons", "not_a_number"),
        ({"weight": 0}, "weight", "out_of_range"),
        ({"weight": "NaN"}, "weight", "not_a_number"),
        ({"weight": "1e999"}, "weight", "not_a_number"),
        ({"weight": "1e99"}, "weight", "out_of_range"),
        ({"weight": None}, "weight", "required"),
        ({"latitude": 91, "longitude": 1}, "latitude", "out_of_range"),
        ({"latitude": 33.8}, "longitude", "half_coordinates"),
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
    assert problems([household(**cells)]) == [("households", 2, column, code)]


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"household_id": "H9"}, "household_id", "no_such_household"),
        ({"sex": "x"}, "sex", "not_a_choice"),
        ({"birth_date": date(2026, 4, 19)}, "birth_date", "born_later"),
        ({"birth_date": date(2008, 4, 18)}, "birth_date", "not_a_child"),
        (
            {"birth_date": date(2023, 1, 1), "selected_5_17": "yes"},
            "selected_5_17",
            "selected_age",
        ),
        ({"chores_hours": 169}, "chores_hours", "out_of_range"),
    ],
)
def test_each_faulty_child_is_named(cells, column, code):
    assert problems([household()], [child(**cells)]) == [("children", 2, column, code)]


def test_rows_that_contradict_each_other_are_named():
    assert problems([household(1), household(1)]) == [
        ("households", 3, "household_id", "repeated_household")
    ]
    assert problems([household()], [child(1), child(1)]) == [
        ("children", 3, "child_id", "repeated_child")
    ]
    drawn = [child(n, selected_5_17="yes") for n in (1, 2)]
    assert problems([household()], drawn) == [
        ("children", 3, "selected_5_17", "two_selected")
    ]
    assert problems([household(persons=1)], [child(1), child(2)]) == [
        ("households", 2, "persons", "fewer_persons")
    ]


def test_a_stratum_has_one_size_that_holds_its_households():
    rows = [
        household(n, stratum="A", frame_households=size)
        for n, size in enumerate((9, 8))
    ]
    assert problems(rows) == [("households", 3, "frame_households", "frame_differs")]
    rows = [household(n, frame_households=2) for n in range(3)]
    assert problems(rows) == [("households", 2, "frame_households", "frame_too_small")]


@pytest.mark.parametrize(
    ("column", "written", "meant"),
    [
        ("interview_date", "2026-04-18", date(2026, 4, 18)),
        ("interview_date", "18/04/2026", date(2026, 4, 18)),
        ("interview_date", "٢٠٢٦-٠٤-١٨", date(2026, 4, 18)),
        ("interview_date", "2026-04-18 00:00:00", date(2026, 4, 18)),
        ("interview_date", datetime(2026, 4, 18, 10, 30), date(2026, 4, 18)),
        ("persons", "٥", 5),
        ("persons", "5", 5),
        ("weight", "4,5", 4.5),
        ("weight", "٤٫٥", 4.5),
        ("internet", "نعم", "yes"),
        ("internet", "Non", "no"),
        ("internet", True, "yes"),
        ("water_source", " Piped ", "piped"),
        ("phone", 3123456.0, "3123456"),
        ("phone", "‪03 123 456‬", "03 123 456"),
        ("household_id", 17, "17"),
    ],
)
def test_cells_are_read_as_people_write_them(column, written, meant):
    found = reading(workbook_file([household(**{column: written})]))
    assert found.problems == []
    assert found.households[0].cells[column] == meant


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\x1b[31m", "\ufffe"])
def test_signs_that_cannot_be_stored_are_faulty_cells(text):
    files = [
        ("h.csv", csv_file("households", [household()])),
        (
            "c.csv",
            csv_file("children", [child(name=text)], "utf-8")
            if text.isascii() or text == "\ufffe"
            else csv_file("children", [child(name="x")]).replace(
                b",x,", b",\xed\xa0\x80,"
            ),
        ),
    ]
    found = reading(workbook.pack(files)[1])
    if text == "\ud800":
        # Half a surrogate is no UTF-8: the file is taken as Windows-1256.
        assert not found.blocked
    else:
        assert [each.code for each in found.problems] == ["bad_characters"]


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
        reading(broken)


CELLS = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.integers(),
    st.floats(),
    st.dates(),
    st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.fixed_dictionaries({c.name: CELLS for c in HOUSEHOLDS}), max_size=4),
    st.lists(st.fixed_dictionaries({c.name: CELLS for c in CHILDREN}), max_size=4),
)
def test_any_cells_give_problems_or_rows(households, children):
    sheets = {
        "households": _sheet("households", households),
        "children": _sheet("children", children),
    }
    found = read_rows(sheets, **DAYS)
    assert found.blocked or all(line.code for line in found.households)
    assert marked_workbook(sheets, found.problems)
    assert problems_csv(found.problems)


def _sheet(name: str, rows: list[dict]) -> workbook.Sheet:
    columns = [column.name for column in SHEETS[name]]
    numbered = [(n, [row[c] for c in columns]) for n, row in enumerate(rows, start=2)]
    return workbook.Sheet(name, 1, columns, numbered)


def test_the_marked_copy_keeps_rows_colours_faults_and_runs_nothing():
    content = workbook_file(
        [household(1, persons="many", head_name='=HYPERLINK("http://x.invalid")')]
    )
    sheets = read(content)
    sheets["households"].rows[0][1][7] = '=HYPERLINK("http://x.invalid")'
    found = read_rows(sheets, **DAYS)
    book = load_workbook(io.BytesIO(marked_workbook(sheets, found.problems)))
    page = book["households"]
    columns = {cell.value: cell.column for cell in page[1]}
    faulty = page.cell(2, columns["persons"])
    assert faulty.fill.fgColor.rgb.endswith("FBE6E4")
    assert "“many” is not a number" in faulty.comment.text
    assert page.cell(2, columns["head_name"]).data_type == "s"


def test_the_list_of_errors_cannot_run_as_a_formula():
    problem = Problem("bad_characters", "households", 2, "=1+1")
    (row,) = list(csv.reader(io.StringIO(problems_csv([problem]))))[1:]
    assert row[:3] == ["households", "2", "'=1+1"]

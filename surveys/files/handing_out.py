"""Files that the pages hand out about an upload: the list of errors, the marked copy, the
rows that are to be corrected.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import IO

from django.utils.translation import get_language_bidi, gettext
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from surveys.files.reading import Entry, Reading
from surveys.files.tables import Row, match_sheets
from surveys.files.tally import Tally
from surveys.files.weighing import weigh
from surveys.files.working import CHUNK, read_upload
from surveys.models import Upload
from surveys.problems import Problem

FAULTY = PatternFill("solid", fgColor="FBE6E4")
DOUBTFUL = PatternFill("solid", fgColor="FDF3DC")
# A spreadsheet program would run text that begins so as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
CELL = 2000
Plain = str | int | float | bool | date | datetime | time | None
Marks = dict[tuple[str, int | None], list[Problem]]


def entries_of(upload: Upload, reading: Reading) -> Iterator[Entry]:
    """Each record of the file with all that is to be said of it now."""
    tally = Tally()
    for first in range(0, reading.count, CHUNK):
        entries = reading.entries(first, CHUNK)
        tally.check_strata(weigh(upload.round, reading, entries), reading)
        yield from entries


def write_problems(upload: Upload, out: IO[str]) -> None:
    """As CSV. Raises FileRefused."""
    reading = read_upload(upload)
    write_csv(_all_problems(upload, reading), out)


def _all_problems(upload: Upload, reading: Reading) -> Iterator[Problem]:
    yield from reading.problems
    for entry in entries_of(upload, reading):
        yield from entry.problems


def write_csv(problems: Iterable[Problem], out: IO[str]) -> None:
    """With a byte-order mark, without which Excel misreads Arabic."""
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(
        [
            gettext("Sheet"),
            gettext("Row"),
            gettext("Column"),
            gettext("Severity"),
            gettext("What is wrong"),
        ]
    )
    for problem in problems:
        weight = gettext("error") if problem.blocks else gettext("warning")
        row = (problem.sheet, problem.row or "", problem.column, weight)
        writer.writerow([_harmless(str(cell)) for cell in (*row, problem.message)])


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def marked_copy(upload: Upload, out: IO[bytes]) -> None:
    """The file's rows again, the faulty cells coloured and explained. Rows keep their
    numbers, so that the list of errors still fits; a corrected copy can be uploaded as
    it is. Raises FileRefused.
    """
    reading = read_upload(upload)
    marks: Marks = {}
    for problem in _all_problems(upload, reading):
        marks.setdefault((problem.sheet, problem.row), []).append(problem)
    _write(upload, reading, marks, None, out)


def rows_to_correct(upload: Upload, out: IO[bytes]) -> None:
    """Nothing but what was not loaded, marked, to be uploaded again."""
    reading = read_upload(upload)
    marks: Marks = {}
    wanted = {
        (problem.sheet, problem.row) for problem in reading.problems if problem.blocks
    }
    for problem in reading.problems:
        marks.setdefault((problem.sheet, problem.row), []).append(problem)
    for entry in entries_of(upload, reading):
        if entry.blocked:
            wanted |= {(reading.tables[t].sheet, row) for t, row in entry.lines}
            for problem in entry.problems:
                marks.setdefault((problem.sheet, problem.row), []).append(problem)
    _write(upload, reading, marks, wanted, out)


def _write(
    upload: Upload,
    reading: Reading,
    marks: Marks,
    wanted: Collection[tuple[str, int | None]] | None,
    out: IO[bytes],
) -> None:
    """With all rows in their places, or with the wanted ones one below the other."""
    book = Workbook(write_only=True)
    path, terms = Path(upload.file.path), reading.terms
    for matched, rows in match_sheets(path, terms.structure, terms.remembered):
        page = book.create_sheet(matched.sheet)
        page.sheet_view.rightToLeft = get_language_bidi()
        headed: list[Row] = [(matched.header_row, list(matched.headers))]
        kept = (
            rows
            if wanted is None
            else (each for each in rows if (matched.sheet, each[0]) in wanted)
        )
        written = 0
        for number, values in _chained(headed, kept):
            if wanted is None:
                for _gap in range(number - written - 1):
                    page.append([])
                written = number
            found = _by_column(marks.get((matched.sheet, number), ()))
            page.append(
                [
                    _marked(page, value, found.get(header))
                    for header, value in zip(matched.headers, values, strict=True)
                ]
            )
    book.save(out)


def _chained(first: Iterable[Row], rest: Iterable[Row]) -> Iterator[Row]:
    yield from first
    yield from rest


def _by_column(problems: Iterable[Problem]) -> dict[str, list[Problem]]:
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        found.setdefault(problem.column, []).append(problem)
    return found


def _marked(
    page: Worksheet, value: object, problems: list[Problem] | None
) -> WriteOnlyCell | Plain:
    plain = _plain(value)
    text = isinstance(plain, str) and plain.startswith(FORMULA_STARTS)
    if not problems and not text:
        return plain
    cell = WriteOnlyCell(page, plain)
    if isinstance(plain, str):
        # Text stays text, whatever it begins with.
        cell.data_type = "s"
    if problems:
        blocked = any(problem.blocks for problem in problems)
        cell.fill = FAULTY if blocked else DOUBTFUL
        words = "\n".join(problem.message for problem in problems)
        cell.comment = Comment(_storable(words), "", height=120, width=320)
    return cell


def _plain(value: object) -> Plain:
    if value is None or isinstance(value, bool | int | date | time):
        return value
    if isinstance(value, float):
        return value if abs(value) < 1e300 else str(value)
    return _storable(str(value))[:CELL]


def _storable(text: str) -> str:
    return ILLEGAL_CHARACTERS_RE.sub("\ufffd", text).encode("utf-8", "replace").decode()

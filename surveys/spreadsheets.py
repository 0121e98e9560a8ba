"""Files that the pages hand out: the template, the list of errors, the marked copy."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date, datetime, time

from django.utils.translation import get_language_bidi, gettext
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from surveys.columns import SHEETS, WORDS, Column, Kind
from surveys.problems import Problem
from surveys.workbook import Sheet

HEADER = PatternFill("solid", fgColor="E2EFE9")
REQUIRED = PatternFill("solid", fgColor="BFE0D4")
FAULTY = PatternFill("solid", fgColor="FBE6E4")
DOUBTFUL = PatternFill("solid", fgColor="FDF3DC")
BOLD = Font(bold=True)
TEMPLATE_ROWS = 5000
# A spreadsheet program would run text that begins so as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
Plain = str | int | float | bool | date | datetime | time | None


def template_workbook() -> bytes:
    """An empty workbook with drop-down answers, explained in the active language."""
    book = Workbook()
    book.remove(book.active)
    for name, columns in SHEETS.items():
        page = book.create_sheet(name)
        page.freeze_panes = "B2"
        page.sheet_view.rightToLeft = get_language_bidi()
        for number, column in enumerate(columns, start=1):
            _template_column(page, number, column)
    _explain(book.create_sheet(gettext("Explanations")))
    return _bytes(book)


def _template_column(page: Worksheet, number: int, column: Column) -> None:
    letter = get_column_letter(number)
    head = page.cell(1, number, column.name)
    head.font, head.fill = BOLD, REQUIRED if column.required else HEADER
    page.column_dimensions[letter].width = max(12, len(column.name) + 3)
    cells = f"{letter}2:{letter}{TEMPLATE_ROWS}"
    if column.kind is Kind.CHOICE:
        answers = DataValidation("list", formula1=f'"{",".join(column.choices)}"')
    elif column.kind is Kind.DATE:
        page.column_dimensions[letter].number_format = "yyyy-mm-dd"
        answers = DataValidation("date", operator="greaterThan", formula1="1")
    elif column.low is not None and column.high is not None:
        kind = "whole" if column.kind is Kind.INTEGER else "decimal"
        answers = DataValidation(
            kind, formula1=f"{column.low:f}", formula2=f"{column.high:f}"
        )
    else:
        return
    answers.allow_blank = True
    # Excel shows at most 255 letters.
    answers.error = str(column.about)[:250]
    answers.add(cells)
    page.add_data_validation(answers)


def _explain(page: Worksheet) -> None:
    page.sheet_view.rightToLeft = get_language_bidi()
    page.append(
        [
            gettext("Sheet"),
            gettext("Column"),
            gettext("Must be filled in"),
            gettext("Meaning"),
            gettext("Answers"),
        ]
    )
    for name, columns in SHEETS.items():
        for column in columns:
            page.append(
                [
                    name,
                    column.name,
                    gettext("yes") if column.required else "",
                    str(column.about),
                    "\n".join(f"{each}: {WORDS[each]}" for each in column.choices),
                ]
            )
    for cell in page[1]:
        cell.font, cell.fill = BOLD, HEADER
    for letter, width in zip("ABCDE", (14, 26, 18, 64, 60), strict=True):
        page.column_dimensions[letter].width = width
        for cell in page[letter]:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    page.freeze_panes = "A2"


def problems_csv(problems: Iterable[Problem]) -> str:
    """With a byte-order mark, without which Excel misreads Arabic."""
    out = io.StringIO()
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
        row = [
            problem.sheet,
            problem.row or "",
            problem.column,
            weight,
            problem.message,
        ]
        writer.writerow([_harmless(str(cell)) for cell in row])
    return out.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def marked_workbook(sheets: dict[str, Sheet], problems: Iterable[Problem]) -> bytes:
    """The file's rows again, the faulty cells coloured and explained.

    Rows keep their numbers, so that the list of errors still fits; a corrected
    copy can be uploaded as it is.
    """
    found: dict[tuple[str, int | None, str], list[Problem]] = {}
    for problem in problems:
        key = (problem.sheet, problem.row, problem.column)
        found.setdefault(key, []).append(problem)
    book = Workbook(write_only=True)
    for name, sheet in sheets.items():
        page = book.create_sheet(name)
        page.sheet_view.rightToLeft = get_language_bidi()
        written = 0
        headed = (sheet.header_row, list(sheet.columns))
        for row, values in [headed, *sheet.rows]:
            for _gap in range(row - written - 1):
                page.append([])
            page.append(
                [
                    _marked(page, value, found.get((name, row, column), []))
                    for column, value in zip(sheet.columns, values, strict=True)
                ]
            )
            written = row
    return _bytes(book)


def _marked(page: Worksheet, value: object, problems: list[Problem]) -> WriteOnlyCell:
    cell = WriteOnlyCell(page, _plain(value))
    if isinstance(cell.value, str):
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
    return _storable(str(value))[:2000]


def _storable(text: str) -> str:
    return ILLEGAL_CHARACTERS_RE.sub("\ufffd", text).encode("utf-8", "replace").decode()


def _bytes(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()

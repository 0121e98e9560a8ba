"""Records as CSV and as an Excel workbook, row by row: no more than a batch in memory."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain, count
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel

from surveys.out.tables import Column, Scope, Sheet, Value, batches, taken, text
from surveys.out.values import Tell, day_of, distinct, name_of, plain

MAX_XLSX_ROWS = 1_048_575
# A larger part needs an extension of the zip format at which Excel offers a repair.
MAX_XLSX_BYTES = 1_900_000_000
SHEET_NAME = 31
CELL = 32_767
FIRST_YEAR = 1900
NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
NOT_IN_SHEET_NAME = re.compile(r"[][:*?/\\']")
BEFORE = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b'<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
    b'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
AFTER = b"</sheetData></worksheet>"
PAGES = "xl/worksheets/"
# Of the styles that `_add_the_rest` makes.
DATE_STYLE = 1


def write_csv(path: Path, scope: Scope, sheets: Iterable[Sheet], tell: Tell) -> None:
    """A zip with a file per table, in UTF-8 with a mark, so that Excel reads Arabic."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for sheet in sheets:
            with (
                archive.open(f"{name_of(sheet)}.csv", "w", force_zip64=True) as raw,
                io.TextIOWrapper(raw, "utf-8-sig", newline="") as out,
            ):
                writer = csv.writer(out)
                writer.writerow(column.name for column in sheet.columns)
                for values in _rows(scope, sheet, tell):
                    writer.writerow(plain(value) for value in values)


def write_xlsx(path: Path, scope: Scope, sheets: Iterable[Sheet], tell: Tell) -> None:
    """A sheet per table, more where one is full, and one that says what columns and
    choices mean. openpyxl would take eight times as long for the rows; it writes all
    the rest.
    """
    sheets = list(sheets)
    titles: list[str] = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for sheet in sheets:
            head = [column.name for column in sheet.columns]
            rows = (
                [_cell_value(*pair) for pair in zip(sheet.columns, values, strict=True)]
                for values in _rows(scope, sheet, tell)
            )
            _write_pages(archive, titles, name_of(sheet), head, rows)
        head, *lines = codebook(sheets)
        _write_pages(archive, titles, "codebook", head, iter(lines))
        _add_the_rest(archive, titles)


def _rows(scope: Scope, sheet: Sheet, tell: Tell) -> Iterator[list[Value]]:
    for batch in batches(scope, sheet.name):
        for values in batch:
            yield taken(sheet.columns, values)
        tell(len(batch))


def codebook(sheets: Iterable[Sheet]) -> Iterator[list[str]]:
    yield [_("table"), _("column"), _("type"), _("label"), _("value"), _("meaning")]
    for sheet in sheets:
        for column in sheet.columns:
            yield [name_of(sheet), column.name, column.kind, column.label, "", ""]
            for value, label in column.choices.items():
                yield [name_of(sheet), column.name, "", "", value, label]


def _cell_value(column: Column, value: Value) -> Any:
    day = day_of(value) if column.kind == "date" else None
    if day is not None and day.year >= FIRST_YEAR:
        return day
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return text(value)


def _write_pages(
    archive: zipfile.ZipFile,
    titles: list[str],
    name: str,
    head: Sequence[str],
    rows: Iterator[Sequence[Any]],
) -> None:
    """As many sheets as the rows need: `children`, `children (2)`."""
    first = next(rows, None)
    for number in count(1):
        titles.append(_title(name, number, titles))
        with archive.open(f"{PAGES}sheet{len(titles)}.xml", "w") as out:
            known = () if first is None else (first,)
            _write_page(out, chain((head,), known, rows))
        first = next(rows, None)
        if first is None:
            return


def _title(name: str, number: int, titles: list[str]) -> str:
    ending = f" ({number})" if number > 1 else ""
    made = NOT_IN_SHEET_NAME.sub("_", name)[: SHEET_NAME - len(ending)] + ending
    return distinct(made, {each.casefold() for each in titles}, SHEET_NAME)


def _write_page(out: Any, rows: Iterable[Sequence[Any]]) -> None:
    letters: list[str] = []
    size = out.write(BEFORE)
    for number, row in enumerate(rows, start=1):
        if number == 1:
            letters = [get_column_letter(index + 1) for index in range(len(row))]
        cells = "".join(
            _cell(f"{letter}{number}", value)
            for letter, value in zip(letters, row, strict=True)
            if value not in {None, ""}
        )
        size += out.write(f'<row r="{number}">{cells}</row>'.encode())
        if number > MAX_XLSX_ROWS or size > MAX_XLSX_BYTES:
            break
    out.write(AFTER)


def _cell(place: str, value: Any) -> str:
    if isinstance(value, str):
        words = escape(NOT_IN_XML.sub("", value[:CELL]))
        return (
            f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{words}'
            "</t></is></c>"
        )
    if isinstance(value, date) and not isinstance(value, datetime):
        return f'<c r="{place}" s="{DATE_STYLE}"><v>{to_excel(value)}</v></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def _add_the_rest(archive: zipfile.ZipFile, titles: list[str]) -> None:
    """Everything of a workbook but the sheets themselves."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title in titles:
        book.create_sheet(title)
    styled = book.worksheets[0].cell(row=1, column=1, value=0)
    styled.number_format = "yyyy-mm-dd"
    raw = io.BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as made:
        for name in made.namelist():
            if not name.startswith(PAGES):
                archive.writestr(name, made.read(name))

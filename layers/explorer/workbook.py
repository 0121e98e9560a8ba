"""Tables as an Excel workbook, written row by row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any

from django.utils.translation import get_language_bidi
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from layers.maps.downloads import safe

Sheet = tuple[str, list[str], Iterable[list[Any]]]

HEAD = Font(bold=True, color="FFFFFF")
GROUND = PatternFill("solid", fgColor="1F6F5C")
WRAPPED = Alignment(wrap_text=True, vertical="center")
NARROW, WIDE = 13, 34
# What holds names and reasons rather than numbers is recognised by its first row.
LONG = 12


def write_workbook(out: IO[bytes], sheets: Iterable[Sheet]) -> None:
    """A sheet a table, from the right to the left where one reads so."""
    book = Workbook(write_only=True)
    for title, header, rows in sheets:
        _write_sheet(book, title, header, rows)
    book.save(out)


def _write_sheet(
    book: Workbook, title: str, header: list[str], rows: Iterable[list[Any]]
) -> None:
    sheet = book.create_sheet(title[:31])
    sheet.sheet_view.rightToLeft = get_language_bidi()
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    lines = iter(rows)
    first = next(lines, [])
    for place in range(len(header)):
        text = first[place] if place < len(first) else ""
        long = isinstance(text, str) and len(text) > LONG
        width = WIDE if long else NARROW
        sheet.column_dimensions[get_column_letter(place + 1)].width = width
    sheet.append([_head(sheet, text) for text in header])
    for line in [first] if first else []:
        sheet.append([safe(cell) for cell in line])
    for line in lines:
        sheet.append([safe(cell) for cell in line])


def _head(sheet: Any, text: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, text)
    cell.font, cell.fill, cell.alignment = HEAD, GROUND, WRAPPED
    return cell

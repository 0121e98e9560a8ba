"""An empty workbook for a questionnaire: a sheet per table, lists, and what it means."""

from __future__ import annotations

import io

from django.utils.translation import get_language_bidi, gettext
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from surveys.files.tables import DESIGN
from surveys.questionnaires.structure import FILES, Question, Structure, Table

HEADER = PatternFill("solid", fgColor="E2EFE9")
REQUIRED = PatternFill("solid", fgColor="BFE0D4")
BOLD = Font(bold=True)
ROWS = 5000
LISTS = "_lists"


def workbook_of(structure: Structure, language: str) -> bytes:
    """Labels stand in notes on the headers, in `language`, so that nothing has to be
    deleted before the workbook is uploaded.
    """
    book = Workbook()
    book.remove(book.active)
    pages = [
        (table, book.create_sheet(_title(table, book))) for table in structure.tables
    ]
    lists = book.create_sheet(LISTS)
    lists.sheet_state = "hidden"
    places = _lists(lists, structure)
    for table, page in pages:
        page.freeze_panes = "B2"
        page.sheet_view.rightToLeft = get_language_bidi()
        _fill(page, table, structure, language, places)
    _codebook(book.create_sheet(gettext("Explanations")), structure, language)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _title(table: Table, book: Workbook) -> str:
    name = table.name.rpartition("/")[2] or "households"
    return name[:28] if name[:28] not in book.sheetnames else f"{name[:25]}_2"


def _lists(page: Worksheet, structure: Structure) -> dict[str, str]:
    """Where the codes of each list are, as a formula."""
    places = {}
    for column, (name, choices) in enumerate(structure.choices.items(), start=1):
        for row, choice in enumerate(choices, start=1):
            page.cell(row, column, choice.value).data_type = "s"
        letter = get_column_letter(column)
        sheet = quote_sheetname(LISTS)
        places[name] = f"{sheet}!${letter}$1:${letter}${max(len(choices), 1)}"
    return places


def asked(table: Table) -> list[Question]:
    """What a file can answer: calculations and what phones note are not written."""
    return [each for each in table.questions if each.asked and each.type not in FILES]


def _fill(
    page: Worksheet,
    table: Table,
    structure: Structure,
    language: str,
    places: dict[str, str],
) -> None:
    _head(page, gettext("Number of the row, for the sheets below it."), "_index")
    if table.parent is not None:
        about = gettext("The “_index” of the row it belongs to.")
        _head(page, about, "_parent_index", required=True)
    for each in asked(table):
        about = structure.in_language(each.labels, language)
        column = _head(page, about, each.key, required=bool(each.required))
        _validate(page, each, get_column_letter(column), places)
    if table.parent is None:
        for name in DESIGN:
            _head(page, gettext("Of the sampling design; may be left out."), name)


def _head(page: Worksheet, about: str, name: str, *, required: bool = False) -> int:
    column = 1 if page.cell(1, 1).value is None else page.max_column + 1
    cell = page.cell(1, column, name)
    cell.font, cell.fill = BOLD, REQUIRED if required else HEADER
    if about:
        cell.comment = Comment(about[:1000], "", height=100, width=300)
    page.column_dimensions[get_column_letter(column)].width = max(12, len(name) + 3)
    return column


def _validate(
    page: Worksheet, question: Question, letter: str, places: dict[str, str]
) -> None:
    if question.type == "select_one" and question.choices in places:
        rule = DataValidation("list", formula1=places[question.choices])
    elif question.type == "date":
        page.column_dimensions[letter].number_format = "yyyy-mm-dd"
        rule = DataValidation("date", operator="greaterThan", formula1="1")
    elif question.type == "integer":
        rule = DataValidation("whole", operator="greaterThan", formula1="-1000000000")
    else:
        return
    rule.allow_blank = True
    rule.add(f"{letter}2:{letter}{ROWS}")
    page.add_data_validation(rule)


def _codebook(page: Worksheet, structure: Structure, language: str) -> None:
    page.sheet_view.rightToLeft = get_language_bidi()
    page.append(
        [gettext("Sheet"), gettext("Column"), gettext("Meaning"), gettext("Answers")]
    )
    for table in structure.tables:
        for each in asked(table):
            answers = [
                f"{choice.value}: {structure.in_language(choice.labels, language)}"
                for choice in structure.choices.get(each.choices, ())
            ]
            label = structure.in_language(each.labels, language)
            page.append(
                [table.name or "households", each.key, label, "\n".join(answers)]
            )
    for row in page.iter_rows():
        for cell in row:
            # Words of a form stay words, whatever they begin with.
            if isinstance(cell.value, str):
                cell.data_type = "s"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for cell in page[1]:
        cell.font, cell.fill = BOLD, HEADER
    for letter, width in zip("ABCD", (16, 28, 60, 60), strict=True):
        page.column_dimensions[letter].width = width
    page.freeze_panes = "A2"

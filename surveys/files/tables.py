"""Which sheet of a file is which table of the form, and which column which question."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import PurePosixPath
from typing import Any

from openpyxl import load_workbook

from surveys.questionnaires.structure import LISTS, Question, Structure, Table
from surveys.workbook import (
    BROKEN_WORKBOOK,
    BROKEN_ZIP,
    HEADER_WITHIN,
    MAX_BYTES,
    OLE,
    ZIP,
    Sheet,
    csv_rows,
    decode,
    is_empty,
    open_zip,
    refuse,
)

MAX_ROWS = 300_000
MAX_COLUMNS = 2000
DESIGN = ("stratum", "psu", "weight", "frame_households")
KEYS = ("_index", "key", "_key", "instanceid", "meta_instanceid", "_uuid")
PARENTS = ("_parent_index", "parent_key", "_parent_key")
# What a column says beside a question's key: `@weight` of the design, `@key` of the
# row, `@parent` of the row it belongs to, `@latitude:location`, `@choice:help:food`.
Mapping_ = dict[str, dict[str, str]]
IGNORED = ""


@dataclass
class Matched:
    """`columns` has the meaning of each column by its place in the sheet."""

    table: Table
    sheet: Sheet
    columns: list[str] = field(default_factory=list)

    def place(self, meaning: str) -> int | None:
        return self.columns.index(meaning) if meaning in self.columns else None


def plain(text: object) -> str:
    """Headers are the same whatever their case, spaces and way of joining groups."""
    words = unicodedata.normalize("NFKC", str(text or "")).strip().casefold()
    return re.sub(r"[\s\-./:]+", "_", words)[:200]


def read_tables(
    content: bytes, structure: Structure, remembered: Mapping_ | None = None
) -> dict[str, Matched]:
    """By the table's name. Raises FileRefused for what can't be read at all."""
    found: dict[str, Matched] = {}
    try:
        _match_all(content, structure, remembered or {}, found)
    except BROKEN_WORKBOOK as error:
        raise refuse("broken_file") from error
    if "" not in found:
        raise refuse("missing_main", title=structure.title or structure.form_id)
    return found


def _match_all(
    content: bytes,
    structure: Structure,
    remembered: Mapping_,
    found: dict[str, Matched],
) -> None:
    for name, rows in _raw_sheets(content):
        top = list(islice(rows, HEADER_WITHIN))
        best = _best(name, top, structure, remembered, set(found))
        if best is None:
            continue
        table, at, meanings = best
        sheet = _sheet(
            (name or table.name or "data")[:31], top[at], at, chain(top[at + 1 :], rows)
        )
        columns = meanings[: len(sheet.columns)]
        found[table.name] = Matched(table, sheet, columns)


def _raw_sheets(content: bytes) -> Iterable[tuple[str, Any]]:
    _refuse_unreadable(content)
    if not content.startswith(ZIP):
        yield "", csv_rows(decode(content))
        return
    with open_zip(content) as archive:
        if "xl/workbook.xml" not in archive.namelist():
            yield from _zipped(archive)
            return
    book = load_workbook(
        io.BytesIO(content), read_only=True, data_only=True, keep_links=False
    )
    for name in book.sheetnames:
        page = book[name]
        if hasattr(page, "reset_dimensions"):
            # The declared size may be wrong by millions of empty rows.
            page.reset_dimensions()
            yield name, page.iter_rows(values_only=True, max_col=MAX_COLUMNS)
    book.close()


def _refuse_unreadable(content: bytes) -> None:
    if not content:
        raise refuse("empty_file")
    if len(content) > MAX_BYTES:
        raise refuse("too_large", limit=MAX_BYTES // 1024**2)
    if content.startswith(OLE):
        raise refuse("old_excel")
    wide = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    if b"\x00" in content[:1000] and not wide and not content.startswith(ZIP):
        raise refuse("unknown_kind")


def _zipped(archive: zipfile.ZipFile) -> Iterable[tuple[str, Any]]:
    for part in archive.infolist():
        path = PurePosixPath(part.filename)
        if part.is_dir() or path.name.startswith(".") or "__MACOSX" in path.parts:
            continue
        if path.suffix.lower() not in {".csv", ".txt"}:
            raise refuse("unknown_kind")
        try:
            text = decode(archive.read(part))
        except BROKEN_ZIP as error:
            raise refuse("broken_file") from error
        yield re.sub(r"^\d+-", "", path.stem), csv_rows(text)


def _best(
    name: str,
    top: Sequence[Sequence[object]],
    structure: Structure,
    remembered: Mapping_,
    taken: set[str],
) -> tuple[Table, int, list[str]] | None:
    """The table and header row whose questions the sheet names most; a sheet that is
    called as the table needs to name one only, another one two.
    """
    best, most = None, 0.0
    for table in structure.tables:
        if table.name in taken:
            continue
        titled = plain(name) in _titles(table, structure)
        for at, row in enumerate(top):
            meanings = meanings_of(row, table, structure, remembered.get(table.name))
            count = len({each for each in meanings if each and each[0] != "@"})
            # Of tables with like questions, the one the sheet is named after.
            score = count + 0.5 + count * titled if count > (not titled) else 0.0
            if score > most:
                best, most = (table, at, meanings), score
    return best


def _titles(table: Table, structure: Structure) -> set[str]:
    names = [table.name.rpartition("/")[2], *table.labels.values()]
    if not table.name:
        names = [structure.form_id, structure.root, structure.title, "households"]
    return {plain(each) for each in names if each}


def meanings_of(
    headers: Sequence[object],
    table: Table,
    structure: Structure,
    remembered: dict[str, str] | None = None,
) -> list[str]:
    known = _known_headers(table, structure)
    remembered = remembered or {}
    return [
        remembered.get(plain(each), known.get(plain(each), IGNORED)) for each in headers
    ]


def _known_headers(table: Table, structure: Structure) -> dict[str, str]:
    """Sure names first, labels last."""
    known: dict[str, str] = {}
    for question in table.questions:
        known.setdefault(plain(question.key), question.key)
    for question in table.questions:
        below = question.path[len(table.path) + 1 :]
        known.setdefault(plain(below), question.key)
        known.setdefault(plain(question.path), question.key)
        known.update(_parts_of(question, structure, known))
    if not table.name:
        known |= {name: f"@{name}" for name in DESIGN if name not in known}
    known |= {name: "@key" for name in KEYS if name not in known}
    known |= {name: "@parent" for name in PARENTS if name not in known}
    for name in _numbers_above(table, structure):
        known.setdefault(name, "@parent")
    for question in table.questions:
        for label in question.labels.values():
            known.setdefault(plain(label), question.key)
    known.pop("", None)
    return known


def _numbers_above(table: Table, structure: Structure) -> list[str]:
    """Columns by which rows name the household they belong to."""
    above = None if table.parent is None else structure.table(table.parent)
    keys = [] if above is None else [each.key for each in above.questions]
    return [key for key in keys if key in {"household_id", "household_code"}]


def _parts_of(
    question: Question, structure: Structure, known: dict[str, str]
) -> dict[str, str]:
    """Columns that hold a part of an answer: a coordinate, or one of several choices."""
    parts: dict[str, str] = {}
    if question.type == "geopoint":
        for part in ("latitude", "longitude", "accuracy"):
            for name in (f"{question.key}_{part}", f"_{question.key}_{part}", part):
                parts[plain(name)] = f"@{part}:{question.key}"
    if question.type in LISTS:
        for choice in structure.choices.get(question.choices, ()):
            name = plain(f"{question.key}/{choice.value}")
            parts[name] = f"@choice:{question.key}:{choice.value}"
    return {name: meaning for name, meaning in parts.items() if name not in known}


def _sheet(name: str, head: Sequence[object], at: int, rows: Any) -> Sheet:
    headers = [str(cell or "").strip()[:200] for cell in head[:MAX_COLUMNS]]
    while headers and not headers[-1]:
        headers.pop()
    sheet, width = Sheet(name, at + 1, headers), len(headers)
    for number, row in enumerate(rows, start=at + 2):
        # Empty rows count too: a file may claim a billion of them.
        if number - at > MAX_ROWS:
            raise refuse("too_many_rows", limit=MAX_ROWS, sheet=name)
        values = list(row[:width])
        if not all(map(is_empty, values)):
            sheet.rows.append((number, values + [None] * (width - len(values))))
    return sheet

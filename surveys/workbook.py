"""Reads an Excel workbook or CSV files into plain rows, whatever they hold.

Nothing here trusts the file: sizes are bounded before anything is unpacked, and
whatever can't be read raises FileRefused with a problem's code.
"""

from __future__ import annotations

import csv
import io
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from lzma import LZMAError
from pathlib import PurePosixPath
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from surveys.columns import SHEETS
from surveys.errors import FileRefused
from surveys.problems import Problem

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED_BYTES = 160 * 1024 * 1024
MAX_PARTS = 1000
MAX_ROWS = 50_000
MAX_COLUMNS = 200
HEADER_WITHIN = 10
OLE = b"\xd0\xcf\x11\xe0"
ZIP = b"PK\x03\x04"
# What zipfile raises on damaged parts, and openpyxl on parts that contradict each
# other; the refusal of XML entities is a ValueError.
BROKEN_ZIP = (
    EOFError,
    LZMAError,
    NotImplementedError,
    OSError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
BROKEN_WORKBOOK = (
    *BROKEN_ZIP,
    AttributeError,
    InvalidFileException,
    LookupError,
    OverflowError,
    ParseError,
    TypeError,
    ValueError,
)


@dataclass
class Sheet:
    """`columns` are the names as headed; a row is its number and its values."""

    name: str
    header_row: int
    columns: list[str]
    rows: list[tuple[int, list[Any]]] = field(default_factory=list)


def refuse(code: str, **params: Any) -> FileRefused:
    problem = Problem(code, params=params)
    return FileRefused(problem.message, code=code, params=params)


def pack(files: Sequence[tuple[str, bytes]]) -> tuple[str, bytes]:
    """One name and one blob for what was uploaded together, byte for byte.

    Several files become a zip that is the same for the same files.
    """
    if len(files) == 1:
        return files[0]
    blob = io.BytesIO()
    ordered = sorted(files)
    with zipfile.ZipFile(blob, "w") as archive:
        for number, (name, content) in enumerate(ordered):
            part = f"{number}-{PurePosixPath(name).name or 'file'}"
            archive.writestr(zipfile.ZipInfo(part), content)
    return " + ".join(name for name, _ in ordered), blob.getvalue()


def read(content: bytes) -> dict[str, Sheet]:
    """The sheets `households` and `children` of a file.

    Raises FileRefused for what can't be read at all.
    """
    if not content:
        raise refuse("empty_file")
    if len(content) > MAX_BYTES:
        raise refuse("too_large", limit=MAX_BYTES // 1024**2)
    if content.startswith(OLE):
        raise refuse("old_excel")
    if content.startswith(ZIP):
        with open_zip(content) as archive:
            if "xl/workbook.xml" in archive.namelist():
                return _read_workbook(content)
            return _read_csv_files(_parts(archive))
    if b"\x00" in content[:1000] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise refuse("unknown_kind")
    return _read_csv_files([content])


def open_zip(content: bytes) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (*BROKEN_ZIP, ValueError) as error:
        raise refuse("broken_file") from error
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED_BYTES:
        raise refuse("unpacks_too_large")
    return archive


def _parts(archive: zipfile.ZipFile) -> Iterator[bytes]:
    for part in archive.infolist():
        name = PurePosixPath(part.filename)
        if part.is_dir() or name.name.startswith(".") or "__MACOSX" in name.parts:
            continue
        if name.suffix.lower() not in {".csv", ".txt"}:
            raise refuse("unknown_kind")
        try:
            yield archive.read(part)
        except BROKEN_ZIP as error:
            raise refuse("broken_file") from error


def _read_workbook(content: bytes) -> dict[str, Sheet]:
    try:
        book = load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        found = {name.strip().casefold(): name for name in book.sheetnames}
        sheets = {}
        for name in SHEETS:
            if name not in found:
                raise refuse("missing_sheet", sheet=name)
            page = book[found[name]]
            # The declared size may be wrong by millions of empty rows.
            page.reset_dimensions()
            rows = page.iter_rows(values_only=True, max_col=MAX_COLUMNS)
            sheets[name] = _sheet(name, rows)
        book.close()
    except FileRefused:
        raise
    except BROKEN_WORKBOOK as error:
        raise refuse("broken_file") from error
    return sheets


def _read_csv_files(contents: Iterable[bytes]) -> dict[str, Sheet]:
    sheets: dict[str, Sheet] = {}
    for content in contents:
        rows = csv_rows(decode(content))
        top = list(islice(rows, HEADER_WITHIN))
        names = {header_name(cell) for row in top for cell in row}
        if "household_id" not in names:
            raise refuse("unknown_kind")
        name = "children" if "child_id" in names else "households"
        if name in sheets:
            raise refuse("twice_csv", sheet=name)
        sheets[name] = _sheet(name, _chain(top, rows))
    for name in SHEETS:
        if name not in sheets:
            raise refuse("missing_csv", sheet=name)
    return sheets


def decode(content: bytes) -> str:
    """UTF-8, the UTF-16 that Excel calls Unicode text, or else Windows-1256."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1256")


def csv_rows(text: str) -> Iterator[list[str]]:
    first_line = text.partition("\n")[0]
    delimiter = max(",;\t", key=first_line.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise refuse("broken_file") from error


def _chain(
    top: list[list[str]], rest: Iterator[list[str]]
) -> Iterator[Sequence[object]]:
    yield from top
    yield from rest


def header_name(cell: object) -> str:
    text = unicodedata.normalize("NFKC", str(cell or "")).strip().casefold()
    return text.replace(" ", "_").replace("-", "_")[:100]


def is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _sheet(name: str, rows: Iterable[Sequence[object]]) -> Sheet:
    """The header is the first row that names the household; titles may stand above."""
    numbered = enumerate(rows, start=1)
    sheet = None
    for number, row in islice(numbered, HEADER_WITHIN):
        headers = [header_name(cell) for cell in row[:MAX_COLUMNS]]
        if "household_id" in headers:
            while headers and not headers[-1]:
                headers.pop()
            sheet = Sheet(name, number, headers)
            break
    if sheet is None:
        raise refuse("no_headers", limit=HEADER_WITHIN, sheet=name)
    width = len(sheet.columns)
    for number, row in numbered:
        # Empty rows count too: a file may claim a billion of them.
        if number - sheet.header_row > MAX_ROWS:
            raise refuse("too_many_rows", limit=MAX_ROWS, sheet=name)
        values = list(row[:width])
        if not all(map(is_empty, values)):
            sheet.rows.append((number, values + [None] * (width - len(values))))
    return sheet

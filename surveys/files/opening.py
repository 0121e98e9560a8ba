"""Opens a workbook, CSV files or map layers as rows that are read one by one.

Nothing here trusts the file: sizes are bounded before anything is unpacked, nothing is
held as a whole, and whatever can't be read raises FileRefused with a problem's code.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from django.conf import settings
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from surveys.errors import FileRefused
from surveys.files.layers import read_layers
from surveys.problems import Problem

MEGABYTE = 1024**2
MAX_PARTS = 1000
# Sheets of answers pack about 10 : 1, a bomb 1,000 : 1; texts that repeat are held.
RATIO, RATIO_FROM = 60, 20 * MEGABYTE
MAX_HELD = 150 * MEGABYTE
MAX_COLUMNS = 2000
MAX_CSV_CELL = 1_000_000
BLOCK = 256 * 1024
OLE = b"\xd0\xcf\x11\xe0"
ZIP = b"PK\x03\x04"
GEOPACKAGE = b"SQLite format 3\x00"
WIDE = (b"\xff\xfe", b"\xfe\xff")
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
BROKEN = (
    *BROKEN_ZIP,
    AttributeError,
    InvalidFileException,
    LookupError,
    OverflowError,
    ParseError,
    TypeError,
    ValueError,
    csv.Error,
)
Rows = Iterator[Sequence[object]]

csv.field_size_limit(MAX_CSV_CELL)


@dataclass
class RawSheet:
    """`name` is empty where the file doesn't say one; `rows` are read once."""

    name: str
    rows: Rows


def refuse(code: str, **params: Any) -> FileRefused:
    problem = Problem(code, params=params)
    return FileRefused(problem.message, code=code, params=params)


@contextmanager
def told_as_broken() -> Iterator[None]:
    """What libraries raise over a file they can't make sense of, in our words."""
    try:
        yield
    except FileRefused:
        raise
    except BROKEN as error:
        raise refuse("broken_file") from error


def open_sheets(path: Path) -> Iterator[RawSheet]:
    """Each sheet's rows are to be read before the next sheet is asked for."""
    head = _head(path)
    if head.startswith(GEOPACKAGE):
        yield from _layers(path, "gpkg")
    elif head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        yield from _layers(path, "geojson")
    elif not head.startswith(ZIP):
        yield RawSheet("", _csv_rows(path.open("rb"), encoding_of(path.open("rb"))))
    else:
        with _zip(path) as archive:
            if "xl/workbook.xml" not in archive.namelist():
                yield from _zipped(archive)
                return
            _refuse_heavy(archive)
        yield from _workbook(path)


def _head(path: Path) -> bytes:
    """The first bytes, of a file that may be read further."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(1000)
    if not head:
        raise refuse("empty_file")
    if size > settings.SURVEY_FILE_MB * MEGABYTE:
        raise refuse("too_large", limit=settings.SURVEY_FILE_MB)
    if head.startswith(OLE):
        raise refuse("old_excel")
    known = (ZIP, GEOPACKAGE, *WIDE)
    if b"\x00" in head and not head.startswith(known):
        raise refuse("unknown_kind")
    return head


@contextmanager
def _zip(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (*BROKEN_ZIP, ValueError) as error:
        raise refuse("broken_file") from error
    with archive:
        parts = archive.infolist()
        unpacked = sum(part.file_size for part in parts)
        packed = path.stat().st_size
        too_dense = unpacked > RATIO_FROM and unpacked > RATIO * packed
        if len(parts) > MAX_PARTS or too_dense:
            raise refuse("unpacks_too_large")
        yield archive


def _refuse_heavy(book: zipfile.ZipFile) -> None:
    """Sheets are read row by row; everything else of a workbook is held in memory."""
    held = sum(
        part.file_size
        for part in book.infolist()
        if not part.filename.startswith("xl/worksheets/")
    )
    if held > MAX_HELD:
        raise refuse("unpacks_too_large")


def _zipped(archive: zipfile.ZipFile) -> Iterator[RawSheet]:
    for part in archive.infolist():
        path = PurePosixPath(part.filename)
        if part.is_dir() or path.name.startswith(".") or "__MACOSX" in path.parts:
            continue
        if path.suffix.lower() not in {".csv", ".txt"}:
            raise refuse("unknown_kind")
        encoding = encoding_of(archive.open(part))
        # Files that were chosen together have a number before their names.
        name = re.sub(r"^\d+-", "", path.stem)
        yield RawSheet(name, _csv_rows(archive.open(part), encoding))


def encoding_of(file: IO[bytes]) -> str:
    """UTF-8, the UTF-16 that Excel calls Unicode text, or else Windows-1256."""
    with file, io.TextIOWrapper(file, "utf-8", newline="") as text:
        start = file.read(2)
        if start in WIDE:
            return "utf-16"
        file.seek(0)
        try:
            while text.read(BLOCK):
                pass
        except UnicodeDecodeError:
            return "cp1256"
    return "utf-8-sig"


def _csv_rows(file: IO[bytes], encoding: str) -> Rows:
    with file, io.TextIOWrapper(file, encoding, errors="replace", newline="") as text:
        first = text.readline(MAX_CSV_CELL)
        delimiter = max(",;\t", key=first.count)
        yield from csv.reader(_with_first(first, text), delimiter=delimiter)


def _with_first(first: str, rest: IO[str]) -> Iterator[str]:
    yield first
    while line := rest.readline(MAX_CSV_CELL):
        yield line


def _workbook(path: Path) -> Iterator[RawSheet]:
    with path.open("rb") as file:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        for name in book.sheetnames:
            page = book[name]
            if hasattr(page, "reset_dimensions"):
                # The declared size may be wrong by millions of empty rows.
                page.reset_dimensions()
                rows = page.iter_rows(values_only=True, max_col=MAX_COLUMNS)
                yield RawSheet(name, rows)


def _layers(path: Path, kind: str) -> Iterator[RawSheet]:
    for file in read_layers(path, kind):
        with file:
            name, *columns = json.loads(file.readline())
            yield RawSheet(name, _layer_rows(columns, file))


def _layer_rows(columns: list[str], file: IO[str]) -> Rows:
    yield columns
    for line in file:
        yield json.loads(line)

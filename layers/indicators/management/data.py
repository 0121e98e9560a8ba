"""Commands that compute from a file alone: no municipality, no database."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import sys
from argparse import ArgumentParser
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Texts = NDArray[np.str_]

MISSING = frozenset({"", "na", "nan", "null", "."})
"""What stands for "not known" in a column of numbers, in any case."""

LEAST, MOST = 1e-30, 1e15
"""Sizes of numbers other than 0; beyond them squares and their ratios lose all digits."""


class DataError(ValueError):
    """Data or a specification that can't be used; the message says where and why."""


class DataTable:
    """A CSV's columns as text; row numbers in messages are lines of the file."""

    def __init__(self, columns: Mapping[str, Texts], lines: Sequence[int]) -> None:
        self.columns, self.lines = dict(columns), list(lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    @property
    def names(self) -> list[str]:
        return list(self.columns)

    def text(self, name: str) -> Texts:
        """(rows,) as it stands, trimmed. Raises DataError for an unknown column."""
        if name not in self.columns:
            known = ", ".join(self.columns)
            raise DataError(f'There is no column "{name}". There are: {known}.')
        return self.columns[name]

    def numbers(self, name: str, *, missing: bool = False) -> Floats:
        """(rows,) finite numbers; NaN for `MISSING` where `missing` allows it.

        Raises DataError with the line of the first cell that is no such number.
        """
        texts = self.text(name)
        with contextlib.suppress(ValueError):
            found = texts.astype(np.float64)
            if _usual(found).all() and not _underscored(texts):
                return found
        found = np.full(len(self), np.nan)
        for row, text in enumerate(texts):
            if str(text).lower() not in MISSING:
                found[row] = self._number(name, row, str(text))
            elif not missing:
                raise self.error(row, name, "is empty; a number is needed")
        return found

    def _number(self, name: str, row: int, text: str) -> float:
        try:
            value = float("" if "_" in text else text)
        except ValueError:
            way = "; decimals stand after a point" if "," in text else ""
            raise self.error(row, name, f'"{text}" is no number{way}') from None
        if not np.isfinite(value):
            raise self.error(row, name, f'"{text}" is no finite number')
        if not _usual(np.array([value])).all():
            raise self.error(
                row, name, f"{text} is not 0 and not from {LEAST:g} to {MOST:g} in size"
            )
        return value

    def error(self, row: int, name: str, words: str) -> DataError:
        """About the cell of data row `row`, counted from 0."""
        return DataError(f'Line {self.lines[row]}, column "{name}": {words}.')


class DataCommand(BaseCommand):
    """`manage.py NAME DATA.csv [--spec SPEC.json] [--format json|csv] [--output FILE]`.

    `work` gets the table and the specification, and gives rows (mappings of one shape), or,
    for JSON alone, any mapping. NaN becomes null in JSON and nothing in CSV. A DataError
    becomes the command's message, and nothing is written.
    """

    requires_system_checks: list[str] = []
    wants_spec = True
    formats = ("json", "csv")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("data", help='a CSV file with a heading, or "-" for stdin')
        if self.wants_spec:
            parser.add_argument(
                "--spec", required=True, help="a JSON file that says what to compute"
            )
        parser.add_argument("--format", choices=self.formats, default=self.formats[0])
        parser.add_argument("--output", type=Path, help="a file instead of the screen")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            spec = read_spec(options["spec"]) if self.wants_spec else {}
            found = self.work(read_table(options["data"]), spec, options)
            written = (as_json if options["format"] == "json" else as_csv)(found)
        except DataError as refused:
            raise CommandError(str(refused)) from refused
        if options["output"]:
            _write(options["output"], written)
        else:
            self.stdout.write(written, ending="")

    def work(
        self, table: DataTable, spec: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Any]] | Mapping[str, Any]:
        raise NotImplementedError


def _usual(values: Floats) -> NDArray[np.bool_]:
    size = np.abs(values)
    return (size <= MOST) & ((size >= LEAST) | (size == 0))


def _underscored(texts: Texts) -> bool:
    """Whether a text is written 1_000, which Python reads as a number and nobody else."""
    return bool((np.ascontiguousarray(texts).view(np.uint32) == ord("_")).any())


def _write(place: Path, written: str) -> None:
    try:
        place.write_text(written, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{place} can't be written: {error.strerror}.") from error


def read_table(place: str) -> DataTable:
    """The CSV at a path, or of the standard input for "-". Raises DataError.

    Cells are parted by commas; where the heading has none, by semicolons or tabs.
    """
    content = _content(place)
    reader = csv.reader(
        io.StringIO(content, newline=""), strict=True, delimiter=_parted_by(content)
    )
    rows, lines = [], []
    try:
        heading: list[str] = []
        while not heading and (row := next(reader, None)) is not None:
            heading = [name.strip() for name in row]
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise DataError(f"Line {reader.line_num} can't be read: {error}.") from error
    _check_heading(heading)
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(heading):
            raise DataError(
                f"Line {line} has {len(row)} cells; the heading has {len(heading)}."
            )
    if not rows:
        raise DataError("The file has a heading and no rows.")
    columns = zip(heading, zip(*rows, strict=True), strict=True)
    return DataTable(
        {name: np.array([cell.strip() for cell in cells]) for name, cells in columns},
        lines,
    )


def _parted_by(content: str) -> str:
    heading = content.lstrip("\r\n").split("\n", 1)[0].split("\r", 1)[0]
    others = [sign for sign in ";\t" if sign in heading]
    return others[0] if others and "," not in heading else ","


def read_spec(place: str) -> dict[str, Any]:
    """The object in a JSON file. Raises DataError."""
    content = _content(place)
    try:
        spec = json.loads(
            content,
            parse_constant=_spec_number,
            parse_int=_spec_number,
            parse_float=_spec_number,
            object_pairs_hook=_spec_object,
        )
    except json.JSONDecodeError as error:
        raise DataError(
            f"{place}, line {error.lineno}: this is no JSON: {error.msg}."
        ) from error
    except RecursionError as error:
        raise DataError(f"{place}: brackets stand in brackets too deep.") from error
    if not isinstance(spec, dict):
        raise DataError(f"{place}: the specification is an object, in braces.")
    return spec


def _spec_number(text: str) -> int | float:
    value = float(text)
    if not _usual(np.array([value])).all():
        raise DataError(
            f"The specification has the number {text[:20]}; numbers are 0 or from "
            f"{LEAST:g} to {MOST:g} in size."
        )
    return int(text) if text.lstrip("-").isdigit() else value


def _spec_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _value in pairs]
    if twice := [name for name in names if names.count(name) > 1]:
        raise DataError(f'The specification has "{twice[0]}" twice in one object.')
    return dict(pairs)


def check_known(spec: Mapping[str, Any], known: Collection[str], place: str) -> None:
    """Raises DataError for a key that is none of those known."""
    if unknown := sorted(set(spec) - set(known)):
        raise DataError(
            f'{place} has no "{unknown[0]}"; it knows: {", ".join(sorted(known))}.'
        )


def check_columns(spec: Mapping[str, Any], names: Sequence[str]) -> None:
    """What stands under these keys, if anything, is text. Raises DataError."""
    for name in names:
        if not isinstance(spec.get(name, ""), str):
            raise DataError(f'"{name}" is a text, the name of a column.')


def _content(place: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if place == "-" else Path(place).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{place} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{place} is not in UTF-8. Save it in that coding.") from error


def _check_heading(heading: list[str]) -> None:
    if not heading:
        raise DataError("The file is empty.")
    if "" in heading:
        raise DataError(f"Column {heading.index('') + 1} has no name.")
    if twice := [name for name in heading if heading.count(name) > 1]:
        raise DataError(f'Two columns are called "{twice[0]}".')


def as_json(found: Any) -> str:
    return (
        json.dumps(_plain(found), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    )


def as_csv(found: Any) -> str:
    """Rows of one shape, with a heading. Raises DataError for anything else."""
    if isinstance(found, Mapping) or not found:
        raise DataError("This answer is no table; use --format json.")
    written = io.StringIO()
    writer = csv.DictWriter(written, list(found[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(_plain(row) for row in found)
    return written.getvalue()


def _plain(value: Any) -> Any:
    """Plain numbers, texts, lists and mappings; None for NaN."""
    # Nearly every cell is one of these, and asking for the abstract types below is slow.
    kind = type(value)
    if kind is str or kind is int or value is None:
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, np.generic | np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(part) for part in value]
    return value

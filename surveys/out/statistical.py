"""Records as SPSS and Stata files, of any number of rows.

pyreadstat makes files only from tables that are wholly in memory. So it is given one row
that is as wide as the widest; the dictionary it writes is taken, with the true number of
rows in it, and the rows follow packed as the two formats have them.

Source: PSPP Developer's Guide, System File Format; Stata, `help dta`, format 118.
"""

from __future__ import annotations

import json
import math
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import chain
from pathlib import Path

import pandas
import pyreadstat
from django.utils.translation import gettext as _

from surveys.out.tables import Column, Scope, Sheet, Value, batches, text
from surveys.out.values import Tell, cut, day_of, name_of, number_of, variable_name

Code = Callable[[Value], float | str | None]


@dataclass(frozen=True)
class Dialect:
    """What the two formats differ in. Lengths are bytes of UTF-8."""

    suffix: str
    longest_name: int
    longest_label: int
    longest_text: int
    missing: float
    first_day: date
    seconds_in_day: int
    day_format: str


SPSS = Dialect(
    suffix=".sav",
    longest_name=60,
    longest_label=255,
    longest_text=32_767,
    missing=-float.fromhex("0x1.fffffffffffffp+1023"),
    first_day=date(1582, 10, 14),
    seconds_in_day=86_400,
    day_format="SDATE10",
)
STATA = Dialect(
    suffix=".dta",
    longest_name=32,
    longest_label=80,
    longest_text=2_000,
    missing=float.fromhex("0x1p+1023"),
    first_day=date(1960, 1, 1),
    seconds_in_day=1,
    day_format="%td",
)


@dataclass
class Variable:
    """A column of the file: text as wide as its widest value, else a number."""

    name: str
    label: str
    source: str
    code: Code
    named: dict[int, str] = field(default_factory=dict)
    is_day: bool = False
    width: int = 0


def write_spss(path: Path, scope: Scope, sheets: Iterable[Sheet], tell: Tell) -> None:
    _write(path, scope, sheets, tell, SPSS)


def write_stata(path: Path, scope: Scope, sheets: Iterable[Sheet], tell: Tell) -> None:
    _write(path, scope, sheets, tell, STATA)


def _write(
    path: Path, scope: Scope, sheets: Iterable[Sheet], tell: Tell, dialect: Dialect
) -> None:
    """A zip with a file per table. Choices become numbers with labels, in the order of
    the form; several choices become a column for each.
    """
    join = _spss_file if dialect is SPSS else _stata_file
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for sheet in sheets:
            variables = _variables(sheet, dialect)
            name = f"{name_of(sheet)}{dialect.suffix}"
            with (
                tempfile.TemporaryFile("w+", dir=path.parent) as spool,
                archive.open(name, "w", force_zip64=True) as out,
            ):
                rows = 0
                for values in chain.from_iterable(_told(scope, sheet, tell)):
                    spool.write(json.dumps(_coded(variables, values, dialect)) + "\n")
                    rows += 1
                spool.seek(0)
                template = _template(variables, path.parent, dialect)
                for piece in join(template, rows, _packed(variables, spool, dialect)):
                    out.write(piece)


def _told(scope: Scope, sheet: Sheet, tell: Tell) -> Iterator[list[dict[str, Value]]]:
    for batch in batches(scope, sheet.name):
        yield batch
        tell(len(batch))


# -- what the columns become -------------------------------------------------------------


def _variables(sheet: Sheet, dialect: Dialect) -> list[Variable]:
    made: list[Variable] = []
    used: set[str] = set()
    for column in sheet.columns:
        for variable in _of_column(column, dialect):
            variable.name = variable_name(variable.name, used, dialect.longest_name)
            variable.label = cut(variable.label, dialect.longest_label)
            variable.named = {
                number: cut(words, dialect.longest_label)
                for number, words in variable.named.items()
            }
            used.add(variable.name.casefold())
            made.append(variable)
    return made


def _of_column(column: Column, dialect: Dialect) -> Iterator[Variable]:
    if column.kind == "list" and column.choices:
        for choice, label in column.choices.items():
            yield Variable(
                f"{column.name}_{choice}",
                f"{column.label}: {label}",
                column.name,
                _mark(choice),
                {0: _("no"), 1: _("yes")},
            )
        return
    variable = Variable(column.name, column.label, column.name, text)
    if column.choices:
        numbers = {value: index for index, value in enumerate(column.choices, start=1)}
        variable.code = lambda value: numbers.get(str(value))
        variable.named = {
            numbers[each]: label for each, label in column.choices.items()
        }
    elif column.kind in {"integer", "decimal"}:
        variable.code = number_of
    elif column.kind == "date":
        variable.code, variable.is_day = _day(dialect), True
    else:
        variable.width = 1
    yield variable


def _mark(choice: str) -> Code:
    return lambda value: int(choice in value) if isinstance(value, list) else None


def _day(dialect: Dialect) -> Code:
    def code(value: Value) -> float | None:
        found = day_of(value)
        if found is None:
            return None
        return (found - dialect.first_day).days * dialect.seconds_in_day

    return code


def _coded(
    variables: list[Variable], values: dict[str, Value], dialect: Dialect
) -> list[float | str | None]:
    row = []
    for variable in variables:
        value = variable.code(values.get(variable.source))
        if isinstance(value, str):
            value = cut(value.replace("\x00", ""), dialect.longest_text)
            variable.width = max(variable.width, len(value.encode()))
        row.append(value)
    return row


# -- the files ---------------------------------------------------------------------------


def _template(variables: list[Variable], folder: Path, dialect: Dialect) -> bytes:
    """A file of one row, every text of it at its full width."""
    frame = pandas.DataFrame(
        {each.name: ["x" * each.width if each.width else 0.0] for each in variables}
    )
    write: Callable[..., None] = pyreadstat.write_sav
    if dialect is STATA:
        # What every edition of Stata reads from version 14 on.
        write = partial(pyreadstat.write_dta, version=14)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=dialect.suffix) as made:
        write(
            frame,
            made.name,
            column_labels=[each.label for each in variables],
            variable_value_labels={
                each.name: each.named for each in variables if each.named
            },
            variable_format={
                each.name: dialect.day_format for each in variables if each.is_day
            },
        )
        return Path(made.name).read_bytes()


def _packed(
    variables: list[Variable], rows: Iterable[str], dialect: Dialect
) -> Iterator[bytes]:
    """Of each line of the spool its bytes in the file."""
    widths = [each.width for each in variables]
    padded = _segmented if dialect is SPSS else _filled
    sizes = [len(padded(b"", width)) if width else 0 for width in widths]
    layout = struct.Struct("<" + "".join(f"{size}s" if size else "d" for size in sizes))
    for line in rows:
        yield layout.pack(
            *(
                padded((value or "").encode(), width)
                if width
                else (dialect.missing if value is None else value)
                for value, width in zip(json.loads(line), widths, strict=True)
            )
        )


def _filled(raw: bytes, width: int) -> bytes:
    return raw.ljust(width, b"\x00")


SEGMENT, COUNTED, EIGHT = 255, 252, 8


def _segmented(raw: bytes, width: int) -> bytes:
    """Padded with spaces to whole eights. Text of more than 255 bytes stands in segments
    of 255 and a space each; the format counts them as if they held 252.
    """
    last = math.ceil(width / COUNTED) - 1 if width > SEGMENT else 0
    size = last * (SEGMENT + 1) + EIGHT * math.ceil((width - last * COUNTED) / EIGHT)
    parts = [raw[at : at + SEGMENT] for at in range(0, len(raw), SEGMENT)] or [b""]
    return b" ".join(parts).ljust(size)


CASES = 80
MANY_CASES = struct.pack("<4i", 7, 16, 8, 2)


def _spss_file(template: bytes, rows: int, packed: Iterable[bytes]) -> Iterator[bytes]:
    variables = struct.unpack_from("<i", template, 68)[0]
    head = bytearray(template[: len(template) - EIGHT * variables])
    struct.pack_into("<i", head, CASES, rows)
    struct.pack_into("<q", head, head.rindex(MANY_CASES) + len(MANY_CASES) + 8, rows)
    yield bytes(head)
    yield from packed


PARTS, DATA, AFTER_DATA = 14, 9, 10


def _stata_file(template: bytes, rows: int, packed: Iterable[bytes]) -> Iterator[bytes]:
    """The file names the place of each of its parts: those after the rows move."""
    places = template.index(b"<map>") + len(b"<map>")
    parts = list(struct.unpack_from(f"<{PARTS}Q", template, places))
    begin = parts[DATA] + len(b"<data>")
    end = parts[AFTER_DATA] - len(b"</data>")
    head = bytearray(template[:begin])
    moved = (rows - 1) * (end - begin)
    for part in range(AFTER_DATA, PARTS):
        parts[part] += moved
    struct.pack_into(f"<{PARTS}Q", head, places, *parts)
    struct.pack_into("<Q", head, head.index(b"<N>") + len(b"<N>"), rows)
    yield bytes(head)
    yield from packed
    yield template[end:]

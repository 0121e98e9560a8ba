"""Which sheet of a file is which table of the form, and which column which question."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from surveys.files.opening import (
    MAX_COLUMNS,
    RawSheet,
    open_sheets,
    refuse,
    told_as_broken,
)
from surveys.questionnaires.structure import (
    GEOMETRIES,
    LISTS,
    Question,
    Structure,
    Table,
)

MAX_ROWS = 300_000
HEADER_WITHIN = 10
DESIGN = ("stratum", "psu", "weight", "frame_households")
MAIN = ("households", "submissions")
KEYS = ("_index", "key", "_key", "instanceid", "meta_instanceid", "_uuid", "_id")
PARENTS = ("_parent_index", "parent_key", "_parent_key")
# Columns of our own exports that say what the system knows; not read, and no surprise.
OF_EXPORTS = frozenset(
    [
        "fid",
        "geometry",
        "_submitted",
        "_changed",
        "_state",
        "_outcome",
        "_interviewed",
        "_source",
        "_version",
        "_round",
        "_household",
        "_parcel",
        "_zone",
        "_placed_by",
        "_record",
        "_parent",
        "_ordinal",
        "_age_months",
    ]
)
# What a column says beside a question's key: `@weight` of the design, `@key` of the
# row, `@parent` of the row it belongs to, `@latitude:location`, `@choice:help:food`.
Mapping_ = dict[str, dict[str, str]]
IGNORED = ""


@dataclass
class Matched:
    """`columns` has the meaning of each column by its place in the sheet."""

    table: Table
    sheet: str
    header_row: int
    headers: list[str]
    columns: list[str] = field(default_factory=list)

    def place(self, meaning: str) -> int | None:
        return self.columns.index(meaning) if meaning in self.columns else None

    def header(self, *meanings: str) -> str:
        """Of the first column that means one of these; else the first meaning."""
        places = [self.columns.index(m) for m in meanings if m in self.columns]
        return self.headers[places[0]] if places else meanings[0]


Row = tuple[int, list[object]]


def plain(text: object) -> str:
    """Headers are the same whatever their case, spaces and way of joining groups."""
    words = unicodedata.normalize("NFKC", str(text or "")).strip().casefold()
    return re.sub(r"[\s\-./:]+", "_", words)[:200]


def match_sheets(
    path: Path, structure: Structure, remembered: Mapping_ | None = None
) -> Iterator[tuple[Matched, Iterator[Row]]]:
    """Each sheet that is a table of the form, with its rows by number. They are read once,
    before the next sheet. Raises FileRefused for what can't be read at all.
    """
    found: set[str] = set()
    with told_as_broken():
        for raw in open_sheets(path):
            top = list(islice(raw.rows, HEADER_WITHIN))
            best = _best(raw.name, top, structure, remembered or {}, found)
            if best is None:
                continue
            found.add(best[0].name)
            yield _matched(raw, top, *best)
    if "" not in found:
        raise refuse("missing_main", title=structure.title or structure.form_id)


def _matched(
    raw: RawSheet,
    top: Sequence[Sequence[object]],
    table: Table,
    at: int,
    meanings: list[str],
) -> tuple[Matched, Iterator[Row]]:
    headers = [str(cell or "").strip()[:200] for cell in top[at][:MAX_COLUMNS]]
    while headers and not headers[-1]:
        headers.pop()
    name = (raw.name or table.name or "households")[:31]
    rows = _rows(name, at, len(headers), chain(top[at + 1 :], raw.rows))
    return Matched(table, name, at + 1, headers, meanings[: len(headers)]), rows


def _rows(name: str, at: int, width: int, rows: Any) -> Iterator[Row]:
    with told_as_broken():
        for number, row in enumerate(rows, start=at + 2):
            # Empty rows count too: a file may claim a billion of them.
            if number - at > MAX_ROWS:
                raise refuse("too_many_rows", limit=MAX_ROWS, sheet=name)
            values = list(row[:width])
            if not all(map(is_empty, values)):
                yield number, values + [None] * (width - len(values))


def is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


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
        names = [structure.form_id, structure.root, structure.title, *MAIN]
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
    known = _special(table, structure) | known
    for question in table.questions:
        for label in question.labels.values():
            known.setdefault(plain(label), question.key)
    known.pop("", None)
    return known


def _special(table: Table, structure: Structure) -> dict[str, str]:
    """Columns that answer no question by its name."""
    found = dict.fromkeys(KEYS, "@key")
    found |= dict.fromkeys([*PARENTS, *_parents_above(table, structure)], "@parent")
    if not table.name:
        found |= {name: f"@{name}" for name in DESIGN}
        found |= {f"_{name}": f"@{name}" for name in DESIGN}
    places = [each.key for each in table.questions if each.type in GEOMETRIES]
    # A layer of a map file has one geometry.
    return found | ({"geometry": places[0]} if places else {})


def _parents_above(table: Table, structure: Structure) -> list[str]:
    """Columns by which rows name what they belong to: the household's number, or in our
    own exports the record or the row above.
    """
    above = None if table.parent is None else structure.table(table.parent)
    if above is None:
        return []
    keys = {each.key for each in above.questions}
    numbers = [key for key in ("household_id", "household_code") if key in keys]
    return [*numbers, "_parent" if table.parent else "_record"]


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

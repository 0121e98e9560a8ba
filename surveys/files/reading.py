"""The rows of a file as records of the form, each with what is wrong in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from surveys.cells import CellError, convert
from surveys.columns import Column, Kind
from surveys.files.cells import Cells
from surveys.files.rules import Fault, Rules
from surveys.files.tables import DESIGN, PARENTS, Mapping_, Matched, plain, read_tables
from surveys.problems import Problem
from surveys.questionnaires.parts import Parts, find_parts
from surveys.questionnaires.structure import Structure
from surveys.record import Record

DESIGN_KINDS = {
    "stratum": Column("stratum", Kind.CODE, ""),
    "psu": Column("psu", Kind.CODE, ""),
    "weight": Column("weight", Kind.NUMBER, "", low=0.000001, high=1_000_000),
    "frame_households": Column(
        "frame_households", Kind.INTEGER, "", low=1, high=10_000_000
    ),
}


@dataclass
class Entry:
    """One record of the file. `lines` are the (table, row) it was read from, the
    main one first; `problems` those of its cells.
    """

    record: Record
    lines: list[tuple[str, int]]
    key: str = ""
    design: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    faulty: set[tuple[int | None, str]] = field(default_factory=set)

    @property
    def blocked(self) -> bool:
        return any(problem.blocks for problem in self.problems)


@dataclass
class Reading:
    """`problems` are those that belong to no record."""

    tables: dict[str, Matched]
    entries: list[Entry]
    problems: list[Problem]
    parts: Parts

    def all_problems(self) -> list[Problem]:
        found = list(self.problems)
        for entry in self.entries:
            found += entry.problems
        return found


@dataclass(frozen=True)
class _Line:
    table: str
    row: int
    answers: dict[str, Any]
    links: dict[str, str]
    design: dict[str, Any]
    problems: list[Problem]
    faulty: set[str]


def read_entries(
    content: bytes,
    structure: Structure,
    *,
    parts: dict[str, str] | None = None,
    remembered: Mapping_ | None = None,
    now: datetime,
    first: date,
    last: date,
) -> Reading:
    """Raises FileRefused for what can't be read at all."""
    tables = read_tables(content, structure, remembered)
    found = find_parts(structure, parts)
    reading = Reading(tables, [], list(_unread(tables)), found)
    rules = Rules(structure, there=_there(tables), now=now, parts=found)
    reading.problems += _rules_left_out(rules, tables)
    cells = Cells(structure)
    gatherer = _Gatherer(reading, cells)
    gatherer.main(tables[""])
    for table in structure.tables[1:]:
        if table.name in tables:
            gatherer.repeat(tables[table.name])
    names = {name: each.sheet.name for name, each in tables.items()}
    for entry in reading.entries:
        for fault in rules.apply(entry.record):
            if (fault.place, fault.key) not in entry.faulty:
                entry.problems.append(_problem(fault, entry, tables, names))
        _check_design(entry, reading, first, last)
    _mark_repeated(reading)
    return reading


def _there(tables: dict[str, Matched]) -> set[tuple[str, str]]:
    return {
        (name, _question_of(meaning))
        for name, each in tables.items()
        for meaning in each.columns
        if _question_of(meaning)
    }


def _question_of(meaning: str) -> str:
    if not meaning.startswith("@"):
        return meaning
    return meaning.split(":")[1] if ":" in meaning else ""


def _unread(tables: dict[str, Matched]) -> Iterator[Problem]:
    for each in tables.values():
        seen: set[str] = set()
        for header, meaning in zip(each.sheet.columns, each.columns, strict=True):
            at = (each.sheet.name, each.sheet.header_row, header)
            if header and not meaning:
                yield Problem("unknown_column", *at)
            elif meaning in seen and not meaning.startswith("@"):
                yield Problem("repeated_column", *at, {"name": header})
            seen.add(meaning)


def _rules_left_out(rules: Rules, tables: dict[str, Matched]) -> Iterator[Problem]:
    for table, key in rules.missing():
        if table in tables:
            sheet = tables[table].sheet
            yield Problem(
                "question_missing", sheet.name, sheet.header_row, key, {"value": key}
            )
    for (table, key), why in rules.unusable.items():
        name = tables[table].sheet.name if table in tables else table
        yield Problem("expression", name, None, key, {"why": why})


class _Gatherer:
    """Puts the rows of repeats below the row they belong to, in the file's order."""

    def __init__(self, reading: Reading, cells: Cells) -> None:
        self.reading, self.cells = reading, cells
        self.code = reading.parts.main.get("household_code", "")
        # By table: a row's entry and its index there, by its key, by its ordinal on
        # the sheet and by its household's number.
        self.known: dict[str, dict[tuple[str, str], tuple[Entry, int | None]]] = {}

    def main(self, matched: Matched) -> None:
        for number, line in enumerate(_lines(matched, self.cells), start=1):
            lines = [("", line.row)]
            key = line.links.get("@key", "")
            entry = Entry(Record(line.answers), lines, key=key, design=line.design)
            self.reading.entries.append(entry)
            self._remember(line, number, entry, None)
            if code := line.answers.get(self.code):
                self.known[""].setdefault(("code", str(code)), (entry, None))

    def repeat(self, matched: Matched) -> None:
        sheet, link = matched.sheet, matched.place("@parent")
        if link is None:
            problem = Problem("no_parent_column", sheet.name, sheet.header_row)
            self.reading.problems.append(problem)
            return
        header = sheet.columns[link]
        kinds = ("key", "ordinal") if plain(header) in PARENTS else ("code",)
        above = self.known.get(matched.table.parent or "", {})
        for number, line in enumerate(_lines(matched, self.cells), start=1):
            said = line.links.get("@parent", "")
            up = next((above[k, said] for k in kinds if (k, said) in above), None)
            if up is None:
                where = (sheet.name, line.row, header)
                lost = Problem("no_parent", *where, {"value": said})
                self.reading.problems += [*line.problems, lost]
                continue
            entry, parent = up
            place = _add(entry, matched.table.name, parent, line)
            self._remember(line, number, entry, place)

    def _remember(
        self, line: _Line, number: int, entry: Entry, place: int | None
    ) -> None:
        entry.problems += line.problems
        entry.faulty |= {(place, key) for key in line.faulty}
        own = self.known.setdefault(line.table, {})
        own.setdefault(("ordinal", str(number)), (entry, place))
        if key := line.links.get("@key"):
            own.setdefault(("key", key), (entry, place))


def _add(entry: Entry, table: str, parent: int | None, line: _Line) -> int:
    siblings = [
        row for row in entry.record.rows if row.table == table and row.parent == parent
    ]
    entry.lines.append((table, line.row))
    return entry.record.add(table, len(siblings) + 1, parent, line.answers)


def _lines(matched: Matched, cells: Cells) -> Iterator[_Line]:
    questions = {each.key: each for each in matched.table.questions}
    sheet = matched.sheet
    for row, values in sheet.rows:
        line = _Line(matched.table.name, row, {}, {}, {}, [], set())
        for header, meaning, raw in zip(
            sheet.columns, matched.columns, values, strict=True
        ):
            if not meaning or raw is None:
                continue
            try:
                _take(line, meaning, raw, questions, cells)
            except CellError as error:
                line.faulty.add(_question_of(meaning))
                line.problems.append(
                    Problem(error.code, sheet.name, row, header, error.params)
                )
        _finish_places(line, sheet.name)
        yield line


def _take(
    line: _Line, meaning: str, raw: object, questions: dict[str, Any], cells: Cells
) -> None:
    if not meaning.startswith("@"):
        value = cells.answer(questions[meaning], raw)
        if value is not None:
            line.answers[meaning] = value
        return
    name, _, rest = meaning[1:].partition(":")
    if name in {"key", "parent"}:
        value = convert(Column("key", Kind.TEXT, ""), raw)
        line.links[meaning] = "" if value is None else str(value)
    elif name in DESIGN:
        line.design[name] = convert(DESIGN_KINDS[name], raw)
    else:
        _take_part(line, name, rest, raw, cells)


def _take_part(line: _Line, name: str, rest: str, raw: object, cells: Cells) -> None:
    """One of several choices, or one of a place's coordinates."""
    key, _, choice = rest.partition(":")
    if name == "choice":
        if cells.is_ticked(raw):
            line.answers.setdefault(key, []).append(choice)
        return
    degrees = cells.degrees(name, raw)
    if degrees is not None:
        line.answers.setdefault(key, {})[name] = degrees


def _finish_places(line: _Line, sheet: str) -> None:
    """Coordinates of columns of their own become one place."""
    for key, value in list(line.answers.items()):
        if not isinstance(value, dict) or "type" in value:
            continue
        if "latitude" in value and "longitude" in value:
            point = {
                "type": "Point",
                "coordinates": [value["longitude"], value["latitude"]],
            }
            if "accuracy" in value:
                point["accuracy"] = value["accuracy"]
            line.answers[key] = point
            continue
        del line.answers[key]
        if key not in line.faulty:
            line.faulty.add(key)
            line.problems.append(Problem("half_coordinates", sheet, line.row, key))


def _problem(
    fault: Fault, entry: Entry, tables: dict[str, Matched], names: dict[str, str]
) -> Problem:
    table, row = entry.lines[0 if fault.place is None else fault.place + 1]
    matched = tables[table]
    place = matched.place(fault.key) if fault.key else None
    header = fault.key if place is None else matched.sheet.columns[place]
    return Problem(fault.code, names[table], row, header, fault.params)


def _check_design(entry: Entry, reading: Reading, first: date, last: date) -> None:
    sheet = reading.tables[""].sheet.name
    row = entry.lines[0][1]
    key = reading.parts.main.get("interview_date", "")
    day = entry.record.answers.get(key)
    if day and not first.isoformat() <= str(day) <= last.isoformat():
        params = {"value": day, "low": first.isoformat(), "high": last.isoformat()}
        entry.problems.append(Problem("outside_round", sheet, row, key, params))
    if not entry.key and not identity(entry, reading.parts):
        entry.problems.append(Problem("no_household", sheet, row))


def identity(entry: Entry, parts: Parts) -> str:
    """The household's number, where the record says one."""
    return str(entry.record.answers.get(parts.main.get("household_code", ""), ""))[:60]


def _mark_repeated(reading: Reading) -> None:
    seen: dict[str, int] = {}
    sheet = reading.tables[""].sheet.name
    column = reading.parts.main.get("household_code", "")
    for entry in reading.entries:
        code, row = identity(entry, reading.parts) or entry.key, entry.lines[0][1]
        if code and code in seen:
            params = {"value": code, "other": seen[code]}
            entry.problems.append(
                Problem("repeated_household", sheet, row, column, params)
            )
        seen.setdefault(code, row)

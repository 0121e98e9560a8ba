"""A file as records of the form, each with what is wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from surveys.files.cells import Cells
from surveys.files.lines import by_number, link_of, question_of, read_lines
from surveys.files.rules import Fault, Rules
from surveys.files.staging import Line, Stage
from surveys.files.tables import OF_EXPORTS, Mapping_, Matched, match_sheets, plain
from surveys.problems import Problem
from surveys.questionnaires.parts import Parts, find_parts
from surveys.questionnaires.structure import Structure
from surveys.record import Record

READ_AT_ONCE = 2000
# What makes the rows of a whole sheet doubtful keeps the good ones out as well.
OF_THE_FILE = {"no_parent_column", "repeated_column"}
Tell = Callable[[int], None]


@dataclass
class Entry:
    """One record of the file. `lines` are the (table, row) it was read from, the main
    one first, then one for each row of the record; `problems` those of its cells.
    """

    record: Record
    lines: list[tuple[str, int]]
    code: str = ""
    key: str = ""
    design: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    faulty: set[tuple[int | None, str]] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The household's number, or the key of the row."""
        return self.code or self.key

    @property
    def blocked(self) -> bool:
        return any(problem.blocks for problem in self.problems)


@dataclass(frozen=True)
class Terms:
    """What a file is read by: the form, what columns were said to mean, the lists that
    are files of their own, the moment, and the days of the round.
    """

    structure: Structure
    now: datetime
    first: date
    last: date
    parts: Mapping[str, str] = field(default_factory=dict)
    remembered: Mapping_ = field(default_factory=dict)
    lists: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)


class Reading:
    """`problems` are those that belong to no record; `tables` by their names."""

    def __init__(
        self, path: Path, terms: Terms, tell: Tell = lambda rows: None
    ) -> None:
        """Reads the whole file once. Raises FileRefused for what can't be read."""
        self.terms, self.stage = terms, Stage()
        self.parts: Parts = find_parts(terms.structure, terms.parts)
        self.tables: dict[str, Matched] = {}
        self.problems: list[Problem] = []
        self._take_in(path, tell)
        self.rules = Rules(
            terms.structure,
            there=_there(self.tables),
            now=terms.now,
            parts=self.parts,
            lists=terms.lists,
        )
        self.problems += [*_unread(self.tables), *_left_out(self.rules, self.tables)]
        self._link()

    @property
    def count(self) -> int:
        return self.stage.counts.get(0, 0)

    @property
    def doubtful(self) -> bool:
        """Whether the file's columns keep even its good rows out."""
        return any(problem.code in OF_THE_FILE for problem in self.problems)

    def _take_in(self, path: Path, tell: Tell) -> None:
        places = {t.name: n for n, t in enumerate(self.terms.structure.tables)}
        cells = Cells(
            self.terms.structure, self.terms.lists, _codes(self.terms, self.parts)
        )
        code = self.parts.main.get("household_code", "")
        taken = 0
        sheets = match_sheets(path, self.terms.structure, self.terms.remembered)
        for matched, rows in sheets:
            name = matched.table.name
            self.tables[name] = matched
            lines = read_lines(matched, rows, cells, places[name], code)
            while batch := list(islice(lines, READ_AT_ONCE)):
                self.stage.add(batch)
                taken += len(batch)
                tell(taken)
        self.stage.index()

    def _link(self) -> None:
        tables = self.terms.structure.tables
        places = {table.name: n for n, table in enumerate(tables)}
        for table in tables[1:]:
            matched = self.tables.get(table.name)
            if matched is None:
                continue
            link = link_of(matched)
            if link is None:
                at = (matched.sheet, matched.header_row)
                self.problems.append(Problem("no_parent_column", *at))
                continue
            part, above = places[table.name], places[table.parent or ""]
            self.stage.link(part, above, by_code=by_number(matched, link))
            for line in self.stage.lost(part):
                where = (matched.sheet, line.row, matched.headers[link])
                lost = Problem("no_parent", *where, {"value": line.parent})
                self.problems += [*line.problems, lost]

    def entries(self, first: int, count: int) -> list[Entry]:
        """Those from the place `first` on, counted from 0, with every rule applied."""
        lines = self.stage.lines(0, first + 1, count)
        gathered = self._gathered(lines)
        rows = self.stage.first_rows([line.name for line in lines if line.name])
        for entry in gathered:
            for fault in self.rules.apply(entry.record):
                if (fault.place, fault.key) not in entry.faulty:
                    entry.problems.append(self._problem(fault, entry))
            entry.problems += self._own_problems(entry, rows)
        return gathered

    def _gathered(self, lines: Sequence[Line]) -> list[Entry]:
        known: dict[int, tuple[Entry, int | None]] = {}
        entries = []
        for line in lines:
            entry = Entry(Record(line.answers), [("", line.row)], line.code, line.key)
            entry.design = line.design
            entries.append(entry)
            known[line.id] = entry, None
            _add_problems(entry, line, None)
        siblings: dict[tuple[int, int], int] = {}
        for line in self.stage.below(lines):
            above = line.above or 0
            entry, parent = known[above]
            table = self.terms.structure.tables[line.part].name
            ordinal = siblings[above, line.part] = (
                siblings.get((above, line.part), 0) + 1
            )
            place = entry.record.add(table, ordinal, parent, line.answers)
            entry.lines.append((table, line.row))
            known[line.id] = entry, place
            _add_problems(entry, line, place)
        return entries

    def place_of(self, entry: Entry, index: int | None = None) -> tuple[str, int]:
        """The sheet and row of an entry, or of one of its record's rows."""
        table, row = entry.lines[0 if index is None else index + 1]
        return self.tables[table].sheet, row

    def header(self, table: str, *meanings: str) -> str:
        return self.tables[table].header(*meanings)

    def _problem(self, fault: Fault, entry: Entry) -> Problem:
        table = entry.lines[0 if fault.place is None else fault.place + 1][0]
        header = self.header(table, fault.key) if fault.key else ""
        where = self.place_of(entry, fault.place)
        return Problem(fault.code, *where, header, fault.params)

    def _own_problems(self, entry: Entry, rows: Mapping[str, int]) -> Iterator[Problem]:
        """What no rule of the form says: the round's days, and rows that come twice."""
        sheet, row = self.place_of(entry)
        code = self.parts.main.get("household_code", "")
        key = self.parts.main.get("interview_date", "")
        day, terms = entry.record.answers.get(key), self.terms
        first, last = terms.first.isoformat(), terms.last.isoformat()
        if day and not first <= str(day) <= last:
            params = {"value": day, "low": first, "high": last}
            header = self.header("", key)
            yield Problem("outside_round", sheet, row, header, params)
        if not entry.name:
            yield Problem("no_household", sheet, row)
        elif rows.get(entry.name, row) != row:
            params = {"value": entry.name, "other": rows[entry.name]}
            header = self.header("", code) if code else ""
            yield Problem("repeated_household", sheet, row, header, params)
        yield from self._repeated_children(entry)

    def _repeated_children(self, entry: Entry) -> Iterator[Problem]:
        key = self.parts.roster_keys.get("child_code", "")
        seen: dict[Any, int] = {}
        for index, child in enumerate(entry.record.rows):
            code = child.answers.get(key)
            if child.table != self.parts.roster or code is None:
                continue
            sheet, row = self.place_of(entry, index)
            if code in seen:
                params = {"value": code, "other": seen[code]}
                header = self.header(child.table, key)
                yield Problem("repeated_child", sheet, row, header, params)
            seen.setdefault(code, row)


def _add_problems(entry: Entry, line: Line, place: int | None) -> None:
    entry.problems += line.problems
    entry.faulty |= {(place, key) for key in line.faulty}


def _codes(terms: Terms, parts: Parts) -> set[str]:
    """Paths of the questions that number a household, a parcel or a child."""
    main = {parts.main.get(name) for name in ("household_code", "parcel", "phone")}
    roster = parts.roster_keys.get("child_code")
    return {
        each.path
        for table in terms.structure.tables
        for each in table.questions
        if (not table.name and each.key in main)
        or (table.name and table.name == parts.roster and each.key == roster)
    }


def _there(tables: dict[str, Matched]) -> set[tuple[str, str]]:
    return {
        (name, question_of(meaning))
        for name, each in tables.items()
        for meaning in each.columns
        if question_of(meaning)
    }


def _unread(tables: dict[str, Matched]) -> Iterator[Problem]:
    for each in tables.values():
        seen: set[str] = set()
        for header, meaning in zip(each.headers, each.columns, strict=True):
            at = (each.sheet, each.header_row, header)
            if header and not meaning and plain(header) not in OF_EXPORTS:
                yield Problem("unknown_column", *at)
            elif meaning in seen and meaning and not meaning.startswith("@"):
                yield Problem("repeated_column", *at, {"name": header})
            seen.add(meaning)


def _left_out(rules: Rules, tables: dict[str, Matched]) -> Iterator[Problem]:
    for table, key in rules.missing():
        if table in tables:
            sheet = tables[table]
            at = (sheet.sheet, sheet.header_row, key)
            yield Problem("question_missing", *at, {"value": key})
    for (table, key), why in rules.unusable.items():
        name = tables[table].sheet if table in tables else table
        yield Problem("expression", name, None, key, {"why": why})

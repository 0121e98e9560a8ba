"""The rows of a file on disk while it is worked on, so that memory does not grow with
it: SQLite's private database without a name, which ends with the process.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from surveys.problems import Problem

CACHE_KIB = 16_000
# Of one row; a row that is wrong through and through needs no more to be found.
KEPT_PROBLEMS = 20
TABLES = """
CREATE TABLE line (
    id INTEGER PRIMARY KEY, part INTEGER, ordinal INTEGER, row INTEGER,
    key TEXT, code TEXT, parent TEXT, above INTEGER, body TEXT
);
"""
COLUMNS = "id, part, row, key, code, parent, above, body"
# The row whose key is named, else the one in that place of its sheet.
BY_KEY = """
UPDATE line SET above = coalesce(
    (SELECT min(up.id) FROM line AS up WHERE up.part = :up AND up.key = line.parent),
    (SELECT min(up.id) FROM line AS up WHERE up.part = :up AND up.ordinal = line.parent)
) WHERE part = :part
"""
BY_CODE = """
UPDATE line SET above =
    (SELECT min(up.id) FROM line AS up WHERE up.part = :up AND up.code = line.parent)
WHERE part = :part
"""


@dataclass
class Line:
    """A row of a sheet: `part` is the place of its table in the form; `code` is the
    household's number; `parent` what it says of the row above it.
    """

    part: int
    row: int
    answers: dict[str, Any]
    key: str = ""
    code: str = ""
    parent: str = ""
    design: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    faulty: set[str] = field(default_factory=set)
    id: int = 0
    above: int | None = None

    @property
    def name(self) -> str:
        """By which the same record is recognised when it comes again."""
        return self.code or self.key


class Stage:
    """Lines in the order in which they were put in."""

    def __init__(self) -> None:
        self.base = sqlite3.connect("")
        self.base.executescript(
            f"PRAGMA cache_size=-{CACHE_KIB}; PRAGMA journal_mode=OFF;"
            f"PRAGMA synchronous=OFF; {TABLES}"
        )
        self.counts: dict[int, int] = {}

    def add(self, lines: Iterable[Line]) -> None:
        self.base.executemany(
            "INSERT INTO line (part, ordinal, row, key, code, parent, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            map(self._stored, lines),
        )

    def _stored(self, line: Line) -> tuple[Any, ...]:
        ordinal = self.counts[line.part] = self.counts.get(line.part, 0) + 1
        problems = [each.as_json() for each in line.problems[:KEPT_PROBLEMS]]
        body = json.dumps([line.answers, line.design, problems, sorted(line.faulty)])
        named = (line.key or None, line.code or None, line.parent or None)
        return (line.part, ordinal, line.row, *named, body)

    def index(self) -> None:
        """To be called once all lines are in."""
        self.base.executescript(
            "CREATE INDEX by_place ON line (part, ordinal);"
            "CREATE INDEX by_key ON line (part, key);"
            "CREATE INDEX by_code ON line (part, code);"
        )

    def link(self, part: int, above: int, *, by_code: bool) -> None:
        """Finds for each line of a repeat the line that it belongs to."""
        statement = BY_CODE if by_code else BY_KEY
        self.base.execute(statement, {"part": part, "up": above})
        self.base.execute("CREATE INDEX IF NOT EXISTS by_above ON line (above)")

    def lines(self, part: int, first: int, count: int) -> list[Line]:
        """`first` is an ordinal, from 1."""
        return self._found(
            "part = ? AND ordinal BETWEEN ? AND ?", (part, first, first + count - 1)
        )

    def below(self, lines: Sequence[Line]) -> list[Line]:
        """Those of all levels below these, a line before what belongs to it."""
        found: list[Line] = []
        level = [line.id for line in lines] if self.counts.keys() - {0} else []
        while level:
            marks = ",".join("?" * len(level))
            lower = self._found(f"above IN ({marks})", level)
            found += lower
            level = [line.id for line in lower]
        return sorted(found, key=lambda line: (line.part, line.id))

    def lost(self, part: int) -> Iterator[Line]:
        yield from self._found("part = ? AND above IS NULL", (part,))

    def first_rows(self, names: Sequence[str]) -> dict[str, int]:
        """The first row of the form's own sheet with each of these codes or keys."""
        marks = ",".join("?" * len(names))
        rows: dict[str, int] = {}
        for column, more in (("key", "AND code IS NULL"), ("code", "")):
            found = self.base.execute(
                f"SELECT {column}, min(row) FROM line WHERE part = 0 {more}"  # noqa: S608 - marks only
                f" AND {column} IN ({marks}) GROUP BY {column}",
                names,
            )
            for name, row in found:
                rows[name] = min(row, rows.get(name, row))
        return rows

    def _found(self, where: str, values: Sequence[Any]) -> list[Line]:
        rows = self.base.execute(
            f"SELECT {COLUMNS} FROM line WHERE {where} ORDER BY id",  # noqa: S608
            values,
        )
        return [_line(*row) for row in rows]


def _line(  # noqa: PLR0917 - the columns of the query
    id: int,
    part: int,
    row: int,
    key: str | None,
    code: str | None,
    parent: str | None,
    above: int | None,
    body: str,
) -> Line:
    answers, design, problems, faulty = json.loads(body)
    return Line(
        part,
        row,
        answers,
        key or "",
        code or "",
        parent or "",
        design,
        [Problem(**each) for each in problems],
        set(faulty),
        id,
        above,
    )

"""The answers of one filled form, whichever way they came. Pure: no Django, no database.

Values are what JSON can hold: numbers for numbers, ISO 8601 for dates and times, a list
for several choices, GeoJSON with `accuracy` in metres for places (longitude first), the
file's name for a photo. A question that was not answered is absent. What can't be read
as its type stays text, for a check to find: nothing that came is thrown away.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from surveys.questionnaires.structure import (
    FILES,
    LISTS,
    Question,
    Structure,
    Table,
)
from surveys.questionnaires.xform import JR

Answers = dict[str, Any]
TEMPLATE = f"{{{JR}}}template"
WHOLE = re.compile(r"[+-]?[0-9]{1,15}(\.0+)?")
REPETITION = re.compile(r"([^\[\]]+)\[([0-9]+)\]/")


@dataclass
class Row:
    """One repetition. `ordinal` counts from 1 below its parent; `parent` is the index
    of the enclosing row in `Record.rows`, None below the form itself.
    """

    table: str
    ordinal: int
    parent: int | None
    answers: Answers = field(default_factory=dict)


@dataclass
class Record:
    """`rows` holds every repetition, a parent before its children."""

    answers: Answers = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def add(
        self, table: str, ordinal: int, parent: int | None, answers: Answers
    ) -> int:
        """Its index among the rows."""
        self.rows.append(Row(table, ordinal, parent, answers))
        return len(self.rows) - 1

    def depth(self, index: int) -> int:
        parent = self.rows[index].parent
        return 0 if parent is None else 1 + self.depth(parent)

    def prefix(self, index: int | None) -> str:
        """`children[2]/` for the second repetition of `children`."""
        if index is None:
            return ""
        row = self.rows[index]
        return f"{self.prefix(row.parent)}{row.table}[{row.ordinal}]/"

    def locate(self, address: str) -> tuple[int | None, str]:
        """The row's index and the question's key. Raises KeyError for a repetition
        that is not there.
        """
        if "]/" not in address:
            return None, address
        prefix, _slash, key = address.rpartition("]/")
        for index in range(len(self.rows)):
            if self.prefix(index) == f"{prefix}]/":
                return index, key
        raise KeyError(address)

    def answers_at(self, index: int | None) -> Answers:
        return self.answers if index is None else self.rows[index].answers

    def flat(self) -> Answers:
        """Every answer by its address, such as `persons` or `children[2]/sex`."""
        found = dict(self.answers)
        for index, row in enumerate(self.rows):
            prefix = self.prefix(index)
            found.update((prefix + key, value) for key, value in row.answers.items())
        return found

    def of(self, table: str) -> list[Row]:
        return [row for row in self.rows if row.table == table]

    def file_names(self, structure: Structure) -> Iterator[tuple[str, str]]:
        """Address and name of each photo, sound or file the answers speak of."""
        for head in structure.tables:
            keys = [each.key for each in head.questions if each.type in FILES]
            if not head.name:
                yield from ((k, self.answers[k]) for k in keys if k in self.answers)
                continue
            for index, row in enumerate(self.rows):
                if row.table == head.name:
                    prefix = self.prefix(index)
                    yield from (
                        (prefix + k, row.answers[k]) for k in keys if k in row.answers
                    )


def changes(before: Record, after: Record) -> tuple[Answers, Answers]:
    """The answers that differ, by address: as they were and as they are."""
    old, new = before.flat(), after.flat()
    differing = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return (
        {key: old[key] for key in differing if key in old},
        {key: new[key] for key in differing if key in new},
    )


def earlier(present: Record, undone: Iterable[tuple[Answers, Answers]]) -> Record:
    """As it was before the changes, newest first, that led to what it is. Repetitions
    that had no answer at all are not known any more.
    """
    flat = present.flat()
    for before, after in undone:
        for address in after:
            flat.pop(address, None)
        flat.update(before)
    return unfold(flat)


def unfold(flat: Answers) -> Record:
    """The inverse of `Record.flat`."""
    record = Record()
    index: dict[str, int] = {}
    for address in sorted(flat, key=_in_order):
        parent: int | None = None
        key, done = address, ""
        while found := REPETITION.match(key):
            done += found[0]
            if done not in index:
                index[done] = record.add(found[1], int(found[2]), parent, {})
            parent, key = index[done], key[found.end() :]
        record.answers_at(parent)[key] = flat[address]
    return record


def _in_order(address: str) -> list[tuple[str, int]]:
    """Tenth after ninth."""
    return [(found[1], int(found[2])) for found in REPETITION.finditer(address)]


def read_record(root: Any, structure: Structure) -> Record:
    """From the root element of a submission's XML (lxml). Elements are matched by
    their local names; what the form doesn't know is left out.
    """
    record = Record()
    _read(root, structure.main, structure, record, None)
    return record


def _read(
    element: Any, table: Table, structure: Structure, record: Record, at: int | None
) -> None:
    answers = record.answers if at is None else record.rows[at].answers
    # The children of each element by their names, however many questions ask.
    seen: _Seen = {}
    for question, way in table.ways:
        found = _descend(element, way, seen)
        text = found is not None and found.text
        if text and (text := text.strip()):
            answers[question.key] = typed(question, text)
    for below in structure.below(table.name):
        *groups, name = below.path[len(table.path) + 1 :].split("/")
        parent = _descend(element, groups, seen)
        repetitions = () if parent is None else _children(parent, seen).get(name, ())
        for ordinal, child in enumerate(repetitions, start=1):
            index = record.add(below.name, ordinal, at, {})
            _read(child, below, structure, record, index)


_Seen = dict[Any, dict[str, list[Any]]]


def _children(element: Any, seen: _Seen) -> dict[str, list[Any]]:
    found = seen.get(element)
    if found is None:
        found = seen[element] = {}
        for child in element:
            tag = child.tag
            # A phone may send back the template of a repeat: nothing was answered.
            if isinstance(tag, str) and child.get(TEMPLATE) is None:
                found.setdefault(tag.rpartition("}")[2], []).append(child)
    return found


def _descend(element: Any, way: Iterable[str], seen: _Seen) -> Any:
    for name in way:
        children = _children(element, seen).get(name)
        if not children:
            return None
        element = children[0]
    return element


def write_answers(root: Any, structure: Structure, record: Record) -> None:
    """Into the XML the record was read from (lxml), in place: answers that were changed
    since. What is as it was keeps its writing.
    """
    _write(root, structure.main, structure, record, None)


def _write(
    element: Any, table: Table, structure: Structure, record: Record, at: int | None
) -> None:
    answers, seen = record.answers_at(at), _Seen()
    for question in table.questions:
        *way, name = question.path[len(table.path) + 1 :].split("/")
        parent = _descend(element, "/".join(way), seen)
        if parent is None:
            continue
        found = _descend(parent, name, seen)
        text = "" if found is None else (found.text or "").strip()
        answer = answers.get(question.key)
        if (typed(question, text) if text else None) == answer:
            continue
        if found is None:
            space = parent.tag.rpartition("}")[0]
            found = parent.makeelement(f"{space}}}{name}" if space else name)
            parent.append(found)
        found.text = None if answer is None else written(answer)
    for below in structure.below(table.name):
        *way, name = below.path[len(table.path) + 1 :].split("/")
        parent = _descend(element, "/".join(way), seen)
        children = [] if parent is None else _children(parent, seen).get(name, [])
        for index, row in enumerate(record.rows):
            if (row.table, row.parent) == (below.name, at) and row.ordinal <= len(
                children
            ):
                _write(children[row.ordinal - 1], below, structure, record, index)


def typed(question: Question, text: str) -> Any:
    """The text as the question's type, or as it is."""
    if question.type in LISTS:
        return text.split()
    reader = READERS.get(question.type)
    if reader is None:
        return text
    try:
        return reader(text)
    except (ValueError, OverflowError):
        return text


def _integer(text: str) -> int:
    if not WHOLE.fullmatch(text):
        raise ValueError(text)
    return int(text.partition(".")[0])


def _decimal(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _date(text: str) -> str:
    return date.fromisoformat(text[:10]).isoformat()


def _time(text: str) -> str:
    return time.fromisoformat(text).isoformat()


def _datetime(text: str) -> str:
    return datetime.fromisoformat(text).isoformat()


def _position(text: str) -> tuple[list[float], float | None]:
    """`lat lon alt accuracy`, the last two optional, as GeoJSON wants them."""
    latitude, longitude, *more = (_decimal(each) for each in text.split()[:4])
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(text)
    altitude = more[:1] if more and more[0] else []
    return [longitude, latitude, *altitude], more[1] if len(more) > 1 else None


def _point(text: str) -> Answers:
    coordinates, accuracy = _position(text)
    point: Answers = {"type": "Point", "coordinates": coordinates}
    return point if accuracy is None else {**point, "accuracy": accuracy}


def _line(text: str) -> list[list[float]]:
    line = [_position(each)[0][:2] for each in text.split(";") if each.strip()]
    if len(line) < 2:
        raise ValueError(text)
    return line


def _trace(text: str) -> Answers:
    return {"type": "LineString", "coordinates": _line(text)}


def _shape(text: str) -> Answers:
    ring = _line(text)
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise ValueError(text)
    return {"type": "Polygon", "coordinates": [ring]}


READERS = {
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "time": _time,
    "datetime": _datetime,
    "geopoint": _point,
    "geotrace": _trace,
    "geoshape": _shape,
}


def written(value: Any) -> str:
    """An answer as an XForm writes it: the inverse of `typed`."""
    if isinstance(value, list):
        return " ".join(str(each) for each in value)
    if not isinstance(value, dict):
        return str(value)
    coordinates = value["coordinates"]
    if value["type"] == "Point":
        longitude, latitude, *altitude = coordinates
        height, accuracy = (altitude or [0])[0], value.get("accuracy", 0)
        return f"{latitude} {longitude} {height} {accuracy}"
    line = coordinates[0] if value["type"] == "Polygon" else coordinates
    return ";".join(f"{latitude} {longitude} 0 0" for longitude, latitude in line)

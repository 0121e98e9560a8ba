"""The rows of one sheet as answers, each with what is wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from surveys.files.cells import Cells, is_ticked, part_of_place
from surveys.files.staging import Line
from surveys.files.tables import DESIGN, Matched, Row, plain
from surveys.files.values import CellError, code_of, given, number_of, whole_of
from surveys.problems import Problem
from surveys.questionnaires.structure import Question

NUMBERS_ABOVE = {"household_id", "household_code"}
Reader = Callable[[Line, object], None]


def question_of(meaning: str) -> str:
    """The key of the question that a column answers, wholly or in part."""
    if not meaning.startswith("@"):
        return meaning
    return meaning.split(":")[1] if ":" in meaning else ""


def link_of(matched: Matched) -> int | None:
    """The column that tells what a row belongs to; a household's number only where no
    other does.
    """
    places = [n for n, each in enumerate(matched.columns) if each == "@parent"]
    sure = [n for n in places if not by_number(matched, n)]
    return next(iter([*sure, *places]), None)


def by_number(matched: Matched, place: int) -> bool:
    return plain(matched.headers[place]) in NUMBERS_ABOVE


def read_lines(
    matched: Matched, rows: Iterator[Row], cells: Cells, part: int, code_key: str
) -> Iterator[Line]:
    readers = _readers(matched, cells)
    for number, values in rows:
        line = Line(part, number, {})
        for header, meaning, read in readers:
            raw = values[meaning]
            if raw is None or raw == "":
                continue
            try:
                read(line, raw)
            except CellError as error:
                key = question_of(matched.columns[meaning])
                line.faulty.add(key)
                line.problems.append(
                    Problem(error.code, matched.sheet, number, header, error.params)
                )
        _finish_places(line, matched)
        if not part:
            line.code = str(line.answers.get(code_key, ""))[:60]
        yield line


def _readers(matched: Matched, cells: Cells) -> list[tuple[str, int, Reader]]:
    questions = {each.key: each for each in matched.table.questions}
    link, seen, found = link_of(matched), set(), []
    for place, meaning in enumerate(matched.columns):
        first = meaning not in seen or meaning.startswith("@choice")
        seen.add(meaning)
        if meaning == "@parent":
            first = place == link
        if meaning and first:
            read = _reader(meaning, questions, cells)
            found.append((matched.headers[place], place, read))
    return found


def _reader(meaning: str, questions: dict[str, Question], cells: Cells) -> Reader:
    if not meaning.startswith("@"):
        return _answer_reader(questions[meaning], cells)
    name, _, rest = meaning[1:].partition(":")
    if name in {"key", "parent"}:
        return lambda line, raw: setattr(line, name, _link(raw))
    if name in DESIGN:
        return lambda line, raw: _take_design(line, name, raw)
    key, _, choice = rest.partition(":")
    if name == "choice":
        return lambda line, raw: _tick(line, key, choice, raw)
    return lambda line, raw: _take_part(line, name, key, raw)


def _answer_reader(question: Question, cells: Cells) -> Reader:
    key, answer = question.key, cells.answer

    def read(line: Line, raw: object) -> None:
        value = answer(question, raw)
        if value is not None:
            line.answers[key] = value

    return read


def _link(raw: object) -> str:
    raw = given(raw)
    if raw is None:
        return ""
    text = str(int(raw)) if isinstance(raw, float) and raw.is_integer() else str(raw)
    # Excel's own way with numbers: the household 12 is named as 12.0 by a formula.
    return code_of(text) if len(text) <= 60 else text[:200]


def _take_design(line: Line, name: str, raw: object) -> None:
    raw = given(raw)
    if raw is None:
        return
    value: Any
    if name == "weight":
        value = number_of(raw, 0.000001, 1_000_000)
    elif name == "frame_households":
        value = whole_of(raw, 1, 10_000_000)
    else:
        value = code_of(raw)
    line.design[name] = value


def _tick(line: Line, key: str, choice: str, raw: object) -> None:
    if is_ticked(raw):
        chosen = line.answers.setdefault(key, [])
        if choice not in chosen:
            chosen.append(choice)


def _take_part(line: Line, name: str, key: str, raw: object) -> None:
    value = part_of_place(name, raw)
    if value is not None and "type" not in line.answers.setdefault(key, {}):
        line.answers[key][name] = value


def _finish_places(line: Line, matched: Matched) -> None:
    """Coordinates of columns of their own become one place."""
    for key, value in list(line.answers.items()):
        if not isinstance(value, dict) or "type" in value:
            continue
        if "latitude" in value and "longitude" in value:
            there = [value["longitude"], value["latitude"]]
            point = {"type": "Point", "coordinates": there}
            if "accuracy" in value:
                point["accuracy"] = value["accuracy"]
            line.answers[key] = point
            continue
        del line.answers[key]
        if key not in line.faulty:
            line.faulty.add(key)
            missing = "longitude" if "latitude" in value else "latitude"
            header = matched.header(f"@{missing}:{key}", key)
            line.problems.append(
                Problem("half_coordinates", matched.sheet, line.row, header)
            )

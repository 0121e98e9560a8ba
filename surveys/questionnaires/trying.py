"""What is read from the newest records of a version by what is said about its questions:
counts only, nothing of what a household answered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from surveys.intake.reading import read_envelope
from surveys.models import Arrival, FormVersion
from surveys.questionnaires.matching import Line, Matching
from surveys.questionnaires.meaning import BY_NAME, read_answer
from surveys.questionnaires.parts import VALUES
from surveys.record import Record, Row, read_record

LOOKED_AT = 20


@dataclass(frozen=True)
class Tried:
    """`known` of `asked` records or children have an answer. `counts` by what it means;
    `middle` is the median of numbers.
    """

    asked: int
    known: int
    counts: tuple[tuple[Any, int], ...] = ()
    middle: float | None = None


def last_records(version: FormVersion) -> list[Record]:
    """The newest of the survey; of a draft those sent as a test."""
    stored = version.submissions.filter(erased_at=None).prefetch_related("rows")
    records = [
        Record(
            each.answers,
            [Row(row.table, row.ordinal, None, row.answers) for row in each.rows.all()],
        )
        for each in stored.order_by("-pk")[:LOOKED_AT]
    ]
    if records:
        return records
    tests = Arrival.objects.filter(
        municipality=version.municipality_id,
        state=Arrival.State.TEST,
        form_code=version.form.code,
        form_version=version.version,
        erased_at=None,
    )
    return [
        read_record(read_envelope(bytes(each.content or b"")).root, version.structure)
        for each in tests.order_by("-pk")[:LOOKED_AT]
    ]


def try_out(matching: Matching, records: Sequence[Record]) -> dict[str, Tried]:
    """By the name of the role, where a question has it."""
    asked = {"": [record.answers for record in records]}
    for part, table in matching.tables.items():
        rows = [row for record in records for row in record.of(table)]
        asked[part] = [row.answers for row in rows]
    said, values = matching.answers_json(), matching.parts_json()[VALUES]
    found: dict[str, Tried] = {}
    for line in matching.lines(matching.parts):
        if line.role.name in matching.tables:
            with_rows = sum(bool(record.of(line.chosen)) for record in records)
            found[line.role.name] = Tried(len(records), with_rows)
        elif line.chosen:
            given = [answers.get(line.chosen) for answers in asked[line.role.table]]
            meant = values.get(line.role.name)
            found[line.role.name] = _tried(line, given, meant)
    for line in matching.lines(matching.answers):
        if line.chosen:
            answer = BY_NAME[line.role.name]
            of = asked[line.role.table]
            read = [read_answer(answer, said[answer.name], each) for each in of]
            codes = {answer.yes: "yes", answer.no: "no"}
            found[line.role.name] = _tried(line, read, codes)
    return found


def _tried(line: Line, given: Sequence[Any], codes: dict[str, str] | None) -> Tried:
    # A question that was not answered is absent, never an empty text.
    there = [value for value in given if value is not None]
    if not line.role.meanings:
        numbers = [each for each in there if isinstance(each, int | float)]
        is_number = bool(numbers) and len(numbers) == len(there)
        return Tried(
            len(given), len(there), middle=median(numbers) if is_number else None
        )
    meant = [(codes or {}).get(str(value), str(value)) for value in there]
    counts = Counter(code for code in meant if code in line.role.meanings)
    told = tuple(
        (label, counts[code])
        for code, label in line.role.meanings.items()
        if counts[code]
    )
    return Tried(len(given), counts.total(), told)

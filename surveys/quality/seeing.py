"""What the checks of one record look at, and the list of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from surveys.models import FormVersion, Round, Submission, Target
from surveys.quality.definitions import CHECKS
from surveys.questionnaires.meaning import Said
from surveys.questionnaires.parts import Facts, Parts, facts_of, find_parts
from surveys.questionnaires.structure import FILES, Question, Structure
from surveys.record import Record

DONT_KNOW = {"dont_know", "dk", "98", "998", "-98"}
OTHER = {"other", "96", "-96"}


@dataclass(frozen=True)
class Hit:
    """What a check found. `question` is the address in the record, empty for all of it."""

    check: str
    question: str = ""
    particulars: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Seen:
    """All that the checks of one record look at. `metres` from the position to the
    parcel; `own` tells whether the parcel is assigned to the record's surveyor, None
    where that surveyor has no assignment; `published` are the form's versions by date.
    """

    submission: Submission
    record: Record
    structure: Structure
    parts: Parts
    facts: Facts
    round: Round
    zone: ZoneInfo
    said: Said
    metres: float | None = None
    own: bool | None = None
    published: tuple[tuple[datetime, str], ...] = ()

    @property
    def interviewed(self) -> bool:
        return self.submission.outcome == Target.Outcome.COMPLETE


Thresholds = Mapping[str, float]
Look = Callable[[Seen, Thresholds], Iterator[Hit]]
LOOKS: dict[str, Look] = {}


def looks_for(code: str) -> Callable[[Look], Look]:
    def register(look: Look) -> Look:
        LOOKS[CHECKS[code].code] = look
        return look

    return register


def see(
    submission: Submission, record: Record, version: FormVersion, **more: Any
) -> Seen:
    parts = find_parts(version.structure, version.parts)
    return Seen(
        submission=submission,
        record=record,
        structure=version.structure,
        parts=parts,
        facts=facts_of(record, version.structure, parts),
        said=version.variables,
        **more,
    )


def hits_of(seen: Seen, switched_on: Mapping[str, Thresholds]) -> list[Hit]:
    """`switched_on` has the thresholds of each check that is to look."""
    return [
        hit
        for code, thresholds in switched_on.items()
        if code in LOOKS
        for hit in LOOKS[code](seen, thresholds)
    ]


def answered(seen: Seen) -> Iterator[tuple[str, Question, Any]]:
    """Every answer with its address and question."""
    tables = {
        table.name: {each.key: each for each in table.questions}
        for table in seen.structure.tables
    }
    for key, value in seen.record.answers.items():
        if key in tables[""]:
            yield key, tables[""][key], value
    for index, row in enumerate(seen.record.rows):
        prefix = seen.record.prefix(index)
        for key, value in row.answers.items():
            if key in tables.get(row.table, {}):
                yield prefix + key, tables[row.table][key], value


def open_to_all(seen: Seen) -> Iterator[Question]:
    """Questions of the main table that no condition can have hidden."""
    for question in seen.structure.main.questions:
        if is_open_to_all(question, seen.structure):
            yield question


def is_open_to_all(question: Question, structure: Structure) -> bool:
    conditional = {group.path for group in structure.groups if group.relevant}
    hidden = question.relevant or conditional & set(question.groups)
    return question.asked and not hidden and question.type not in FILES

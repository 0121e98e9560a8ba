"""One question of a form as a field in which its answer is corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from surveys.models import FormVersion
from surveys.questionnaires.structure import LISTS, SELECTS, Question, Structure
from surveys.record import Record, written
from surveys.review.correction import correctable, question_at

INPUTS = {"date": "date", "time": "time"}
LONG = 80


@dataclass(frozen=True)
class Field:
    """`options` are (value, words, chosen). `kind` is an input's type, or `one`,
    `several` and `text` for those that are no input.
    """

    kind: str
    value: str = ""
    options: list[tuple[str, str, bool]] = field(default_factory=list)
    error: str = ""


def fields_of(
    record: Record,
    version: FormVersion,
    given: Mapping[str, Sequence[str]],
    *,
    wrong: Mapping[str, str],
    language: str,
) -> dict[str, Field]:
    """A field for each address in `given`, with what was written there; with the
    present answer where that is nothing yet.
    """
    allowed = correctable(version)
    fields = {}
    for address, written_ in given.items():
        table, question = question_at(record, version.structure, address)
        if question is None or (table, question.key) not in allowed:
            continue
        values = list(written_) or _present(record, address)
        error = wrong.get(address, "")
        fields[address] = _field(question, values, version.structure, language, error)
    return fields


def _present(record: Record, address: str) -> list[str]:
    index, key = record.locate(address)
    value: Any = record.answers_at(index).get(key)
    if value is None:
        return []
    return (
        [str(each) for each in value] if isinstance(value, list) else [written(value)]
    )


def _field(
    question: Question,
    values: list[str],
    structure: Structure,
    language: str,
    error: str,
) -> Field:
    choices = structure.choices.get(question.choices, ())
    if question.type in SELECTS and choices:
        options = [
            (
                each.value,
                structure.in_language(each.labels, language) or each.value,
                each.value in values,
            )
            for each in choices
        ]
        kind = "several" if question.type in LISTS else "one"
        return Field(kind, "", options, error)
    value = " ".join(values)
    kind = INPUTS.get(question.type, "text" if len(value) > LONG else "short")
    return Field(kind, value, [], error)

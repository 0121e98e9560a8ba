"""A record as it is read: sections of questions with their answers in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from surveys.intake.services import stored_record
from surveys.models import Submission
from surveys.questionnaires.structure import (
    FILES,
    GEOMETRIES,
    LISTS,
    SELECTS,
    UNASKED,
    Labels,
    Question,
    Structure,
)
from surveys.record import Answers, Record


@dataclass(frozen=True)
class Line:
    """`former` is the answer of an earlier round, None where there is none."""

    address: str
    label: str
    answer: str
    former: str | None = None
    is_file: bool = False

    @property
    def changed(self) -> bool:
        return self.former is not None and self.former != self.answer


@dataclass(frozen=True)
class Section:
    title: str
    lines: list[Line] = field(default_factory=list)


def shown_record(
    submission: Submission, former: Submission | None, language: str
) -> list[Section]:
    """The questions that were answered now or then, by group and repetition; those of
    a record without a form by their keys.
    """
    record = stored_record(submission)
    if submission.version is None:
        lines = [Line(key, key, str(value)) for key, value in record.flat().items()]
        return [Section(_("Answers"), lines)]
    words = _Words(submission.version.structure, language)
    earlier = stored_record(former).answers if former else {}
    return [
        *words.main(record.answers, earlier),
        *(words.row(record, index) for index in range(len(record.rows))),
    ]


class _Words:
    def __init__(self, structure: Structure, language: str) -> None:
        self.structure, self.language = structure, language
        self.titles = {each.path: each.labels for each in structure.groups}

    def main(self, answers: Answers, earlier: Answers) -> list[Section]:
        sections: dict[str, Section] = {}
        for question in self.structure.main.questions:
            group = question.groups[-1] if question.groups else ""
            title = self.text(self.titles.get(group, {})) or _("Answers")
            for line in self.line("", question, answers, earlier):
                sections.setdefault(group, Section(title)).lines.append(line)
        return list(sections.values())

    def row(self, record: Record, index: int) -> Section:
        row, prefix = record.rows[index], record.prefix(index)
        table = self.structure.table(row.table)
        title = self.text(table.labels) if table else ""
        section = Section(f"{title or row.table} {row.ordinal}")
        for question in table.questions if table else ():
            section.lines.extend(self.line(prefix, question, row.answers, {}))
        return section

    def text(self, labels: Labels) -> str:
        return self.structure.in_language(labels, self.language)

    def line(
        self, prefix: str, question: Question, answers: Answers, earlier: Answers
    ) -> Iterator[Line]:
        there, then = question.key in answers, question.key in earlier
        if question.type in UNASKED or not (there or then):
            return
        yield Line(
            prefix + question.key,
            self.text(question.labels) or question.key,
            self.answer(question, answers),
            self.answer(question, earlier) if then else None,
            question.type in FILES,
        )

    def answer(self, question: Question, answers: Answers) -> str:
        value = answers.get(question.key)
        return answer_in_words(question, value, self.structure, self.language)


def answer_in_words(
    question: Question, value: Any, structure: Structure, language: str
) -> str:
    if value is None:
        return ""
    if question.type in SELECTS:
        values = value if question.type in LISTS else [value]
        labels = [structure.label_of(question, str(v), language) for v in values]
        return ("، " if language == "ar" else ", ").join(labels)
    if question.type in GEOMETRIES and isinstance(value, dict):
        return _place(value)
    return str(value)


def _place(value: dict[str, Any]) -> str:
    if value.get("type") != "Point":
        return str(value.get("type"))
    longitude, latitude = value["coordinates"][:2]
    accuracy = f" ±{value['accuracy']:g} m" if "accuracy" in value else ""
    return f"{latitude:.5f}, {longitude:.5f}{accuracy}"

"""A record as it is read: sections of questions with their answers in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from surveys.models import Attachment, FormVersion
from surveys.questionnaires.parts import find_parts
from surveys.questionnaires.structure import (
    FILES,
    GEOMETRIES,
    SELECTS,
    UNASKED,
    Labels,
    Question,
    Structure,
    Table,
)
from surveys.record import REPETITION, Answers, Record, Row
from surveys.review.correction import correctable
from surveys.review.fields import Field

PUT_IN = re.compile(r"\$\{([^}]+)\}")


@dataclass(frozen=True)
class Line:
    """`former` is the other record's answer, None where it has none; `field` is there
    while the answer is being corrected, `file` where it is a photo or a sound.
    """

    address: str
    label: str
    answer: str
    former: str | None = None
    field: Field | None = None
    file: Attachment | None = None
    correctable: bool = False

    @property
    def changed(self) -> bool:
        return self.former is not None and self.former != self.answer

    @property
    def differs(self) -> bool:
        """Where the other record is the whole one: no answer there says so too."""
        return (self.former or "") != self.answer


@dataclass(frozen=True)
class Section:
    """`gone` where only the other record has these answers."""

    title: str
    lines: list[Line] = field(default_factory=list)
    gone: bool = False

    @property
    def compared(self) -> bool:
        return any(line.former is not None for line in self.lines)


@dataclass(frozen=True)
class Beside:
    """What is shown with the answers: `blank` adds the questions without one."""

    other: Record | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)
    files: Mapping[str, Attachment] = field(default_factory=dict)
    blank: bool = False


def shown_record(
    record: Record,
    version: FormVersion | None,
    language: str,
    beside: Beside | None = None,
) -> list[Section]:
    """The questions that were answered now or in the other record, by group and
    repetition; those of a record without a form by their keys.
    """
    if version is None:
        lines = [Line(key, key, str(value)) for key, value in record.flat().items()]
        return [Section(_("Answers"), lines)]
    shown = _Shown(record, version, language, beside or Beside())
    return [each for each in shown.sections() if each.lines]


class Words:
    """Questions and answers of a form in one language."""

    def __init__(self, structure: Structure, language: str) -> None:
        self.structure, self.language = structure, language

    def text(self, labels: Labels) -> str:
        return self.structure.in_language(labels, self.language)

    def answer(self, question: Question, value: Any) -> str:
        return answer_in_words(question, value, self.structure, self.language)

    def label_at(self, address: str) -> str:
        return self.structure.label_at(address, self.language)

    def answer_at(self, address: str, value: Any) -> str:
        question = self.structure.question_at(address)
        return self.answer(question, value) if question else str(value)


class _Shown(Words):
    def __init__(
        self, record: Record, version: FormVersion, language: str, beside: Beside
    ) -> None:
        super().__init__(version.structure, language)
        self.record, self.beside = record, beside
        self.open = correctable(version)
        parts = find_parts(version.structure, version.parts)
        self.roster = (parts.roster, parts.roster_keys.get("child_code", ""))
        self.other = beside.other or Record()
        self.others = {
            self.mark(self.other, index): index for index in range(len(self.other.rows))
        }

    def mark(self, record: Record, index: int) -> str:
        """By which a repetition is found again: a child's number, else its place."""
        row: Row = record.rows[index]
        table, key = self.roster
        code = row.answers.get(key) if row.table == table else None
        return f"{row.table}={code}" if code else record.prefix(index)

    def sections(self) -> Iterator[Section]:
        yield from self.main()
        met = set()
        for index, row in enumerate(self.record.rows):
            mark = self.mark(self.record, index)
            met.add(mark)
            then = self.others.get(mark)
            earlier = {} if then is None else self.other.rows[then].answers
            prefix = self.record.prefix(index)
            yield self.repetition(row, prefix, row.answers, earlier)
        for mark, index in self.others.items():
            if mark not in met:
                row = self.other.rows[index]
                yield self.repetition(row, "", {}, row.answers, gone=True)

    def main(self) -> list[Section]:
        titles = {each.path: each.labels for each in self.structure.groups}
        sections: dict[str, Section] = {}
        for question in self.structure.main.questions:
            group = question.groups[-1] if question.groups else ""
            title = self.text(titles.get(group, {})) or _("Answers")
            section = sections.setdefault(group, Section(title))
            section.lines.extend(
                self.lines("", question, self.record.answers, self.other.answers)
            )
        return list(sections.values())

    def repetition(
        self,
        row: Row,
        prefix: str,
        answers: Answers,
        earlier: Answers,
        *,
        gone: bool = False,
    ) -> Section:
        table: Table | None = self.structure.table(row.table)
        title = (table and self.text(table.labels)) or row.table
        section = Section(f"{title} {row.ordinal}", gone=gone)
        for question in table.questions if table else ():
            section.lines.extend(self.lines(prefix, question, answers, earlier))
        return section

    def lines(
        self, prefix: str, question: Question, answers: Answers, earlier: Answers
    ) -> Iterator[Line]:
        address, table = prefix + question.key, _table_of(prefix)
        there, then = question.key in answers, question.key in earlier
        may = (table, question.key) in self.open
        wanted = address in self.beside.fields or (self.beside.blank and may)
        if question.type in UNASKED or not (there or then or wanted):
            return
        value = answers.get(question.key)
        yield Line(
            address,
            self.asked(question, answers or earlier),
            self.answer(question, value),
            self.answer(question, earlier[question.key]) if then else None,
            self.beside.fields.get(address),
            self.beside.files.get(str(value)) if question.type in FILES else None,
            may,
        )

    def asked(self, question: Question, answers: Answers) -> str:
        """The question as it was asked, with the answers that stand in its text."""

        def put_in(found: re.Match[str]) -> str:
            name = found[1]
            value = answers.get(name, self.record.answers.get(name))
            return "…" if value is None else str(value)

        return PUT_IN.sub(put_in, self.text(question.labels)) or question.key


def _table_of(prefix: str) -> str:
    above = list(REPETITION.finditer(prefix))
    return above[-1][1] if above else ""


def answer_in_words(
    question: Question, value: Any, structure: Structure, language: str
) -> str:
    if value is None:
        return ""
    if question.type in SELECTS:
        values = value if isinstance(value, list) else [value]
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

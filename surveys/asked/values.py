"""Which questions of a form indicators may ask for, and what an answer becomes.

Pure: no Django, no database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from surveys.questionnaires.meaning import Answer, read_answer
from surveys.questionnaires.parts import Parts
from surveys.questionnaires.structure import NUMBERS, Question, Structure

CHOICES = frozenset({"select_one", "select_multiple"})
# A longer number may be a telephone's or that of an identity card.
LARGEST = 100_000
# Parts of a record that are counts, and name nobody.
COUNTS = frozenset({"persons", "child_count", "age", "age_months"})


@dataclass(frozen=True)
class Asked:
    """A question that indicators may ask for."""

    code: str
    table: str
    question: str
    number: bool
    counted: tuple[str, ...]
    uncounted: tuple[str, ...]
    smallest: float
    largest: float

    def value(self, answers: Mapping[str, Any]) -> float | None:
        """1 where a choice that counts was chosen, 0 where not, or the number itself; None
        where it is not known or lies outside the range.
        """
        if self.number:
            given = read_answer(
                Answer(self.code, "", number=True), {"question": self.question}, answers
            )
            inside = given is not None and self.smallest <= given <= self.largest
            return given if inside else None
        said = {
            "question": self.question,
            "yes": self.counted,
            "no": self.uncounted,
        }
        return {"yes": 1.0, "no": 0.0}.get(
            read_answer(Answer(self.code, ""), said, answers)
        )


def questions_to_ask(
    structure: Structure, parts: Parts
) -> Iterator[tuple[str, Question]]:
    """With their table: choices from the form and numbers, of households and children.

    Never what says who or where somebody is, and never text, dates, positions or files.
    """
    naming = {key for part, key in parts.main.items() if part not in COUNTS}
    of_child = {key for part, key in parts.roster_keys.items() if part not in COUNTS}
    yield from _in_table("", naming, structure)
    if parts.roster:
        yield from _in_table(parts.roster, of_child, structure)


def _in_table(
    name: str, named: set[str], structure: Structure
) -> Iterator[tuple[str, Question]]:
    table = structure.table(name)
    for each in table.questions if table else ():
        if each.key not in named and _may_be_asked(each, structure):
            yield name, each


def _may_be_asked(each: Question, structure: Structure) -> bool:
    if each.type in NUMBERS:
        return not each.preload and not each.calculation
    listed = each.type in CHOICES and not each.choices_file
    return listed and bool(structure.choices.get(each.choices))

"""One cell as an answer to a question of the form, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from surveys.files.values import (
    SAME_ANSWER,
    CellError,
    code_of,
    day_of,
    given,
    number_of,
    western_digits,
    whole_of,
    words_of,
)
from surveys.questionnaires.structure import GEOMETRIES, Question, Structure
from surveys.record import typed

MAX_TEXT = 10_000
MAX_CHOICES = 200
SHOWN_CHOICES = 12
# Degrees north, and what a phone can be off, in metres.
LIMITS = {"latitude": (-90, 90), "longitude": (-180, 180), "accuracy": (0, 1e6)}
PLAIN: dict[str, Callable[[object], Any]] = {
    "integer": whole_of,
    "decimal": number_of,
    "date": lambda raw: day_of(raw).isoformat(),
}
Words = Mapping[str, str]
Row = Mapping[str, str]


class Cells:
    """Converts for one form; words of choices count in each of its languages. `lists`
    has the rows of the lists that are files of their own, `codes` the paths of questions
    whose answers number something.
    """

    def __init__(
        self,
        structure: Structure,
        lists: Mapping[str, Sequence[Row]] | None = None,
        codes: Collection[str] = (),
    ) -> None:
        self.lists, self.codes = lists or {}, codes
        self.choices: dict[str, Words] = {
            name: _by_words(choices) for name, choices in structure.choices.items()
        }
        self._of_files: dict[tuple[str, str], Words] = {}

    def answer(self, question: Question, raw: object) -> Any:
        """None for an empty cell; raises CellError."""
        raw = given(raw)
        if raw is None:
            return None
        kind = question.type
        if kind == "text" and question.path in self.codes:
            return code_of(raw)
        if kind in PLAIN:
            return PLAIN[kind](raw)
        if kind == "select_one":
            return self._choice(question, raw)
        if kind in {"select_multiple", "rank"}:
            return self._several(question, words_of(raw))
        answer = typed(question, _typable(question, raw))
        if kind in GEOMETRIES and isinstance(answer, str):
            raise CellError("not_a_place", value=answer[:40])
        if isinstance(answer, str) and len(answer) > MAX_TEXT:
            raise CellError("too_long", limit=MAX_TEXT)
        return answer

    def words(self, question: Question) -> Words | None:
        """Choices by their words; None where the list is made for each phone."""
        if question.choices in self.choices:
            return self.choices[question.choices]
        if question.choices not in self.lists:
            return None
        key = (question.choices, question.choices_value)
        if key not in self._of_files:
            self._of_files[key] = _of_rows(self.lists[key[0]], key[1])
        return self._of_files[key]

    def _choice(self, question: Question, raw: object) -> str:
        text, words = words_of(raw), self.words(question)
        if words is None:
            return western_digits(text)[:MAX_TEXT]
        folded = text.casefold()
        for each in (text, folded, SAME_ANSWER.get(folded, folded)):
            if each in words:
                return words[each]
        offered = list(dict.fromkeys(words.values()))
        raise CellError(
            "not_a_choice",
            value=text[:40],
            choices=", ".join(offered[:SHOWN_CHOICES])
            + ("…" if len(offered) > SHOWN_CHOICES else ""),
        )

    def _several(self, question: Question, text: str) -> list[str]:
        words = self.words(question) or {}
        if text in words or text.casefold() in words:
            return [self._choice(question, text)]
        parts = text.replace(";", " ").replace(",", " ").replace("،", " ").split()
        if len(parts) > MAX_CHOICES:
            raise CellError("too_long", limit=MAX_TEXT)
        return list(dict.fromkeys(self._choice(question, each) for each in parts))


def is_ticked(raw: object) -> bool:
    """Of a column of its own for one choice."""
    raw = given(raw)
    if raw is None:
        return False
    text = words_of(raw).casefold()
    known = {"yes": True, "no": False}.get(SAME_ANSWER.get(text, text))
    if known is None:
        raise CellError("not_a_tick", value=text[:40])
    return known


def part_of_place(name: str, raw: object) -> float | None:
    """`name` is latitude, longitude or accuracy."""
    raw = given(raw)
    return None if raw is None else number_of(raw, *LIMITS[name])


def _by_words(choices: Any) -> Words:
    """Codes before labels: a label of one choice may be the code of another."""
    found: dict[str, str] = {}
    for choice in choices:
        found[choice.value] = choice.value
    for choice in choices:
        found.setdefault(choice.value.casefold(), choice.value)
        found.setdefault(choice.value.replace("_", " ").casefold(), choice.value)
    for choice in choices:
        for label in choice.labels.values():
            found.setdefault(label.casefold(), choice.value)
    return found


def _of_rows(rows: Sequence[Row], value: str) -> Words:
    codes = [row.get(value or "name", "") for row in rows]
    found = {code: code for code in codes if code}
    for row, code in zip(rows, codes, strict=True):
        for name, words in row.items():
            if name.startswith("label") and words and code:
                found.setdefault(words.casefold(), code)
    return found


def _typable(question: Question, raw: object) -> str:
    if isinstance(raw, datetime) and question.type == "text":
        return words_of(raw)
    if isinstance(raw, date | datetime | time):
        return raw.isoformat()
    if isinstance(raw, str):
        return western_digits(raw) if question.type in GEOMETRIES else raw
    return words_of(raw)

"""One cell as an answer to a question of the form, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from functools import cache
from typing import Any

from surveys.cells import SAME_ANSWER as COMMON_WORDS
from surveys.cells import CellError, clean, convert, western_digits
from surveys.columns import Column, Kind
from surveys.questionnaires.structure import GEOMETRIES, Question, Structure
from surveys.record import typed

MAX_TEXT = 10_000
SHOWN_CHOICES = 12
PLAIN = {"integer": Kind.INTEGER, "decimal": Kind.NUMBER, "date": Kind.DATE}


class Cells:
    """Converts for one form; words of choices count in each of its languages."""

    def __init__(self, structure: Structure) -> None:
        self.choices: dict[str, Mapping[str, str]] = {
            name: _by_words(choices) for name, choices in structure.choices.items()
        }

    def answer(self, question: Question, raw: object) -> Any:
        """None for an empty cell; raises CellError."""
        if isinstance(raw, str):
            raw = clean(raw)
        if raw is None or raw == "":
            return None
        if question.type in PLAIN:
            value = convert(_column(question.key, PLAIN[question.type]), raw)
            return value.isoformat() if isinstance(value, date) else value
        if question.type == "select_one":
            return self.choice(question, raw)
        if question.type in {"select_multiple", "rank"}:
            return self._several(question, _text(raw))
        answer = typed(question, _typable(question, raw))
        if question.type in GEOMETRIES and isinstance(answer, str):
            raise CellError("not_a_place", value=answer[:40])
        if isinstance(answer, str) and len(answer) > MAX_TEXT:
            raise CellError("too_long", limit=MAX_TEXT)
        return answer

    def choice(self, question: Question, raw: object) -> str:
        text = _text(raw)
        words = self.choices.get(question.choices)
        if words is None:
            # The list is a file of its own that the phone was given.
            return text
        folded = text.casefold()
        for each in (text, folded, COMMON_WORDS.get(folded, folded)):
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
        words = self.choices.get(question.choices, {})
        if text in words or text.casefold() in words:
            return [self.choice(question, text)]
        parts = text.replace(";", " ").replace(",", " ").replace("،", " ").split()
        return list(dict.fromkeys(self.choice(question, each) for each in parts))

    def is_ticked(self, raw: object) -> bool:
        """Of a column of its own for one choice."""
        if isinstance(raw, str):
            raw = clean(raw)
        if raw is None or raw == "":
            return False
        text = _text(raw).casefold()
        known = {"yes": True, "no": False}.get(COMMON_WORDS.get(text, text))
        if known is None:
            raise CellError("not_a_tick", value=text[:40])
        return known

    def degrees(self, name: str, raw: object) -> float | None:
        limit = 90 if name == "latitude" else 180
        found = convert(_column(name, Kind.NUMBER, limit), raw)
        return None if found is None else float(str(found))


@cache
def _column(name: str, kind: Kind, limit: int | None = None) -> Column:
    low = None if limit is None else -float(limit)
    return Column(name, kind, "", low=low, high=None if limit is None else float(limit))


def _by_words(choices: Any) -> Mapping[str, str]:
    """Codes before labels: a label of one choice may be the code of another."""
    found: dict[str, str] = {}
    for choice in choices:
        found[choice.value] = choice.value
    for choice in choices:
        found.setdefault(choice.value.casefold(), choice.value)
    for choice in choices:
        for label in choice.labels.values():
            found.setdefault(label.casefold(), choice.value)
    return found


def _text(raw: object) -> str:
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    return " ".join(str(raw).split())


def _typable(question: Question, raw: object) -> str:
    if isinstance(raw, datetime) and question.type == "text":
        raw = raw.date() if raw.time() == time() else raw
    if isinstance(raw, date | datetime | time):
        return raw.isoformat()
    if isinstance(raw, str):
        return western_digits(raw) if question.type in GEOMETRIES else raw
    return _text(raw)

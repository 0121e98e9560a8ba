"""What young women are asked: whether they married, or lived with a partner, as children.

Pure: plain values in, plain values out. Of her answers only these two facts go further.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from layers.indicators.samples.observations import AGES_OF_WOMEN, WomanRow
from surveys.questionnaires.parts import Parts


def woman_row(answers: Mapping[str, Any], parts: Parts) -> WomanRow | None:
    """None for a woman of another age, or of no age that is known."""
    said = {part: answers.get(key) for part, key in parts.woman_keys.items()}
    years = _whole(said.get("woman_age"))
    if years is None or years not in AGES_OF_WOMEN:
        return None
    before_15, before_18 = _married_before(
        parts.meaning("woman_married", said.get("woman_married")),
        _whole(said.get("woman_age_married")),
        years,
    )
    return WomanRow(years, before_15, before_18)


def _married_before(
    married: str, first: int | None, years: int
) -> tuple[bool | None, bool | None]:
    """Before 15 and before 18; both unknown where the answers contradict each other."""
    if married == "no":
        return (False, False) if first is None else (None, None)
    if first is None or not 0 < first <= years:
        return None, None
    return first < 15, first < 18


def _whole(answer: Any) -> int | None:
    try:
        number = float(answer)
    except (TypeError, ValueError, OverflowError):
        return None
    return int(number) if number.is_integer() else None

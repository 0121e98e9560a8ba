"""What the answers of a form of one's own stand for among the answers of the library's
questionnaire, from which the figures are computed.

Pure: no Django, no database.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from surveys.questionnaires.parts import Parts
from surveys.variables import EVERY_CHILD, IMPROVED_SANITATION, IMPROVED_WATER

HOUSEHOLD, CHILD = "household", "child"
DRAWN = "selected_5_17"
HOURS = ("economic_hours", "chores_hours")


@dataclass(frozen=True)
class Answer:
    """One answer of the library's questionnaire, under its name there. `yes` and `no`
    are answers there that another form's choices become; `affirms` are all that mean yes.
    """

    name: str
    of: str
    number: bool = False
    yes: str = "yes"
    no: str = "no"
    affirms: frozenset[str] = frozenset({"yes"})
    denies: frozenset[str] = frozenset({"no"})


WATER = frozenset(IMPROVED_WATER)
SANITATION = frozenset(IMPROVED_SANITATION)
ANSWERS = (
    Answer(
        "water_source",
        HOUSEHOLD,
        yes="piped",
        no="surface",
        affirms=WATER,
        denies=frozenset({"unprotected_well", "surface"}),
    ),
    Answer("water_minutes", HOUSEHOLD, number=True),
    Answer(
        "sanitation",
        HOUSEHOLD,
        yes="flush_sewer",
        no="pit_open",
        affirms=SANITATION,
        denies=frozenset({"pit_open", "none"}),
    ),
    Answer("sanitation_shared", HOUSEHOLD),
    Answer("sleeping_rooms", HOUSEHOLD, number=True),
    Answer("internet", HOUSEHOLD),
    Answer("school_attended_this_year", CHILD),
    Answer("birth_registered", CHILD),
    *(
        Answer(f"stim_{each}", CHILD)
        for each in ("read", "stories", "songs", "outside", "play", "count")
    ),
    Answer(DRAWN, CHILD),
    *(Answer(each, CHILD, number=True) for each in HOURS),
)
BY_NAME = {answer.name: answer for answer in ANSWERS}

# By the answer's name: the key of the question, and of its choices those that mean yes
# and those that mean no. No question: it is not asked, whatever the names say.
Said = Mapping[str, Mapping[str, Any]]


def library_answers(
    answers: Mapping[str, Any], said: Said, *, of: str, parts: Parts
) -> dict[str, Any]:
    """The answers of a household or child as the library's questionnaire would have
    them; what nothing was said about stays under its own name.
    """
    found = dict(answers)
    if of == HOUSEHOLD and "persons" in parts.main:
        found["persons"] = _number(answers.get(parts.main["persons"]))
    for name, each in said.items():
        answer = BY_NAME.get(name)
        if answer is not None and answer.of == of:
            found[name] = read_answer(answer, each, answers)
    hours_asked = any(said.get(name, {}).get("question") for name in HOURS)
    if of == CHILD and hours_asked and not said.get(DRAWN, {}).get("question"):
        found[DRAWN] = EVERY_CHILD
    return found


def read_answer(
    answer: Answer, said: Mapping[str, Any], answers: Mapping[str, Any]
) -> Any:
    """What the library's question would have got; None where it is not known."""
    given = answers.get(said.get("question", ""))
    if answer.number:
        return _number(given)
    chosen = {str(each) for each in given} if isinstance(given, list) else {str(given)}
    if given is None:
        return None
    yes = set(said.get("yes", ()))
    if chosen & yes:
        return answer.yes
    # Of several choices, not to have chosen it is a no.
    if (isinstance(given, list) and yes) or chosen & set(said.get("no", ())):
        return answer.no
    return None


def _number(given: Any) -> int | float | None:
    """Numbers that a calculation wrote come as text."""
    if isinstance(given, int | float):
        return given
    try:
        number = float(given) if given else math.nan
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None

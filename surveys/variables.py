"""From the answers of a household and its children to the canonical variables.

Pure: plain values in, plain values out. None means not asked or not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from surveys.ages import months_between, years_between

# JMP: packaged and delivered water count as improved since 2017.
IMPROVED_WATER = {"piped", "borehole", "protected_well", "tanker", "bottled"}
IMPROVED_SANITATION = {"flush_sewer", "flush_septic", "pit_slab"}
STIMULATION = (
    "stim_read",
    "stim_stories",
    "stim_songs",
    "stim_outside",
    "stim_play",
    "stim_count",
)
# The questions on work go to one child of these ages, drawn at random.
MODULE_5_17 = range(5, 18)
# In place of yes or no to having been drawn, where a form asks all of them.
EVERY_CHILD = "all"

Answers = Mapping[str, Any]
Values = dict[str, float | None]


@dataclass(frozen=True)
class Child:
    sex: str
    birth_date: date
    answers: Answers


def _yes(answer: str | None) -> int | None:
    return {"yes": 1, "no": 0}.get(answer or "")


def _is_in(answer: str | None, improved: set[str]) -> int | None:
    return None if answer is None else int(answer in improved)


def household_variables(answers: Answers) -> Values:
    return {
        "water_improved": _is_in(answers.get("water_source"), IMPROVED_WATER),
        "water_minutes": answers.get("water_minutes"),
        "sanitation_improved": _is_in(answers.get("sanitation"), IMPROVED_SANITATION),
        "sanitation_shared": _yes(answers.get("sanitation_shared")),
        "persons": answers.get("persons"),
        "sleeping_rooms": answers.get("sleeping_rooms"),
        "internet": _yes(answers.get("internet")),
    }


def child_variables(
    child: Child, *, interviewed_on: date, school_year_start: date
) -> Values:
    """`school_age` is counted at the start of the school year, as MICS does.

    What an unknown answer means is for each indicator's definition to say.
    """
    answers = child.answers
    months = months_between(child.birth_date, interviewed_on)
    drawn = answers.get("selected_5_17") in {"yes", EVERY_CHILD}
    return {
        "attends_school": _yes(answers.get("school_attended_this_year")),
        "school_age": max(0, years_between(child.birth_date, school_year_start)),
        "stim_activities": _stimulation(answers) if 24 <= months < 60 else None,
        "birth_registered": _yes(answers.get("birth_registered")),
        "economic_hours": answers.get("economic_hours") if drawn else None,
        "chores_hours": answers.get("chores_hours") if drawn else None,
    }


def _stimulation(answers: Answers) -> int | None:
    given = [_yes(answers.get(question)) for question in STIMULATION]
    if all(answer is None for answer in given):
        return None
    return sum(answer or 0 for answer in given)


def module_5_17_factor(
    children: Sequence[Child], *, interviewed_on: date
) -> float | None:
    """How many children of 5 to 17 the drawn one stands for; None without any."""
    eligible = sum(
        years_between(child.birth_date, interviewed_on) in MODULE_5_17
        for child in children
    )
    return float(eligible) or None

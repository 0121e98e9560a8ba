"""From the answers of a household and its children to the canonical variables.

Pure: plain values in, plain values out. None means not asked or not known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from layers.indicators.anthropometry import valid_scores_of
from surveys.ages import months_between, years_between

# JMP: packaged and delivered water count as improved since 2017.
IMPROVED_WATER = {"piped", "borehole", "protected_well", "tanker", "bottled"}
# As the growth standards write them.
SEXES = {"male": 1, "female": 2}
POSITIONS = {"lying": "l", "standing": "h"}
IMPROVED_SANITATION = {"flush_sewer", "flush_septic", "pit_slab"}
STIMULATION = (
    "stim_read",
    "stim_stories",
    "stim_songs",
    "stim_outside",
    "stim_play",
    "stim_count",
)
FOOD_DAYS = tuple(
    f"fcs_{each}"
    for each in (
        *("staples", "pulses", "dairy", "meat"),
        *("vegetables", "fruit", "oil", "sugar"),
    )
)
COPING_DAYS = tuple(
    f"rcsi_{each}" for each in ("cheaper", "borrow", "meals", "portions", "adults")
)
COPING_STRATEGIES = tuple(
    f"lcs_{each}"
    for each in (
        *("sell_goods", "savings", "credit", "debt"),
        *("sell_tools", "health", "withdraw_school"),
        *("sell_home", "beg", "child_work"),
    )
)
# WFP: a strategy that is used up counts as one that is used.
COPING = {"yes": 1, "exhausted": 1, "no": 0, "not_applicable": 0}
LEVELS = {
    "none": 0,
    "preprimary": 0,
    "primary": 1,
    "lower_secondary": 2,
    "upper_secondary": 3,
}
ECDI = tuple(f"ec{number}" for number in range(21, 39))
VACCINES = tuple(
    f"vac_{each}" for each in ("bcg", "penta1", "penta3", "polio3", "mcv1", "mcv2")
)
TODDLER_FUNCTIONS = tuple(
    f"ucf_{each}"
    for each in (
        *("see", "hear", "walk", "fine"),
        *("understand", "speak", "learn", "play"),
    )
)
CHILD_FUNCTIONS = tuple(
    f"fcf_{each}"
    for each in (
        *("see", "hear", "walk", "selfcare", "speak_in", "speak_out", "learn"),
        *("remember", "concentrate", "change", "control", "friends"),
        *("anxious", "depressed"),
    )
)
DISCIPLINE = tuple(f"discipline_{letter}" for letter in "abcdefghijk")
ASSETS = (
    *("refrigerator", "washing_machine", "water_heater", "air_conditioner"),
    *("television", "computer", "car", "power"),
)
NATIONAL = {"LB": "lebanese", "TN": "tunisian", "LY": "libyan", "PS": "palestinian"}
"""The choice that means a national, by the municipality's country."""
NATIONALITIES = {"national": 1, "syrian": 2, "palestinian": 3}
ANOTHER_NATIONALITY = 4
# The eight groups of WHO and UNICEF (2021).
FOOD_GROUPS = {
    *("breastmilk", "grains", "pulses", "dairy"),
    *("flesh", "eggs", "vitamin_a", "other_fruit"),
}
LIVING_WITH = {"both": (1, 1), "mother": (1, 0), "father": (0, 1), "neither": (0, 0)}
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


def _word(answer: Any) -> str:
    """A form of one's own may ask under a usual name what is no single choice."""
    return answer if isinstance(answer, str) else ""


def _yes(answer: Any) -> int | None:
    return {"yes": 1, "no": 0}.get(_word(answer))


def _is_in(answer: str | None, improved: set[str]) -> int | None:
    return None if answer is None else int(answer in improved)


def _codes(answers: Answers, names: Iterable[str]) -> Values:
    """Choices that are numbers already, such as 1 to 4 for no difficulty to cannot."""
    return {name: _number(answers.get(name)) for name in names}


def _number(answer: Any) -> float | None:
    try:
        number = float(answer)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def household_variables(answers: Answers, *, country: str = "") -> Values:
    """`country` is the municipality's ISO code: it decides who is a national."""
    seen = _word(answers.get("handwashing"))
    return {
        "water_improved": _is_in(answers.get("water_source"), IMPROVED_WATER),
        "water_minutes": answers.get("water_minutes"),
        "sanitation_improved": _is_in(answers.get("sanitation"), IMPROVED_SANITATION),
        "sanitation_shared": _yes(answers.get("sanitation_shared")),
        # Where the place could not be seen nothing is known of it.
        "handwashing_place": {"observed": 1, "no_place": 0}.get(seen),
        "handwashing_water": _yes(answers.get("handwashing_water")),
        "handwashing_soap": _yes(answers.get("handwashing_soap")),
        "persons": answers.get("persons"),
        "sleeping_rooms": answers.get("sleeping_rooms"),
        "internet": _yes(answers.get("internet")),
        "social_transfer": _any_but_none(answers.get("transfers")),
        "nationality": _nationality(_word(answers.get("nationality")), country),
        "displaced": _yes(answers.get("displaced")),
        **_assets(answers.get("assets")),
        **_codes(answers, (*FOOD_DAYS, *COPING_DAYS)),
        **{name: COPING.get(_word(answers.get(name))) for name in COPING_STRATEGIES},
    }


def _nationality(answer: str, country: str) -> int | None:
    if not answer:
        return None
    word = "national" if answer == NATIONAL.get(country) else answer
    return NATIONALITIES.get(word, ANOTHER_NATIONALITY)


def _assets(chosen: Any) -> Values:
    """All unknown where the question was not answered: an empty home says "none"."""
    found = set(_listed(chosen))
    return {f"asset_{name}": int(name in found) if found else None for name in ASSETS}


def _any_but_none(chosen: Any) -> int | None:
    """Of a choice of several, one of which is "none"."""
    found = set(_listed(chosen))
    return int(bool(found - {"none"})) if found else None


def _listed(chosen: Any) -> list[str]:
    if isinstance(chosen, str):
        return chosen.split()
    return [str(each) for each in chosen] if isinstance(chosen, list) else []


def child_variables(
    child: Child, *, interviewed_on: date, school_year_start: date
) -> Values:
    """`school_age` is counted at the start of the school year, as MICS does.

    What an unknown answer means is for each indicator's definition to say.
    """
    answers = child.answers
    months = months_between(child.birth_date, interviewed_on)
    return {
        "school_age": max(0, years_between(child.birth_date, school_year_start)),
        **_schooling(answers),
        **_early_years(answers, months),
        **_health(answers),
        **growth_values(
            GrowthMeasures(
                sex=child.sex,
                age_days=(interviewed_on - child.birth_date).days,
                weight_kg=_number(answers.get("weight_kg")),
                length_cm=_number(answers.get("height_cm")),
                measured_as=answers.get("measured_as"),
                oedema=_yes(answers.get("oedema")),
                muac_mm=_number(answers.get("muac_mm")),
                measured=answers.get("measured") == "yes",
            )
        ),
        **_diet(answers),
        **_family(answers),
        **_drawn(answers, months),
    }


def _schooling(answers: Answers) -> Values:
    """Who never went to school does not attend it and has completed no level."""
    ever = _yes(answers.get("school_ever"))
    attends = _yes(answers.get("school_attended_this_year"))
    completed = LEVELS.get(_word(answers.get("completed_level")))
    return {
        "attends_school": 0 if ever == 0 else attends,
        "school_level": LEVELS.get(_word(answers.get("school_level"))),
        "school_grade": _number(answers.get("school_grade")),
        "completed_level": 0 if ever == 0 else completed,
        "preprimary_last_year": _yes(answers.get("preprimary_last_year")),
        "absent_days": _number(answers.get("absent_days")),
    }


def _early_years(answers: Answers, months: int) -> Values:
    stimulated = 24 <= months < 60
    return {
        "birth_registered": _yes(answers.get("birth_registered")),
        "books": _number(answers.get("books")),
        "left_alone_days": _number(answers.get("left_alone_days")),
        "left_with_child_days": _number(answers.get("left_with_child_days")),
        "early_education": _yes(answers.get("early_education")),
        "stim_activities": _stimulation(answers) if stimulated else None,
        "stim_father": _father(answers) if stimulated else None,
        **{name: _yes(answers.get(name)) for name in ECDI},
        **_codes(answers, ("ec39", "ec40", *TODDLER_FUNCTIONS, "ucf_behave")),
    }


def _stimulation(answers: Answers) -> int | None:
    given = [_yes(answers.get(question)) for question in STIMULATION]
    if all(answer is None for answer in given):
        return None
    return sum(answer or 0 for answer in given)


def _father(answers: Answers) -> int | None:
    """Activities with the father: none where nobody did any, or he lives elsewhere."""
    with_him = answers.get("stim_with_father")
    if with_him is None:
        return 0 if _stimulation(answers) == 0 else None
    return len(set(_listed(with_him)) & set(STIMULATION))


def _health(answers: Answers) -> Values:
    return {
        name: {"card": 1, "recall": 1, "no": 0}.get(_word(answers.get(name)))
        for name in VACCINES
    }


@dataclass(frozen=True)
class GrowthMeasures:
    """What was measured of a child; None for what was not."""

    sex: str
    age_days: int
    weight_kg: float | None
    length_cm: float | None
    measured_as: str | None
    """"lying" or "standing"."""
    oedema: int | None
    muac_mm: float | None
    measured: bool


def growth_values(given: GrowthMeasures) -> Values:
    """The nutrition variables of a child.

    Z-scores by the WHO growth standards, None where they can't be or are flagged. As in
    WHO's `anthro`, a measured child of whom nothing is said about oedema has none.
    """
    oedema = given.oedema
    if oedema is None and given.measured:
        oedema = 0
    scores: Mapping[str, float | None] = {}
    if given.weight_kg is not None or given.length_cm is not None:
        scores = valid_scores_of(
            sex=SEXES[given.sex],
            age_days=given.age_days,
            weight=given.weight_kg,
            length=given.length_cm,
            position=POSITIONS.get(given.measured_as or "", ""),
            oedema=bool(oedema),
        )
    return {
        "haz": scores.get("len"),
        "whz": scores.get("wfl"),
        "waz": scores.get("wei"),
        "bmiz": scores.get("bmi"),
        "muac_mm": given.muac_mm,
        "oedema": oedema,
    }


def _diet(answers: Answers) -> Values:
    breastfed = _yes(answers.get("breastfed_yesterday"))
    eaten = answers.get("foods_yesterday")
    groups = None
    if eaten is not None:
        found = set(_listed(eaten)) & FOOD_GROUPS
        groups = len(found | ({"breastmilk"} if breastfed else set()))
    milk = _number(answers.get("milk_feeds_yesterday"))
    return {
        "breastfed": breastfed,
        "food_groups": groups,
        "meals": _number(answers.get("meals_yesterday")),
        "milk_feeds": milk,
    }


def _family(answers: Answers) -> Values:
    here = LIVING_WITH.get(_word(answers.get("living_with")), (None, None))
    alive = (_yes(answers.get("mother_alive")), _yes(answers.get("father_alive")))
    # A parent in the home is alive and not asked about.
    mother, father = (
        1 if at == 1 else said for at, said in zip(here, alive, strict=True)
    )
    return {
        "mother_here": here[0],
        "father_here": here[1],
        "mother_alive": mother,
        "father_alive": father,
        "married": _yes(answers.get("married")),
    }


def _drawn(answers: Answers, months: int) -> Values:
    """What is asked of the drawn child of 5 to 17, and of all younger ones."""
    drawn = answers.get("selected_5_17") in {"yes", EVERY_CHILD}
    asked = answers if drawn else {}
    raised = answers if months < 12 * MODULE_5_17.start else asked
    return {
        "economic_hours": asked.get("economic_hours"),
        "chores_hours": asked.get("chores_hours"),
        **_codes(asked, CHILD_FUNCTIONS),
        **{name: _yes(raised.get(name)) for name in DISCIPLINE},
    }


def module_5_17_factor(
    children: Sequence[Child], *, interviewed_on: date
) -> float | None:
    """How many children of 5 to 17 the drawn one stands for; None without any."""
    eligible = sum(
        years_between(child.birth_date, interviewed_on) in MODULE_5_17
        for child in children
    )
    return float(eligible) or None

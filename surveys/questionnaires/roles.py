"""What a question can be to the system, in words: a part of the record, or an answer
from which figures are computed. The page on which they are chosen is made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from surveys.models import Target
from surveys.questionnaires.meaning import ANSWERS, CHILD, Answer
from surveys.questionnaires.parts import ROSTER_PART, WOMEN_PART

Words = str | Promise
TEXTS = frozenset({"text", "calculate", "barcode", "select_one", "integer"})
NUMBERS = frozenset({"integer", "decimal", "calculate"})
CHOICES = frozenset({"select_one", "select_multiple", "calculate", "text", "integer"})
DAYS = frozenset({"date", "datetime", "calculate", "metadata"})


@dataclass(frozen=True)
class Role:
    """`types` of questions fit it; `meanings` are what their choices can stand for.
    `without` says what follows where no question has it, empty where nothing does.
    """

    name: str
    label: Words
    types: frozenset[str]
    table: str = ""
    """The part that names the repeat it is asked in; empty outside of repeats."""
    meanings: Mapping[str, Words] = field(default_factory=dict)
    without: Words = ""


YES_NO: Mapping[str, Words] = {"yes": _("yes"), "no": _("no")}
# Of a choice that is no girl and no boy nothing is computed.
SEXES: Mapping[str, Words] = {"female": _("girl"), "male": _("boy")}
OUTCOMES: Mapping[str, Words] = {
    value: label
    for value, label in Target.Outcome.choices
    if value != Target.Outcome.PENDING
}

PARTS = {
    role.name: role
    for role in (
        Role(
            "household_code",
            _("the household's number"),
            TEXTS,
            without=_("Households can't be followed from round to round."),
        ),
        Role("household", _("the household chosen from the list"), TEXTS),
        Role(
            "parcel",
            _("the parcel"),
            TEXTS,
            without=_("Records are placed by their position only."),
        ),
        Role(
            "location",
            _("the position"),
            frozenset({"geopoint"}),
            without=_("Records are placed by their parcel only."),
        ),
        Role(
            "interview_date",
            _("the day of the interview"),
            DAYS,
            without=_(
                "The day counts on which the form was begun, or on which it came."
            ),
        ),
        Role("surveyor", _("who held the interview"), TEXTS | {"metadata"}),
        Role(
            "consent",
            _("the consent"),
            CHOICES,
            meanings=YES_NO,
            without=_("A refusal can't be told from an interview."),
        ),
        Role(
            "outcome",
            _("the outcome of the visit"),
            CHOICES,
            meanings=OUTCOMES,
            without=_("Visits without an interview are missing in the response rate."),
        ),
        Role("head_name", _("the head of the household"), TEXTS),
        Role(
            "phone",
            _("the phone number"),
            TEXTS,
            without=_("The check “same phone number” finds nothing."),
        ),
        Role("persons", _("how many persons live there"), NUMBERS),
        Role("child_count", _("how many children live there"), NUMBERS),
        Role(
            "corrects",
            _("which record it corrects"),
            TEXTS,
            without=_(
                "Records that are sent back can be corrected in the browser only."
            ),
        ),
        Role(
            ROSTER_PART,
            _("the children"),
            frozenset({"repeat"}),
            without=_("No indicator of children can be computed."),
        ),
        Role("child_code", _("the child's number"), TEXTS, table=ROSTER_PART),
        Role("child_name", _("the child's name"), TEXTS, table=ROSTER_PART),
        Role(
            "sex",
            _("the child's sex"),
            CHOICES,
            table=ROSTER_PART,
            meanings=SEXES,
            without=_("No indicator of children can be computed."),
        ),
        Role(
            "birth_date",
            _("the child's birth date"),
            DAYS - {"metadata"},
            table=ROSTER_PART,
            without=_("No indicator of children can be computed."),
        ),
        Role("age", _("the child's age in years"), NUMBERS, table=ROSTER_PART),
        Role("age_months", _("the child's age in months"), NUMBERS, table=ROSTER_PART),
        Role(WOMEN_PART, _("the women of 20 to 24"), frozenset({"repeat"})),
        Role(
            "woman_age",
            _("the woman's age in years"),
            NUMBERS,
            table=WOMEN_PART,
            without=_("No woman is counted."),
        ),
        Role(
            "woman_married",
            _("whether she ever married or lived with a partner"),
            CHOICES,
            table=WOMEN_PART,
            meanings=YES_NO,
        ),
        Role(
            "woman_age_married",
            _("how old she was when she first did"),
            NUMBERS,
            table=WOMEN_PART,
        ),
    )
}

ANSWER_WORDS: Mapping[str, Words] = {
    "water_source": _("Improved source of drinking water"),
    "water_minutes": _("Minutes to fetch water and come back"),
    "sanitation": _("Improved toilet"),
    "sanitation_shared": _("Toilet shared with other households"),
    "sleeping_rooms": _("Rooms used for sleeping"),
    "internet": _("Internet at home"),
    "school_attended_this_year": _("Attends school this school year"),
    "birth_registered": _("Birth registered"),
    "stim_read": _("Somebody read books with the child"),
    "stim_stories": _("Somebody told the child stories"),
    "stim_songs": _("Somebody sang with the child"),
    "stim_outside": _("Somebody took the child outside"),
    "stim_play": _("Somebody played with the child"),
    "stim_count": _("Somebody named, counted or drew things with the child"),
    "selected_5_17": _("The one child of 5 to 17 drawn for the questions on work"),
    "economic_hours": _("Hours of paid or family work in the past week"),
    "chores_hours": _("Hours of household chores in the past week"),
}


def _of_answer(answer: Answer) -> Role:
    return Role(
        answer.name,
        ANSWER_WORDS[answer.name],
        NUMBERS if answer.number else CHOICES,
        table=ROSTER_PART if answer.of == CHILD else "",
        meanings={} if answer.number else YES_NO,
    )


ANSWER_ROLES = {answer.name: _of_answer(answer) for answer in ANSWERS}

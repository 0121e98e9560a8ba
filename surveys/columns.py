"""The columns of the two sheets: the one description that reading, the template
and its explanations share.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Kind(StrEnum):
    CODE = "code"
    TEXT = "text"
    DATE = "date"
    INTEGER = "integer"
    NUMBER = "number"
    CHOICE = "choice"


@dataclass(frozen=True)
class Column:
    """`low` and `high` are inclusive; `answer` columns end in the answers' JSON."""

    name: str
    kind: Kind
    about: str | Promise
    required: bool = False
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    answer: bool = False


WORDS: dict[str, str | Promise] = {
    "yes": _("yes"),
    "no": _("no"),
    "dont_know": _("not known"),
    "female": _("girl"),
    "male": _("boy"),
    "piped": _("piped water"),
    "borehole": _("borehole"),
    "protected_well": _("protected well"),
    "tanker": _("tanker truck"),
    "bottled": _("bottled water"),
    "unprotected_well": _("unprotected well"),
    "surface": _("river, pond or channel"),
    "flush_sewer": _("flush to the sewer"),
    "flush_septic": _("flush to a septic tank"),
    "pit_slab": _("pit with a slab"),
    "pit_open": _("open pit"),
    "none": _("no toilet"),
    "lebanese": _("Lebanese"),
    "syrian": _("Syrian"),
    "palestinian": _("Palestinian"),
    "other": _("another one"),
}
"""What each answer's code means."""

YES_NO = ("yes", "no")
YES_NO_UNKNOWN = ("yes", "no", "dont_know")


def _choice(name: str, about: str | Promise, choices: tuple[str, ...]) -> Column:
    return Column(name, Kind.CHOICE, about, choices=choices, answer=True)


HOUSEHOLDS = (
    Column(
        "household_id",
        Kind.CODE,
        _("Number of the household, the same in every round."),
        required=True,
    ),
    Column("parcel_code", Kind.CODE, _("Number of the parcel it lives on.")),
    Column(
        "latitude",
        Kind.NUMBER,
        _("Degrees north, such as 33.8012. Used where the parcel is not known."),
        low=-90,
        high=90,
    ),
    Column(
        "longitude",
        Kind.NUMBER,
        _("Degrees east, such as 35.8411."),
        low=-180,
        high=180,
    ),
    Column(
        "interview_date",
        Kind.DATE,
        _("Day of the interview, such as 2026-04-18."),
        required=True,
    ),
    Column("surveyor", Kind.TEXT, _("Who held the interview.")),
    Column("phone", Kind.CODE, _("Phone of the household. Never published.")),
    Column("head_name", Kind.TEXT, _("Head of the household. Never published.")),
    Column(
        "persons",
        Kind.INTEGER,
        _("People who live in the household, children included."),
        low=1,
        high=60,
        answer=True,
    ),
    Column(
        "sleeping_rooms",
        Kind.INTEGER,
        _("Rooms used for sleeping."),
        low=0,
        high=40,
        answer=True,
    ),
    _choice(
        "water_source",
        _("Main source of drinking water."),
        (
            "piped",
            "borehole",
            "protected_well",
            "tanker",
            "bottled",
            "unprotected_well",
            "surface",
        ),
    ),
    Column(
        "water_minutes",
        Kind.NUMBER,
        _("Minutes to fetch water and come back; 0 where it is on the premises."),
        low=0,
        high=1440,
        answer=True,
    ),
    _choice(
        "sanitation",
        _("Kind of toilet."),
        ("flush_sewer", "flush_septic", "pit_slab", "pit_open", "none"),
    ),
    _choice("sanitation_shared", _("Toilet shared with other households."), YES_NO),
    _choice("internet", _("Internet at home."), YES_NO),
    _choice(
        "nationality",
        _("Nationality of the head of the household."),
        ("lebanese", "syrian", "palestinian", "other"),
    ),
    _choice("displaced", _("Displaced household."), YES_NO),
    Column(
        "stratum",
        Kind.CODE,
        _("Stratum of the sampling design; empty where there is one."),
    ),
    Column(
        "weight",
        Kind.NUMBER,
        _("How many households of the town this one stands for."),
        required=True,
        low=0.000001,
        high=1_000_000,
    ),
    Column(
        "frame_households",
        Kind.INTEGER,
        _("Households in the stratum from which the sample was drawn."),
        low=1,
        high=10_000_000,
    ),
)

CHILDREN = (
    Column(
        "household_id",
        Kind.CODE,
        _("Number of the household, as on the other sheet."),
        required=True,
    ),
    Column(
        "child_id",
        Kind.CODE,
        _("Number of the child within the household."),
        required=True,
    ),
    Column("name", Kind.TEXT, _("Name of the child. Never published.")),
    Column("sex", Kind.CHOICE, _("Sex."), required=True, choices=("female", "male")),
    Column(
        "birth_date",
        Kind.DATE,
        _("Birth date, such as 2019-11-05. Never published."),
        required=True,
    ),
    _choice(
        "school_attended_this_year",
        _("Attends school this school year. Ages 3 to 17."),
        YES_NO_UNKNOWN,
    ),
    _choice("stim_read", _("Somebody read books with the child."), YES_NO),
    _choice("stim_stories", _("Somebody told the child stories."), YES_NO),
    _choice("stim_songs", _("Somebody sang with the child."), YES_NO),
    _choice("stim_outside", _("Somebody took the child outside."), YES_NO),
    _choice("stim_play", _("Somebody played with the child."), YES_NO),
    _choice(
        "stim_count",
        _("Somebody named, counted or drew things with the child."),
        YES_NO,
    ),
    _choice(
        "birth_registered",
        _("Birth registered. Ages 0 to 4."),
        YES_NO_UNKNOWN,
    ),
    _choice(
        "selected_5_17",
        _("The one child aged 5 to 17 drawn for the questions on work."),
        YES_NO,
    ),
    Column(
        "economic_hours",
        Kind.NUMBER,
        _("Hours of paid or family work in the past week; only the drawn child."),
        low=0,
        high=168,
        answer=True,
    ),
    Column(
        "chores_hours",
        Kind.NUMBER,
        _("Hours of household chores in the past week; only the drawn child."),
        low=0,
        high=168,
        answer=True,
    ),
)

SHEETS: dict[str, tuple[Column, ...]] = {"households": HOUSEHOLDS, "children": CHILDREN}

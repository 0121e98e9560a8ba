"""The checks as data: what each looks for, how much it weighs, where it begins to speak.

A finding is kept as the check's code with its particulars; the words are chosen when it
is read. The same texts stand on the settings page and in the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext_lazy as _

from surveys.quality.daysoff import WEEKEND_NAMES

Words = str | Promise


@dataclass(frozen=True)
class Threshold:
    label: Words
    usual: float
    low: float
    high: float
    # Where it is one of a few: their numbers with what they are called.
    choices: Mapping[int, Words] | None = None


@dataclass(frozen=True)
class Check:
    """`weight` from 1, a hint, to 9, almost certainly wrong. `across` ones compare the
    records of a round, the others look at one record.
    """

    code: str
    weight: int
    title: Words
    message: Words
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    across: bool = False
    # A town may not want it: it is there, and off until switched on.
    usual: bool = True

    def told(self, particulars: Mapping[str, Any]) -> str:
        """The message in the reader's language."""
        shown = {name: _isolated(value) for name, value in particulars.items()}
        return str(self.message) % shown

    @property
    def defaults(self) -> dict[str, float]:
        return {name: each.usual for name, each in self.thresholds.items()}


def _isolated(value: object) -> str:
    """Between right-to-left words, numbers and codes would be shown back to front."""
    whole = isinstance(value, float) and value.is_integer()
    said = f"{value:.0f}" if whole else str(value)
    return f"\u2068{said}\u2069" if get_language_bidi() else said


MINUTES = _("minutes")
METRES = _("metres")
SHARE = _("share, from 0 to 1")

CHECKS: dict[str, Check] = {
    check.code: check
    for check in (
        # The place
        Check(
            "no_place",
            7,
            _("No place"),
            _(
                "No parcel and no zone could be found: the record can be in no figure. "
                "Choose its parcel."
            ),
        ),
        Check(
            "parcel_replaced",
            3,
            _("Parcel no longer in force"),
            _(
                "Parcel %(value)s is no longer in force. The household was put on "
                "%(parcel)s, which took its place."
            ),
        ),
        Check(
            "far_from_parcel",
            5,
            _("Far from its parcel"),
            _(
                "The position is %(value)s m away from parcel %(parcel)s. Was the right "
                "parcel chosen?"
            ),
            {"metres": Threshold(METRES, 200, 10, 5000)},
        ),
        Check(
            "poor_position",
            2,
            _("Position not exact"),
            _("The phone's position may be off by %(value)s m."),
            {"metres": Threshold(METRES, 20, 3, 500)},
        ),
        Check(
            "not_assigned",
            4,
            _("Outside the assignment"),
            _(
                "The parcel or the position is not in what was assigned to this surveyor."
            ),
        ),
        Check(
            "same_position",
            3,
            _("Same position as another household"),
            _(
                "Household %(other)s, on another parcel, was recorded at the same "
                "position. Were both interviews held at the door?"
            ),
            {"metres": Threshold(METRES, 2, 0.5, 50)},
            across=True,
        ),
        # The time
        Check(
            "too_fast",
            6,
            _("Too fast"),
            _("The interview took %(value)s minutes."),
            {"minutes": Threshold(MINUTES, 6, 1, 120)},
        ),
        Check(
            "too_long",
            2,
            _("Very long"),
            _("The form was open for %(value)s minutes."),
            {"minutes": Threshold(MINUTES, 180, 30, 2880)},
        ),
        Check(
            "wrong_hours",
            4,
            _("At an unusual hour"),
            _("The interview began at %(value)s."),
            {
                "earliest": Threshold(_("earliest hour"), 7, 0, 23),
                "latest": Threshold(_("latest hour"), 21, 1, 24),
            },
        ),
        Check(
            "clock",
            5,
            _("Clock wrong"),
            _(
                "The interview ended %(value)s by the phone's clock, which was before it "
                "began or after it arrived. Set the phone's clock."
            ),
        ),
        Check(
            "outside_round",
            4,
            _("Outside the round's days"),
            _("The interview of %(value)s is not between %(low)s and %(high)s."),
        ),
        Check(
            "overlap",
            6,
            _("Two interviews at once"),
            _(
                "The same surveyor was interviewing household %(other)s at the same time."
            ),
            across=True,
        ),
        Check(
            "many_a_day",
            4,
            _("Very many in one day"),
            _("It is one of %(value)s interviews of this surveyor on %(day)s."),
            {"interviews": Threshold(_("interviews a day"), 20, 2, 200)},
            across=True,
        ),
        Check(
            "day_off",
            2,
            _("On a day off"),
            _(
                "The interview was held on %(value)s, a holiday or a day of the weekend."
            ),
            {"weekend": Threshold(_("weekend"), 0, 0, 6, WEEKEND_NAMES)},
            usual=False,
        ),
        # The same twice
        Check(
            "same_household",
            8,
            _("Household twice"),
            _("Household %(other)s has another record in this round. Keep one."),
            across=True,
        ),
        Check(
            "same_phone",
            5,
            _("Same phone number"),
            _("Household %(other)s gave the same phone number."),
            across=True,
        ),
        Check(
            "same_children",
            7,
            _("Same children"),
            _(
                "Household %(other)s has children of the same sex and birth dates. Is it "
                "the same household?"
            ),
            {"children": Threshold(_("children at least"), 2, 1, 10)},
            across=True,
        ),
        # The answers
        Check(
            "not_valid",
            5,
            _("Not an answer of the form"),
            _("“%(value)s” is no valid answer to this question."),
        ),
        Check(
            "unanswered",
            4,
            _("Required question unanswered"),
            _("This question has to be answered."),
        ),
        Check(
            "dont_know",
            3,
            _("Many answers not known"),
            _("“Don't know” was chosen in %(value)s %% of %(count)s answers."),
            {
                "share": Threshold(SHARE, 0.3, 0.05, 1),
                "answers": Threshold(_("answers at least"), 10, 3, 100),
            },
        ),
        Check(
            "missing",
            3,
            _("Many questions unanswered"),
            _(
                "%(value)s %% of the %(count)s questions that everybody is asked were left "
                "out."
            ),
            {
                "share": Threshold(SHARE, 0.2, 0.05, 1),
                "questions": Threshold(_("questions at least"), 10, 3, 100),
            },
        ),
        Check(
            "other",
            2,
            _("Many answers “other”"),
            _(
                "“Other” was chosen in %(value)s %% of %(count)s answers. Do the choices "
                "fit, and were they read out?"
            ),
            {
                "share": Threshold(SHARE, 0.2, 0.05, 1),
                "answers": Threshold(_("answers at least"), 10, 3, 100),
            },
        ),
        Check(
            "same_answers",
            3,
            _("Same answer throughout"),
            _("The same answer was given to %(value)s questions in a row."),
            {"questions": Threshold(_("questions in a row"), 10, 5, 50)},
        ),
        Check(
            "outlier",
            3,
            _("Unusual number"),
            _(
                "%(value)s is far from what others answered (usually %(low)s to %(high)s)."
            ),
            {
                "spread": Threshold(_("quartile ranges beyond the quartile"), 3, 1, 10),
                "answers": Threshold(_("answers at least"), 30, 10, 1000),
            },
            across=True,
        ),
        Check(
            "roster_count",
            6,
            _("Number of children"),
            _("%(value)s children were announced and %(count)s are listed."),
        ),
        Check(
            "fewer_persons",
            6,
            _("More children than persons"),
            _("The household has %(count)s children but only %(value)s persons."),
        ),
        Check(
            "two_drawn",
            6,
            _("One child for all"),
            _(
                "%(count)s children were drawn for the questions on work, which go to "
                "one; their weights are too large."
            ),
        ),
        Check(
            "birth_date",
            6,
            _("Birth date"),
            _("Born %(value)s, the child would be %(age)s years old at the interview."),
        ),
        Check(
            "age_differs",
            5,
            _("Age and birth date"),
            _("The age given is %(value)s, by the birth date it is %(age)s."),
        ),
        Check(
            "old_version",
            2,
            _("Old version of the form"),
            _(
                "Filled with version %(value)s although %(other)s had been published. "
                "Refresh the forms on the phone."
            ),
        ),
        Check(
            "digits",
            1,
            _("Favourite last digits"),
            _(
                "This surveyor's numbers end in %(value)s more often than chance allows "
                "(p = %(p)s, over %(count)s numbers)."
            ),
            {
                "p": Threshold(_("probability by chance"), 0.01, 0.0001, 0.2),
                "numbers": Threshold(_("numbers at least"), 100, 30, 10000),
            },
            across=True,
        ),
        Check(
            "back_check",
            7,
            _("Differs from the back-check"),
            _("%(value)s of %(count)s repeated answers differ."),
            {"share": Threshold(SHARE, 0.2, 0.01, 1)},
            across=True,
        ),
    )
}

GROUPS: tuple[tuple[Words, tuple[str, ...]], ...] = (
    (
        _("The place"),
        (
            "no_place",
            "parcel_replaced",
            "far_from_parcel",
            "poor_position",
            "not_assigned",
            "same_position",
        ),
    ),
    (
        _("The time"),
        (
            "too_fast",
            "too_long",
            "wrong_hours",
            "clock",
            "outside_round",
            "day_off",
            "overlap",
            "many_a_day",
        ),
    ),
    (_("The same twice"), ("same_household", "same_phone", "same_children")),
    (
        _("The answers"),
        (
            "not_valid",
            "unanswered",
            "missing",
            "dont_know",
            "other",
            "same_answers",
            "outlier",
            "old_version",
        ),
    ),
    (
        _("The children"),
        ("roster_count", "fewer_persons", "two_drawn", "birth_date", "age_differs"),
    ),
    (_("The surveyor"), ("digits", "back_check")),
)
"""As the settings page lists them."""

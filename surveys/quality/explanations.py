"""What each check looks for, in one sentence for those who switch it on or off."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EXPLANATIONS: Mapping[str, str | Promise] = {
    "no_place": _(
        "Neither the parcel's number nor the position leads to a parcel or a zone."
    ),
    "parcel_replaced": _(
        "The parcel's number is out of force; the parcel that covers most of its land "
        "was taken."
    ),
    "far_from_parcel": _(
        "Metres from the phone's position to the parcel, less what the position may be "
        "off by."
    ),
    "poor_position": _("Metres by which the phone says its position may be off."),
    "not_assigned": _(
        "The surveyor has parcels assigned in this round, and this is none of them."
    ),
    "same_position": _(
        "Two households on different parcels whose exact positions nearly coincide."
    ),
    "too_fast": _("Minutes from opening the form to closing it; only interviews."),
    "too_long": _("Minutes from opening the form to closing it; only interviews."),
    "wrong_hours": _("The interview began before or after these hours of local time."),
    "clock": _(
        "The end is before the beginning, or more than ten minutes after the arrival."
    ),
    "outside_round": _(
        "The day of the interview is not between the round's first and last day."
    ),
    "day_off": _(
        "The day of the interview is a weekend day or one of the holidays listed here."
    ),
    "overlap": _("Two interviews of one surveyor overlap in time."),
    "many_a_day": _("Interviews of one surveyor on one day."),
    "same_household": _("Two records of the round have the same household."),
    "same_phone": _(
        "Two households have phone numbers whose last seven digits are equal."
    ),
    "same_children": _(
        "Two households have as many children, with the same sexes and birth dates."
    ),
    "not_valid": _(
        "The answer is no number where one is asked, or none of the question's choices."
    ),
    "unanswered": _(
        "A required question that no condition hides was left without an answer."
    ),
    "dont_know": _("Share of “don't know” among the answers chosen from a list."),
    "missing": _(
        "Share of the questions that no condition hides which were left out; only "
        "interviews."
    ),
    "other": _("Share of “other” among the answers chosen from a list."),
    "same_answers": _(
        "Longest row of questions with the same choices and the same answer."
    ),
    "outlier": _(
        "Beyond the quartiles by so many quartile ranges (Tukey's fences); where the "
        "values have a long tail, of their logarithms."
    ),
    "roster_count": _(
        "The number of children announced is not the number of children listed."
    ),
    "fewer_persons": _("More children are listed than the household has persons."),
    "two_drawn": _(
        "More than one child of the household is marked as the one that was drawn for "
        "the questions on work."
    ),
    "birth_date": _("A child is born after the interview, or is 18 or older."),
    "age_differs": _(
        "A child's age and birth date differ by more than a year, or a month where the "
        "age is in months."
    ),
    "old_version": _(
        "The form was filled with a version that was replaced before the interview "
        "began."
    ),
    "digits": _(
        "Last digits of a surveyor's numbers are uneven: chi-square test, corrected "
        "for the number of surveyors (Benjamini and Hochberg)."
    ),
    "back_check": _(
        "Share of the answers that differ when another person asked again."
    ),
}

"""The checks of one record that look at what was not said, and at the day off."""

from __future__ import annotations

from collections.abc import Iterator

from surveys.quality.daysoff import is_day_off
from surveys.quality.seeing import (
    OTHER,
    Hit,
    Seen,
    Thresholds,
    answered,
    looks_for,
    open_to_all,
)
from surveys.questionnaires.structure import LISTS, SELECTS


@looks_for("missing")
def _missing(seen: Seen, thresholds: Thresholds) -> Iterator[Hit]:
    if not seen.interviewed:
        return
    asked = [each.key for each in open_to_all(seen) if not each.readonly]
    unanswered = sum(key not in seen.record.answers for key in asked)
    enough = len(asked) >= thresholds["questions"]
    if enough and unanswered / len(asked) > thresholds["share"]:
        share = round(100 * unanswered / len(asked))
        yield Hit("missing", "", {"value": share, "count": len(asked)})


@looks_for("other")
def _other(seen: Seen, thresholds: Thresholds) -> Iterator[Hit]:
    given = [
        set(value) if each.type in LISTS and isinstance(value, list) else {str(value)}
        for _address, each, value in answered(seen)
        if each.type in SELECTS
    ]
    chosen = sum(bool(values & OTHER) for values in given)
    enough = len(given) >= thresholds["answers"]
    if enough and chosen / len(given) > thresholds["share"]:
        share = round(100 * chosen / len(given))
        yield Hit("other", "", {"value": share, "count": len(given)})


@looks_for("day_off")
def _day_off(seen: Seen, thresholds: Thresholds) -> Iterator[Hit]:
    day = seen.submission.interviewed_on
    if is_day_off(day, seen.round.municipality.country, thresholds):
        question = seen.parts.main.get("interview_date", "")
        yield Hit("day_off", question, {"value": day.isoformat()})

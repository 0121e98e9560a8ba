"""The checks of one record: what is odd about it can be seen in itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from surveys.ages import months_between, years_between
from surveys.models import Submission
from surveys.quality.seeing import (
    DONT_KNOW,
    Hit,
    Seen,
    Thresholds,
    answered,
    looks_for,
    open_to_all,
)
from surveys.questionnaires.meaning import CHILD, DRAWN, library_answers
from surveys.questionnaires.parts import child_facts
from surveys.questionnaires.structure import (
    GEOMETRIES,
    LISTS,
    NUMBERS,
    SELECTS,
    Question,
    Structure,
)
from surveys.record import Row

CHILDHOOD = 18


@looks_for("no_place")
def _no_place(seen: Seen, _thresholds: Thresholds) -> Iterator[Hit]:
    if seen.submission.zone_id is None:
        yield Hit("no_place", seen.parts.main.get("parcel", ""))


@looks_for("parcel_replaced")
def _parcel_replaced(seen: Seen, _thresholds: Thresholds) -> Iterator[Hit]:
    submission = seen.submission
    if submission.placed_by == Submission.PlacedBy.SUCCESSOR:
        particulars = {"value": seen.facts.parcel, "parcel": str(submission.parcel)}
        yield Hit("parcel_replaced", seen.parts.main.get("parcel", ""), particulars)


@looks_for("far_from_parcel")
def _far_from_parcel(seen: Seen, thresholds: Thresholds) -> Iterator[Hit]:
    reach = thresholds["metres"] + (seen.submission.accuracy or 0)
    if seen.metres is not None and seen.metres > reach:
        particulars = {
            "value": round(seen.metres),
            "parcel": str(seen.submission.parcel),
        }
        yield Hit("far_from_parcel", seen.parts.main.get("location", ""), particulars)


@looks_for("poor_position")
def _poor_position(seen: Seen, thresholds: Thresholds) -> Iterator[Hit]:
    accuracy = seen.submission.accuracy
    if accuracy is not None and accuracy > thresholds["metres"]:
        question = seen.parts.main.get("location", "")
        yield Hit("poor_position", question, {"value": round(accuracy)})


@looks_for("not_assigned")
def _not_assigned(seen: Seen, _thresholds: Thresholds) -> Iterator[Hit]:
    if seen.own is False:
        yield Hit("not_assigned", seen.parts.main.get("parcel", ""))


def _minutes(seen: Seen) -> float | None:
    submission = seen.submission
    if not (submission.started_at and submission.ended_at and seen.interviewed):
        return None
    return (submission.ended_at - submission.started_at).total_seconds() / 60


@looks_for("too_fast")
def _too_fast(seen: Seen, thresholds: Thresholds) -> Iterator[Hit]:
    minutes = _minutes(seen)
    if minutes is not None and 0 <= minutes < thresholds["minutes"]:
        yield Hit("too_fast", "", {"value": round(minutes, 1)})


@looks_for("too_long")
def _too_long(seen: Seen, thresholds: Thresholds) -> Iterator[Hit]:
    minutes = _minutes(seen)
    if minutes is not None and minutes > thresholds["minutes"]:
        yield Hit("too_long", "", {"value": round(minutes)})


@looks_for("wrong_hours")
def _wrong_hours(seen: Seen, thresholds: Thresholds) -> Iterator[Hit]:
    started = seen.submission.started_at
    if started is None:
        return
    local = started.astimezone(seen.zone)
    if not thresholds["earliest"] <= local.hour < thresholds["latest"]:
        yield Hit("wrong_hours", "", {"value": f"{local:%H:%M}"})


@looks_for("clock")
def _clock(seen: Seen, _thresholds: Thresholds) -> Iterator[Hit]:
    submission = seen.submission
    ended = submission.ended_at
    if ended is None:
        return
    begun = submission.started_at
    late = (ended - submission.received_at).total_seconds() > 600
    if late or (begun is not None and ended < begun):
        local = ended.astimezone(seen.zone)
        yield Hit("clock", "", {"value": f"{local:%Y-%m-%d %H:%M}"})


@looks_for("outside_round")
def _outside_round(seen: Seen, _thresholds: Thresholds) -> Iterator[Hit]:
    day, round = seen.submission.interviewed_on, seen.round
    if not round.starts_on <= day <= round.ends_on:
        days = {"value": day, "low": round.starts_on, "high": round.ends_on}
        particulars = {name: each.isoformat() for name, each in days.items()}
        yield Hit(
            "outside_round", seen.parts.main.get("interview_date", ""), particulars
        )


@looks_for("not_valid")
def _not_valid(seen: Seen, _thresholds: Thresholds) -> Iterator[Hit]:
    for address, question, value in answered(seen):
        if question.asked and not _is_valid(question, value, seen.structure):
            yield Hit("not_valid", address, {"value": str(value)[:60]})


def _is_valid(question: Question, value: Any, structure: Structure) -> bool:
    if question.type in NUMBERS:
        return isinstance(value, int | float)
    if question.type in GEOMETRIES:
        return isinstance(value, dict)
    # Choices from a file are not in the form: any of them may be right.
    if question.type in SELECTS and question.choices in structure.choices:
        known = {choice.value for choice in structure.choices[question.choices]}
        return set(value if question.type in LISTS else [value]) <= known
    return True


@looks_for("unanswered")
def _unanswered(seen: Seen, _thresholds: Thresholds) -> Iterator[Hit]:
    """Only where no condition can have hidden the question."""
    if not seen.interviewed:
        return
    for question in open_to_all(seen):
        missing = question.key not in seen.record.answers
        if question.required == "true()" and missing:
            yield Hit("unanswered", question.key)


@looks_for("dont_know")
def _dont_know(seen: Seen, thresholds: Thresholds) -> Iterator[Hit]:
    given = [
        value for _address, each, value in answered(seen) if each.type == "select_one"
    ]
    unknown = sum(value in DONT_KNOW for value in given)
    enough = len(given) >= thresholds["answers"]
    if enough and unknown / len(given) > thresholds["share"]:
        share = round(100 * unknown / len(given))
        yield Hit("dont_know", "", {"value": share, "count": len(given)})


@looks_for("same_answers")
def _same_answers(seen: Seen, thresholds: Thresholds) -> Iterator[Hit]:
    for index in (None, *range(len(seen.record.rows))):
        longest = _longest_run(seen, index)
        if longest >= thresholds["questions"]:
            address = seen.record.prefix(index).rstrip("/")
            yield Hit("same_answers", address, {"value": longest})


def _longest_run(seen: Seen, index: int | None) -> int:
    """Of questions with the same list of choices, one after the other, all alike."""
    row = None if index is None else seen.record.rows[index]
    table = seen.structure.table(row.table if row else "")
    answers = row.answers if row else seen.record.answers
    longest, run, former = 0, 0, None
    for question in table.questions if table else ():
        if question.type != "select_one" or question.key not in answers:
            continue
        given = (question.choices, answers[question.key])
        run = run + 1 if given == former else 1
        longest, former = max(longest, run), given
    return longest


def _roster(seen: Seen) -> list[tuple[int, Row]]:
    return [
        (index, row)
        for index, row in enumerate(seen.record.rows)
        if row.table == seen.parts.roster
    ]


@looks_for("roster_count")
def _roster_count(seen: Seen, _thresholds: Thresholds) -> Iterator[Hit]:
    question = seen.parts.main.get("child_count", "")
    announced, listed = seen.record.answers.get(question), len(_roster(seen))
    if isinstance(announced, int) and announced != listed:
        yield Hit("roster_count", question, {"value": announced, "count": listed})


@looks_for("fewer_persons")
def _fewer_persons(seen: Seen, _thresholds: Thresholds) -> Iterator[Hit]:
    question = seen.parts.main.get("persons", "")
    persons, listed = seen.record.answers.get(question), len(_roster(seen))
    if isinstance(persons, int) and persons < listed:
        yield Hit("fewer_persons", question, {"value": persons, "count": listed})


@looks_for("two_drawn")
def _two_drawn(seen: Seen, _thresholds: Thresholds) -> Iterator[Hit]:
    drawn = [
        index
        for index, row in _roster(seen)
        if library_answers(row.answers, seen.said, of=CHILD, parts=seen.parts).get(
            DRAWN
        )
        == "yes"
    ]
    if len(drawn) > 1:
        key = seen.said.get(DRAWN, {}).get("question", DRAWN)
        address = seen.record.prefix(drawn[-1]) + key
        yield Hit("two_drawn", address, {"count": len(drawn)})


@looks_for("birth_date")
def _birth_date(seen: Seen, _thresholds: Thresholds) -> Iterator[Hit]:
    day = seen.submission.interviewed_on
    for index, row in _roster(seen):
        born = child_facts(row, seen.parts).birth_date
        if born is None:
            continue
        age = years_between(born, day)
        if born > day or age >= CHILDHOOD:
            key = seen.parts.roster_keys["birth_date"]
            particulars = {"value": born.isoformat(), "age": age}
            yield Hit("birth_date", seen.record.prefix(index) + key, particulars)


@looks_for("age_differs")
def _age_differs(seen: Seen, _thresholds: Thresholds) -> Iterator[Hit]:
    day = seen.submission.interviewed_on
    for index, row in _roster(seen):
        born = child_facts(row, seen.parts).birth_date
        if born is None or born > day:
            continue
        ages = {
            "age": years_between(born, day),
            "age_months": months_between(born, day),
        }
        for part, by_date in ages.items():
            key = seen.parts.roster_keys.get(part, "")
            given = row.answers.get(key)
            # A month's difference is how a calculation rounds.
            if isinstance(given, int | float) and abs(given - by_date) > 1:
                address = seen.record.prefix(index) + key
                yield Hit("age_differs", address, {"value": given, "age": by_date})


@looks_for("old_version")
def _old_version(seen: Seen, _thresholds: Thresholds) -> Iterator[Hit]:
    begun = seen.submission.started_at
    if begun is None or not seen.published:
        return
    offered = [version for at, version in seen.published if at <= begun]
    if offered and seen.structure.version not in offered[-1:]:
        used = seen.structure.version
        if used in offered:
            yield Hit("old_version", "", {"value": used, "other": offered[-1]})

"""What happened to a record, told in words; and the record as it was at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from surveys.intake.services import stored_record
from surveys.models import Submission, SubmissionEvent
from surveys.quality.definitions import CHECKS
from surveys.record import Record, earlier
from surveys.review.shown import Words

Kind, State = SubmissionEvent.Kind, Submission.State


@dataclass(frozen=True)
class Change:
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Told:
    """`changes` of an edit or a placing; `about` is the question of a comment.
    `readable` where the record can be read as this event left it.
    """

    event: SubmissionEvent
    former: str
    state: str
    about: str
    changes: list[Change]
    readable: bool


def told_history(submission: Submission, language: str) -> list[Told]:
    events = list(submission.events.select_related("by"))
    words = _words(submission, language)
    edited = [each.pk for each in events if each.kind == Kind.EDITED]
    found = []
    for each in events:
        is_edit = each.kind == Kind.EDITED
        later = any(pk > each.pk for pk in edited)
        found.append(
            Told(
                each,
                _state(each.from_state),
                _state(each.to_state),
                words.label_at(each.question) if words else each.question,
                _changes(each, words),
                later and (is_edit or each.kind == Kind.RECEIVED),
            )
        )
    return found


def told_findings(submission: Submission, language: str) -> list[dict[str, Any]]:
    """The open ones, each with the question that it is about."""
    words = _words(submission, language)
    return [
        {
            "finding": each,
            "title": CHECKS[each.check_code].title,
            "words": CHECKS[each.check_code].told(each.particulars),
            "about": words.label_at(each.question) if words else each.question,
        }
        for each in submission.findings.filter(dismissed_at=None)
        if each.check_code in CHECKS
    ]


def _words(submission: Submission, language: str) -> Words | None:
    version = submission.version
    return Words(version.structure, language) if version else None


def _state(code: str) -> str:
    return str(State(code).label) if code in State.values else code


def _changes(event: SubmissionEvent, words: Words | None) -> list[Change]:
    before, after = event.before, event.after
    names = ["parcel"] if event.kind == Kind.PLACED else list({**before, **after})
    return [
        Change(
            words.label_at(name) if words and event.kind == Kind.EDITED else name,
            _said(words, name, before),
            _said(words, name, after),
        )
        for name in names
    ]


def _said(words: Words | None, name: str, answers: dict[str, Any]) -> str:
    if name not in answers:
        return ""
    if words is None:
        return str(answers[name])
    return words.answer_at(name, answers[name])


def record_as_of(submission: Submission, event: SubmissionEvent) -> Record:
    """Its answers as that event left them."""
    later = submission.events.filter(kind=Kind.EDITED, pk__gt=event.pk).order_by("-pk")
    undone: Sequence[tuple[Any, Any]] = list(later.values_list("before", "after"))
    return earlier(stored_record(submission), undone)

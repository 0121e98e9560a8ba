"""What the office says about records that were sent back."""

from __future__ import annotations

from collections.abc import Iterable

from surveys.models import Submission, SubmissionEvent

Kind = SubmissionEvent.Kind


def said_about(
    records: Iterable[Submission], language: str
) -> dict[int, list[tuple[str, str]]]:
    """By record, the question's words and the comment, those on the whole record with
    an empty question. Only what was said since it was last moved: earlier comments
    were answered.
    """
    by_key = {each.pk: each for each in records}
    events = SubmissionEvent.objects.filter(
        submission__in=by_key, kind__in=[Kind.STATE, Kind.COMMENT]
    )
    said: dict[int, list[tuple[str, str]]] = {}
    for event in events.order_by("pk"):
        if event.kind == Kind.STATE:
            said[event.submission_id] = []
        if event.note:
            about = _words(by_key[event.submission_id], event.question, language)
            said.setdefault(event.submission_id, []).append((about, event.note))
    return said


def _words(record: Submission, address: str, language: str) -> str:
    if not address or record.version is None:
        return address
    return record.version.structure.label_at(address, language)

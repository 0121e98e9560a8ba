"""What a reviewer does with a record: each step is an event that stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from surveys.errors import StepRefused
from surveys.models import Finding, Submission, SubmissionEvent
from surveys.review.workflow import step

Kind = SubmissionEvent.Kind


@dataclass(frozen=True)
class Comment:
    """What the reviewer says about one question, by its address in the record."""

    question: str
    note: str


@transaction.atomic
def take_step(
    *,
    submission: Submission,
    action: str,
    by: Any,
    note: str = "",
    comments: Sequence[Comment] = (),
    seen_at: datetime | None = None,
) -> Submission:
    """Moves the record on. Raises StepRefused where the step is not open, its words are
    missing, the record changed since `seen_at`, or its household has an approved one.
    """
    record = Submission.objects.select_for_update(of=("self",)).get(pk=submission.pk)
    refuse_late(record, seen_at)
    found = step(action, record.state)
    if found is None or record.withdrawn_at:
        raise StepRefused(
            _("This can't be done with a record that is “%(state)s”."),
            params={"state": record.get_state_display()},
        )
    if found.needs_note and not note.strip() and not comments:
        raise StepRefused(_("Write what is wrong, so that others understand it."))
    former, record.state = record.state, found.to
    record.changed_at = timezone.now()
    try:
        with transaction.atomic():
            record.save(update_fields=["state", "changed_at"])
    except IntegrityError as error:
        raise StepRefused(
            _(
                "Household %(code)s has an approved record in this round already. Reject "
                "one of the two."
            ),
            params={"code": str(record.household)},
        ) from error
    _moved(record, by, note, former)
    for comment in comments:
        _commented(record, by, comment)
    return record


def refuse_late(record: Submission, seen_at: datetime | None) -> None:
    if seen_at is not None and record.changed_at > seen_at:
        raise StepRefused(
            _("This record changed since you opened it. Look at it again.")
        )


def _moved(record: Submission, by: Any, note: str, former: str) -> None:
    SubmissionEvent.objects.create(
        municipality_id=record.municipality_id,
        submission=record,
        by=by,
        kind=Kind.STATE,
        from_state=former,
        to_state=record.state,
        note=note.strip(),
    )


def _commented(record: Submission, by: Any, comment: Comment) -> None:
    SubmissionEvent.objects.create(
        municipality_id=record.municipality_id,
        submission=record,
        by=by,
        kind=Kind.COMMENT,
        question=comment.question[:300],
        note=comment.note.strip(),
    )


@transaction.atomic
def comment_on(*, submission: Submission, by: Any, comment: Comment) -> None:
    if not comment.note.strip():
        raise StepRefused(_("Write the comment first."))
    _commented(submission, by, comment)


@transaction.atomic
def dismiss_finding(*, finding: Finding, by: Any) -> None:
    finding.dismissed_at, finding.dismissed_by = timezone.now(), by
    finding.save(update_fields=["dismissed_at", "dismissed_by"])

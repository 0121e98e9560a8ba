"""Approving at once what a file brought: somebody looked at the file as a whole."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from surveys.models import Submission, SubmissionEvent, Upload

BATCH = 2000
State = Submission.State


def waiting_of(upload: Upload) -> QuerySet[Submission]:
    """Its records that nobody has decided on: those with findings, and of households
    that have an approved record, are for a person to look at one by one.
    """
    round = upload.round
    approved = round.submissions.filter(
        state=State.APPROVED, withdrawn_at=None, back_check_of=None
    )
    waiting = upload.submissions.filter(
        state=State.RECEIVED, withdrawn_at=None, back_check_of=None
    )
    return waiting.exclude(household__in=approved.values("household"))


@transaction.atomic
def approve_upload(*, upload: Upload, by: Any) -> int:
    """How many records were approved, each with its event."""
    keys = list(
        waiting_of(upload).select_for_update(of=("self",)).values_list("pk", flat=True)
    )
    for start in range(0, len(keys), BATCH):
        batch = keys[start : start + BATCH]
        Submission.objects.filter(pk__in=batch).update(
            state=State.APPROVED, changed_at=timezone.now()
        )
        SubmissionEvent.objects.bulk_create(
            SubmissionEvent(
                municipality_id=upload.municipality_id,
                submission_id=key,
                by=by,
                kind=SubmissionEvent.Kind.STATE,
                from_state=State.RECEIVED,
                to_state=State.APPROVED,
            )
            for key in batch
        )
    return len(keys)

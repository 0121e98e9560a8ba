"""Consent withdrawn: what a household told is erased everywhere, and that it was is kept."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from surveys.models import (
    BulkStep,
    Entity,
    Finding,
    Household,
    Publication,
    Submission,
    SubmissionEvent,
)
from surveys.publish import request_publication
from surveys.review.leftovers import erase_arrivals, erase_exports, erase_uploads
from surveys.tasks import publish_in_background

WITHDRAWN = "consent withdrawn"


@transaction.atomic
def erase_submission(*, submission: Submission, by: Any) -> None:
    """Erases answers, children, names, phone, place, photos, raw bytes, earlier answers,
    comments, the file it came in and files that were written with it. The round's
    figures are published anew without them.

    What stays: that there was a record, when it came, who erased it and when.
    """
    record = Submission.objects.select_for_update(of=("self",)).get(pk=submission.pk)
    if record.erased_at is not None:
        return
    household = record.household
    erase_arrivals(record)
    erase_uploads(record)
    erase_exports(record)
    record.rows.all().delete()
    record.findings.all().delete()
    Finding.objects.filter(particulars__other=household.code).delete()
    BulkStep.objects.filter(events__submission=record).update(note="")
    record.events.update(before={}, after={}, note="")
    Entity.objects.filter(submission=record).delete()
    _empty(record, by)
    _erase_household(household)
    SubmissionEvent.objects.create(
        municipality_id=record.municipality_id,
        submission=record,
        by=by,
        kind=SubmissionEvent.Kind.ERASED,
    )
    _publish_anew(record, by)


def _empty(record: Submission, by: Any) -> None:
    now = timezone.now()
    record.answers, record.digest = {}, ""
    record.head_name = record.phone = ""
    record.geometry = record.accuracy = record.parcel = record.zone = None
    record.started_at = record.ended_at = None
    record.withdrawn_at, record.withdrawn_by = now, by
    record.withdrawal_reason = WITHDRAWN
    record.erased_at = record.changed_at = record.checked_at = now
    record.save()


def _erase_household(household: Household) -> None:
    """Its number too, where none of its records is left."""
    if household.submissions.filter(erased_at=None).exists():
        return
    household.code, household.parcel = f"erased-{household.pk}", None
    household.save(update_fields=["code", "parcel"])
    Entity.objects.filter(household=household).delete()


def _publish_anew(record: Submission, by: Any) -> None:
    """Where figures were published with it, and something is left to publish."""
    round = record.round
    published = round.publications.filter(state=Publication.State.DONE).exists()
    if published and round.submissions.approved().placed().exists():
        publication = request_publication(round=round, by=by)
        publish_in_background.enqueue(record.municipality_id, publication.pk)

"""Consent withdrawn: what a household told is erased everywhere, and that it was is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from surveys.intake.keeping import kept_path
from surveys.models import (
    Arrival,
    Attachment,
    Entity,
    Finding,
    Household,
    Publication,
    Submission,
    SubmissionEvent,
    Upload,
)
from surveys.publish import request_publication
from surveys.tasks import publish_in_background

WITHDRAWN = "consent withdrawn"


@transaction.atomic
def erase_submission(*, submission: Submission, by: Any) -> None:
    """Erases answers, children, names, phone, place, photos, raw bytes, earlier answers
    and comments. The round's figures are published anew without them.

    What stays: that there was a record, when it came, who erased it and when.
    """
    record = Submission.objects.select_for_update(of=("self",)).get(pk=submission.pk)
    if record.erased_at is not None:
        return
    household = record.household
    _erase_arrivals(record)
    _erase_upload(record)
    record.rows.all().delete()
    record.findings.all().delete()
    Finding.objects.filter(particulars__other=household.code).delete()
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


def _erase_arrivals(record: Submission) -> None:
    arrivals = Arrival.objects.filter(submission=record)
    kept = Attachment.objects.filter(arrival__in=arrivals).exclude(sha256="")
    contents = set(kept.values_list("sha256", flat=True))
    Attachment.objects.filter(arrival__in=arrivals).delete()
    arrivals.update(content=None, erased_at=timezone.now())
    still = Attachment.objects.filter(
        municipality_id=record.municipality_id, sha256__in=contents
    )
    _delete_files(record, contents - set(still.values_list("sha256", flat=True)))


def _delete_files(record: Submission, contents: Iterable[str]) -> None:
    """Once the transaction holds: what is deleted can't be rolled back."""
    paths = [kept_path(record.municipality_id, sha256) for sha256 in contents]

    def delete() -> None:
        for path in paths:
            path.unlink(missing_ok=True)

    transaction.on_commit(delete)


def _erase_upload(record: Submission) -> None:
    """The file it came in goes as a whole: its rows can't be told apart any more. What
    was loaded from it stays.
    """
    if record.upload_id is None:
        return
    upload = Upload.objects.get(pk=record.upload_id)
    Upload.objects.filter(pk=upload.pk).update(report={}, file_name="")
    if path := upload.file.name:
        transaction.on_commit(lambda: default_storage.delete(path))


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

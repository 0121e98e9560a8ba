"""Reads from the answers of stored records once more what stands in columns, after it
was said by hand which question is what.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django_tasks import task

from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.intake.services import outcome_of
from surveys.models import FormVersion, RepeatRow, Round, Submission
from surveys.quality.tasks import request_checks
from surveys.questionnaires.parts import Parts, child_facts, facts_of, find_parts
from surveys.record import Record, Row

BATCH = 500
OF_RECORD = ("head_name", "phone", "surveyor", "interviewed_on", "outcome")
OF_CHILD = ("code", "name", "sex", "birth_date")


def read_again(*, version: FormVersion) -> None:
    """The household and the place of a record stay: a person may have chosen them."""
    parts = find_parts(version.structure, version.parts)
    last = 0
    while batch := _next(version, last):
        last = batch[-1].pk
        _read(version, parts, batch)
    asked = Round.objects.filter(submissions__version=version).distinct()
    for round in asked.select_related("municipality"):
        request_checks(round)


def _next(version: FormVersion, last: int) -> list[Submission]:
    rest = version.submissions.filter(erased_at=None, pk__gt=last)
    return list(rest.prefetch_related("rows").order_by("pk")[:BATCH])


@transaction.atomic
def _read(version: FormVersion, parts: Parts, batch: Sequence[Submission]) -> None:
    now, rows = timezone.now(), []
    for submission in batch:
        record = Record(answers=submission.answers)
        facts = facts_of(record, version.structure, parts)
        submission.head_name, submission.phone = facts.head_name, facts.phone
        submission.surveyor = facts.surveyor
        submission.interviewed_on = facts.interviewed_on or submission.interviewed_on
        submission.outcome = outcome_of(facts)
        submission.changed_at, submission.checked_at = now, None
        rows += [_row(each, parts) for each in submission.rows.all()]
    Submission.objects.bulk_update(batch, [*OF_RECORD, "changed_at", "checked_at"])
    RepeatRow.objects.bulk_update(rows, OF_CHILD, batch_size=BATCH)


def _row(row: RepeatRow, parts: Parts) -> RepeatRow:
    read = Row(row.table, row.ordinal, None, row.answers)
    if row.table == parts.roster:
        for name, value in vars(child_facts(read, parts)).items():
            setattr(row, name, value)
    else:
        row.code, row.name, row.sex, row.birth_date = "", "", "", None
    return row


@task()
def read_again_in_background(municipality_id: int, version_id: int) -> None:
    with tenant(Municipality.objects.get(pk=municipality_id)):
        read_again(version=FormVersion.objects.get(pk=version_id))

"""Runs the checks, keeps what they find, and forgets it when its cause is gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.gis.db.models.functions import Distance
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from surveys.models import (
    CheckSetting,
    Finding,
    FormVersion,
    Round,
    Submission,
    SubmissionEvent,
    Target,
)
from surveys.quality.across import hits_across
from surveys.quality.definitions import CHECKS
from surveys.quality.seeing import Hit, hits_of, see
from surveys.record import Record

# From this weight on a record goes into the queue by itself.
SERIOUS = 5
BATCH = 200
State = Submission.State


def settings_of(round: Round) -> dict[str, dict[str, float]]:
    """Thresholds of the checks that are switched on for the round, by code."""
    own = {each.check_code: each for each in CheckSetting.objects.filter(round=round)}
    found = {}
    for code, check in CHECKS.items():
        setting = own.get(code)
        if setting.enabled if setting else check.usual:
            changed = setting.thresholds if setting else {}
            found[code] = {**check.defaults, **changed}
    return found


@transaction.atomic
def change_setting(
    *, round: Round, code: str, enabled: bool, thresholds: Mapping[str, float]
) -> None:
    CheckSetting.objects.update_or_create(
        round=round,
        check_code=code,
        defaults={
            "municipality_id": round.municipality_id,
            "enabled": enabled,
            "thresholds": dict(thresholds),
        },
    )


@transaction.atomic
def reset_settings(*, round: Round, code: str = "") -> None:
    """One check, or all, as they come."""
    own = CheckSetting.objects.filter(round=round)
    (own.filter(check_code=code) if code else own).delete()


@transaction.atomic
def check_again(*, round: Round) -> None:
    """Forgets when the records were last checked."""
    Submission.objects.filter(round=round).update(checked_at=None)


@transaction.atomic
def check_next(*, round: Round) -> int:
    """Looks at up to BATCH records that no check has seen yet; tells how many."""
    waiting = list(_unchecked(round)[:BATCH])
    if not waiting:
        return 0
    _give_versions(waiting)
    switched_on = settings_of(round)
    versions = _published(waiting)
    rows = _records_of(waiting)
    assigned = _assigned(round, waiting)
    zone = ZoneInfo(round.municipality.time_zone)
    found = [
        (submission.pk, hit)
        for submission in waiting
        for hit in hits_of(
            see(
                submission,
                rows[submission.pk],
                submission.version,
                round=round,
                zone=zone,
                metres=submission.metres.m if submission.metres is not None else None,
                own=assigned.get(submission.pk),
                published=versions[submission.version.form_id],
            ),
            switched_on,
        )
    ]
    keys = [submission.pk for submission in waiting]
    _keep(found, Finding.objects.filter(submission__in=keys), across=False)
    Submission.objects.filter(pk__in=keys).update(checked_at=timezone.now())
    return len(waiting)


@transaction.atomic
def compare_records(*, round: Round) -> None:
    """What only the records of the whole round tell; then marks those with issues."""
    found = hits_across(round, settings_of(round))
    _keep(found, Finding.objects.filter(submission__round=round), across=True)
    mark_issues(round=round)


@transaction.atomic
def mark_issues(*, round: Round) -> int:
    """Records as they were received that have a serious finding: they have issues."""
    found = Submission.objects.filter(
        round=round,
        state=State.RECEIVED,
        findings__dismissed_at=None,
        findings__weight__gte=SERIOUS,
    )
    keys = list(found.values_list("pk", flat=True).distinct())
    Submission.objects.filter(pk__in=keys).update(state=State.HAS_ISSUES)
    SubmissionEvent.objects.bulk_create(
        [
            SubmissionEvent(
                municipality_id=round.municipality_id,
                submission_id=key,
                kind=SubmissionEvent.Kind.STATE,
                from_state=State.RECEIVED,
                to_state=State.HAS_ISSUES,
            )
            for key in keys
        ],
        batch_size=1000,
    )
    return len(keys)


def _unchecked(round: Round) -> QuerySet[Any]:
    return (
        Submission.objects.filter(round=round, checked_at=None, withdrawn_at=None)
        .exclude(version=None)
        .select_related("parcel")
        .annotate(metres=Distance(F("geometry"), F("parcel__geometry"), spheroid=True))
        .order_by("pk")
    )


def _give_versions(submissions: Iterable[Submission]) -> None:
    """Each version once, without its description, which the process has read already."""
    versions = FormVersion.objects.defer("xform", "source", "tables", "remarks")
    found = versions.in_bulk({each.version_id for each in submissions})
    for each in submissions:
        each.version = found[each.version_id]


def _records_of(submissions: Sequence[Submission]) -> dict[int, Record]:
    records = {each.pk: Record(answers=each.answers) for each in submissions}
    index: dict[int, int] = {}
    rows = submissions[0].rows.model.objects.filter(submission__in=records)
    for row in rows.order_by("pk"):
        record = records[row.submission_id]
        parent = None if row.parent_id is None else index[row.parent_id]
        index[row.pk] = record.add(row.table, row.ordinal, parent, row.answers)
    return records


def _published(
    submissions: Iterable[Submission],
) -> dict[int, tuple[tuple[Any, str], ...]]:
    """When each version of the forms was published, in order."""
    forms = {each.version.form_id for each in submissions if each.version}
    found: dict[int, list[tuple[Any, str]]] = defaultdict(list)
    versions = FormVersion.objects.filter(form__in=forms, published_at__isnull=False)
    for each in versions.order_by("published_at"):
        found[each.form_id].append((each.published_at, each.version))
    return {form: tuple(found[form]) for form in forms}


def _assigned(round: Round, submissions: Iterable[Submission]) -> dict[int, bool]:
    """Whether the parcel is the surveyor's own, for surveyors with an assignment. A
    position that lies on no parcel lies outside every assignment.
    """
    own: dict[int | None, set[int]] = defaultdict(set)
    targets = Target.objects.filter(round=round, surveyor__isnull=False)
    for surveyor, parcel in targets.values_list("surveyor", "parcel"):
        own[surveyor].add(parcel)
    return {
        each.pk: each.parcel_id in own[each.by_id]
        for each in submissions
        if each.by_id in own and (each.parcel_id or each.geometry)
    }


def _keep(
    found: Sequence[tuple[int, Hit]], known: QuerySet[Finding], *, across: bool
) -> None:
    """Brings the stored findings to what was found. One that is still found in the same
    words keeps its dismissal.
    """
    codes = [code for code, check in CHECKS.items() if check.across == across]
    stored = {
        (each.submission_id, each.check_code, each.question): each
        for each in known.filter(check_code__in=codes)
    }
    wanted = {(pk, hit.check, hit.question): hit for pk, hit in found}
    gone = [each.pk for key, each in stored.items() if key not in wanted]
    Finding.objects.filter(pk__in=gone).delete()
    fresh = []
    for (pk, code, question), hit in wanted.items():
        particulars = dict(hit.particulars or {})
        old = stored.get((pk, code, question))
        if old is None:
            fresh.append((pk, code, question, particulars))
        elif old.particulars != particulars:
            old.particulars, old.dismissed_at, old.dismissed_by = (
                particulars,
                None,
                None,
            )
            old.save(update_fields=["particulars", "dismissed_at", "dismissed_by"])
    _add(fresh)


def _add(fresh: Sequence[tuple[int, str, str, dict[str, Any]]]) -> None:
    keys = [pk for pk, *_rest in fresh]
    towns = dict(
        Submission.objects.filter(pk__in=keys).values_list("pk", "municipality")
    )
    Finding.objects.bulk_create(
        [
            Finding(
                municipality_id=towns[pk],
                submission_id=pk,
                check_code=code,
                weight=CHECKS[code].weight,
                question=question[:300],
                particulars=particulars,
            )
            for pk, code, question, particulars in fresh
        ],
        batch_size=1000,
        ignore_conflicts=True,
    )


def when_begins(
    task_path: str, arguments: Sequence[int], after: datetime
) -> datetime | None:
    """When such a task begins that is there already, if that is after `after`: it will
    see what the present transaction writes.
    """
    waiting = DBTaskResult.objects.filter(
        task_path=task_path,
        status="READY",
        args_kwargs={"args": list(arguments), "kwargs": {}},
        run_after__gt=after,
    )
    return waiting.order_by("run_after").values_list("run_after", flat=True).first()

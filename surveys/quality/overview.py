"""How a round's records look as a whole: by check, by surveyor and by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import (
    Avg,
    CharField,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    Value,
)
from django.db.models.functions import Coalesce, NullIf, TruncDate

from surveys.models import Finding, Round, Submission
from surveys.quality.definitions import CHECKS, Check
from surveys.quality.services import SERIOUS

DAYS = 14


@dataclass(frozen=True)
class OfCheck:
    check: Check
    open: int
    dismissed: int


@dataclass(frozen=True)
class OfSurveyor:
    """`per_day`: interviews on a day with any; `minutes`: mean length of an interview."""

    name: str
    records: int
    complete: int
    days: int
    minutes: float | None
    findings: int
    serious: int
    sent_back: int

    @property
    def per_day(self) -> float:
        return round(self.records / self.days, 1) if self.days else 0

    @property
    def serious_share(self) -> int:
        """Per cent of the records that have a serious finding."""
        return round(100 * self.serious / self.records) if self.records else 0


def by_check(round: Round) -> list[OfCheck]:
    """Those that found something, the most serious first."""
    counted = (
        Finding.objects.filter(
            submission__round=round,
            submission__withdrawn_at=None,
            check_code__in=CHECKS,
        )
        .values("check_code")
        .annotate(
            open=Count("pk", filter=Q(dismissed_at=None)),
            dismissed=Count("pk", filter=~Q(dismissed_at=None)),
        )
    )
    found = [
        OfCheck(CHECKS[each["check_code"]], each["open"], each["dismissed"])
        for each in counted
    ]
    return sorted(found, key=lambda each: (-each.check.weight, -each.open))


def by_surveyor(round: Round) -> list[OfSurveyor]:
    """By account; where a file brought the records, by the name in the answers."""
    lasted = ExpressionWrapper(F("ended_at") - F("started_at"), DurationField())
    records = (
        Submission.objects.filter(round=round, withdrawn_at=None, back_check_of=None)
        .annotate(
            who=Coalesce(
                NullIf("by__full_name", Value("")),
                "by__email",
                "surveyor",
                output_field=CharField(),
            )
        )
        .values("who")
        .annotate(
            records=Count("pk"),
            complete=Count("pk", filter=Q(outcome="complete")),
            days=Count("interviewed_on", distinct=True),
            lasted=Avg(lasted, filter=Q(outcome="complete")),
            sent_back=Count("pk", filter=Q(state=Submission.State.SENT_BACK)),
            keys=ArrayAgg("pk"),
        )
        .order_by("who")
    )
    return [_of_surveyor(each) for each in records]


def _of_surveyor(each: dict[str, Any]) -> OfSurveyor:
    open_ones = Finding.objects.filter(submission__in=each["keys"], dismissed_at=None)
    serious = open_ones.filter(weight__gte=SERIOUS).values("submission").distinct()
    lasted: timedelta | None = each["lasted"]
    return OfSurveyor(
        name=each["who"],
        records=each["records"],
        complete=each["complete"],
        days=each["days"],
        minutes=None if lasted is None else lasted.total_seconds() / 60,
        findings=open_ones.count(),
        serious=serious.count(),
        sent_back=each["sent_back"],
    )


def by_day(round: Round) -> list[tuple[date, int, int]]:
    """The last two weeks with arrivals: day, records, those with an open finding."""
    days = (
        Submission.objects.filter(round=round, withdrawn_at=None)
        .annotate(day=TruncDate("received_at"))
        .values("day")
        .annotate(
            records=Count("pk", distinct=True),
            faulty=Count(
                "pk",
                distinct=True,
                filter=Q(findings__dismissed_at=None, findings__isnull=False),
            ),
        )
        .order_by("-day")[:DAYS]
    )
    return [(each["day"], each["records"], each["faulty"]) for each in days]

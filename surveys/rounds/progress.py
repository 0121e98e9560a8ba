"""How far a round is: per surveyor, zone and day, and how many answered.

Response rates follow the American Association for Public Opinion Research's Standard
Definitions: RR1 counts every parcel of unknown eligibility as eligible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Q
from django.db.models.functions import TruncDate

from surveys.models import Round, Target

Outcome = Target.Outcome
INELIGIBLE = (Outcome.VACANT, Outcome.NOT_RESIDENTIAL)
UNKNOWN = (Outcome.PENDING, Outcome.NOT_FOUND)


@dataclass(frozen=True)
class Share:
    """Parcels of one group by what became of them."""

    label: Any
    total: int
    visited: int
    complete: int
    refused: int
    absent: int
    ineligible: int
    last: Any = None

    @property
    def done(self) -> int:
        """Per cent of the parcels that were visited."""
        return round(100 * self.visited / self.total) if self.total else 0

    @property
    def response_rate(self) -> int | None:
        """Per cent of interviews among all but the ineligible; None before any visit."""
        eligible = self.total - self.ineligible
        if not self.visited or not eligible:
            return None
        return round(100 * self.complete / eligible)


def _count(*outcomes: str) -> Count:
    return Count("pk", filter=Q(outcome__in=outcomes))


def shares(round: Round, group: str) -> list[Share]:
    """By `surveyor`, `stratum`, `parcel__zone` or any other field of a target."""
    rows = (
        round.targets.values(group)
        .annotate(
            total=Count("pk"),
            visited=Count("pk", filter=~Q(outcome=Outcome.PENDING)),
            complete=_count(Outcome.COMPLETE),
            refused=_count(Outcome.REFUSED, Outcome.UNABLE),
            absent=_count(Outcome.NOBODY_HOME, Outcome.NOT_FOUND),
            ineligible=_count(*INELIGIBLE),
            last=Max("outcome_at"),
        )
        .order_by(group)
    )
    return [Share(label=row.pop(group), **row) for row in rows]


def overall(round: Round) -> Share:
    total = shares(round, "round")
    return total[0] if total else Share("", 0, 0, 0, 0, 0, 0)


def by_day(round: Round) -> list[tuple[Any, int]]:
    """Parcels visited on each day."""
    days = (
        round.targets.exclude(outcome_at=None)
        .annotate(day=TruncDate("outcome_at"))
        .values_list("day")
        .annotate(count=Count("pk"))
    )
    return list(days.order_by("day"))

"""Weights for those who were not interviewed, class by class.

Within a class, the base weights of the interviewed are raised so that they add up to
those of all parcels that may be lived in: weighting-class adjustment, as in Valliant,
Dever and Kreuter, "Practical Tools for Designing and Weighting Survey Samples" (2013),
chapter 13. Parcels of unknown eligibility count as eligible, as in the response rate.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from surveys.models import Round, Target
from surveys.rounds.progress import INELIGIBLE

FIELDS = {
    Round.Nonresponse.STRATUM: "stratum",
    Round.Nonresponse.ZONE: "parcel__zone",
    Round.Nonresponse.PSU: "psu",
}


@dataclass(frozen=True)
class ResponseClass:
    """`parcels` are the keys of those of the sample that lie in it; `factor` is by what
    the weight of each interview is multiplied.
    """

    label: Any
    eligible: int
    interviewed: int
    factor: float
    parcels: tuple[int, ...]

    @property
    def rate(self) -> int | None:
        return round(100 * self.interviewed / self.eligible) if self.eligible else None


def classes(round: Round) -> list[ResponseClass]:
    """None where the round has base weights only. What a class without an interview
    stands for is taken over by all others, in proportion.
    """
    field = FIELDS.get(Round.Nonresponse(round.nonresponse))
    if field is None:
        return []
    groups: dict[Any, list[tuple[int, str, float]]] = defaultdict(list)
    rows = round.targets.order_by(field, "pk").values_list(
        field, "parcel", "outcome", "base_weight"
    )
    for label, parcel, outcome, weight in rows:
        groups[label].append((parcel, outcome, weight))
    sums = {label: _sums(rows) for label, rows in groups.items()}
    everybody = sum(eligible for eligible, _held in sums.values())
    answered = sum(eligible for eligible, held in sums.values() if held)
    others = everybody / answered if answered else 1.0
    return [
        ResponseClass(
            label=label,
            eligible=sum(outcome not in INELIGIBLE for _pk, outcome, _w in rows),
            interviewed=sum(o == Target.Outcome.COMPLETE for _pk, o, _w in rows),
            factor=sums[label][0] / sums[label][1] * others if sums[label][1] else 1.0,
            parcels=tuple(parcel for parcel, _outcome, _weight in rows),
        )
        for label, rows in groups.items()
    ]


def _sums(rows: list[tuple[int, str, float]]) -> tuple[float, float]:
    """Base weights of the eligible, and of the interviewed."""
    eligible = sum(weight for _pk, outcome, weight in rows if outcome not in INELIGIBLE)
    held = sum(w for _pk, outcome, w in rows if outcome == Target.Outcome.COMPLETE)
    return eligible, held

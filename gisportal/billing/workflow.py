"""The life of a payment and of a bill, as data."""

from __future__ import annotations

from datetime import date
from enum import StrEnum


class Status(StrEnum):
    PENDING = "pending"
    SETTLED = "settled"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    MISMATCHED = "mismatched"


# From → to. Money that arrives late wins over any earlier word of the gateway;
# a settlement is never taken back here: a refund will be an entry of its own.
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset(Status) - {Status.PENDING},
    Status.FAILED: frozenset({Status.SETTLED, Status.MISMATCHED}),
    Status.CANCELLED: frozenset({Status.SETTLED, Status.MISMATCHED}),
    Status.EXPIRED: frozenset({Status.SETTLED, Status.MISMATCHED}),
    Status.SETTLED: frozenset(),
    Status.MISMATCHED: frozenset(),
}

FINAL = frozenset(status for status, onward in TRANSITIONS.items() if not onward)


def may_become(current: str, wanted: str) -> bool:
    return Status(wanted) in TRANSITIONS[Status(current)]


class BillState(StrEnum):
    PAID = "paid"
    PART_PAID = "part_paid"
    DUE = "due"
    OVERDUE = "overdue"


def bill_state(*, total: int, balance: int, due_on: date, today: date) -> BillState:
    """What a bill is today; never stored, because tomorrow it may be overdue."""
    if balance <= 0:
        return BillState.PAID
    if today > due_on:
        return BillState.OVERDUE
    return BillState.PART_PAID if balance < total else BillState.DUE

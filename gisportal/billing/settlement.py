"""Which bills a sum of money pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class OpenBill:
    """`balance` is what is still owed, in minor units, at least 1."""

    key: int
    due_on: date
    balance: int


@dataclass(frozen=True)
class Allocation:
    """Shares by bill key, oldest bill first, and what is left over as credit.

    The shares and the credit add up to the amount exactly.
    """

    shares: tuple[tuple[int, int], ...]
    credit: int


def allocate(amount: int, bills: Sequence[OpenBill]) -> Allocation:
    """Pay the oldest due bill first; the last one reached may be paid in part."""
    if amount < 0:
        raise ValueError("a payment is not negative")
    shares = []
    left = amount
    for bill in sorted(bills, key=lambda bill: (bill.due_on, bill.key)):
        if left == 0:
            break
        share = min(left, bill.balance)
        if share > 0:
            shares.append((bill.key, share))
            left -= share
    return Allocation(tuple(shares), left)

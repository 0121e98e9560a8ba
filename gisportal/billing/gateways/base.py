from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from gisportal.billing.money import Money


class Answer(StrEnum):
    """What a gateway says of an order."""

    OPEN = "open"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True)
class OrderRequest:
    """`reference` is ours: the same one again must give the same order."""

    reference: str
    amount: Money
    description: str
    language: str
    return_url: str
    notify_url: str


@dataclass(frozen=True)
class Order:
    id: str
    page_url: str


@dataclass(frozen=True)
class VerifiedPayment:
    """The gateway's word, asked for by us. `transaction` is empty until paid."""

    answer: Answer
    reference: str
    amount: Money
    transaction: str
    raw: dict[str, Any]


@dataclass(frozen=True)
class SignedCallback:
    event: str
    reference: str


class Gateway(Protocol):
    """Each method may raise GatewayUnavailable; none is called inside a transaction
    that holds locks.
    """

    def create(self, request: OrderRequest) -> Order: ...

    def verify(self, order: str) -> VerifiedPayment: ...

    def cancel(self, order: str) -> None: ...

    def parse_callback(
        self, *, body: bytes, headers: Mapping[str, str]
    ) -> SignedCallback:
        """Check signature and age; raises CallbackRefused."""
        ...

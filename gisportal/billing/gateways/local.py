"""The test gateway: a hosted card page that speaks as real ones do.

Its other side is `gisportal.billing.simulator`, a separate program that knows
nothing of this project's tables; the two share only HTTP, a key and a secret.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import requests

from gisportal.billing.errors import CallbackRefused, GatewayUnavailable
from gisportal.billing.gateways import signature
from gisportal.billing.gateways.base import (
    Answer,
    Order,
    OrderRequest,
    SignedCallback,
    VerifiedPayment,
)
from gisportal.billing.money import AmountError, from_plain

TIMEOUT = (3, 8)  # seconds to connect, to answer


class LocalGateway:
    def __init__(self, *, url: str, key: str, secret: str) -> None:
        self.url, self.key, self.secret = url.rstrip("/"), key, secret

    def create(self, request: OrderRequest) -> Order:
        answer = self._call(
            "POST",
            "/api/orders",
            {
                "reference": request.reference,
                "amount": request.amount.plain,
                "currency": request.amount.currency,
                "description": request.description,
                "language": request.language,
                "return_url": request.return_url,
                "notify_url": request.notify_url,
            },
        )
        try:
            return Order(id=str(answer["id"]), page_url=str(answer["url"]))
        except KeyError as error:
            raise GatewayUnavailable(f"order without {error}") from error

    def verify(self, order: str) -> VerifiedPayment:
        answer = self._call("GET", f"/api/orders/{order}")
        try:
            return VerifiedPayment(
                answer=Answer(answer["status"]),
                reference=str(answer["reference"]),
                amount=from_plain(str(answer["amount"]), str(answer["currency"])),
                transaction=str(answer.get("transaction") or ""),
                raw=answer,
            )
        except (KeyError, ValueError, AmountError) as error:
            raise GatewayUnavailable(f"unreadable answer: {error!r}") from error

    def cancel(self, order: str) -> None:
        self._call("POST", f"/api/orders/{order}/cancel")

    def parse_callback(
        self, *, body: bytes, headers: Mapping[str, str]
    ) -> SignedCallback:
        signature.check(
            header=headers.get("X-Signature", ""),
            body=body,
            secret=self.secret,
            now=int(time.time()),
        )
        try:
            message = json.loads(body)
            event, reference = message["event"], message["reference"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise CallbackRefused(f"unreadable body: {error!r}") from error
        if not (_is_key(event, 100) and _is_key(reference, 32)):
            raise CallbackRefused("event or reference is no short text")
        return SignedCallback(event=event, reference=reference)

    def _call(
        self, method: str, path: str, content: dict[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            response = requests.request(
                method,
                f"{self.url}{path}",
                json=content,
                auth=("merchant", self.key),
                timeout=TIMEOUT,
                allow_redirects=False,
            )
            response.raise_for_status()
            answer = response.json()
        except requests.RequestException as error:
            raise GatewayUnavailable(f"{method} {path}: {error}") from error
        if not isinstance(answer, dict):
            raise GatewayUnavailable(f"{method} {path}: no object in the answer")
        return answer


def _is_key(value: object, longest: int) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= longest
        and value.isascii()
        and value.isprintable()
    )

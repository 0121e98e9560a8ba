"""Signatures of callbacks: "t=<unix seconds>,v1=<hex HMAC-SHA256 of t.body>"."""

from __future__ import annotations

import hashlib
import hmac
import re

from gisportal.billing.errors import CallbackRefused

TOLERANCE = 300  # seconds between signing and arrival, either way


def sign(*, body: bytes, secret: str, now: int) -> str:
    digest = hmac.new(secret.encode(), b"%d." % now + body, hashlib.sha256)
    return f"t={now},v1={digest.hexdigest()}"


def check(*, header: str, body: bytes, secret: str, now: int) -> None:
    """Raise CallbackRefused unless `header` signs `body` recently."""
    match = re.fullmatch(r"t=(\d{1,12}),v1=([0-9a-f]{64})", header, re.ASCII)
    if match is None:
        raise CallbackRefused("signature missing or malformed")
    signed_at = int(match[1])
    if not hmac.compare_digest(sign(body=body, secret=secret, now=signed_at), header):
        raise CallbackRefused("signature does not fit the body")
    if abs(now - signed_at) > TOLERANCE:
        raise CallbackRefused("signature too old or from the future")

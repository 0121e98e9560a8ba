from __future__ import annotations

import base64
import hmac
import json
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from hashlib import sha256
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from gisportal.billing.simulator.orders import Orders
from gisportal.billing.simulator.words import WORDS

logger = logging.getLogger(__name__)

FIELDS = {
    "reference", "amount", "currency", "description", "language", "return_url",
    "notify_url",
}  # fmt: skip
CARDS = {
    "4242424242424242": "paid",
    "4000000000000002": "failed",
    "4000000000000259": "underpaid",
}
CALLBACK_DELAYS = (0, 2, 10, 60)  # seconds before each try, as real services retry
PAGE = Path(__file__).parent / "page.html"
STYLE = Path(__file__).parent / "page.css"

Environ = dict[str, Any]
Answer = tuple[HTTPStatus, list[tuple[str, str]], bytes]


class Simulator:
    """A WSGI application: the API of a hosted-checkout service and its card page.

    POST /api/orders · GET /api/orders/<id> · POST /api/orders/<id>/cancel, with HTTP
    Basic "merchant:<key>"; GET and POST /pay/<id> for the person who pays. When an
    order ends, its `notify_url` gets a signed callback and the browser goes back to
    its `return_url`.
    """

    def __init__(self, path: Path, *, key: str, secret: str) -> None:
        self.orders, self.key, self.secret = Orders(path), key, secret

    def __call__(self, environ: Environ, start_response: Callable) -> Iterable[bytes]:
        status, headers, body = self._answer(environ)
        start_response(
            f"{status.value} {status.phrase}",
            [
                *headers,
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
            ],
        )
        return [body]

    def _answer(self, environ: Environ) -> Answer:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if path == "/page.css":
            return _reply("text/css; charset=utf-8", STYLE.read_bytes())
        if path.startswith("/api/"):
            return self._api(environ, method, path)
        match = re.fullmatch(r"/pay/(ord_[0-9a-f]{16})", path)
        order = self.orders.find(match[1]) if match else None
        if order is None:
            return _json({"error": "no such page"}, HTTPStatus.NOT_FOUND)
        if method == "POST":
            return self._pay(environ, order)
        return _page(environ, order)

    def _api(self, environ: Environ, method: str, path: str) -> Answer:
        wanted = "Basic " + base64.b64encode(f"merchant:{self.key}".encode()).decode()
        if not hmac.compare_digest(environ.get("HTTP_AUTHORIZATION", ""), wanted):
            return _json({"error": "wrong key"}, HTTPStatus.UNAUTHORIZED)
        if (method, path) == ("POST", "/api/orders"):
            return self._place(environ)
        match = re.fullmatch(r"/api/orders/(ord_[0-9a-f]{16})(/cancel)?", path)
        order = self.orders.find(match[1]) if match else None
        if match is None or order is None:
            return _json({"error": "no such order"}, HTTPStatus.NOT_FOUND)
        if (
            match[2]
            and method == "POST"
            and self.orders.close(order["id"], "cancelled")
        ):
            order = self.orders.find(order["id"])
        return _json(order)

    def _place(self, environ: Environ) -> Answer:
        try:
            request = json.loads(_body(environ))
        except ValueError:
            return _json({"error": "no JSON"}, HTTPStatus.BAD_REQUEST)
        if not isinstance(request, dict) or request.keys() != FIELDS:
            return _json({"error": f"send {sorted(FIELDS)}"}, HTTPStatus.BAD_REQUEST)
        order, made = self.orders.place(request)
        if any(order[field] != request[field] for field in ("amount", "currency")):
            return _json({"error": "reference used before"}, HTTPStatus.CONFLICT)
        # The person's browser may reach the shop by another name than the shop's
        # server reaches this service; inside the demo both are one origin.
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(request["return_url"]))
        if not environ.get("SCRIPT_NAME"):
            origin = f"http://{environ['HTTP_HOST']}"
        url = f"{origin}{environ.get('SCRIPT_NAME', '')}/pay/{order['id']}"
        return _json(
            {"id": order["id"], "url": url},
            HTTPStatus.CREATED if made else HTTPStatus.OK,
        )

    def _pay(self, environ: Environ, order: dict[str, Any]) -> Answer:
        form = parse_qs(_body(environ).decode("utf-8", "replace"))
        act = form.get("act", ["pay"])[0]
        outcome: str | None = {"refuse": "failed", "cancel": "cancelled"}.get(act)
        if outcome is None:
            number = re.sub(r"\D", "", form.get("card", [""])[0])
            outcome = CARDS.get(number)
        if outcome is None:
            return _page(environ, order, fault="unknown")
        amount = None
        if outcome == "underpaid":
            outcome, amount = "paid", _less(order["amount"])
        if self.orders.close(order["id"], outcome, amount):
            self._call_back(order)
        separator = "&" if "?" in order["return_url"] else "?"
        target = f"{order['return_url']}{separator}order={order['id']}"
        return HTTPStatus.SEE_OTHER, [("Location", target)], b""

    def _call_back(self, order: dict[str, Any]) -> None:
        """Tell the shop, beside the browser's way back and not before it."""
        body = json.dumps(
            {"event": f"evt_{secrets.token_hex(8)}", "reference": order["reference"]}
        ).encode()
        threading.Thread(
            target=self._deliver, args=(order["notify_url"], body), daemon=True
        ).start()

    def _deliver(self, url: str, body: bytes) -> None:
        for delay in CALLBACK_DELAYS:
            time.sleep(delay)
            now = int(time.time())
            signed = b"%d." % now + body
            digest = hmac.new(self.secret.encode(), signed, sha256).hexdigest()
            try:
                answer = requests.post(
                    url,
                    data=body,
                    headers={
                        "Content-Type": "application/json",
                        "X-Signature": f"t={now},v1={digest}",
                    },
                    timeout=15,
                )
            except requests.RequestException as error:
                logger.warning("Callback to %s: %s", url, error)
                continue
            if answer.ok:
                return


def _less(amount: str) -> str:
    """The amount short of one of its last digit."""
    value = Decimal(amount)
    digits = len(amount.partition(".")[2])
    return format(value - Decimal(1).scaleb(-digits), "f")


def _body(environ: Environ) -> bytes:
    length = min(int(environ.get("CONTENT_LENGTH") or 0), 65536)
    return environ["wsgi.input"].read(length)


def _reply(
    kind: str, body: bytes, status: HTTPStatus = HTTPStatus.OK
) -> tuple[HTTPStatus, list[tuple[str, str]], bytes]:
    return status, [("Content-Type", kind)], body


def _json(content: object, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return _reply("application/json", json.dumps(content).encode(), status)


def _page(environ: Environ, order: dict[str, Any], fault: str = "") -> Answer:
    language = order["language"] if order["language"] in WORDS else "en"
    words = WORDS[language]
    value = Decimal(order["amount"])
    amount = f"{value:,} {order['currency']}"
    values = {
        **words,
        "language": language,
        "direction": "rtl" if language == "ar" else "ltr",
        "root": environ.get("SCRIPT_NAME", ""),
        "description": order["description"],
        "shown": amount,
        "pay": words["pay"].format(amount=amount),
        "fault": words[fault] if fault else "",
        "state": "open" if order["status"] == "open" else "closed",
    }
    body = re.sub(
        r"\{\{ (\w+) \}\}",
        lambda match: escape(values[match[1]]),
        PAGE.read_text(encoding="utf-8"),
    )
    return _reply("text/html; charset=utf-8", body.encode())

"""Requests to addresses that people typed in: never into a private network.

The name is looked up before, and the connection looks at whom it has reached before it
sends anything, because a name may lead elsewhere at its second look-up.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from surveys.errors import WebhookRefused

# Seconds to connect and to wait for the answer.
TIMEOUT = (5, 10)


def refuse_address(url: str) -> None:
    """Only https to a public address; the demonstration may speak to this machine."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 443
    except ValueError as error:
        raise WebhookRefused(_("This is not an address."), "address") from error
    if parts.scheme != "https" and not (settings.DEMO and parts.scheme == "http"):
        raise WebhookRefused(_("The address has to begin with https://."), "scheme")
    if not host or parts.username or parts.password:
        raise WebhookRefused(_("This is not an address."), "address")
    try:
        found = socket.getaddrinfo(host, port)
    except (OSError, UnicodeError, ValueError) as error:
        raise WebhookRefused(_("This address can't be found."), "unknown") from error
    for each in found:
        _refuse_inside(each[4][0])


def _refuse_inside(address: Any) -> None:
    if not settings.DEMO and not ipaddress.ip_address(address).is_global:
        words = _("This address lies inside a private network.")
        raise WebhookRefused(words, "private")


def _checked(made: socket.socket) -> socket.socket:
    try:
        _refuse_inside(made.getpeername()[0])
    except WebhookRefused:
        made.close()
        raise
    return made


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn())


class _Encrypted(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn())


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


class _Outward(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more)
        pools = {"http": _PlainPool, "https": _EncryptedPool}
        self.poolmanager.pool_classes_by_scheme = pools


def post_outward(url: str, *, body: bytes, headers: dict[str, str]) -> int:
    """The answer's status; redirects are not followed and the answer is not read.

    Raises WebhookRefused, or RequestException where nobody answers.
    """
    refuse_address(url)
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Outward())
        answer = session.post(
            url,
            data=body,
            headers=headers,
            timeout=TIMEOUT,
            allow_redirects=False,
            stream=True,
        )
        answer.close()
        return answer.status_code

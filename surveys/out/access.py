"""Programs at /v1: who speaks, and of which municipality.

These addresses name a project, as ODK Central's do, in place of a municipality's slug:
`in_project` finds it, checks the right and binds the transaction to it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import authenticate, get_user_model
from django.core.cache import cache
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from django.views.decorators.csrf import csrf_exempt

from layers.geography.access import TownRequest
from layers.geography.models import Municipality
from layers.geography.tenancy import set_tenant
from surveys.models import ApiSession

LASTS = timedelta(days=1)
WRONG_TRIES, WRONG_SECONDS = 10, 300
REALM = 'Basic realm="surveys", charset="UTF-8"'


def problem(status: int, code: float, message: str) -> JsonResponse:
    """An error as ODK Central writes it."""
    response = JsonResponse({"message": message, "code": code}, status=status)
    if status == 401:
        response["WWW-Authenticate"] = REALM
    return response


NOT_FOUND = (404, 404.1, "Could not find the resource you were looking for.")


def open_session(user: Any) -> tuple[ApiSession, str]:
    """The session and its token. Only the token's hash is kept."""
    ApiSession.objects.filter(expires_at__lt=timezone.now()).delete()
    token = secrets.token_urlsafe(48)
    session = ApiSession.objects.create(
        user=user, token_hash=_hash(token), expires_at=timezone.now() + LASTS
    )
    return session, token


def close_session(token: str) -> bool:
    return bool(ApiSession.objects.filter(token_hash=_hash(token)).delete()[0])


@dataclass(frozen=True)
class Verified:
    user: int
    # The hash that the password fitted: another password ends this at once.
    password: str
    until: float


# A password costs a quarter of a second to check, and feeds send it with every page.
# What fitted is remembered by this process alone, under a key that it alone has.
REMEMBERED_SECONDS, MOST_REMEMBERED = 300, 1000
_key = secrets.token_bytes(32)
_verified: dict[bytes, Verified] = {}


def _fingerprint(email: str, password: str) -> bytes:
    return hmac.digest(_key, f"{email}\n{password}".encode(), "sha256")


def _remember(email: str, password: str, user: Any) -> None:
    now = time.monotonic()
    if len(_verified) >= MOST_REMEMBERED:
        _verified.clear()
    _verified[_fingerprint(email, password)] = Verified(
        user.pk, user.password, now + REMEMBERED_SECONDS
    )


def _remembered(email: str, password: str) -> Any:
    """The user whom these words let in a short while ago and still do, else None."""
    known = _verified.get(_fingerprint(email, password))
    if known is None or known.until < time.monotonic():
        return None
    found = get_user_model().objects.filter(
        pk=known.user, password=known.password, is_active=True
    )
    return found.first()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in(request: HttpRequest, email: str, password: str) -> Any:
    """The user, or None; after ten wrong tries in five minutes always None."""
    email, password = email.replace("\x00", ""), password.replace("\x00", "")
    tried = f"api-wrong:{salted_hmac('api', email.lower()).hexdigest()}"
    if cache.get(tried, 0) >= WRONG_TRIES:
        return None
    user = _remembered(email, password)
    if user is not None:
        return user
    user = authenticate(request, username=email, email=email, password=password)
    if user is not None:
        _remember(email, password, user)
    else:
        cache.set(tried, cache.get(tried, 0) + 1, WRONG_SECONDS)
    return user


def speaker(request: HttpRequest) -> Any:
    """By token (`Bearer`) or by e-mail address and password (`Basic`), else None.

    Passwords are taken over https; in the demonstration also without.
    """
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        session = (
            ApiSession.objects.filter(
                token_hash=_hash(given), expires_at__gt=timezone.now()
            )
            .select_related("user")
            .first()
        )
        return session.user if session and session.user.is_active else None
    if scheme.lower() != "basic" or not (request.is_secure() or settings.DEMO):
        return None
    try:
        email, _colon, password = (
            base64.b64decode(given, validate=True).decode().partition(":")
        )
    except (binascii.Error, UnicodeDecodeError):
        return None
    return sign_in(request, email, password)


def for_programs(view: Callable[..., HttpResponseBase]) -> Callable:
    """Lets in who can say who they are. No cookies, so no forged requests."""

    @wraps(view)
    def guarded(request: TownRequest, **more: Any) -> HttpResponseBase:
        with translation.override("en"):
            user = speaker(request)
            if user is None:
                return problem(
                    401, 401.2, "Could not authenticate with the provided credentials."
                )
            request.user = user
            try:
                return view(request, **more)
            except RequestDataTooBig:
                return problem(413, 413.1, "This is too much at once. Send less of it.")

    return csrf_exempt(guarded)


def in_project(permission: str) -> Callable:
    """A project is a municipality. Without the right in it, it does not exist."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable:
        @wraps(view)
        def bound(request: TownRequest, project: int, **more: Any) -> HttpResponseBase:
            town = Municipality.objects.filter(pk=project).first()
            if town is None or not request.user.has_perm(permission, town):
                return problem(*NOT_FOUND)
            request.municipality = town
            set_tenant(town)
            timezone.activate(ZoneInfo(town.time_zone))
            return view(request, **more)

        guarded = for_programs(bound)
        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat().replace("+00:00", "Z")


def answered(content: Any, status: int = 200) -> HttpResponse:
    as_it_is = {"ensure_ascii": False}
    return JsonResponse(content, safe=False, status=status, json_dumps_params=as_it_is)

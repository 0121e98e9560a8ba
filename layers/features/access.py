"""Who asks: a browser with its session, or a program with a key in a header.

Never a key in an address, which logs and histories keep.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
)
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from layers.features.errors import BadParameter
from layers.geography.access import TownRequest
from layers.geography.declaration import Layer
from layers.maps.catalogue import layer_named, may_see, no_layer
from layers.maps.events import layer_used

REALM = 'Basic realm="gisportal", charset="UTF-8"'
JSON, GEOJSON, HTML = "application/json", "application/geo+json", "text/html"
FORMATS = ("json", "html")
CSRF = CsrfViewMiddleware(lambda _request: HttpResponse())


class KeyRefused(PermissionDenied):
    """The key in the header is unknown, revoked or too old."""


class SignInNeeded(PermissionDenied):
    """What is asked for is not for strangers."""


def wants_html(request: HttpRequest) -> bool:
    """By `f`, else by what the client accepts; a program that doesn't say gets JSON."""
    asked = request.GET.get("f")
    if asked is not None and asked not in FORMATS:
        raise BadParameter(_("“f” is one of: %s.") % ", ".join(FORMATS), "f")
    return asks_for_html(request)


def asks_for_html(request: HttpRequest) -> bool:
    """The same where `f` may be a word that is refused."""
    asked = request.GET.get("f")
    return _accepts_html(request) if asked is None else asked == "html"


def is_program(request: HttpRequest) -> bool:
    """Who brings a key, or asks for JSON, is told in JSON where a person gets a page."""
    return "Authorization" in request.headers or request.GET.get("f") == "json"


def answers(view: Callable[..., HttpResponseBase]) -> Callable:
    """Knows the asker by key or session; refusals become answers that programs read."""

    @wraps(view)
    def guarded(request: TownRequest, **more: Any) -> HttpResponseBase:
        try:
            _identify(request)
            _refuse_zero_bytes(request)
            response = view(request, **more)
        except BadParameter as refused:
            response = problem(400, "InvalidParameterValue", " ".join(refused.messages))
        except KeyRefused as refused:
            response = problem(401, "Unauthorized", str(refused))
        except SignInNeeded as refused:
            if request.GET.get("f") != "json" and _accepts_html(request):
                return redirect_to_login(request.get_full_path())
            response = problem(401, "Unauthorized", str(refused))
        except PermissionDenied as refused:
            response = problem(403, "Forbidden", str(refused))
        except Http404 as missing:
            response = problem(404, "NotFound", str(missing))
        patch_vary_headers(
            response, ["Accept", "Accept-Language", "Authorization", "Cookie"]
        )
        return response

    return unforged(guarded)


def unforged(view: Callable[..., HttpResponseBase]) -> Callable:
    """Refuses forms that another site sent. A program's key stands in a header that no
    form of another site brings along, and comes without an origin.
    """

    @csrf_exempt
    @wraps(view)
    def guarded(request: TownRequest, **more: Any) -> HttpResponseBase:
        by_key = "Authorization" in request.headers and "Origin" not in request.headers
        refused = None if by_key else CSRF.process_view(request, view, (), {})
        return refused or view(request, **more)

    return guarded


def problem(status: int, code: str, description: str) -> JsonResponse:
    response = JsonResponse(
        {"code": code, "description": description},
        status=status,
        json_dumps_params={"ensure_ascii": False},
    )
    if status == 401:
        response["WWW-Authenticate"] = REALM
    return response


def visible_layer(request: TownRequest, name: str) -> Layer:
    """Raises Http404, SignInNeeded or PermissionDenied."""
    layer = layer_named(name, request.municipality)
    if may_see(layer, request.user, request.municipality):
        return layer
    if layer.revocable:
        raise no_layer(name)
    raise not_for(request, layer.title)


def not_for(request: TownRequest, title: Any) -> PermissionDenied:
    """What to raise where a layer of the staff is asked for."""
    said = _("The layer “%(layer)s” is for the staff of this municipality.") % {
        "layer": title
    }
    known = request.user.is_authenticated
    return PermissionDenied(said) if known else SignInNeeded(said)


def note_use(request: TownRequest, layer: Layer, how: str) -> None:
    layer_used.send(
        Layer,
        layer=layer,
        municipality=request.municipality,
        how=how,
        user=request.user,
        by_key="Authorization" in request.headers,
    )


def _accepts_html(request: HttpRequest) -> bool:
    return request.get_preferred_type([JSON, GEOJSON, HTML]) == HTML


def _refuse_zero_bytes(request: HttpRequest) -> None:
    for name, said in request.GET.items():
        if "\x00" in name or "\x00" in said:
            raise BadParameter(_("An address can't hold a zero byte."), "address")


def _identify(request: TownRequest) -> None:
    """A key in the header counts instead of the session."""
    given = request.headers.get("Authorization")
    if not given:
        return
    key = _key_in(given)
    user = authenticate(request, api_key=key) if key else None
    if user is None:
        raise KeyRefused(
            _("This key is not valid. Make a new one under “Keys for programs”.")
        )
    request.user = user


def _key_in(header: str) -> str:
    """The key of `Bearer KEY`, or the password of `Basic …`; empty where there is none."""
    scheme, _space, said = header.partition(" ")
    if scheme.lower() == "bearer":
        return said.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(said, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""

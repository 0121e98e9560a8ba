from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from layers.geography.models import Municipality


class TownRequest(HttpRequest):
    """A request under /<language>/<municipality>/, as the tenant middleware leaves it."""

    municipality: Municipality
    user: Any
    view_transaction: Any


def requires(permission: str) -> Callable:
    """Let a view answer only those who hold `permission` in its municipality.

    Strangers are sent to sign in; the signed-in without it get a 403 that says so.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable:
        @wraps(view)
        def guarded(request: TownRequest, *args: Any, **kwargs: Any) -> Any:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not request.user.has_perm(permission, request.municipality):
                raise PermissionDenied(
                    _("Your role in this municipality does not include this page.")
                )
            return view(request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return decorate

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.http import Http404, HttpResponse
from django.utils import timezone

from layers.geography.access import TownRequest
from layers.geography.models import Municipality
from layers.geography.statements import at_once, find
from layers.geography.tenancy import set_tenant


class TenantMiddleware:
    """One transaction per view, bound to the municipality its address names and
    on its clock; no transaction where the view is declared to be outside.

    A view's exception, and any 5xx answer, rolls it back. The error's own page is
    rendered afterwards, outside, where no municipality's rows can be read.
    """

    def __init__(self, get_response: Callable[[TownRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: TownRequest) -> HttpResponse:
        request.municipality = None  # type: ignore[assignment]
        request.view_transaction = None
        try:
            response = self.get_response(request)
            if request.view_transaction and response.status_code >= 500:
                transaction.set_rollback(True)
        finally:
            self._close(request, sys.exc_info())
            timezone.deactivate()
        return response

    def process_view(
        self, request: TownRequest, view: Callable, args: tuple, kwargs: dict[str, Any]
    ) -> None:
        slug = kwargs.get("municipality")
        if slug is not None:
            municipality = at_once(lambda: find(Municipality, slug=slug))
            if municipality is None:
                raise Http404(slug)
            request.municipality = municipality
            timezone.activate(ZoneInfo(municipality.time_zone))
        outside = getattr(view, "outside_transaction", None)
        if outside is not None and outside(request, **kwargs):
            return
        request.view_transaction = transaction.atomic()
        request.view_transaction.__enter__()
        if request.municipality:
            set_tenant(request.municipality)

    def process_exception(self, request: TownRequest, exception: Exception) -> None:
        self._close(request, (type(exception), exception, exception.__traceback__))

    def _close(self, request: TownRequest, raised: tuple) -> None:
        if request.view_transaction is not None:
            view_transaction, request.view_transaction = request.view_transaction, None
            view_transaction.__exit__(*raised)

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from layers.geography.models import Municipality
from layers.geography.tenancy import set_tenant


class TenantMiddleware:
    """One transaction per request, bound to the municipality its address names.

    A view's exception, and any 5xx answer, rolls the transaction back.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.municipality = None
        request.view_failed = False
        with transaction.atomic():
            response = self.get_response(request)
            if response.status_code >= 500 or request.view_failed:
                transaction.set_rollback(True)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable, args: tuple, kwargs: dict[str, Any]
    ) -> None:
        slug = kwargs.get("municipality")
        if slug is not None:
            request.municipality = get_object_or_404(Municipality, slug=slug)
            set_tenant(request.municipality)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        # Rolled back at the end: the page of a 403 or 404 still asks who is there.
        request.view_failed = True

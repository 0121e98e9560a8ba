from __future__ import annotations

import io
import logging
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from gisportal.billing.errors import CallbackRefused
from gisportal.billing.gateways import gateway_named
from gisportal.billing.models import Payment
from gisportal.billing.payments import after_commit, check_payment, record_callback
from gisportal.billing.simulator import Simulator

logger = logging.getLogger(__name__)
LONGEST = 64 * 1024


@csrf_exempt
@require_POST
def callback(request: HttpRequest, municipality: str, gateway: str) -> HttpResponse:
    """A gateway's word that something happened: kept, then asked about.

    What is not signed by the gateway leaves one line in the log and no row: else
    anyone could fill the table.
    """
    service = gateway_named(gateway)
    if service is None:
        raise Http404
    try:
        if int(request.headers.get("Content-Length") or 0) > LONGEST:
            raise CallbackRefused("too long")
        signed = service.parse_callback(body=request.body, headers=request.headers)
    except CallbackRefused as refused:
        logger.warning(
            "Callback for %s by %s refused: %s", municipality, gateway, refused
        )
        return JsonResponse({"error": str(refused)}, status=HTTPStatus.BAD_REQUEST)
    town = request.municipality
    record_callback(
        municipality=town, gateway=gateway, callback=signed, body=request.body
    )
    # A repeated event asks again too: the first question may have gone unanswered.
    if (
        Payment.objects.of(town)
        .filter(reference=signed.reference, gateway=gateway)
        .exists()
    ):
        after_commit(
            check_payment,
            municipality=town,
            reference=signed.reference,
            source="callback",
        )
    return JsonResponse({"received": True})


@csrf_exempt
def demo_gateway(request: HttpRequest, path: str) -> HttpResponse:
    """The demo's payment service, which knows nothing of this project, by its own door."""
    gateway = settings.DEMO_GATEWAY
    simulator = Simulator(
        settings.DATA_DIR / "demo-gateway.sqlite3",
        key=gateway["key"],
        secret=gateway["secret"],
    )
    root = request.path.removesuffix(f"/{path}")
    environ = {
        **request.META,
        "SCRIPT_NAME": root,
        "PATH_INFO": f"/{path}",
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.input": io.BytesIO(request.body),
    }
    begun: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        begun.update(status=int(status.split()[0]), headers=headers)

    body = b"".join(simulator(environ, start_response))
    response = HttpResponse(body, status=begun["status"])
    for name, value in begun["headers"]:
        response[name] = value
    return response

"""Pages of the office: whose phone may send, and what waits in quarantine."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from layers.geography.access import TownRequest, requires
from surveys.intake.access import (
    issue_access,
    revoke_access,
    server_address,
    settings_qr,
)
from surveys.intake.reading import Unreadable, read_envelope
from surveys.intake.receiving import settle
from surveys.models import Arrival, DeviceAccess
from surveys.rounds.services import surveyors_of

PAGE_SIZE = 50
SHOWN_BYTES = 20_000
State = Arrival.State


@require_http_methods(["GET", "POST"])
@requires("surveys.manage_round")
def phones(request: TownRequest, municipality: str) -> HttpResponse:
    """The list; a new phone's code is shown once, in the answer to the post."""
    people = {str(person.pk): person for person in surveyors_of(request.municipality)}
    issued = {}
    if request.method == "POST":
        surveyor = people.get(request.POST.get("surveyor", ""))
        if surveyor is None:
            messages.error(request, _("Choose a surveyor from the list."))
            return redirect("surveys:phones", municipality)
        label = request.POST.get("label", "").replace("\x00", "")[:100]
        _access, token = issue_access(
            municipality=request.municipality,
            surveyor=surveyor,
            label=label,
            by=request.user,
        )
        address = server_address(municipality=request.municipality, token=token)
        code = settings_qr(address=address, name=request.municipality.name)
        issued = {
            "surveyor": surveyor,
            "address": address,
            "picture": code.svg_data_uri(scale=4, border=2),
        }
    accesses = (
        DeviceAccess.objects.of(request.municipality)
        .filter(draft=None)
        .select_related("surveyor")
        .order_by("revoked_at", "-created_at")
    )
    page = Paginator(accesses, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "surveys/phones.html",
        {"page_of": page, "people": people.values(), "issued": issued},
    )


@require_POST
@requires("surveys.manage_round")
def phone_revoke(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    found = DeviceAccess.objects.of(request.municipality).visible_to(request.user)
    revoke_access(access=get_object_or_404(found, pk=pk))
    messages.success(request, _("This phone can no longer fetch or send anything."))
    return redirect("surveys:phones", municipality)


@require_GET
@requires("surveys.review_submission")
def quarantine(request: TownRequest, municipality: str) -> HttpResponse:
    arrivals = (
        Arrival.objects.of(request.municipality)
        .visible_to(request.user)
        .filter(state__in=[State.QUARANTINED, State.CONFLICT])
        .select_related("by")
        .defer("content")
    )
    page = Paginator(arrivals, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "surveys/quarantine.html", {"page_of": page})


def _arrival(request: TownRequest, pk: int) -> Arrival:
    found = Arrival.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(found, pk=pk)


@require_GET
@requires("surveys.review_submission")
def arrival(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    found = _arrival(request, pk)
    content = bytes(found.content or b"")
    return render(
        request,
        "surveys/arrival.html",
        {
            "arrival": found,
            "text": content[:SHOWN_BYTES].decode("utf-8", errors="replace"),
            "cut": len(content) > SHOWN_BYTES,
            "open": found.state in {State.QUARANTINED, State.CONFLICT},
        },
    )


@require_GET
@requires("surveys.review_submission")
def arrival_raw(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """The bytes, never as something a browser would run."""
    found = _arrival(request, pk)
    headers = {"Content-Disposition": f'attachment; filename="arrival-{pk}.xml"'}
    return HttpResponse(
        bytes(found.content or b""),
        content_type="application/octet-stream",
        headers=headers,
    )


@require_POST
@requires("surveys.review_submission")
def arrival_retry(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """Tries again, after a version was published or a round opened."""
    found = _arrival(request, pk)
    if found.state == State.QUARANTINED:
        try:
            envelope = read_envelope(bytes(found.content or b""))
        except Unreadable:
            messages.error(request, _("It still can't be read."))
            return redirect("surveys:arrival", municipality, pk)
        if envelope.instance_id:
            settle(arrival=found, envelope=envelope)
    if found.state == State.ACCEPTED:
        messages.success(request, _("Taken in. It waits for review."))
        return redirect("surveys:quarantine", municipality)
    messages.error(
        request,
        _("Still not possible: %(reason)s.") % {"reason": found.get_reason_display()},
    )
    return redirect("surveys:arrival", municipality, pk)


@require_POST
@requires("surveys.review_submission")
def arrival_dismiss(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """Puts it aside: it stays on the server and leaves the list."""
    found = _arrival(request, pk)
    if found.state in {State.QUARANTINED, State.CONFLICT}:
        found.state = State.DISMISSED
        found.settled_at, found.settled_by = timezone.now(), request.user
        found.save(update_fields=["state", "settled_at", "settled_by"])
        messages.success(request, _("Put aside. It is kept, but no longer listed."))
    return redirect("surveys:quarantine", municipality)

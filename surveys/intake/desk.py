"""Pages of the office: whose phone may send, and what waits in quarantine."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
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
from surveys.intake.quarantine import (
    OPEN,
    WAYS_OUT,
    put_aside,
    readable,
    rounds_for,
    take_out_again,
    try_again,
)
from surveys.models import Arrival, DeviceAccess
from surveys.rounds.services import surveyors_of

LANGUAGES = dict(settings.LANGUAGES)
PAGE_SIZE = 50
SHOWN_LETTERS = 20_000
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
        language = request.POST.get("language", "")
        access, token = issue_access(
            municipality=request.municipality,
            surveyor=surveyor,
            label=label,
            language=language if language in LANGUAGES else settings.LANGUAGE_CODE,
            by=request.user,
        )
        address = server_address(municipality=request.municipality, token=token)
        code = settings_qr(access=access, address=address)
        issued = {
            "access": access,
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
        {
            "page_of": page,
            "people": people.values(),
            "issued": issued,
            "languages": LANGUAGES,
        },
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
    """`?aside=1` lists what was put aside; `?reason=` narrows."""
    aside, reason = "aside" in request.GET, request.GET.get("reason", "")
    states = (State.DISMISSED,) if aside else OPEN
    arrivals = (
        Arrival.objects.of(request.municipality)
        .visible_to(request.user)
        .filter(state__in=states)
        .select_related("by")
        .defer("content")
    )
    reasons = dict(arrivals.order_by().values_list("reason").annotate(n=Count("pk")))
    if reason in Arrival.Reason.values:
        arrivals = arrivals.filter(reason=reason)
    page = Paginator(arrivals, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "surveys/quarantine.html",
        {
            "page_of": page,
            "aside": aside,
            "reason": reason,
            "reasons": [
                (each, label, reasons[each])
                for each, label in Arrival.Reason.choices
                if each in reasons
            ],
            "ways_out": WAYS_OUT.get(reason, ""),
            "query": urlencode({"aside": "1"} if aside else {})
            + (f"&{urlencode({'reason': reason})}" if reason in reasons else ""),
            "rounds": rounds_for(request.municipality),
        },
    )


def _arrival(request: TownRequest, pk: int) -> Arrival:
    found = Arrival.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(found, pk=pk)


@require_GET
@requires("surveys.review_submission")
def arrival(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    found = _arrival(request, pk)
    text = readable(bytes(found.content or b""))
    return render(
        request,
        "surveys/arrival.html",
        {
            "arrival": found,
            "text": text[:SHOWN_LETTERS],
            "cut": len(text) > SHOWN_LETTERS,
            "open": found.state in OPEN,
            "way_out": WAYS_OUT.get(found.reason, ""),
            "rounds": rounds_for(request.municipality),
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
def settle_arrivals(request: TownRequest, municipality: str) -> HttpResponse:
    """Those that are ticked: again, aside, or back from there."""
    keys = [
        int(k) for k in request.POST.getlist("arrival") if k.isdecimal() and len(k) < 19
    ][:PAGE_SIZE]
    town, action = request.municipality, request.POST.get("action", "")
    if not keys:
        messages.error(request, _("Tick the arrivals first."))
    elif action == "retry":
        _try_again(request, keys)
    elif action == "dismiss":
        count = put_aside(municipality=town, keys=keys, by=request.user)
        said = ngettext(
            "%(count)s put aside. It is kept, and can be taken out again.",
            "%(count)s put aside. They are kept, and can be taken out again.",
            count,
        )
        messages.success(request, said % {"count": count})
    elif action == "restore":
        count = take_out_again(municipality=town, keys=keys)
        said = ngettext(
            "%(count)s waits in quarantine again.",
            "%(count)s wait in quarantine again.",
            count,
        )
        messages.success(request, said % {"count": count})
    return redirect("surveys:quarantine", municipality)


def _try_again(request: TownRequest, keys: list[int]) -> None:
    code = request.POST.get("round", "").replace("\x00", "")
    chosen = rounds_for(request.municipality).filter(code=code)
    taken, left = try_again(
        municipality=request.municipality, keys=keys, round=chosen.first()
    )
    if taken:
        said = ngettext(
            "%(count)s taken in. It waits for review.",
            "%(count)s taken in. They wait for review.",
            taken,
        )
        messages.success(request, said % {"count": taken})
    if left:
        said = ngettext(
            "%(count)s still can't be used: the list says why.",
            "%(count)s still can't be used: the list says why.",
            left,
        )
        messages.error(request, said % {"count": left})

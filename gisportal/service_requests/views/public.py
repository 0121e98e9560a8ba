"""The page on which a town decides what of its requests everyone may know."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from gisportal.service_requests.errors import DecidedMeanwhile, NotConfirmed
from gisportal.service_requests.forms import PublicForm
from gisportal.service_requests.layers import CELL, PARCELS, REPORTERS
from gisportal.service_requests.models import Category, PublicDecision
from gisportal.service_requests.public import change, decide_public, last_decision
from layers.geography.access import TownRequest, requires

# Of the decisions, as many as a page shows.
LATEST = 50


@requires("service_requests.decide_public")
def public(request: TownRequest, municipality: str) -> HttpResponse:
    if request.method != "POST":
        return _page(request, _form(request))
    form = PublicForm(request.POST, municipality=request.municipality)
    if not form.is_valid():
        for field in form:
            for error in field.errors:
                messages.error(request, f"{field.label}: {error}")
        return _page(request, _form(request), status=400)
    said = form.cleaned_data
    wanted = {"shown": said["shown"], "in_public_space": list(said["categories"])}
    try:
        done = decide_public(
            municipality=request.municipality,
            seen=said["seen"],
            confirmed=said["confirmed"],
            by=request.user,
            **wanted,
        )
    except DecidedMeanwhile as refused:
        messages.error(request, " ".join(refused.messages))
        return _page(request, _form(request), status=409)
    except NotConfirmed:
        return _confirmation(request, form, wanted)
    decided = done.shown is not None or done.marked or done.unmarked
    messages.success(request, _("Saved.") if decided else _("Nothing was changed."))
    return redirect("service_requests:public", municipality)


def _form(request: TownRequest) -> PublicForm:
    """With what holds now."""
    town = request.municipality
    return PublicForm(
        municipality=town,
        initial={
            "seen": last_decision(town),
            "shown": PublicDecision.objects.of(town).layer_shown(),
            "categories": Category.objects.of(town).filter(in_public_space=True),
        },
    )


def _page(request: TownRequest, form: PublicForm, status: int = 200) -> HttpResponse:
    decisions = PublicDecision.objects.of(request.municipality)
    context = {
        "form": form,
        "decisions": decisions.select_related("by", "category")[:LATEST],
        "cell": CELL,
        "parcels": PARCELS,
        "reporters": REPORTERS,
    }
    template = "service_requests/publicdecision_create.html"
    return render(request, template, context, status=status)


def _confirmation(
    request: TownRequest, form: PublicForm, wanted: dict[str, Any]
) -> HttpResponse:
    context = {
        "form": form,
        "change": change(request.municipality, **wanted),
        "cell": CELL,
        "reporters": REPORTERS,
        "marked": wanted["in_public_space"],
    }
    return render(request, "service_requests/publicdecision_confirm.html", context)

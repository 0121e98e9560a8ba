"""Three steps on a phone: what, where, photo. Answers are kept between them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language

from gisportal.cases.models import Case
from gisportal.cases.services import Place, Reporter, find_place, follow_case
from gisportal.service_requests.drafts import Draft
from gisportal.service_requests.forms import PhotoForm, WhatForm, WhereForm
from gisportal.service_requests.models import Category, ServiceRequest
from gisportal.service_requests.services import report_request
from layers.geography.access import TownRequest

MOST_OFFERED = 3


def what(request: TownRequest, municipality: str) -> HttpResponse:
    draft = Draft.of(request)
    form = WhatForm(
        request.POST or None,
        municipality=request.municipality,
        initial={"category": draft.category, "description": draft.description},
    )
    if request.method == "POST" and form.is_valid():
        draft.category = form.cleaned_data["category"].code
        draft.description = form.cleaned_data["description"]
        draft.keep(request)
        return redirect("service_requests:create_where", municipality)
    return render(request, "service_requests/create_what.html", {"form": form})


def where(request: TownRequest, municipality: str) -> HttpResponse:
    draft = Draft.of(request)
    if not draft.says_what:
        return redirect("service_requests:create", municipality)
    places = ("latitude", "longitude", "parcel", "address")
    form = WhereForm(
        request.POST or None,
        municipality=request.municipality,
        initial={name: getattr(draft, name) for name in places},
    )
    alike: list[ServiceRequest] = []
    if request.method == "POST" and form.is_valid():
        for name in places:
            setattr(draft, name, form.cleaned_data[name])
        draft.keep(request)
        if "another" not in request.POST:
            alike = _alike(request, draft, form.place)
        if not alike:
            return redirect("service_requests:create_photo", municipality)
    return render(
        request, "service_requests/create_where.html", {"form": form, "alike": alike}
    )


def photo(request: TownRequest, municipality: str) -> HttpResponse:
    draft = Draft.of(request)
    if not (draft.says_what and draft.says_where):
        return redirect("service_requests:create", municipality)
    return _send(request, municipality)


@login_required
def _send(request: TownRequest, municipality: str) -> HttpResponse:
    draft = Draft.of(request)
    posted = request.method == "POST"
    form = PhotoForm(request.POST, request.FILES) if posted else PhotoForm()
    place = _place(request, draft)
    category = Category.objects.of(request.municipality).get(code=draft.category)
    if request.method == "POST" and form.is_valid():
        sent = report_request(
            municipality=request.municipality,
            category=category,
            description=draft.description,
            place=place,
            reporter=Reporter(user=request.user, language=get_language() or "ar"),
            channel=Case.Channel.WEB,
            by=request.user,
            photo=form.cleaned_data["photo"],
            source_key=f"web-{draft.key}",
        )
        Draft.forget(request)
        return redirect("service_requests:sent", municipality, sent.case.number)
    answers: dict[str, Any] = {
        "form": form,
        "draft": draft,
        "category": category,
        "place": place,
    }
    return render(request, "service_requests/create_photo.html", answers)


@login_required
def sent(request: TownRequest, municipality: str, number: str) -> HttpResponse:
    found = (
        ServiceRequest.objects.of(request.municipality)
        .filter(case__reporter=request.user, case__number=number)
        .with_case()
        .first()
    )
    if found is None:
        raise Http404
    return render(request, "service_requests/servicerequest_sent.html", {"sent": found})


@login_required
def follow(request: TownRequest, municipality: str, number: str) -> HttpResponse:
    """Follow one of the requests that were offered for the present draft."""
    draft = Draft.of(request)
    offered = {
        alike.case.number: alike
        for alike in _alike(request, draft, _place(request, draft))
    }
    if number not in offered:
        raise Http404
    if request.method == "POST":
        follow_case(case=offered[number].case, user=request.user)
        Draft.forget(request)
        return redirect("service_requests:detail", municipality, number)
    return render(
        request,
        "service_requests/servicerequest_follow.html",
        {"alike": offered[number]},
    )


def _place(request: TownRequest, draft: Draft) -> Place:
    if not draft.says_where:
        return Place()
    return find_place(
        municipality=request.municipality,
        geometry=draft.geometry,
        parcel_code=draft.parcel,
        address=draft.address,
    )


def _alike(
    request: TownRequest, draft: Draft, place: Place | None
) -> list[ServiceRequest]:
    category = (
        Category.objects.of(request.municipality).filter(code=draft.category).first()
    )
    if place is None or place.geometry is None or category is None:
        return []
    found = ServiceRequest.objects.nearby(
        municipality=request.municipality, category=category, geometry=place.geometry
    ).select_related("case", "category")
    if request.user.is_authenticated:
        found = found.exclude(case__followers__user=request.user)
    return list(found[:MOST_OFFERED])

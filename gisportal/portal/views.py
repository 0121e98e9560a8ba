from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from gisportal.portal.navigation import CARDS
from layers.geography.access import TownRequest
from layers.geography.models import Municipality
from layers.indicators.catalogue import indicators
from layers.indicators.models import Estimate
from layers.indicators.releases import figure, latest_release, round_title

# What a town sees first of its children: few, and from different walks of need.
HEADLINES = (
    "edu_oos",
    "pro_labour",
    "pro_birthreg",
    "ecd_stim",
    "was_water",
    "hou_crowd",
)


def directory(request: HttpRequest) -> HttpResponse:
    municipalities = Municipality.objects.defer("boundary")
    return render(request, "portal/directory.html", {"municipalities": municipalities})


@login_required
def start(request: HttpRequest) -> HttpResponse:
    """After signing in: straight to the only town, else to the choice."""
    own = Municipality.objects.filter(memberships__user=request.user).distinct()
    if len(own) == 1:
        return redirect("portal:home", municipality=own[0].slug)
    return redirect("portal:directory")


def home(request: TownRequest, municipality: str) -> HttpResponse:
    context = {"cards": _cards(request), "children": _children(request.municipality)}
    return render(request, "portal/home.html", context)


def _cards(request: TownRequest) -> list[dict[str, Any]]:
    """The rooms this reader may enter, first those where there is work to do."""
    return [
        {
            "title": card.title,
            "text": card.text,
            "icon": card.icon,
            "url": reverse(card.route, args=[request.municipality.slug]),
        }
        for card in CARDS
        if card.permission is None
        or request.user.has_perm(card.permission, request.municipality)
    ]


def _children(municipality: Municipality) -> dict[str, Any] | None:
    """The whole town's published figures; None before the first release."""
    release = latest_release(municipality)
    if release is None:
        return None
    rows = {
        row.indicator: row
        for row in Estimate.objects.of_release(release).filter(
            zone=None, breakdown="all", indicator__in=HEADLINES
        )
    }
    return {
        "round": round_title(release.observation_set),
        "release": release,
        "figures": [
            {"title": indicators()[code].title, **figure(rows[code])}
            for code in HEADLINES
            if code in rows
        ],
    }

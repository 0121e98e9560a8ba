from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language, get_language_info

from gisportal.portal.navigation import ENTRIES
from layers.geography.access import TownRequest


def _rooms(request: TownRequest) -> list[dict[str, Any]]:
    municipality, user = request.municipality, request.user
    here = request.resolver_match.view_name if request.resolver_match else ""
    rooms = []
    for entry in ENTRIES:
        if entry.signed_in and not user.is_authenticated:
            continue
        if entry.permission and not user.has_perm(entry.permission, municipality):
            continue
        app = entry.route.split(":")[0]
        rooms.append(
            {
                "title": entry.title,
                "url": reverse(entry.route, kwargs={"municipality": municipality.slug}),
                "current": here.split(":")[0] == app,
            }
        )
    return rooms


def page(request: TownRequest) -> dict[str, Any]:
    """What every page's frame shows: the town, its rooms, the reader's roles."""
    municipality = getattr(request, "municipality", None)
    signed_in = hasattr(request, "user") and request.user.is_authenticated
    return {
        "municipality": municipality,
        "roles": request.user.roles_in(municipality)
        if municipality and signed_in
        else set(),
        "rooms": _rooms(request) if municipality else [],
        "direction": "rtl"
        if get_language_info(get_language() or "ar")["bidi"]
        else "ltr",
        "demo": settings.DEMO,
    }

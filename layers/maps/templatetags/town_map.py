from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import json_script
from django.utils.safestring import SafeString

from layers.maps.town_map import town_map as configuration

register = template.Library()


@register.simple_tag(takes_context=True)
def town_map(context: dict[str, Any], *names: str) -> SafeString:
    """The map's data as a JSON script with the id `town-map`.

    Without names of layers: zones with their names, parcel outlines, facilities.
    """
    request = context["request"]
    arguments = (request.municipality, request.user, *([names] if names else []))
    return json_script(configuration(*arguments), "town-map")

"""Layers that lie over the figures: what the desk's panel offers, and how each starts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from layers.geography.declaration import Layer
from layers.geography.models import Facility, Municipality
from layers.maps.catalogue import visible_layers

# Shown when the desk is opened without other word.
SHOWN = ("outlines", "facilities")
FIRST_FILTER = "facilities.kind=school|kindergarten"
LABELS = "_labels"
# Fields of which all possible values are known.
CHOICES = {("facilities", "kind"): Facility.Kind.choices}


def overlays(user: Any, municipality: Municipality, zones: str) -> list[dict[str, Any]]:
    """A row a layer that `user` may see, but `zones`, which bear the figures.

    `fields` are those in the tiles, by which the reader may filter.
    """
    layers = {x.name: x for x in visible_layers(user, municipality)}
    return [
        _row(layer, f"{name}{LABELS}" in layers)
        for name, layer in layers.items()
        if name != zones and not name.endswith(LABELS)
    ]


def _row(layer: Layer, named: bool) -> dict[str, Any]:
    return {
        "name": layer.name,
        "title": str(layer.title),
        "geometry": layer.geometry,
        "shown": layer.name in SHOWN,
        "style": layer.style.as_json() if layer.style else None,
        "sources": [layer.name, f"{layer.name}{LABELS}"] if named else [layer.name],
        "fields": [
            {
                "name": each.name,
                "type": each.type,
                "label": str(each.label),
                "choices": [
                    {"value": value, "label": str(label)}
                    for value, label in _choices(layer, each.name)
                ],
            }
            for each in layer.tile_fields
        ],
    }


def _choices(layer: Layer, field: str) -> Iterable[tuple[Any, Any]]:
    """Values that a reader can tick: all of a known few, or those with a colour."""
    if layer.style and layer.style.field == field and not layer.style.numbers:
        return [(shade.value, shade.label) for shade in layer.style.shades[:-1]]
    return CHOICES.get((layer.name, field), ())

"""Layers that lie over the figures: what the desk's panel offers, and how each starts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from layers.geography.declaration import Field, Layer
from layers.geography.models import Municipality
from layers.maps.catalogue import visible_layers
from layers.maps.raster_tiles import MAX_ZOOM, MIN_ZOOM, Shown, shown_rasters

# Shown when the desk is opened without other word.
SHOWN = ("outlines", "facilities")
FIRST_FILTER = "facilities.kind=school|kindergarten"
LABELS = "_labels"


def overlays(user: Any, municipality: Municipality, zones: str) -> list[dict[str, Any]]:
    """A row a layer or raster that `user` may see, but `zones`, which bear the figures.

    `fields` are those in the tiles, by which the reader may filter; of `one_of` a value
    is always chosen.
    """
    layers = {x.name: x for x in visible_layers(user, municipality)}
    return [
        *(
            _row(layer, municipality, f"{name}{LABELS}" in layers)
            for name, layer in layers.items()
            if name != zones and layer.tiled and not name.endswith(LABELS)
        ),
        *(_raster(shown) for shown in shown_rasters(municipality, user)),
    ]


def _row(layer: Layer, municipality: Municipality, named: bool) -> dict[str, Any]:
    return {
        "name": layer.name,
        "title": str(layer.title),
        "geometry": layer.geometry,
        "shown": layer.name in SHOWN,
        "style": layer.style.as_json() if layer.style else None,
        "sources": [layer.name, f"{layer.name}{LABELS}"] if named else [layer.name],
        "fields": [_field(layer, each, municipality) for each in layer.tile_fields],
        "one_of": layer.one_of,
    }


def _raster(shown: Shown) -> dict[str, Any]:
    return {
        "name": shown.name,
        "title": shown.title,
        "geometry": "raster",
        "shown": False,
        "sources": [],
        "fields": [],
        "one_of": "",
        "tiles": shown.tiles_by_theme,
        "zooms": [MIN_ZOOM, MAX_ZOOM],
        "bounds": shown.raster.extent.extent,
        "style": shown.style.as_json(),
    }


def _field(layer: Layer, field: Field, municipality: Municipality) -> dict[str, Any]:
    choices = _choices(layer, field, municipality)
    return {
        "name": field.name,
        "type": field.type,
        "label": str(field.label),
        "choices": [{"value": value, "label": str(said)} for value, said in choices],
    }


def _choices(
    layer: Layer, field: Field, municipality: Municipality
) -> Iterable[tuple[Any, Any]]:
    """Values that a reader can tick: all of a known few, or those with a colour."""
    if field.choices:
        return field.choices(municipality)
    style = layer.style
    if style is None or style.numbers or style.field != field.name:
        return ()
    return [(shade.value, shade.label) for shade in style.shades]

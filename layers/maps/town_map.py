"""What a page tells the browser's map: where the town lies and its tiles' addresses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.gis.db.models import Extent
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from layers.geography.declaration import Layer
from layers.geography.models import Facility, Municipality, Zone
from layers.maps.catalogue import layers_of, may_see
from layers.maps.models import LayerEdit, LayerVersion

# Longitude and latitude of the whole world's useful part, for a town without any zone.
NOWHERE = (-20.0, 10.0, 60.0, 50.0)


def town_map(
    municipality: Municipality,
    user: Any,
    names: Iterable[str] = ("zones", "zones_labels", "outlines", "facilities"),
) -> dict[str, Any]:
    """Everything `town-map.js` needs, ready for JSON.

    Layers that `user` may not see are left out.
    """
    known = layers_of(municipality)
    layers = [known[x] for x in names if may_see(known[x], user, municipality)]
    versions = LayerVersion.objects.of_layers(layers, municipality)
    return {
        "worker": static("built/maplibre-gl-worker.mjs"),
        "bounds": bounds(municipality),
        "language": (get_language() or "ar")[:2],
        "layers": {x.name: _source(x, municipality, versions[x.name]) for x in layers},
        "kinds": {value: str(label) for value, label in Facility.Kind.choices},
        "words": {
            "map": _("Map of the town"),
            "zoom_in": _("Zoom in"),
            "zoom_out": _("Zoom out"),
            "my_location": _("My location"),
            "pin": _("The place. Drag it, or tap the map, to move it."),
            "outside": _("This place lies outside the municipality."),
            "no_location": _(
                "Your device did not give its location. Tap the place on the map."
            ),
            "no_webgl": _(
                "This browser can't draw the map. Give the place in words instead."
            ),
        },
    }


def bounds(municipality: Municipality) -> list[float]:
    """West, south, east, north in degrees."""
    if municipality.boundary:
        return list(municipality.boundary.extent)
    zones = Zone.objects.of(municipality).current()
    return list(zones.aggregate(extent=Extent("geometry"))["extent"] or NOWHERE)


def tile_template(layer: Layer, municipality: Municipality, version: str) -> str:
    """The address of the layer's tiles, with places for zoom, column and row."""
    address = reverse(
        "tiles:tile", args=[municipality.slug, layer.name, version, 0, 0, 0]
    )
    return address.removesuffix("0/0/0.mvt") + "{z}/{x}/{y}.mvt"


def _source(layer: Layer, municipality: Municipality, version: str) -> dict[str, Any]:
    return {
        "title": str(layer.title),
        # Figures are joined by code, which outlives a redrawn boundary; ids don't.
        "key": "code" if layer.code_in_tiles else None,
        "tiles": tile_template(layer, municipality, version),
        # Where the latest versions wrote: other tiles are asked for under older ones.
        "tables": LayerEdit.objects.of_layer(layer, municipality),
        "minzoom": layer.min_zoom,
        "maxzoom": layer.max_zoom,
    }

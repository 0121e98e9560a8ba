"""Which zone another lies in: kinds have levels, quarters above sections above blocks."""

from __future__ import annotations

import shapely

from layers.editing.models import Layer
from layers.geography.models import REPORTING, Municipality, Zone, ZoneQuerySet

# Degrees, about 50 cm: how far a border drawn by hand may lie beyond the parent's.
LOOSE = 5e-6


def above(municipality: Municipality, layer: Layer) -> ZoneQuerySet:
    """Zones in force that one of this layer may lie in; of parcels and quarters none."""
    levels = [] if layer.is_parcels else REPORTING[: REPORTING.index(layer.value)]
    return Zone.objects.of(municipality).current().filter(kind__in=levels)


def holding(
    municipality: Municipality, layer: Layer, shape: shapely.MultiPolygon
) -> Zone | None:
    """The lowest zone that holds the whole of a shape in degrees (EPSG:4326)."""
    surface = shapely.point_on_surface(shape)
    wkt = f"SRID=4326;{surface.wkt}"
    found = above(municipality, layer).filter(geometry__intersects=wkt)
    for zone in sorted(found, key=lambda each: -REPORTING.index(each.kind)):
        area = shapely.from_wkb(bytes(zone.geometry.wkb))
        if shape.difference(area).buffer(-LOOSE / 2).is_empty:
            return zone
    return None

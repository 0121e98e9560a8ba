from __future__ import annotations

from typing import Any

from django.contrib.gis.geos import MultiPolygon


def corners(shape: Any) -> str:
    """The outer ring of a parcel, of its largest part where it has several, as forms
    write places: “latitude longitude” in degrees (EPSG:4326), separated by semicolons.
    """
    if isinstance(shape, MultiPolygon):
        shape = max(shape, key=lambda part: part.area)
    return ";".join(f"{y:.6f} {x:.6f}" for x, y, *_z in shape.exterior_ring.coords)

"""All layers of a town, as its public catalogue lists them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg2 import sql

from layers.geography.declaration import Layer, read_sql
from layers.geography.models import Municipality
from layers.maps.catalogue import every_layer, may_see
from layers.maps.models import LayerVersion
from layers.maps.town_map import bounds, tile_template

EXTENT = read_sql("layers.maps", "extent.sql")
# The longer side of the little picture of where a layer lies, in its own units.
SIDE = 100


@dataclass(frozen=True)
class Listed:
    """`tiles` and the downloads are for whom `open` is true; `place` is the layer's
    box on the picture of the town, None where it has no rows.
    """

    layer: Layer
    open: bool
    changed: datetime | None
    place: dict[str, float] | None
    tiles: str


def listed_layers(municipality: Municipality, user: Any) -> Iterator[Listed]:
    layers = list(every_layer())
    versions = LayerVersion.objects.of_layers(layers, municipality)
    raised = dict(
        LayerVersion.objects.of(municipality).values_list("source", "raised_at")
    )
    town = tuple(bounds(municipality))
    for layer in layers:
        times = [raised[table] for table in layer.tables if table in raised]
        yield Listed(
            layer=layer,
            open=may_see(layer, user, municipality),
            changed=max(times, default=None),
            place=_place(town, _extent(layer, municipality)),
            tiles=tile_template(layer, municipality, versions[layer.name]),
        )


def _extent(layer: Layer, municipality: Municipality) -> tuple[float, ...] | None:
    """West, south, east, north in degrees."""
    bound = {**layer.parameters, "municipality": municipality.pk}
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(EXTENT).format(source=sql.SQL(layer.sql)), bound)
        row = cursor.fetchone()
    return None if row[0] is None else tuple(row)


def picture(municipality: Municipality) -> dict[str, float]:
    """Width and height of the picture of the town."""
    west, south, east, north = bounds(municipality)
    longer = max(east - west, north - south)
    return {
        "width": round(SIDE * (east - west) / longer, 1),
        "height": round(SIDE * (north - south) / longer, 1),
    }


def _place(
    town: tuple[float, ...], box: tuple[float, ...] | None
) -> dict[str, float] | None:
    if box is None:
        return None
    west, south, east, north = town
    scale = SIDE / max(east - west, north - south)
    # A single point still makes a mark.
    return {
        "x": round((box[0] - west) * scale, 1),
        "y": round((north - box[3]) * scale, 1),
        "width": round(max(1.5, (box[2] - box[0]) * scale), 1),
        "height": round(max(1.5, (box[3] - box[1]) * scale), 1),
    }

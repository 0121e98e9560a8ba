"""Vector tiles cut by PostGIS from a declared layer."""

from __future__ import annotations

import gzip
import hashlib
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from psycopg2 import sql

from layers.geography.declaration import Layer, read_sql
from layers.geography.models import Municipality
from layers.maps.cache import Tile, TileCache
from layers.maps.errors import NoSuchTile

TILE = read_sql("layers.maps", "tile.sql")
EXACT_TILE = read_sql("layers.maps", "exact_tile.sql")

# Metres round the equator in EPSG:3857, the width of the tile at zoom 0.
WORLD = 40_075_016.685578488
# Tiles are drawn on 512 screen pixels.
PIXELS = 512

cache = TileCache(limit=64 * 1024 * 1024)


def check_address(layer: Layer, z: int, x: int, y: int) -> None:
    """Raise NoSuchTile for a tile that no client following the layer asks for."""
    if not layer.tiled:
        raise NoSuchTile(_("The layer “%s” has no tiles.") % layer.name)
    if not layer.min_zoom <= z <= layer.max_zoom:
        raise NoSuchTile(
            _("The layer “%(layer)s” has tiles from zoom %(low)d to %(high)d.")
            % {"layer": layer.name, "low": layer.min_zoom, "high": layer.max_zoom}
        )
    if not (0 <= x < 2**z and 0 <= y < 2**z):
        raise NoSuchTile(
            _("At zoom %(zoom)d, columns and rows go from 0 to %(last)d.")
            % {"zoom": z, "last": 2**z - 1}
        )


def columns(names: list[str]) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier("source", name) for name in names)


def render(*, layer: Layer, municipality: Municipality, z: int, x: int, y: int) -> Tile:
    """The tile as gzipped MVT with a strong ETag of its content."""
    with connection.cursor() as cursor:
        cursor.execute(*statement(layer, municipality, z=z, x=x, y=y))
        content = gzip.compress(bytes(cursor.fetchone()[0]), 5, mtime=0)
    return Tile(content, etag=f'"{hashlib.sha256(content).hexdigest()[:24]}"')


def statement(
    layer: Layer, municipality: Municipality, *, z: int, x: int, y: int
) -> tuple[sql.Composed, dict[str, Any]]:
    """The query that makes the tile, and what it binds.

    Below the last zoom outlines are simplified to half a pixel, and what would
    be smaller than a pixel is left out.
    """
    pixel = WORLD / 2**z / PIXELS
    simplify = z < layer.max_zoom and layer.geometry != "point"
    bound = {
        **layer.parameters,
        "municipality": municipality.pk,
        "layer": layer.name,
        "z": z,
        "x": x,
        "y": y,
        "tolerance": pixel / 2,
        "smallest": pixel if simplify else 0,
    }
    query = sql.SQL(TILE if simplify else EXACT_TILE).format(
        fields=columns(["id", *(f.name for f in layer.tile_fields)]),
        source=sql.SQL(layer.sql),
    )
    return query, bound

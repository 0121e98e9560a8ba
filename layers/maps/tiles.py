"""Vector tiles cut by PostGIS from a declared layer."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _
from isal import igzip
from psycopg2 import sql
from psycopg2.extensions import AsIs

from layers.geography import prepared
from layers.geography.declaration import Layer, read_sql
from layers.geography.models import Municipality
from layers.maps.cache import DiskCache, Key, Tile, TileCache
from layers.maps.errors import NoSuchTile

logger = logging.getLogger(__name__)

TILE = read_sql("layers.maps", "tile.sql")
# Sent with the tile's query, for its transaction only. A tile is too little work to share
# among processes, and the planner would read a whole table for it; its rows lie together
# on disk, or the planner would look up all rows of a large town besides.
SETTINGS = """SELECT set_config('app.municipality', %(municipality)s::text, true),
       set_config('max_parallel_workers_per_gather', '0', true),
       set_config('random_page_cost', '1.1', true);
"""

# Wider tiles hold most of a town: finding what is near would cost more than looking at all,
# and how to look depends on the tile.
NEAR_ZOOM = 14
# As in the query of a tile.
WIDE = "%(wide)s"

# Metres round the equator in EPSG:3857, the width of the tile at zoom 0.
WORLD = 40_075_016.685578488
# Tiles are drawn on 512 screen pixels.
PIXELS = 512
# Units to a tile's side: at the last zoom, from which the browser draws the closer
# ones, and before it a quarter of a pixel.
FINE, COARSE = 4096, 2048

cache = TileCache(limit=64 * 1024 * 1024)


@lru_cache(maxsize=8)
def _disk(data: Path, public: bool, limit: int) -> DiskCache:
    return DiskCache(data / "tiles" / ("public" if public else "private"), limit)


def disk(*, public: bool) -> DiskCache:
    """Public tiles and those of the staff lie apart: nginx serves the former itself."""
    limit = settings.TILE_CACHE_MB * 1024 * 1024 // 2
    return _disk(settings.DATA_DIR, public, limit)


def kept(key: Key, *, public: bool) -> Tile | None:
    found = cache.get(key)
    if found is None and (found := disk(public=public).get(key)):
        cache.put(key, found)
    return found


def keep(key: Key, tile: Tile, *, public: bool) -> None:
    """Put a tile where the next one who asks finds it. A full disk costs only time."""
    keep_here(key, tile)
    keep_on_disk(key, tile, public=public)


def keep_here(key: Key, tile: Tile) -> None:
    """For this process alone."""
    cache.put(key, tile)


def keep_on_disk(key: Key, tile: Tile, *, public: bool) -> None:
    """For all processes, and for nginx where it is public."""
    try:
        disk(public=public).put(key, tile)
    except OSError:
        logger.warning("A tile could not be kept on disk.", exc_info=True)


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
    query, bound = statement(layer, municipality, z=z, x=x, y=y)
    with connection.cursor() as cursor:
        if z < NEAR_ZOOM:
            cursor.execute(SETTINGS + query, bound)
        else:
            prepared.execute(cursor, SETTINGS, query, bound)
        content = bytes(cursor.fetchone()[0])
    return Tile.of(igzip.compress(content, 2, mtime=0))


def statement(
    layer: Layer, municipality: Municipality, *, z: int, x: int, y: int
) -> tuple[str, dict[str, Any]]:
    """The query that makes the tile, and what it binds.

    Below the last zoom corners are rounded to a quarter of a pixel, and what would
    be smaller than a pixel is left out.
    """
    side = WORLD / 2**z
    coarse = z < layer.max_zoom and layer.geometry != "point"
    extent = COARSE if coarse else FINE
    bound = {
        **layer.parameters,
        "municipality": municipality.pk,
        "layer": layer.name,
        "extent": extent,
        "smallest": side / PIXELS if coarse else 0.0,
        "box": AsIs(f"ST_TileEnvelope({z}, {x}, {y})"),
        "wide": AsIs(f"ST_TileEnvelope({z}, {x}, {y}, margin => 64.0 / 4096)"),
        "west": x * side - WORLD / 2,
        "north": WORLD / 2 - y * side,
        "scale": extent / side,
    }
    fields = tuple(field.name for field in layer.tile_fields)
    return _query(fields, layer.source(WIDE) if z >= NEAR_ZOOM else layer.sql), bound


@lru_cache(maxsize=500)
def _query(fields: tuple[str, ...], source: str) -> str:
    named = columns(["id", *fields])
    query = sql.SQL(TILE).format(fields=named, source=sql.SQL(source))
    with connection.cursor() as cursor:
        return query.as_string(cursor.cursor)

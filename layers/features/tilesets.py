"""OGC API – Tiles: how the tiles of a layer are addressed, in the usual grid of the web."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from layers.geography.declaration import Field, Layer
from layers.maps.tiles import WORLD

GRID = "WebMercatorQuad"
GRID_URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{GRID}"
CRS_URI = "http://www.opengis.net/def/crs/EPSG/0/3857"
MVT = "application/vnd.mapbox-vector-tile"
# Pixels of a tile, and metres of a pixel in the standard's sense.
SIZE, PIXEL = 256, 0.00028
DEEPEST = 22
JSON_TYPES = {"text": "string", "number": "number", "date": "string"}
DIMENSIONS = {"point": 0, "line": 1, "polygon": 2}


def grid() -> dict[str, Any]:
    """The tile matrix set as OGC 17-083r4 defines it."""
    return {
        "id": GRID,
        "title": "Google Maps Compatible for the World",
        "uri": GRID_URI,
        "crs": CRS_URI,
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "orderedAxes": ["X", "Y"],
        "tileMatrices": [_matrix(zoom) for zoom in range(DEEPEST + 1)],
    }


def _matrix(zoom: int) -> dict[str, Any]:
    cell = WORLD / 2**zoom / SIZE
    return {
        "id": str(zoom),
        "scaleDenominator": cell / PIXEL,
        "cellSize": cell,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-WORLD / 2, WORLD / 2],
        "tileWidth": SIZE,
        "tileHeight": SIZE,
        "matrixWidth": 2**zoom,
        "matrixHeight": 2**zoom,
    }


def limits(layer: Layer, box: list[float] | None) -> list[dict[str, Any]]:
    """At each zoom of the layer, the rows and columns that may have something."""
    if box is None:
        return []
    return [
        {
            "tileMatrix": str(zoom),
            "minTileRow": _row(box[3], zoom),
            "maxTileRow": _row(box[1], zoom),
            "minTileCol": _column(box[0], zoom),
            "maxTileCol": _column(box[2], zoom),
        }
        for zoom in range(layer.min_zoom, layer.max_zoom + 1)
    ]


def _column(longitude: float, zoom: int) -> int:
    return _within(math.floor((longitude + 180) / 360 * 2**zoom), zoom)


def _row(latitude: float, zoom: int) -> int:
    angle = math.radians(min(max(latitude, -85.05), 85.05))
    share = (1 - math.asinh(math.tan(angle)) / math.pi) / 2
    return _within(math.floor(share * 2**zoom), zoom)


def _within(place: int, zoom: int) -> int:
    return min(max(place, 0), 2**zoom - 1)


def content(layer: Layer) -> dict[str, Any]:
    """What the one layer inside each tile holds."""
    return {
        "id": layer.name,
        "title": str(layer.title),
        "dataType": "vector",
        "geometryDimension": DIMENSIONS[layer.geometry],
        "minTileMatrix": str(layer.min_zoom),
        "maxTileMatrix": str(layer.max_zoom),
        "propertiesSchema": {
            "type": "object",
            "properties": dict(schema_of(layer.tile_fields)),
        },
    }


def schema_of(fields: tuple[Field, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in fields:
        said: dict[str, Any] = {"title": str(each.label), "type": JSON_TYPES[each.type]}
        if each.type == "date":
            said["format"] = "date"
        yield each.name, said

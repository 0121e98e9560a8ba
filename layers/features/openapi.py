"""The OpenAPI 3.0 document: what can be asked of this municipality by this reader."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from layers.features import crs, tilesets
from layers.features.access import GEOJSON, HTML, JSON
from layers.features.documents import OPENAPI, SCHEMA, attribution, href
from layers.features.formats import FORMATS
from layers.features.pages import MOST, USUAL
from layers.features.selection import LANGUAGES, filterable
from layers.geography.access import TownRequest
from layers.geography.declaration import Field, Layer

TEXT = {"type": "string"}
LINK = {
    "type": "object",
    "required": ["href", "rel"],
    "properties": dict.fromkeys(("href", "rel", "type", "hreflang", "title"), TEXT),
}
LINKS = {"type": "array", "items": LINK}
ANYTHING = {"type": "object", "properties": {"links": LINKS}}
FEATURE = {
    "type": "object",
    "required": ["type", "geometry", "properties"],
    "properties": {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": {"type": "integer"},
        "geometry": {"type": "object", "nullable": True},
        "properties": {"type": "object", "nullable": True},
        "links": LINKS,
    },
}
COLLECTION = {
    "type": "object",
    "required": ["type", "features"],
    "properties": {
        "type": {"type": "string", "enum": ["FeatureCollection"]},
        "features": {"type": "array", "items": FEATURE},
        "links": LINKS,
        "timeStamp": {"type": "string", "format": "date-time"},
        "numberMatched": {"type": "integer", "minimum": 0},
        "numberReturned": {"type": "integer", "minimum": 0},
    },
}
PROBLEM = {
    "type": "object",
    "required": ["code"],
    "properties": {"code": TEXT, "description": TEXT},
}
PAGE = {HTML: {"schema": TEXT}}
PROBLEMS = {
    "400": "A parameter can't be answered.",
    "401": "A key is needed, or the one given is not valid.",
    "403": "Not for this reader.",
    "404": "There is no such thing.",
    "413": "Too many features to be written at once: ask by POST.",
}
FILE_STATE = {
    "type": "object",
    "required": ["id", "state", "links"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "state": TEXT,
        "features": {"type": "integer", "nullable": True},
        "written": {"type": "integer", "nullable": True},
        "size": {"type": "integer", "nullable": True},
        "links": LINKS,
    },
}


def document(request: TownRequest, layers: list[Layer]) -> dict[str, Any]:
    town = request.municipality
    names = [layer.name for layer in layers]
    tiled = [layer.name for layer in layers if layer.tiled]
    root = href(request, "landing")
    return {
        "openapi": "3.0.3",
        "info": {
            "title": _("Layers of %s") % town.name,
            "version": "1",
            "description": _("Places and published figures of the municipality, to read."),
            "contact": {"name": attribution(None, town), "url": root},
        },
        "servers": [{"url": root.rstrip("/")}],
        "security": [{}, {"basic": []}, {"bearer": []}],
        "paths": {
            "/": _get("getLandingPage", "root", ANYTHING, [F]),
            "/conformance": _get("getConformance", "root", ANYTHING, [F]),
            "/collections": _get("getCollections", "collections", ANYTHING, [F]),
            "/collections/{collectionId}": _get(
                "describeCollection", "collections", ANYTHING, [_collection(names), F]
            ),
            "/collections/{collectionId}/queryables": _get(
                "getQueryables", "collections", ANYTHING, [_collection(names), F],
                type=SCHEMA,
            ),
            "/collections/{collectionId}/items": _get(
                "getFeatures", "features", COLLECTION,
                [_collection(names), *_items(request, layers)], type=GEOJSON,
            ),
            "/collections/{collectionId}/items/{featureId}": _get(
                "getFeature", "features", FEATURE,
                [_collection(names), FEATURE_ID, _crs(request, "crs"), F], type=GEOJSON,
            ),
            "/collections/{collectionId}/tiles": _get(
                "getTileSetsList", "tiles", ANYTHING, [_collection(tiled), F_JSON]
            ),
            "/collections/{collectionId}/tiles/{tileMatrixSetId}": _get(
                "getTileSet", "tiles", ANYTHING, [_collection(tiled), GRID, F_JSON]
            ),
            "/collections/{collectionId}/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}": _get(
                "collection.vector.getTile", "tiles",
                {"type": "string", "format": "binary"},
                [_collection(tiled), GRID, *TILE], type=tilesets.MVT, page=False,
            ),
            "/collections/{collectionId}/file": _file(request, names),
            "/files/{fileId}": _get("getFileState", "files", FILE_STATE, [FILE_ID, F]),
            "/files/{fileId}/file": _get(
                "getFile", "files", {"type": "string", "format": "binary"}, [FILE_ID],
                type="application/octet-stream", page=False,
            ),
            "/tileMatrixSets": _get("getTileMatrixSetsList", "tiles", ANYTHING, [F_JSON]),
            "/tileMatrixSets/{tileMatrixSetId}": _get(
                "getTileMatrixSet", "tiles", ANYTHING, [GRID, F_JSON]
            ),
            "/api": _get("getApi", "root", ANYTHING, [F], type=OPENAPI),
        },
        "components": {
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "bearer": {"type": "http", "scheme": "bearer"},
            }
        },
    }  # fmt: skip


def _get(
    operation: str,
    tag: str,
    schema: dict,
    parameters: list,
    *,
    type: str = JSON,
    page: bool = True,
) -> dict[str, Any]:
    content = {type: {"schema": schema}, **(PAGE if page else {})}
    problems = _problems("400", "401", "403", "404")
    return {
        "get": {
            "operationId": operation,
            "tags": [tag],
            "summary": operation,
            "parameters": parameters,
            "responses": {
                "200": {"description": "OK", "content": content},
                "302": {
                    "description": "A browser is sent to the page where one signs in."
                },
                **problems,
            },
        }
    }


def _problems(*statuses: str) -> dict[str, Any]:
    return {
        status: {"description": said, "content": {JSON: {"schema": PROBLEM}}}
        for status, said in PROBLEMS.items()
        if status in statuses
    }


def _file(request: TownRequest, names: list[str]) -> dict[str, Any]:
    """A layer as a file: a small one at once, a large one asked for and fetched later."""
    known = [each.uri for each in crs.systems(request.municipality)]
    asked: dict[str, dict[str, Any]] = {
        "format": {"type": "string", "enum": list(FORMATS)},
        "crs": {"type": "string", "format": "uri", "enum": known},
        "zone": {"type": "string", "description": "The code of a zone."},
        "bbox": {"type": "string", "description": "west,south,east,north"},
        "filter": {"type": "string"},
        "filter-lang": {"type": "string", "enum": list(LANGUAGES)},
    }
    form = {"type": "object", "required": ["format"], "properties": asked}
    started = {
        "description": "The file is being written; ask at Location for its state.",
        "headers": {"Location": {"schema": {"type": "string", "format": "uri"}}},
        "content": {JSON: {"schema": FILE_STATE}},
    }
    found = _get(
        "getLayerFile", "files", {"type": "string", "format": "binary"},
        [_collection(names), *(
            _parameter(name, schema, required=name == "format")
            for name, schema in asked.items()
        )],
        type="application/octet-stream",
    )  # fmt: skip
    found["get"]["responses"] |= _problems("413")
    return found | {
        "post": {
            "operationId": "startLayerFile",
            "tags": ["files"],
            "summary": "startLayerFile",
            "description": "Programs bring a key, which needs no other proof.",
            "security": [{"basic": []}, {"bearer": []}],
            "parameters": [_collection(names)],
            "requestBody": {
                "required": True,
                "content": {"application/x-www-form-urlencoded": {"schema": form}},
            },
            "responses": {
                "202": started, **_problems("400", "401", "403", "404"),
            },
        }
    }  # fmt: skip


def _parameter(name: str, schema: dict, place: str = "query", **more: Any) -> dict:
    required = place == "path"
    said = {"name": name, "in": place, "required": required, "schema": schema}
    return said | more


F = _parameter("f", {"type": "string", "enum": ["json", "html"]})
F_JSON = _parameter("f", {"type": "string", "enum": ["json"]})
FEATURE_ID = _parameter("featureId", {"type": "string"}, "path")
FILE_ID = _parameter("fileId", {"type": "string", "format": "uuid"}, "path")
GRID = _parameter(
    "tileMatrixSetId", {"type": "string", "enum": [tilesets.GRID]}, "path"
)
TILE = [
    _parameter(name, {"type": "integer", "minimum": 0}, "path")
    for name in ("tileMatrix", "tileRow", "tileCol")
]
LIST: dict[str, Any] = {"style": "form", "explode": False}


def _collection(names: list[str]) -> dict[str, Any]:
    return _parameter("collectionId", {"type": "string", "enum": names}, "path")


def _crs(request: TownRequest, name: str) -> dict[str, Any]:
    known = [each.uri for each in crs.systems(request.municipality)]
    return _parameter(
        name,
        {"type": "string", "format": "uri", "enum": known, "default": crs.OGC},
        **LIST,
    )


def _items(request: TownRequest, layers: list[Layer]) -> list[dict[str, Any]]:
    whole = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}
    box = {
        "type": "array",
        "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
        "items": {"type": "number"},
    }
    return [
        F,
        _parameter("limit", whole, **LIST),
        _parameter("bbox", box, **LIST),
        _parameter("datetime", TEXT, **LIST),
        _crs(request, "crs"),
        _crs(request, "bbox-crs"),
        _parameter("filter", TEXT),
        _parameter("filter-lang", {"type": "string", "enum": list(LANGUAGES)}),
        _crs(request, "filter-crs"),
        _parameter("sortby", {"type": "array", "items": TEXT}, **LIST),
        _parameter("after", TEXT),
        *_fields(layers),
    ]


def _fields(layers: list[Layer]) -> list[dict[str, Any]]:
    """Each field that some layer can be asked by; others refuse it."""
    known: dict[str, Field] = {}
    for layer in layers:
        known.update((each.name, each) for each in filterable(layer))
    return [
        _parameter(name, {"type": tilesets.JSON_TYPES[each.type]})
        for name, each in known.items()
    ]

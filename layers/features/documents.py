"""What the API says of itself: landing page, conformance, collections, tile sets."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from layers.features import crs, tilesets
from layers.features.access import GEOJSON, HTML, JSON
from layers.features.pages import Extent, read_extent
from layers.features.selection import Selection, filterable
from layers.geography.access import TownRequest
from layers.geography.declaration import Layer
from layers.geography.models import Municipality, Raster
from layers.maps.models import LayerVersion

OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
SCHEMA = "application/schema+json"
RELATION = "http://www.opengis.net/def/rel/ogc/1.0/"
FEATURES = "http://www.opengis.net/spec/ogcapi-features"
CONFORMANCE = (
    *(f"{FEATURES}-1/1.0/conf/{name}" for name in ("core", "oas30", "html", "geojson")),
    f"{FEATURES}-2/1.0/conf/crs",
    *(
        f"{FEATURES}-3/1.0/conf/{name}"
        for name in (
            "queryables",
            "queryables-query-parameters",
            "filter",
            "features-filter",
        )
    ),
    *(
        f"http://www.opengis.net/spec/cql2/1.0/conf/{name}"
        for name in (
            *("cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators"),
            *(
                "case-insensitive-comparison",
                "basic-spatial-functions",
                "spatial-functions",
            ),
        )
    ),
    *(
        f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}"
        for name in (
            "core",
            "tileset",
            "tilesets-list",
            "geodata-tilesets",
            "mvt",
            "oas30",
        )
    ),
)


def href(request: TownRequest, name: str, *more: Any) -> str:
    """The whole address of one of our routes in the request's municipality."""
    path = reverse(f"features:{name}", args=[request.municipality.slug, *more])
    return request.build_absolute_uri(path)


def link(href: str, rel: str, type: str = JSON, title: Any = "") -> dict[str, Any]:
    language = get_language() or "ar"
    said = {"href": href, "rel": rel, "type": type, "hreflang": language}
    return {**said, "title": str(title)} if title else said


def own_links(request: HttpRequest, other: str = HTML, this: str = JSON) -> list:
    """Itself, and itself in the other form."""
    here = request.build_absolute_uri()
    query = request.GET.copy()
    query["f"] = "html" if other == HTML else "json"
    there = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return [link(here, "self", this), link(there, "alternate", other)]


def landing(request: TownRequest) -> dict[str, Any]:
    town = request.municipality
    return {
        "title": _("Layers of %s") % town.name,
        "description": _("Places and published figures of the municipality, to read."),
        "attribution": attribution(None, town),
        "links": [
            *own_links(request),
            link(href(request, "api"), "service-desc", OPENAPI, _("What can be asked")),
            link(href(request, "programs"), "service-doc", HTML, _("Open in QGIS")),
            link(
                href(request, "conformance"), "conformance", title=_("Standards kept")
            ),
            link(href(request, "collections"), "data", title=_("Layers")),
            link(
                href(request, "grids"),
                f"{RELATION}tiling-schemes",
                title=_("Grids of tiles"),
            ),
        ],
    }


def conformance(request: TownRequest) -> dict[str, Any]:
    return {"links": own_links(request), "conformsTo": list(CONFORMANCE)}


def attribution(layer: Layer | Raster | None, town: Municipality) -> str:
    if layer is not None and layer.attribution:
        return str(layer.attribution)
    return _("Municipality of %(name)s") % {"name": town.name}


def licence(layer: Layer | Raster) -> str:
    return layer.licence or _("All rights reserved: ask the municipality before reuse.")


def extent_of(layer: Layer, town: Municipality) -> Extent:
    """Kept until the layer's next version."""
    version = LayerVersion.objects.of_layers([layer], town)[layer.name]
    key = f"extent-{town.pk}-{layer.name}-{version}"
    found = cache.get(key)
    if found is None:
        found = read_extent(Selection(layer, town))
        cache.set(key, found, None)
    return found


def collections(request: TownRequest, layers: list[Layer]) -> dict[str, Any]:
    town = request.municipality
    return {
        "links": own_links(request),
        "crs": [each.uri for each in crs.systems(town)],
        "collections": [collection(request, layer, listed=True) for layer in layers],
    }


def collection(
    request: TownRequest, layer: Layer, *, listed: bool = False
) -> dict[str, Any]:
    town = request.municipality
    extent = extent_of(layer, town)
    here = href(request, "collection", layer.name)
    links = [link(here, "self"), link(f"{here}?f=html", "alternate", HTML)]
    items = href(request, "items", layer.name)
    links += [
        link(items, "items", GEOJSON, layer.title),
        link(f"{items}?f=html", "items", HTML, layer.title),
        link(
            href(request, "queryables", layer.name),
            f"{RELATION}queryables",
            SCHEMA,
            _("Fields to filter by"),
        ),
        link(href(request, "layer_file", layer.name), "enclosure", HTML, _("Download")),
    ]
    if layer.tiled:
        links.append(
            link(
                href(request, "tilesets", layer.name),
                f"{RELATION}tilesets-vector",
                title=_("Vector tiles"),
            )
        )
    return {
        "id": layer.name,
        "title": str(layer.title),
        "attribution": attribution(layer, town),
        "license": licence(layer),
        "itemType": "feature",
        "extent": _extent(extent),
        "crs": ["#/crs"] if listed else [each.uri for each in crs.systems(town)],
        "storageCrs": crs.OGC,
        "links": links,
    }


def _extent(extent: Extent) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if extent.box:
        said["spatial"] = {"bbox": [extent.box], "crs": crs.OGC}
    if extent.time:
        moments = [f"{day}T00:00:00Z" for day in extent.time]
        said["temporal"] = {
            "interval": [moments],
            "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
        }
    return said


def queryables(request: TownRequest, layer: Layer) -> dict[str, Any]:
    shape = {"point": "point", "line": "multilinestring", "polygon": "multipolygon"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": href(request, "queryables", layer.name),
        "type": "object",
        "title": str(layer.title),
        "properties": {
            **dict(tilesets.schema_of(tuple(filterable(layer)))),
            "geometry": {"format": f"geometry-{shape[layer.geometry]}"},
        },
        "additionalProperties": False,
    }


def tileset_list(request: TownRequest, layer: Layer) -> dict[str, Any]:
    return {"links": own_links(request)[:1], "tilesets": [_tileset(request, layer)]}


def _tileset(request: TownRequest, layer: Layer) -> dict[str, Any]:
    grid = href(request, "grid", tilesets.GRID)
    return {
        "title": str(layer.title),
        "dataType": "vector",
        "crs": tilesets.CRS_URI,
        "tileMatrixSetURI": tilesets.GRID_URI,
        "links": [
            link(href(request, "tileset", layer.name, tilesets.GRID), "self"),
            link(grid, f"{RELATION}tiling-scheme"),
        ],
    }


def tileset(request: TownRequest, layer: Layer) -> dict[str, Any]:
    said = _tileset(request, layer)
    base = href(request, "tileset", layer.name, tilesets.GRID)
    tiles = {
        "href": f"{base}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}",
        "rel": "item",
        "type": tilesets.MVT,
        "templated": True,
    }
    box = extent_of(layer, request.municipality).box
    return {
        **said,
        "links": [*said["links"], tiles],
        "attribution": attribution(layer, request.municipality),
        "license": licence(layer),
        "tileMatrixSetLimits": tilesets.limits(layer, box),
        "layers": [tilesets.content(layer)],
    }


def grids(request: TownRequest) -> dict[str, Any]:
    return {
        "links": own_links(request)[:1],
        "tileMatrixSets": [
            {
                "id": tilesets.GRID,
                "uri": tilesets.GRID_URI,
                "links": [link(href(request, "grid", tilesets.GRID), "self")],
            }
        ],
    }

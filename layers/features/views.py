"""OGC API – Features and Tiles, as JSON for programs and as pages for people."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from layers.features import crs, documents, openapi, tilesets
from layers.features.access import (
    GEOJSON,
    JSON,
    answers,
    asks_for_html,
    note_use,
    visible_layer,
    wants_html,
)
from layers.features.listing import Wanted, listed, listed_rasters
from layers.features.packing import gzipped
from layers.features.pages import Page, Question, read_feature, read_page
from layers.features.selection import filterable, no_others
from layers.geography.access import TownRequest
from layers.geography.declaration import Layer, Subject
from layers.geography.tenancy import outside_transaction_if, tenant
from layers.maps import views as maps
from layers.maps.catalogue import layers_of, visible_layers
from layers.maps.models import LayerVersion

# Changes when the same features are told differently.
EDITION = "1"


def _json(said: dict[str, Any], type: str = JSON) -> HttpResponse:
    response = JsonResponse(
        said, content_type=type, json_dumps_params={"ensure_ascii": False}
    )
    response["Cache-Control"] = "private, no-cache"
    return response


def _visible(request: TownRequest) -> list[Layer]:
    return list(visible_layers(request.user, request.municipality))


def _page(request: TownRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, f"features/{name}.html", context)
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
@answers
def landing(request: TownRequest, municipality: str) -> HttpResponse:
    if wants_html(request):
        return _layers_page(request)
    no_others(request.GET, ["f"])
    return _json(documents.landing(request))


def _layers_page(request: TownRequest) -> HttpResponse:
    no_others(request.GET, ["f", "q", "subject"])
    town = request.municipality
    wanted = Wanted.asked(request.GET)
    layers = _visible(request)
    rasters = list(listed_rasters(town, request.user, Wanted()))
    there = {each.subject for each in layers} | {x.shown.kind.subject for x in rasters}
    context = {
        "rows": list(listed(town, layers, wanted)),
        "rasters": list(listed_rasters(town, request.user, wanted)),
        "wanted": wanted,
        "subjects": [each for each in Subject if each in there],
        "origin": request.build_absolute_uri("/").rstrip("/"),
    }
    return _page(request, "landing", context)


@require_safe
@answers
def conformance(request: TownRequest, municipality: str) -> HttpResponse:
    no_others(request.GET, ["f"])
    said = documents.conformance(request)
    if wants_html(request):
        return _page(request, "conformance", {"classes": said["conformsTo"]})
    return _json(said)


@require_safe
@answers
def api(request: TownRequest, municipality: str) -> HttpResponse:
    no_others(request.GET, ["f"])
    said = openapi.document(request, _visible(request))
    if wants_html(request):
        return _page(request, "api", {"paths": _told(said)})
    return _json(said, documents.OPENAPI)


def _told(said: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Each address with its verb where that is not GET, and what it takes."""
    told = []
    for path, verbs in said["paths"].items():
        for verb, operation in verbs.items():
            names = [each["name"] for each in operation["parameters"]]
            bodies = operation.get("requestBody", {}).get("content", {}).values()
            for body in bodies:
                names += body["schema"]["properties"]
            told.append((path if verb == "get" else f"{verb.upper()} {path}", names))
    return told


@require_safe
@answers
def collections(request: TownRequest, municipality: str) -> HttpResponse:
    no_others(request.GET, ["f"])
    if wants_html(request):
        return _layers_page(request)
    return _json(documents.collections(request, _visible(request)))


@require_safe
@answers
def collection(request: TownRequest, municipality: str, name: str) -> HttpResponse:
    no_others(request.GET, ["f"])
    layer = visible_layer(request, name)
    said = documents.collection(request, layer)
    if not wants_html(request):
        return _json(said)
    context = {
        "layer": layer,
        "said": said,
        "extent": documents.extent_of(layer, request.municipality),
        "fields": layer.fields,
        "filterable": filterable(layer),
        "items": documents.href(request, "items", layer.name),
    }
    return _page(request, "collection", context)


@require_safe
@answers
def queryables(request: TownRequest, municipality: str, name: str) -> HttpResponse:
    no_others(request.GET, ["f"])
    layer = visible_layer(request, name)
    if wants_html(request):
        return _page(
            request, "queryables", {"layer": layer, "fields": filterable(layer)}
        )
    return _json(documents.queryables(request, layer), documents.SCHEMA)


def _public_json(request: TownRequest, name: str, **_more: str) -> bool:
    """Whether this is a program's question that needs nothing but the features."""
    layer = layers_of(None).get(name)
    return (
        layer is not None
        and layer.permission is None
        and request.method in {"GET", "HEAD"}
        and "Authorization" not in request.headers
        and not asks_for_html(request)
    )


@outside_transaction_if(_public_json)
@gzipped
@require_safe
@answers
def items(request: TownRequest, municipality: str, name: str) -> HttpResponseBase:
    layer = visible_layer(request, name)
    html = wants_html(request)
    asked = Question.read(layer, request.municipality, request.GET)
    note_use(request, layer, "features")
    if html:
        return _items_page(request, layer, asked)
    etag = _etag(request, layer)
    known = get_conditional_response(request, etag=etag)
    response = known or HttpResponse(_features(request, asked), GEOJSON)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["Content-Crs"] = f"<{asked.system.uri}>"
    return response


def _etag(request: TownRequest, layer: Layer) -> str:
    """Stays while the layer's tables, the question and our way of telling do."""
    version = LayerVersion.objects.of_layers([layer], request.municipality)[layer.name]
    said = (EDITION, version, request.build_absolute_uri(), get_language())
    return f'W/"{hashlib.sha256(repr(said).encode()).hexdigest()[:24]}"'


def _next(request: TownRequest, after: str) -> str:
    query = request.GET.copy()
    query["after"] = after
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def _page_of(request: TownRequest, asked: Question) -> Page:
    """How many a whole layer has is known from its last change."""
    page = read_page(asked)
    if asked.selection.bound or not asked.first or page.matched is not None:
        return page
    with tenant(request.municipality):
        extent = documents.extent_of(asked.selection.layer, request.municipality)
    return replace(page, matched=extent.count)


def _features(request: TownRequest, asked: Question) -> str:
    page = _page_of(request, asked)
    links = documents.own_links(request, this=GEOJSON)
    layer = asked.selection.layer
    links.append(
        documents.link(
            documents.href(request, "collection", layer.name),
            "collection",
            title=layer.title,
        )
    )
    if page.after:
        links.append(documents.link(_next(request, page.after), "next", GEOJSON))
    head: dict[str, Any] = {
        "type": "FeatureCollection",
        "timeStamp": timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "numberReturned": len(page.features),
        "links": links,
    }
    if page.matched is not None:
        head["numberMatched"] = page.matched
    said = json.dumps(head, ensure_ascii=False)
    return f'{said[:-1]},"features":[{",".join(page.features)}]}}'


def _items_page(request: TownRequest, layer: Layer, asked: Question) -> HttpResponse:
    page = _page_of(request, asked)
    found = [json.loads(feature) for feature in page.features]
    context = {
        "layer": layer,
        "rows": [
            (each["id"], [each["properties"][x.name] for x in layer.fields])
            for each in found
        ],
        "matched": page.matched,
        "next": _next(request, page.after) if page.after else "",
        "json": f"{request.path}?{_query(request, f='json')}",
    }
    return _page(request, "items", context)


def _query(request: TownRequest, **changed: str) -> str:
    query = request.GET.copy()
    for name, value in changed.items():
        query[name] = value
    return query.urlencode()


@require_safe
@answers
def feature(
    request: TownRequest, municipality: str, name: str, pk: str
) -> HttpResponse:
    no_others(request.GET, ["f", "crs"])
    layer = visible_layer(request, name)
    html = wants_html(request)
    system = crs.asked("crs", request.GET.get("crs"), request.municipality)
    number = int(pk) if pk.isascii() and pk.isdecimal() and len(pk) < 19 else -1
    found = read_feature(layer, request.municipality, number, system)
    if found is None:
        raise Http404(_("The layer “%s” has no such feature.") % layer.title)
    if html:
        said = json.loads(found)
        values = [(each, said["properties"][each.name]) for each in layer.fields]
        return _page(request, "feature", {"layer": layer, "pk": pk, "values": values})
    links = documents.own_links(request, this=GEOJSON)
    here = documents.href(request, "collection", layer.name)
    links.append(documents.link(here, "collection", title=layer.title))
    text = f'{found[:-1]},"links":{json.dumps(links, ensure_ascii=False)}}}'
    response = HttpResponse(text, GEOJSON)
    response["Content-Crs"] = f"<{system.uri}>"
    response["Cache-Control"] = "private, no-cache"
    return response


# -- tiles -------------------------------------------------------------------------------


def _tiled(request: TownRequest, name: str) -> Layer:
    layer = visible_layer(request, name)
    if not layer.tiled:
        raise Http404(_("The layer “%s” has no tiles.") % layer.title)
    return layer


def _in_grid(grid: str) -> None:
    if grid != tilesets.GRID:
        raise Http404(_("Tiles have one grid: %s.") % tilesets.GRID)


@require_safe
@answers
def tileset_list(request: TownRequest, municipality: str, name: str) -> HttpResponse:
    return _json(documents.tileset_list(request, _tiled(request, name)))


@require_safe
@answers
def tileset(
    request: TownRequest, municipality: str, name: str, grid: str
) -> HttpResponse:
    _in_grid(grid)
    return _json(documents.tileset(request, _tiled(request, name)))


@require_safe
@answers
def tile(
    request: TownRequest,
    municipality: str,
    name: str,
    grid: str,
    **at: int,
) -> HttpResponseBase:
    """The same tile as under the map's own address, under the standard's."""
    _in_grid(grid)
    layer = _tiled(request, name)
    present = LayerVersion.objects.of_layers([layer], request.municipality)[name]
    return maps.tile(
        request,
        municipality,
        name,
        present,
        z=at["matrix"],
        x=at["column"],
        y=at["row"],
    )


@require_safe
@answers
def grids(request: TownRequest, municipality: str) -> HttpResponse:
    return _json(documents.grids(request))


@require_safe
@answers
def grid(request: TownRequest, municipality: str, grid: str) -> HttpResponse:
    _in_grid(grid)
    return _json(tilesets.grid())

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from isal import igzip

from layers.geography.access import requires
from layers.geography.declaration import Layer
from layers.geography.models import Municipality
from layers.geography.statements import find
from layers.geography.tenancy import set_tenant
from layers.indicators.clusters import clusters_of
from layers.indicators.errors import NoPattern
from layers.indicators.models import Estimate
from layers.maps import tiles
from layers.maps.cache import Key, Tile
from layers.maps.catalogue import layer_named, may_see, visible_layers
from layers.maps.desk import Profile, View, rounds, themes
from layers.maps.downloads import layer_file, view_csv, view_features
from layers.maps.folium_page import folium_page
from layers.maps.layer_list import listed_layers, picture
from layers.maps.models import tile_version
from layers.maps.raster_tiles import shown_rasters
from layers.maps.town_map import town_map
from layers.maps.zone_tables import StatisticsTable, cluster_rows

FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def tile(
    request: HttpRequest, town: str, layer: str, version: str, *, z: int, x: int, y: int
) -> HttpResponse:
    """A tile's present content, to be kept for ever where that is `version`'s too.

    The address says `town` where others say `municipality`, so that the
    middleware leaves it alone: a tile in the cache is answered without a query.
    """
    declared = layer_named(layer)
    tiles.check_address(declared, z, x, y)
    public = declared.permission is None
    key = (town, layer, version, z, x, y)
    if public and (found := tiles.kept(key, public=True)):
        return _answer(request, found, FOR_EVER)
    municipality = find(Municipality, slug=town)
    if municipality is None:
        raise Http404(town)
    set_tenant(municipality)
    _refuse_strangers(request, declared, municipality)
    # The version is read before the rows: newer rows under an older version are only
    # cut again, older ones under a newer would stay.
    known = tile_version(declared, municipality, z=z, x=x, y=y)
    key = (town, layer, known.name, z, x, y)
    found = tiles.kept(key, public=public)
    if found is None:
        found = tiles.render(layer=declared, municipality=municipality, z=z, x=x, y=y)
        tiles.keep(key, found, public=public)
    if not public:
        return _by_proxy(request, key) or _answer(request, found, "private, no-store")
    return _answer(request, found, FOR_EVER if known.covers(version) else "no-cache")


def _refuse_strangers(
    request: HttpRequest, layer: Layer, municipality: Municipality
) -> None:
    if not may_see(layer, request.user, municipality):
        raise PermissionDenied(
            _("The layer “%(layer)s” is for the staff of this municipality.")
            % {"layer": layer.title}
        )


def _by_proxy(request: HttpRequest, key: Key) -> HttpResponse | None:
    """A staff tile named to nginx, which sends it from the disk: see deploy/nginx.conf."""
    if request.headers.get("X-Sendfile-Type") != "X-Accel-Redirect":
        return None
    path = tiles.disk(public=False).path(key)
    if not path.exists():
        return None
    response = HttpResponse(content_type="application/vnd.mapbox-vector-tile")
    name = path.relative_to(tiles.disk(public=False).root).with_suffix("")
    response["X-Accel-Redirect"] = f"/tiles-of-the-staff/{name}"
    response["Cache-Control"] = "private, no-store"
    return response


def _answer(request: HttpRequest, found: Tile, caching: str) -> HttpResponse:
    gzipped = "gzip" in request.headers.get("Accept-Encoding", "")
    etag = found.etag if gzipped else found.etag[:-1] + '-plain"'
    content = found.content if gzipped else igzip.decompress(found.content)
    response = HttpResponse(content, "application/vnd.mapbox-vector-tile")
    if gzipped:
        response["Content-Encoding"] = "gzip"
    response["ETag"] = etag
    response["Cache-Control"] = caching
    patch_vary_headers(response, ["Accept-Encoding"])
    return get_conditional_response(request, etag=etag, response=response) or response


def _cached(
    request: HttpRequest, view: View, make: Callable[[], HttpResponse]
) -> HttpResponse:
    """A release is frozen, so what the browser holds of a view stays right."""
    known = get_conditional_response(request, etag=view.etag)
    response = known or make()
    response["ETag"] = view.etag
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
@requires("indicators.view_estimates")
def desk(request: HttpRequest, municipality: str) -> HttpResponse:
    """The planner's page; `?view=table` says the same without a map or scripts."""
    town = request.municipality
    if not rounds(town):
        return render(request, "maps/desk_empty.html")
    view = View.asked(town, request.GET)
    shown = (view.layer, f"{view.layer}_labels", "outlines", "parcels", "facilities")
    code = request.GET.get("zone")
    context = {
        "view": view,
        "legend": view.legend(),
        "themes": themes(view),
        "breakdowns": Estimate.Breakdown.choices,
        "query": urlencode(view.query),
        "profile": Profile.asked(view, code) if code else None,
        "layers": list(visible_layers(request.user, town)),
    }
    if request.GET.get("view") == "table":
        part = "#table" if request.htmx else ""
        return render(request, f"maps/desk_table.html{part}", context)
    context["map"] = town_map(town, request.user, shown)
    context["values"] = view.values()
    context["words"] = {
        "copied": _("The link is copied."),
        "failed": _("The figures did not arrive. Try again."),
        "zones": view.layer,
    }
    return render(request, "maps/desk.html", context)


@require_safe
@requires("indicators.view_estimates")
def values(request: HttpRequest, municipality: str) -> HttpResponse:
    """One view's figures by zone code, joined in the browser to the tiles."""
    view = View.asked(request.municipality, request.GET)
    return _cached(request, view, lambda: JsonResponse(view.values()))


@require_safe
@requires("indicators.view_estimates")
def zone(request: HttpRequest, municipality: str, code: str) -> HttpResponse:
    """All figures of a zone, as a page or as the desk's panel."""
    view = View.asked(request.municipality, request.GET)
    context = {
        "view": view,
        "query": urlencode(view.query),
        "profile": Profile.asked(view, code),
    }
    part = "#profile" if request.htmx else ""
    return render(request, f"maps/zone_detail.html{part}", context)


@require_safe
@requires("indicators.view_estimates")
def statistics(request: HttpRequest, municipality: str) -> HttpResponse:
    """What rasters say of the zones: people, hazards, ways on foot."""
    table = StatisticsTable.of(request.municipality)
    return render(request, "maps/zone_statistics.html", {"table": table})


@require_safe
def layers(request: HttpRequest, municipality: str) -> HttpResponse:
    """The public catalogue: every layer, who may see it, and where it is to be had."""
    town = request.municipality
    context = {
        "layers": list(listed_layers(town, request.user)),
        "rasters": list(shown_rasters(town, request.user)),
        "picture": picture(town),
        "origin": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "maps/layer_list.html", context)


@require_safe
@requires("indicators.view_estimates")
def clusters(request: HttpRequest, municipality: str) -> HttpResponse:
    """Where an indicator's zones resemble their neighbours."""
    view = View.asked(request.municipality, request.GET)
    context = {
        "view": view,
        "legend": view.legend(),
        "themes": themes(view),
        "breakdowns": Estimate.Breakdown.choices,
        "query": urlencode(view.query),
    }
    try:
        found = clusters_of(
            view.release, indicator=view.indicator.code, breakdown=view.breakdown
        )
    except NoPattern as refused:
        context["refused"] = refused.messages
    else:
        context |= {"moran": found.pattern.moran, "rows": cluster_rows(found)}
    return render(request, "maps/clusters.html", context)


@require_safe
@requires("indicators.view_estimates")
def download_view(request: HttpRequest, municipality: str, form: str) -> HttpResponse:
    view = View.asked(request.municipality, request.GET)
    make = {"csv": _view_csv, "geojson": _view_geojson, "html": _view_page}[form]
    response = make(view)
    name = "-".join((municipality, *view.query.values())).replace(":", "-")
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    response["Cache-Control"] = "private, no-cache"
    return response


def _view_csv(view: View) -> HttpResponse:
    return HttpResponse(view_csv(view), "text/csv; charset=utf-8")


def _view_geojson(view: View) -> HttpResponse:
    return JsonResponse(
        view_features(view),
        content_type="application/geo+json",
        json_dumps_params={"ensure_ascii": False},
    )


def _view_page(view: View) -> HttpResponse:
    return HttpResponse(folium_page(view))


@require_safe
def download_layer(
    request: HttpRequest, municipality: str, layer: str, form: str
) -> FileResponse:
    declared = layer_named(layer)
    _refuse_strangers(request, declared, request.municipality)
    types = {"csv": "text/csv; charset=utf-8", "geojson": "application/geo+json"}
    response = FileResponse(
        layer_file(declared, request.municipality, form),
        content_type=types[form],
        as_attachment=True,
        filename=f"{municipality}-{layer}.{form}",
    )
    response["Cache-Control"] = "private, no-cache"
    return response

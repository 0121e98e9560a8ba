from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
)
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from isal import igzip

from layers.geography.declaration import Layer
from layers.geography.models import Municipality
from layers.geography.statements import find
from layers.geography.tenancy import outside_transaction, set_tenant
from layers.maps import tiles
from layers.maps.cache import Key, Tile
from layers.maps.catalogue import layer_named, layers_of, may_see, no_layer
from layers.maps.downloads import layer_file
from layers.maps.errors import TooManyFeatures
from layers.maps.events import layer_used
from layers.maps.folium_page import layer_page
from layers.maps.models import tile_version, town_and_version

FOR_EVER = "public, max-age=31536000, immutable"


@outside_transaction
@require_safe
def tile(
    request: HttpRequest, town: str, layer: str, version: str, *, z: int, x: int, y: int
) -> HttpResponse:
    """A tile's present content, to be kept for ever where that is `version`'s too.

    A public tile in the cache is answered without a word to the database.
    """
    declared = layers_of(None).get(layer)
    if declared is not None:
        tiles.check_address(declared, z, x, y)
    if declared is not None and declared.permission is None:
        if found := tiles.kept((town, layer, version, z, x, y), public=True):
            return _answer(request, found, FOR_EVER)
        return _public(request, declared, town, version, z=z, x=x, y=y)
    with transaction.atomic():
        municipality = _town(town)
        set_tenant(municipality)
        declared = declared or layer_named(layer, municipality)
        _refuse_strangers(request, declared, municipality)
        tiles.check_address(declared, z, x, y)
        # The version is read before the rows: newer rows under an older version are
        # only cut again, older ones under a newer would stay.
        known = tile_version(declared, municipality, z=z, x=x, y=y)
        key = (town, layer, known.name, z, x, y)
        found = tiles.kept(key, public=False)
        if found is None:
            found = tiles.render(
                layer=declared, municipality=municipality, z=z, x=x, y=y
            )
            tiles.keep(key, found, public=False)
    # What everyone may see for now is asked for anew each time.
    caching = "private, no-store" if declared.permission else "no-cache"
    return _by_proxy(request, key, caching) or _answer(request, found, caching)


def _public(
    request: HttpRequest,
    layer: Layer,
    town: str,
    version: str,
    *,
    z: int,
    x: int,
    y: int,
) -> HttpResponse:
    """Cut, answered, and only then written to the disk."""
    asked = town_and_version(layer, town, z=z, x=x, y=y)
    if asked is None:
        raise Http404(town)
    municipality, known = asked
    key = (town, layer.name, known.name, z, x, y)
    caching = FOR_EVER if known.covers(version) else "no-cache"
    if found := tiles.kept(key, public=True):
        return _answer(request, found, caching)
    found = tiles.render(layer=layer, municipality=municipality, z=z, x=x, y=y)
    tiles.keep_here(key, found)
    response = _answer(request, found, caching)
    if isinstance(response, _Tile):
        response.keep = key, found
    else:
        tiles.keep_on_disk(key, found, public=True)
    return response


class _Tile(HttpResponse):
    """`keep` is a public tile that goes to the disk when its last byte is out."""

    keep: tuple[Key, Tile] | None = None

    def close(self) -> None:
        super().close()
        if self.keep is not None:
            (key, tile), self.keep = self.keep, None
            tiles.keep_on_disk(key, tile, public=True)


def _town(slug: str) -> Municipality:
    municipality = find(Municipality, slug=slug)
    if municipality is None:
        raise Http404(slug)
    return municipality


def _refuse_strangers(
    request: HttpRequest, layer: Layer, municipality: Municipality
) -> None:
    if may_see(layer, request.user, municipality):
        return
    if layer.revocable:
        raise no_layer(layer.name)
    raise PermissionDenied(
        _("The layer “%(layer)s” is for the staff of this municipality.")
        % {"layer": layer.title}
    )


def _by_proxy(request: HttpRequest, key: Key, caching: str) -> HttpResponse | None:
    """A staff tile named to nginx, which sends it from the disk: see deploy/nginx.conf."""
    if request.headers.get("X-Sendfile-Type") != "X-Accel-Redirect":
        return None
    path = tiles.disk(public=False).path(key)
    if not path.exists():
        return None
    response = HttpResponse(content_type="application/vnd.mapbox-vector-tile")
    name = path.relative_to(tiles.disk(public=False).root).with_suffix("")
    response["X-Accel-Redirect"] = f"/tiles-of-the-staff/{name}"
    response["Cache-Control"] = caching
    return response


def _answer(request: HttpRequest, found: Tile, caching: str) -> HttpResponse:
    gzipped = "gzip" in request.headers.get("Accept-Encoding", "")
    etag = found.etag if gzipped else found.etag[:-1] + '-plain"'
    content = found.content if gzipped else igzip.decompress(found.content)
    response = _Tile(content, content_type="application/vnd.mapbox-vector-tile")
    if gzipped:
        response["Content-Encoding"] = "gzip"
    response["ETag"] = etag
    response["Cache-Control"] = caching
    patch_vary_headers(response, ["Accept-Encoding"])
    return get_conditional_response(request, etag=etag, response=response) or response


@require_safe
def download_layer(
    request: HttpRequest, municipality: str, layer: str, form: str
) -> HttpResponseBase:
    declared = layer_named(layer, request.municipality)
    _refuse_strangers(request, declared, request.municipality)
    if form == "html":
        return _layer_page(request, declared)
    types = {"csv": "text/csv; charset=utf-8", "geojson": "application/geo+json"}
    _note_file(request, declared)
    response = FileResponse(
        layer_file(declared, request.municipality, form),
        content_type=types[form],
        as_attachment=True,
        filename=f"{municipality}-{layer}.{form}",
    )
    response["Cache-Control"] = "private, no-cache"
    return response


def _layer_page(request: HttpRequest, layer: Layer) -> HttpResponse:
    """One file with map and legend, which opens without network."""
    try:
        page = layer_page(layer, request.municipality)
    except TooManyFeatures as refused:
        said = " ".join(refused.messages)
        return render(request, "maps/desk_refused.html", {"said": said}, status=400)
    _note_file(request, layer)
    response = HttpResponse(page)
    name = f"{request.municipality.slug}-{layer.name}.html"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-cache"
    return response


def _note_file(request: HttpRequest, layer: Layer) -> None:
    layer_used.send(
        Layer,
        layer=layer,
        municipality=request.municipality,
        how="file",
        user=request.user,
        by_key=False,
    )

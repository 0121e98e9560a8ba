from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
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
from layers.maps.catalogue import layer_named, may_see
from layers.maps.downloads import layer_file
from layers.maps.models import TileVersion, tile_version

FOR_EVER = "public, max-age=31536000, immutable"


@outside_transaction
@require_safe
def tile(
    request: HttpRequest, town: str, layer: str, version: str, *, z: int, x: int, y: int
) -> HttpResponse:
    """A tile's present content, to be kept for ever where that is `version`'s too.

    A public tile in the cache is answered without a word to the database.
    """
    declared = layer_named(layer)
    tiles.check_address(declared, z, x, y)
    if declared.permission is None:
        if found := tiles.kept((town, layer, version, z, x, y), public=True):
            return _answer(request, found, FOR_EVER)
        found, known = _present(declared, _town(town), z=z, x=x, y=y)
        return _answer(
            request, found, FOR_EVER if known.covers(version) else "no-cache"
        )
    with transaction.atomic():
        municipality = _town(town)
        set_tenant(municipality)
        _refuse_strangers(request, declared, municipality)
        found, known = _present(declared, municipality, z=z, x=x, y=y)
    key = (town, layer, known.name, z, x, y)
    return _by_proxy(request, key) or _answer(request, found, "private, no-store")


def _town(slug: str) -> Municipality:
    municipality = find(Municipality, slug=slug)
    if municipality is None:
        raise Http404(slug)
    return municipality


def _present(
    layer: Layer, municipality: Municipality, *, z: int, x: int, y: int
) -> tuple[Tile, TileVersion]:
    """The version is read before the rows: newer rows under an older version are only
    cut again, older ones under a newer would stay.
    """
    known = tile_version(layer, municipality, z=z, x=x, y=y)
    key = (municipality.slug, layer.name, known.name, z, x, y)
    public = layer.permission is None
    found = tiles.kept(key, public=public)
    if found is None:
        found = tiles.render(layer=layer, municipality=municipality, z=z, x=x, y=y)
        tiles.keep(key, found, public=public)
    return found, known


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

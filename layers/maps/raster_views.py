from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from layers.geography.models import Municipality, Raster
from layers.geography.tenancy import outside_transaction
from layers.maps import raster_tiles, tiles
from layers.maps.errors import LostFile
from layers.maps.raster_tiles import Shown


@outside_transaction
@require_safe
def tile(
    request: HttpRequest, town: str, code: str, version: str, *, z: int, x: int, y: int
) -> HttpResponse:
    """A raster's tile, to be kept for ever under the version that is in force.

    Rasters and who works where stand in tables without row security, so that no
    municipality has to be named, and drawing holds no transaction open.
    """
    raster_tiles.check_place(z, x, y)
    municipality = get_object_or_404(Municipality.objects.defer("boundary"), slug=town)
    raster = Raster.objects.of(municipality).current().filter(code=code).first()
    if raster is None:
        raise Http404(_("There is no raster “%(code)s”.") % {"code": code})
    raster.municipality = municipality
    shown = Shown(raster)
    if not shown.kept:
        raise LostFile(code)
    if not shown.may_be_seen_by(request.user):
        raise PermissionDenied(
            _("The layer “%(layer)s” is for the staff of this municipality.")
            % {"layer": raster.name}
        )
    theme = raster_tiles.theme_of(version)
    current = raster_tiles.themed(shown.version, theme)
    key = (town, f"raster-{code}", current, z, x, y)
    found = tiles.cache.get(key)
    if found is None:
        found = raster_tiles.render(shown, theme=theme, z=z, x=x, y=y)
        tiles.cache.put(key, found)
    response = HttpResponse(found.content, "image/png")
    response["ETag"] = found.etag
    response["Cache-Control"] = _caching(shown, version == current)
    known = get_conditional_response(request, etag=found.etag, response=response)
    return known or response


def _caching(shown: Shown, current: bool) -> str:
    if shown.kind.permission is not None:
        return "private, no-store"
    if not current:
        return "no-cache"
    return "public, max-age=31536000, immutable"

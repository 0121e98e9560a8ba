from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse

from layers.maps.catalogue import layers_of
from layers.maps.tile_urls import TILE
from layers.maps.views import public_tile


class PublicTileMiddleware:
    """Answers for public tiles before session, language and forms are looked at, which
    such a tile does not depend on and which cost as much as cutting it.

    Whatever else it is asked goes on, an address without a tile too: that gets its
    error where errors are told.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return _tile(request) or self.get_response(request)


def _tile(request: HttpRequest) -> HttpResponse | None:
    if request.method not in {"GET", "HEAD"}:
        return None
    matched = TILE.pattern.match(request.path_info[1:])
    if matched is None:
        return None
    _rest, _unnamed, said = matched
    layer = layers_of(None).get(said.pop("layer"))
    if layer is None or layer.permission is not None:
        return None
    request.get_host()  # raises DisallowedHost for one that is not ours
    try:
        return public_tile(request, layer, **said)
    except Http404:
        return None

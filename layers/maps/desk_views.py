"""The planner's desk: its page, its figures, and what leaves it as a file."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from layers.geography.access import TownRequest, requires
from layers.geography.declaration import Layer
from layers.indicators.definitions.municipal import means_in
from layers.maps import areas
from layers.maps.area_profile import AreaProfile
from layers.maps.blocks import Block, blocks_of
from layers.maps.catalogue import layers_of, visible_layers
from layers.maps.desk import View, rounds, themes
from layers.maps.downloads import view_csv, view_features
from layers.maps.drawing import Drawing, Ground
from layers.maps.errors import UnfitView
from layers.maps.events import layer_used
from layers.maps.folium_page import folium_page
from layers.maps.groups import by_dimension
from layers.maps.likeness import Likeness
from layers.maps.modes import MODES, Shown, query_of, shown, spelled_out
from layers.maps.multiples import OVER, Multiples
from layers.maps.overlays import FIRST_FILTER, overlays
from layers.maps.palettes import all_colours
from layers.maps.paper import SCALES, Paper
from layers.maps.scheme import METHODS, PALETTES
from layers.maps.search import search
from layers.maps.town_map import town_map
from layers.maps.zone_profile import Profile
from layers.maps.zone_tables import StatisticsTable, cluster_rows

SHORTCUTS = {
    "/": gettext_lazy("search"),
    "z": gettext_lazy("to the list of zones; arrows move, Enter opens"),
    "j  k": gettext_lazy("next and former indicator"),
    ",  .": gettext_lazy("former and next round"),
    "t": gettext_lazy("table"),
    "m": gettext_lazy("small maps"),
    "a": gettext_lazy("draw an area"),
    "d": gettext_lazy("measure a distance"),
    "s": gettext_lazy("copy the link"),
    "+  −": gettext_lazy("nearer and farther, on the map"),
    "Esc": gettext_lazy("close, or stop drawing"),
    "?": gettext_lazy("these keys"),
}


def drawable(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Say what is wrong with the question: in JSON to a script, else on a page."""

    @wraps(view)
    def guarded(request: TownRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except UnfitView as unfit:
            said = " ".join(unfit.messages)
            if request.path.endswith(".json") or request.headers.get("HX-Request"):
                return JsonResponse({"error": said}, status=400)
            return render(request, "maps/desk_refused.html", {"said": said}, status=400)

    return guarded


def cached(
    request: HttpRequest, etag: str, make: Callable[[], HttpResponse]
) -> HttpResponse:
    """A release is frozen, so what the browser holds of a view stays right."""
    response = get_conditional_response(request, etag=etag) or make()
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


def choice(view: View) -> dict[str, Any]:
    """What the pages' forms offer."""
    return {
        "view": view,
        "themes": themes(view),
        "groups": by_dimension(view.groups),
        "query": urlencode(view.query),
    }


@require_safe
@requires("indicators.view_estimates")
@drawable
def desk(request: TownRequest, municipality: str) -> HttpResponse:
    """The planner's page; `?view=table` says the same without a map or scripts."""
    town = request.municipality
    if not rounds(town):
        return render(request, "maps/desk_empty.html")
    if full := spelled_out(request.GET):
        return redirect(f"{request.path}?{full.urlencode()}")
    view = View.asked(town, request.GET)
    picture = shown(view, request.GET)
    if code := request.GET.get("zone"):
        # Nothing stands under it: that is said here, not on a half-drawn page.
        AreaProfile.asked(view, code) or Profile.asked(view, code)
    context = {
        **choice(view),
        "query": urlencode(query_of(view, picture)),
        "picture": picture,
        "legend": picture.legend(),
        "values": picture.values(),
        "means": means_in(view.release).values(),
    }
    if request.GET.get("view") == "table":
        part = "#table" if request.headers.get("HX-Request") else ""
        return render(request, f"maps/desk_table.html{part}", context)
    offered = overlays(request.user, town, view.layer)
    _note_layers(request, {each["name"] for each in offered})
    context |= {
        "modes": MODES.items(),
        "methods": METHODS.items(),
        "palettes": PALETTES.items(),
        "counts": range(3, 8),
        "layers": list(visible_layers(request.user, town)),
        "map": town_map(town, request.user, _needed(view, offered)),
        # Seen before the map has arrived, and where there are no scripts.
        "first": _first(request, view, picture),
        "settings": _settings(view, offered),
        "last_round": len(view.rounds) - 1,
        "scales": [(each, f"1:{each:,}") for each in SCALES[:9]],
        "shortcuts": SHORTCUTS.items(),
    }
    return render(request, "maps/desk.html", context)


def _first(request: TownRequest, view: View, picture: Shown) -> Drawing:
    """As large as the map will be, to the zones' very edge, so that nothing jumps."""
    ground = Ground.of(view)
    palette, by_alpha = view.scheme.palette, bool(request.GET.get("alpha"))
    return Drawing(picture, ground, palette, by_alpha, box=ground.box(0))


def _note_layers(request: TownRequest, offered: set[str]) -> None:
    """Tell of the layers that the address switches on."""
    asked = {x.partition(":")[0] for x in request.GET.get("layers", "").split(",")}
    if not asked & offered:
        return
    known = layers_of(request.municipality)
    for name in asked & offered & known.keys():
        _note(request, known[name], "map")


def _note(request: TownRequest, layer: Layer, how: str) -> None:
    layer_used.send(
        Layer,
        layer=layer,
        municipality=request.municipality,
        how=how,
        user=request.user,
        by_key=False,
    )


def _needed(view: View, offered: list[dict[str, Any]]) -> list[str]:
    """Layers whose tiles the page may ask for."""
    names = [layer for each in offered for layer in each["sources"]]
    return list(dict.fromkeys((view.layer, f"{view.layer}_labels", *names)))


def _settings(view: View, offered: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "zones": view.layer,
        "town": _("Municipality of %(name)s") % {"name": view.municipality.name},
        "rounds": [
            {"code": each["code"], "title": each["title"]}
            for each in view.titled_rounds
        ],
        "overlays": offered,
        "filter": FIRST_FILTER,
        "colours": all_colours(),
        "words": {
            "copied": _("The link is copied."),
            "back": _("Back to “{indicator}”"),
            "failed": _("The figures did not arrive. Try again."),
            "no_webgl": _("This browser can't draw the map. The table says the same."),
            "nothing": _("Nothing was found. Try a shorter part of the name."),
            "up": _("Move up"),
            "down": _("Move down"),
            "opacity": _("Opacity"),
            "filter": _("Filter"),
            "any": _("all"),
            "names": _("Names"),
            "figures": _("Figures"),
            "remove": _("Take out"),
            "comment": _("Comment"),
            "delete_comment": _("Delete the comment"),
            "zone": _("Zone"),
            "range": _("Range"),
            "together": _("All together"),
            "comma": _(", "),
            "left": _("Not counted, without a figure"),
            "sketch_line": _(
                "Click point after point; a double click ends. By keyboard: Space sets a point in the middle, Enter ends."
            ),
            "sketch_area": _(
                "Click corner after corner; a double click ends. By keyboard: Space sets a corner in the middle, Enter ends."
            ),
            "sketch_point": _(
                "Click the place. By keyboard: Space takes the middle of the map."
            ),
            "m": _("m"),
            "km": _("km"),
            "m2": _("m²"),
            "ha": _("ha"),
            "certainty": [_("little certain"), _("fairly certain"), _("certain")],
        },
    }


@require_safe
@requires("indicators.view_estimates")
@drawable
def values(request: TownRequest, municipality: str) -> HttpResponse:
    """One view's figures by zone code, joined in the browser to the tiles."""
    view = View.asked(request.municipality, request.GET)
    picture = shown(view, request.GET)
    etag = view.etag_of(picture)
    return cached(request, etag, lambda: JsonResponse(picture.values()))


@require_safe
@requires("indicators.view_estimates")
@drawable
def area(request: TownRequest, municipality: str) -> JsonResponse:
    """One figure for several zones: those in `zones`, or mostly inside `area`."""
    view = View.asked(request.municipality, request.GET)
    drawn = request.GET.get("area")
    picked = request.GET.get("zones", "").split(",")
    codes = areas.zones_within(view, drawn) if drawn else picked
    response = JsonResponse(areas.spoken(view, areas.together(view, codes)))
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
@requires("indicators.view_estimates")
def find(request: TownRequest, municipality: str) -> JsonResponse:
    """Zones, facilities, parcels and positions that fit the words in `q`."""
    found = search(request.municipality, request.user, request.GET.get("q", ""))
    response = JsonResponse({"found": found})
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
@requires("indicators.view_estimates")
@drawable
def zone(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    """All figures of a zone or a larger area, as a page or as the desk's panel."""
    view = View.asked(request.municipality, request.GET)
    if area := AreaProfile.asked(view, code):
        return _area_panel(request, view, area)
    view = view.beside(level="")
    context = {
        "view": view,
        "query": urlencode(view.query),
        "profile": (profile := Profile.asked(view, code)),
        "blocks": blocks_of(profile.zone),
    }
    part = "#profile" if request.headers.get("HX-Request") else ""
    return render(request, f"maps/zone_detail.html{part}", context)


def _area_panel(request: TownRequest, view: View, profile: AreaProfile) -> HttpResponse:
    context = {
        "view": view,
        "query": urlencode(view.query),
        "alone": urlencode(view.beside(level="").query),
        "profile": profile,
    }
    part = "#profile" if request.headers.get("HX-Request") else ""
    return render(request, f"maps/area_detail.html{part}", context)


@require_safe
@requires("indicators.view_estimates")
@drawable
def block(
    request: TownRequest, municipality: str, code: str, block: str
) -> HttpResponse:
    """What stands in a block, which has no figures of its own; a page or the panel."""
    view = View.asked(request.municipality, request.GET)
    context = {
        "view": view,
        "query": urlencode(view.query),
        "found": Block.asked(view, code, block, request.user),
    }
    part = "#block" if request.headers.get("HX-Request") else ""
    return render(request, f"maps/block_detail.html{part}", context)


@require_safe
@requires("indicators.view_estimates")
@drawable
def multiples(request: TownRequest, municipality: str) -> HttpResponse:
    """Small maps over the rounds or over the groups, as a page or the desk's panel."""
    view = View.asked(request.municipality, request.GET)
    context = {
        "view": view,
        "query": urlencode(view.query),
        "multiples": Multiples.asked(view, request.GET.get("over") or "rounds"),
        "over": OVER.items(),
    }
    part = "#multiples" if request.headers.get("HX-Request") else ""
    return render(request, f"maps/multiples.html{part}", context)


@require_safe
@requires("indicators.view_estimates")
@drawable
def print_map(request: TownRequest, municipality: str) -> HttpResponse:
    """The map on paper, at the scale that the reader asks for."""
    view = View.asked(request.municipality, request.GET)
    paper = Paper.asked(view, shown(view, request.GET), request.GET, request.user)
    known = layers_of(request.municipality)
    for name in paper.layers.keys() & known.keys():
        _note(request, known[name], "file")
    name = "-".join((municipality, *view.subject.values())).replace(":", "-")
    response = HttpResponse(paper.pdf(), "application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
@requires("indicators.view_estimates")
def statistics(request: TownRequest, municipality: str) -> HttpResponse:
    """What rasters say of the zones: people, hazards, ways on foot."""
    table = StatisticsTable.of(request.municipality)
    return render(request, "maps/zone_statistics.html", {"table": table})


@require_safe
@requires("indicators.view_estimates")
@drawable
def clusters(request: TownRequest, municipality: str) -> HttpResponse:
    """Where an indicator's zones resemble their neighbours."""
    view = View.asked(request.municipality, request.GET).beside(level="")
    context = {**choice(view), "legend": view.legend()}
    try:
        found = Likeness(view).found
    except UnfitView as refused:
        context["refused"] = refused.messages
    else:
        context |= {"moran": found.pattern.moran, "rows": cluster_rows(found)}
    return render(request, "maps/clusters.html", context)


@require_safe
@requires("indicators.view_estimates")
@drawable
def download_view(request: TownRequest, municipality: str, form: str) -> HttpResponse:
    view = View.asked(request.municipality, request.GET)
    make = {"csv": _view_csv, "geojson": _view_geojson, "html": _view_page}[form]
    picture = shown(view, request.GET)
    response = make(view, picture)
    parts = (municipality, *view.subject.values(), *picture.query.values())
    name = "-".join(dict.fromkeys(parts)).replace(":", "-")
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    response["Cache-Control"] = "private, no-cache"
    return response


def _view_csv(view: View, picture: Shown) -> HttpResponse:
    return HttpResponse(view_csv(view, picture), "text/csv; charset=utf-8")


def _view_geojson(view: View, picture: Shown) -> HttpResponse:
    return JsonResponse(
        view_features(view, picture),
        content_type="application/geo+json",
        json_dumps_params={"ensure_ascii": False},
    )


def _view_page(view: View, picture: Shown) -> HttpResponse:
    return HttpResponse(folium_page(view, picture))

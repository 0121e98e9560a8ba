"""One file with map, figures and scripts, which opens without network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import folium
from branca.element import Element, Figure
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.translation import get_language, get_language_info

from layers.geography.declaration import PLAIN, Layer, Style
from layers.geography.models import Municipality
from layers.maps.desk import View
from layers.maps.downloads import layer_file, view_features
from layers.maps.errors import TooManyFeatures
from layers.maps.modes import Shown
from layers.maps.palettes import colours, ink_on
from layers.maps.town_map import bounds

COLOURS = tuple(colours("need", 5))
TOLD = ("name", "says", "range", "asked")
# Features of a layer's page: a telephone draws no more.
MOST = 10_000
WITHHELD, NO_DATA, INK = "#ffffff", "#d5d5d0", "#1d2b2a"


def folium_page(view: View, picture: Shown) -> str:
    """What the map shows as one HTML text; the browser asks for no other address."""
    features = view_features(view, picture)
    rows = {row["code"]: row for row in picture.rows}
    legend = picture.legend()
    shades = colours(legend["palette"], len(legend["steps"]))
    for place, feature in enumerate(features["features"]):
        row = rows[feature["id"]]
        feature["id"] = place
        feature["properties"] = {
            **{name: _inert(row[name]) for name in TOLD},
            "style": _style(row, shades),
        }
    shapes = folium.GeoJson(
        features,
        style_function=lambda feature: feature["properties"]["style"],
        highlight_function=lambda feature: {"weight": 4, "color": INK},
        tooltip=folium.GeoJsonTooltip(fields=list(TOLD), labels=False, sticky=True),
    )
    values = picture.values()
    context = {
        "title": f"{values['title']} · {view.municipality.name}",
        "values": values,
        "view": view,
        "municipality": view.municipality,
        "legend": legend,
        "steps": list(zip(shades, legend["steps"], strict=False)),
        "square": _square(legend, shades),
        "colours": [(at, shade, ink_on(shade)) for at, shade in enumerate(shades)],
    }
    return _page(shapes, context, "maps/offline_body.html")


def layer_page(layer: Layer, municipality: Municipality) -> str:
    """A layer as one HTML text. Raises TooManyFeatures for more than MOST."""
    with layer_file(layer, municipality, "geojson") as file:
        said = json.load(file)
    if len(said["features"]) > MOST:
        raise TooManyFeatures(len(said["features"]), MOST)
    style = layer.style or PLAIN
    names = {each.name: _inert(str(each.label)) for each in layer.fields}
    for feature in said["features"]:
        told = feature["properties"]
        feature["properties"] = {
            **{x: _inert("" if told[x] is None else str(told[x])) for x in names},
            # A sign that no field's name has.
            "-style": _layer_style(layer, style, told),
        }
    tooltip = folium.GeoJsonTooltip(
        fields=list(names), aliases=list(names.values()), sticky=True
    )
    shapes = folium.GeoJson(
        said,
        style_function=lambda feature: feature["properties"]["-style"],
        marker=folium.CircleMarker(radius=style.size),
        # folium looks for the names in the first feature.
        tooltip=tooltip if names and said["features"] else None,
    )
    context = {
        "title": f"{layer.title} · {municipality.name}",
        "layer": layer,
        "municipality": municipality,
        "style": style,
    }
    return _page(shapes, context, "maps/offline_layer.html")


def _layer_style(layer: Layer, style: Style, told: dict[str, Any]) -> dict[str, Any]:
    shade = style.shade(told.get(style.field))
    if shade is None:
        return {"stroke": False, "fill": False}
    look = {
        "color": "#ffffff"
        if layer.geometry == "point" or style.parted
        else shade.light,
        "weight": style.width,
        "opacity": style.opacity,
        "fill": layer.geometry != "line",
        "fillColor": shade.light,
        "fillOpacity": style.opacity,
    }
    if layer.geometry == "point":
        look["radius"] = style.radius(told.get(style.grows_with))
    return look


def _page(shapes: folium.GeoJson, more: dict[str, Any], body: str) -> str:
    language = (get_language() or "ar")[:2]
    page = folium.Map(
        tiles=None,
        zoom_control="topleft",
        attribution_control=False,
        control_scale=False,
        zoom_snap=0.1,
    )
    # folium would link a dozen files from delivery networks.
    page.default_js, page.default_css = [], []
    shapes.add_to(page)
    if shapes.data["features"]:
        page.fit_bounds(cast("Any", shapes.get_bounds()), padding=(24, 24))
    else:
        west, south, east, north = bounds(more["municipality"])
        page.fit_bounds([[south, west], [north, east]], padding=(24, 24))
    root = cast("Figure", page.get_root())
    leftwards = get_language_info(language)["bidi"]
    context = {
        **more,
        "language": language,
        "direction": "rtl" if leftwards else "ltr",
        "arrow": "←" if leftwards else "→",
        "leaflet": _built("offline.js"),
        "leaflet_style": _built("offline.css"),
    }
    head = render_to_string("maps/offline_head.html", context)
    root.header.add_child(_Text(head), name="offline")
    below = render_to_string(body, context)
    root.html.add_child(_Text(below), name="legend")
    return root.render().replace(
        "<html>", f'<html lang="{language}" dir="{context["direction"]}">', 1
    )


def _square(legend: dict[str, Any], shades: list[str]) -> list[tuple[str, list[str]]]:
    """Of two indicators together: rows of colours from the second's most need down."""
    if legend["kind"] != "bivariate":
        return []
    side = len(legend["x"]["steps"])
    return [
        (step["label"], shades[side * place : side * (place + 1)])
        for place, step in reversed(list(enumerate(legend["y"]["steps"])))
    ]


def _style(row: dict[str, Any], shades: list[str]) -> dict[str, Any]:
    style = {"color": "#ffffff", "weight": 2, "fillOpacity": 1}
    if row["class"] is None:
        blank = NO_DATA if row["flag"] == "no_data" else WITHHELD
        return {**style, "fillColor": blank, "color": "#55625f", "dashArray": "2 4"}
    place = row["class"]
    hatched = row["flag"] == "uncertain"
    return {**style, "fillColor": f"url(#hatch-{place})" if hatched else shades[place]}


def _inert(text: str) -> str:
    """A name for the tooltip, which takes it for markup, inside a script that
    branca takes for a Jinja template.
    """
    return escape(text).replace("{", "&#123;")


class _Text(Element):
    """Finished text: as an Element of its own it would be run as a Jinja template."""

    def __init__(self, text: str) -> None:
        super().__init__("{{ this.text }}")
        self.text = text


def _built(name: str) -> str:
    found = finders.find(f"built/{name}")
    if found is None:
        raise FileNotFoundError(f"built/{name} is missing: run `npm run build`.")
    return Path(found).read_text("utf-8")

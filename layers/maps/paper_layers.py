"""Layers over the figures, on paper: in the desk's order, colours, opacity and filters.

Lengths are metres on the ground in the town's projected system, y downwards.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from math import cos, log2, radians
from typing import Any

import numpy as np
import shapely
from django.db import connection
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from psycopg2 import sql
from pyproj import Transformer

from layers.geography.declaration import Layer, Shade, Style, read_sql
from layers.geography.models import Municipality
from layers.maps.asked_layers import Filter, Row
from layers.maps.catalogue import layers_of
from layers.maps.raster_tiles import picture_of, shown_rasters
from layers.maps.tiles import PIXELS, WORLD, columns

# More features than these make a sheet that no printer draws and nobody reads.
MOST, MOST_ICONS, MOST_WORDS = 20_000, 1_000, 600
PIXEL = 25.4 / 96
"""Millimetres of a screen's pixel, in which the desk gives widths."""
HALO, PARCEL, PLACE = "#fffefb", "#3a2a1f", "#1f6f5c"
PLAIN = ("#4a5a6a", "#6a4a5e", "#3f5d3f")
ICON, WORDS_FROM, NUMBERS_FROM = 11.5, 14.0, 16.5
FEATURES = read_sql("layers.maps", "paper.sql")
PICTOGRAMS = json.loads(
    files("layers.maps").joinpath("pictograms.json").read_text("utf-8")
)


@dataclass(frozen=True)
class Cut:
    """The piece of ground on the sheet. `scale` is the number after 1:."""

    municipality: Municipality
    box: tuple[float, float, float, float]
    """West, south, east, north in the projected system."""
    scale: int

    @property
    def pixel(self) -> float:
        """Metres on the ground that a screen's pixel covers at this scale."""
        return self.scale * PIXEL / 1000

    @cached_property
    def zoom(self) -> float:
        """The desk's zoom at which the ground looks as large."""
        west, south, east, north = self.box
        there = Transformer.from_crs(self.municipality.srid, 4326, always_xy=True)
        _lon, latitude = there.transform((west + east) / 2, (south + north) / 2)
        return log2(WORLD * cos(radians(latitude)) / PIXELS / self.pixel)

    def scale_at(self, zoom: float) -> int:
        """The largest scale's number, in hundreds, at which that zoom is reached."""
        return int(self.scale * 2 ** (self.zoom - zoom) // 100) * 100


@dataclass(frozen=True)
class Mark:
    """One SVG path; widths in metres."""

    path: str
    fill: str = "none"
    stroke: str = "none"
    width: float = 0
    opacity: float = 1
    move: str = ""

    @property
    def thick(self) -> str:
        return f"{self.width:.3f}"

    @property
    def clear(self) -> str:
        return f"{self.opacity:.2f}"


@dataclass(frozen=True)
class Key:
    """A line of the legend. `shape` is point, line or polygon."""

    shape: str
    colour: str
    label: str


@dataclass
class Laid:
    """A layer as it lies on the sheet; `note` says why it is not drawn."""

    title: str
    source: str
    opacity: float = 1
    marks: list[Mark] = field(default_factory=list)
    words: list[tuple[str, float, float]] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    picture: dict[str, str] = field(default_factory=dict)
    note: str = ""

    @property
    def clear(self) -> str:
        return f"{self.opacity:.2f}"

    @property
    def letters(self) -> int:
        """About how many letters its part of the legend has."""
        said = [self.title, self.source, self.note, *(x.label for x in self.keys)]
        return sum(len(each) + 6 for each in said if each)


@dataclass(frozen=True)
class Feature:
    values: dict[str, Any]
    shape: Any


class Layers:
    """What is switched on, drawn for one cut of the ground."""

    def __init__(
        self,
        user: Any,
        cut: Cut,
        offered: Iterable[dict[str, Any]],
        filters: Mapping[str, Filter],
    ) -> None:
        self.cut, self.filters = cut, filters
        self.offered = {each["name"]: each for each in offered}
        self.declared = layers_of(cut.municipality)
        self.rasters = {x.name: x for x in shown_rasters(cut.municipality, user)}

    def laid(self, row: Row) -> Laid:
        offered = self.offered[row.name]
        if offered["geometry"] == "raster":
            return self._raster(row, offered)
        layer = self.declared[row.name]
        found = Laid(
            str(offered["title"]), _source(layer, self.cut.municipality), row.opacity
        )
        start = NUMBERS_FROM if row.name == "parcels" else layer.min_zoom
        if self.cut.zoom < start:
            scale = number_format(self.cut.scale_at(start), force_grouping=True)
            found.note = _("not drawn: shown from 1:%s on") % f"\u2066{scale}\u2069"
            return found
        most = {"facilities": MOST_ICONS, "parcels": MOST_WORDS}.get(row.name, MOST)
        features = self._features(layer, _needed(layer), most)
        if len(features) > most:
            found.note = _(
                "not drawn: more than %d features here. Choose a larger scale or a filter."
            ) % (most)
            return found
        self._draw(found, layer, features)
        return found

    def _draw(self, found: Laid, layer: Layer, features: list[Feature]) -> None:
        name, offered = layer.name, self.offered[layer.name]
        if name == "facilities":
            self._icons(found, offered, features)
        elif name == "parcels":
            found.words = [_word(x, str(x.values["code"])) for x in features]
            found.keys = [Key("none", PARCEL, _("their numbers"))]
        elif name == "outlines":
            width = float(np.interp(self.cut.zoom, (13, 16, 19), (0.4, 0.9, 1.5)))
            clear = float(
                np.interp(self.cut.zoom, (13, 14.5, 16, 17), (0.06, 0.14, 0.35, 0.5))
            )
            mark = Mark(_paths(features), "none", PARCEL, width * self.cut.pixel, clear)
            found.marks, found.keys = [mark], [Key("line", PARCEL, "")]
        else:
            self._shapes(found, layer, features)

    def _icons(
        self, found: Laid, offered: dict[str, Any], features: list[Feature]
    ) -> None:
        size = float(np.interp(self.cut.zoom, (12, 15), (0.6, 1))) * self.cut.pixel
        disc = _circle(0, 0, ICON)
        for each in features:
            at = f"translate({each.shape.x:.1f} {-each.shape.y:.1f}) scale({size:.4f})"
            inner = f"{at} scale(0.667) translate(-12 -12)"
            kind = PICTOGRAMS.get(each.values["kind"], PICTOGRAMS["other"])
            found.marks += [
                Mark(disc, "#ffffff", PLACE, 2, move=at),
                Mark(kind, "none", PLACE, 2.4, move=inner),
            ]
        there = {each.values["kind"] for each in features}
        choices = next(x["choices"] for x in offered["fields"] if x["name"] == "kind")
        found.keys = [
            Key(f"icon:{x['value']}", PLACE, str(x["label"]))
            for x in choices
            if x["value"] in there
        ]

    def _shapes(self, found: Laid, layer: Layer, features: list[Feature]) -> None:
        """By the classes of its declaration: one path a colour and size."""
        offered, pixel = self.offered[layer.name], self.cut.pixel
        geometry, style = offered["geometry"], layer.style or self._plain(layer.name)
        groups: dict[tuple[str, float], list[Feature]] = defaultdict(list)
        for each in features:
            shade = style.shade(each.values.get(style.field))
            if shade is None:
                continue
            size = style.radius(each.values.get(style.grows_with))
            radius = size if geometry == "point" else 0
            groups[shade.light, radius].append(each)
        clear, width = style.opacity, style.width
        for (colour, radius), members in groups.items():
            if geometry == "point":
                path = "".join(
                    _circle(x, -y, radius * pixel)
                    for x, y in shapely.get_coordinates([m.shape for m in members])
                )
                found.marks.append(Mark(path, colour, HALO, width * pixel, clear))
                continue
            line = HALO if style.parted else colour
            path = _paths(members)
            if geometry == "polygon" and layer.style:
                found.marks.append(Mark(path, colour, "none", 0, clear))
            found.marks.append(
                Mark(path, "none", line, width * pixel, min(clear + 0.2, 1))
            )
        shape = "line" if geometry == "polygon" and not layer.style else geometry
        found.keys = _keys(style, shape)
        if len(offered["sources"]) > 1 and self.cut.zoom >= WORDS_FROM:
            self._names(found, self.declared[offered["sources"][1]])

    def _plain(self, name: str) -> Style:
        colour = PLAIN[[*self.offered].index(name) % len(PLAIN)]
        return Style((Shade("", colour, colour),), opacity=1)

    def _names(self, found: Laid, layer: Layer) -> None:
        language = (get_language() or "ar")[:2]
        names = [f"name_{language}", "name_ar"]
        features = self._features(layer, sorted({*names}), MOST_WORDS, filtered=False)
        if len(features) > MOST_WORDS:
            found.note = _("without names: there are too many here")
            return
        found.words = [
            _word(x, str(x.values[names[0]] or x.values["name_ar"])) for x in features
        ]

    def _features(
        self, layer: Layer, fields: list[str], most: int, *, filtered: bool = True
    ) -> list[Feature]:
        """At most one more than `most`."""
        condition: sql.Composable = sql.SQL("true")
        bound: dict[str, Any] = {}
        if filtered and (chosen := self.filters.get(layer.name)):
            condition, bound = chosen.condition()
        srid = self.cut.municipality.srid
        to_web = Transformer.from_crs(srid, 3857, always_xy=True)
        box = to_web.transform_bounds(*self.cut.box)
        sides = ("paper_west", "paper_south", "paper_east", "paper_north")
        query = sql.SQL(FEATURES).format(
            fields=columns(fields or ["id"]),
            source=sql.SQL(layer.sql),
            condition=condition,
        )
        bound |= {
            **layer.parameters,
            **dict(zip(sides, box, strict=True)),
            "municipality": self.cut.municipality.pk,
            "paper_srid": srid,
            "paper_most": most + 1,
        }
        with connection.cursor() as cursor:
            cursor.execute(query, bound)
            rows = cursor.fetchall()
        shapes = shapely.from_wkb([bytes(row[-1]) for row in rows])
        return [
            Feature(dict(zip(fields, row, strict=False)), shape)
            for row, shape in zip(rows, shapes, strict=True)
        ]

    def _raster(self, row: Row, offered: dict[str, Any]) -> Laid:
        shown = self.rasters[row.name]
        raster = shown.raster
        found = Laid(
            str(offered["title"]),
            _said(raster.attribution, raster.licence, self.cut.municipality),
            row.opacity,
        )
        west, south, east, north = self.cut.box
        found.picture = {
            "x": f"{west:.1f}",
            "y": f"{-north:.1f}",
            "width": f"{east - west:.1f}",
            "height": f"{north - south:.1f}",
            "data": b64encode(
                picture_of(shown, self.cut.box, self.cut.municipality.srid)
            ).decode(),
        }
        found.keys = _keys(shown.style, "polygon")
        return found


def _source(layer: Layer, municipality: Municipality) -> str:
    return _said(str(layer.attribution), layer.licence, municipality)


def _said(attribution: str, licence: str, municipality: Municipality) -> str:
    named = attribution or municipality.name
    return f"{named}, {licence}" if licence else named


def _needed(layer: Layer) -> list[str]:
    """The fields that the layer is drawn by."""
    fixed = {"facilities": ["kind"], "parcels": ["code"]}
    if layer.name in fixed or layer.style is None:
        return fixed.get(layer.name, [])
    names = (layer.style.field, layer.style.grows_with)
    return [name for name in dict.fromkeys(names) if name]


def _keys(style: Style, shape: str) -> list[Key]:
    title = [Key("none", "", str(style.title))] if style.title else []
    return [*title, *(Key(shape, x.light, str(x.label)) for x in style.legend)]


def _word(feature: Feature, text: str) -> tuple[str, float, float]:
    place = shapely.point_on_surface(feature.shape)
    return text, place.x, -place.y


def _circle(x: float, y: float, radius: float) -> str:
    r = f"{radius:.2f}"
    return f"M{x - radius:.2f} {y:.2f}a{r} {r} 0 1 0 {2 * radius:.2f} 0a{r} {r} 0 1 0 {-2 * radius:.2f} 0z"


def _paths(features: list[Feature]) -> str:
    found = []
    for part in shapely.get_parts([each.shape for each in features]):
        polygon = part.geom_type == "Polygon"
        lines = (part.exterior, *part.interiors) if polygon else (part,)
        for line in lines:
            corners = shapely.get_coordinates(line)
            text = " ".join(f"{x:.1f} {-y:.1f}" for x, y in corners)
            found.append(f"M{text}{'z' if polygon else ''}")
    return "".join(found)

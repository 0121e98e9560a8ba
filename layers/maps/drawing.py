"""A picture as vector shapes, made on the server: for paper, small multiples, stories
and pages of other sites. It says with the same classes and colours what the map says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from django.contrib.gis.db.models.functions import Transform

from layers.geography.models import Zone
from layers.indicators.areas.told import Told
from layers.indicators.models import Estimate
from layers.maps.area_shapes import union
from layers.maps.desk import View
from layers.maps.modes import Shown
from layers.maps.palettes import colours, ink_on

WITHHELD, NO_DATA, LAND = "#ffffff", "#bfc2bf", "#fffefb"
SHADE = "#120c09"
ALPHA = (0.3, 0.6, 1.0)
# Corners nearer to each other than this share of the town's width are one.
FINEST = 1 / 1500


@dataclass(frozen=True)
class Name:
    """A text and its place, y downwards."""

    text: str
    x: float
    y: float
    width: float
    """How far the place reaches from side to side, so that a name may be left out."""


@dataclass(frozen=True)
class Shape:
    """A zone or a larger area: its outline as an SVG path, and where signs stand."""

    code: str
    name: str
    path: str
    x: float
    y: float
    names: tuple[Name, ...]
    """Of merged zones each its own."""


@dataclass(frozen=True)
class Ground:
    """The zones of a release in the town's projected system, in metres.

    Drawn once for as many pictures as show the same zones.
    """

    shapes: list[Shape]
    extent: tuple[float, float, float, float]
    """West, south, east, north."""

    @classmethod
    def of(cls, view: View) -> Ground:
        wanted = [pk for each in view.places for pk in each.zones]
        zones = list(
            Zone.objects.filter(pk__in=wanted)
            .annotate(shape=Transform("geometry", view.municipality.srid))
            .defer("geometry", "geometry_3857")
            .order_by("code")
        )
        whole = np.array([shapely.from_wkb(bytes(each.shape.wkb)) for each in zones])
        west, south, east, north = shapely.total_bounds(whole).tolist()
        simple = shapely.coverage_simplify(whole, (east - west) * FINEST)
        outlines = {x.pk: shape for x, shape in zip(zones, simple, strict=True)}
        by_key = {each.pk: each for each in zones}
        shapes = [
            _shape(each, by_key, outlines)
            for each in sorted(view.places, key=lambda place: place.code)
        ]
        return cls(shapes, (west, south, east, north))

    @property
    def width(self) -> float:
        return self.extent[2] - self.extent[0]

    @property
    def height(self) -> float:
        return self.extent[3] - self.extent[1]

    def box(self, margin: float = 0.02) -> str:
        """The viewBox that holds all zones."""
        west, _south, _east, north = self.extent
        rim = self.width * margin
        parts = (west - rim, -north - rim, self.width + 2 * rim, self.height + 2 * rim)
        return " ".join(f"{part:.0f}" for part in parts)


def _shape(
    place: Told, zones: Mapping[int, Zone], outlines: Mapping[int, Any]
) -> Shape:
    outline = union(place, outlines)
    middle = shapely.point_on_surface(outline)
    own = bool(place.area and place.area.zone)
    names = (
        (_name(place.name, outline),)
        if own
        else tuple(_name(zones[pk].name, outlines[pk]) for pk in place.zones)
    )
    return Shape(
        place.code,
        place.name,
        _path(outline),
        round(middle.x),
        round(-middle.y),
        names,
    )


def _name(text: str, outline: Any) -> Name:
    place = shapely.point_on_surface(outline)
    west, _south, east, _north = outline.bounds
    return Name(text, round(place.x), round(-place.y), east - west)


def _path(outline: Any) -> str:
    """Whole metres, each corner told by its way from the last one."""
    return "".join(
        _ring(ring)
        for part in shapely.get_parts(outline)
        for ring in (part.exterior, *part.interiors)
    )


def _ring(ring: Any) -> str:
    corners = np.rint(shapely.get_coordinates(ring) * (1, -1)).astype(int)[:-1]
    steps = np.diff(corners, axis=0)
    moves = " ".join(f"{x} {y}" for x, y in steps.tolist())
    return f"M{corners[0, 0]} {corners[0, 1]}l{moves}z"


@dataclass(frozen=True)
class Drawing:
    """One picture over a ground. `unit` metres are what a hair line is wide."""

    picture: Shown
    ground: Ground
    palette: str = "need"
    alpha: bool = False
    unit: float = 0
    names: bool = True
    key: str = "map"
    """Sets this drawing's patterns apart from another's on the same page."""
    box: str = ""
    signs: Mapping[str, str] = field(default_factory=dict)
    """By zone code, what is written in place of the name: left to right, no Arabic."""
    chosen: str = ""
    """The code of the zone that is marked; empty marks none."""

    @cached_property
    def colours(self) -> list[str]:
        legend = self.legend
        usual = legend["kind"] == "steps"
        return colours(
            self.palette if usual else legend["palette"], len(legend["steps"]) or 1
        )

    @cached_property
    def legend(self) -> dict[str, Any]:
        return self.picture.legend()

    @cached_property
    def shapes(self) -> list[dict[str, Any]]:
        rows = {row["code"]: row for row in self.picture.rows}
        return [self._look(shape, rows.get(shape.code)) for shape in self.ground.shapes]

    def _look(self, shape: Shape, row: dict[str, Any] | None) -> dict[str, Any]:
        fill, blank = self._fill(row)
        seen = fill
        if row and self.alpha and row["certainty"] is not None:
            seen = _mixed(fill, ALPHA[row["certainty"]])
        ink = ink_on(seen)
        uncertain = bool(row and not blank and row["flag"] == "uncertain")
        return {
            "shape": shape,
            "fill": seen,
            "halo": _mixed(seen, 0.6, SHADE if ink == "#ffffff" else LAND),
            "blank": blank,
            "flag": row["flag"] if row else Estimate.Flag.NO_DATA.value,
            "sign": self.signs.get(shape.code, ""),
            "hatch": ("light" if ink == "#ffffff" else "dark") if uncertain else "",
            "ink": ink,
            "says": f"{row['says']}, {row['range']}" if row else "",
            "names": [name for name in shape.names if self._fits(name)],
        }

    def _fits(self, name: Name) -> bool:
        if self.signs or not self.names:
            return False
        return len(name.text) * self.text_size * 0.42 < name.width * 1.25

    def _fill(self, row: dict[str, Any] | None) -> tuple[str, bool]:
        if row is None or row["flag"] == Estimate.Flag.NO_DATA:
            return NO_DATA, True
        if row["class"] is None:
            return WITHHELD, True
        return self.colours[row["class"]], False

    @property
    def outline(self) -> str:
        """Of the chosen zone, as a path; empty where none is."""
        return next((x.path for x in self.ground.shapes if x.code == self.chosen), "")

    @property
    def view_box(self) -> str:
        return self.box or self.ground.box()

    @property
    def hair(self) -> float:
        return self.unit or self.ground.width / 1000

    @property
    def text_size(self) -> float:
        return 22 * self.hair

    @property
    def measures(self) -> dict[str, str]:
        """Lengths as text: a template would write the reader's decimal sign."""
        sizes = {
            "line": 1.6,
            "dash": 4,
            "hatch": 12,
            "hatch_line": 2,
            "halo": 4.5,
            "text": 22,
            "sign": 30,
            "bold": 7,
            "rim": 13,
        }
        return {name: f"{size * self.hair:.2f}" for name, size in sizes.items()}

    @cached_property
    def steps(self) -> list[dict[str, Any]]:
        """The legend's classes with their colours."""
        found = zip(self.legend["steps"], self.colours, strict=False)
        return [{**step, "colour": colour} for step, colour in found]

    @cached_property
    def square(self) -> list[dict[str, Any]]:
        """Rows of the bivariate legend, the uppermost first."""
        if self.legend["kind"] != "bivariate":
            return []
        labels = self.legend["y"]["steps"]
        return [
            {
                "label": labels[up]["label"] if up < len(labels) else "",
                "colours": self.colours[3 * up : 3 * up + 3],
            }
            for up in (2, 1, 0)
        ]


def _mixed(colour: str, share: float, ground: str = LAND) -> str:
    parts = (
        round(
            share * int(colour[at : at + 2], 16)
            + (1 - share) * int(ground[at : at + 2], 16)
        )
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{part:02x}" for part in parts)

"""Before and after as two small drawings, and the shapes that the map shows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.utils.translation import gettext as _
from shapely import MultiPolygon

from layers.editing.states import State
from layers.geography.models import Municipality

# The longer side of a drawing, in its own units.
SIDE = 400
MARGIN = 12
# What a code takes up in a drawing.
WORD, LINE = 90, 26


@dataclass(frozen=True)
class Drawn:
    """`x` and `y` is where the code is written."""

    code: str
    path: str
    x: float
    y: float


def shape_of(state: State) -> MultiPolygon:
    return shapely.from_wkb(bytes(GEOSGeometry(state["geometry"]).wkb))


def in_force(states: Iterable[State]) -> list[State]:
    return [state for state in states if state["valid_until"] is None]


def draw(before: Sequence[State], after: Sequence[State]) -> dict[str, Any] | None:
    """Both on one scale; None where there is nothing to draw."""
    shapes = [shape_of(state) for state in (*before, *in_force(after))]
    if not shapes:
        return None
    west, south, east, north = map(float, shapely.total_bounds(shapes))
    narrow = math.cos(math.radians((south + north) / 2))
    scale = SIDE / max((east - west) * narrow, north - south, 1e-9)

    def place(corners: Any) -> Any:
        moved = corners.copy()
        moved[:, 0] = MARGIN + (corners[:, 0] - west) * narrow * scale
        moved[:, 1] = MARGIN + (north - corners[:, 1]) * scale
        return moved

    def drawn(states: Iterable[State]) -> list[Drawn]:
        found: list[Drawn] = []
        for state in states:
            shape = shapely.transform(shape_of(state), place)
            spot = shapely.point_on_surface(shape)
            y = _free(spot.x, spot.y, found)
            found.append(Drawn(state["code"], _path(shape), round(spot.x, 1), round(y, 1)))  # fmt: skip
        return found

    return {
        "width": round((east - west) * narrow * scale + 2 * MARGIN),
        "height": round((north - south) * scale + 2 * MARGIN),
        "sides": [
            ("before", _("Before"), drawn(before)),
            ("after", _("After"), drawn(in_force(after))),
        ],
    }


def _free(x: float, y: float, found: Sequence[Drawn]) -> float:
    """Where a code does not stand upon another: lower, by as many lines as it takes."""
    while any(abs(x - each.x) < WORD and abs(y - each.y) < LINE for each in found):
        y += LINE
    return y


def _path(shape: MultiPolygon) -> str:
    rings = [
        ring for part in shape.geoms for ring in (part.exterior, *part.interiors)
    ]  # fmt: skip
    return " ".join(
        "M" + " ".join(f"{x:.1f},{y:.1f}" for x, y in ring.coords) + "Z"
        for ring in rings
    )


def features(states: Iterable[State]) -> dict[str, Any]:
    """GeoJSON in EPSG:4326."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"code": state["code"]},
                "geometry": shapely.geometry.mapping(shape_of(state)),
            }
            for state in in_force(states)
        ],
    }


def areas(
    municipality: Municipality, before: Sequence[State], after: Sequence[State]
) -> list[dict[str, Any]]:
    """A row a code: square metres before and after; None where it is not in force."""
    was = {state["code"]: _measure(municipality, state) for state in before}
    now = {state["code"]: _measure(municipality, state) for state in in_force(after)}
    return [
        {"code": code, "before": was.get(code), "after": now.get(code)}
        for code in dict.fromkeys([*was, *now])
    ]


def _measure(municipality: Municipality, state: State) -> float:
    geometry = GEOSGeometry(state["geometry"])
    return float(geometry.transform(municipality.srid, clone=True).area)

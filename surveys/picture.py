"""A small picture of the town's zones with the households of a file on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any

from django.contrib.gis.geos import MultiPolygon

from layers.geography.models import Zone

WIDTH = 640.0
MARGIN = 8.0


@dataclass(frozen=True)
class Picture:
    """Paths and dots in the units of an SVG `viewBox` of `width` by `height`."""

    width: float
    height: float
    zones: list[dict[str, str]]
    dots: list[dict[str, Any]]


@dataclass(frozen=True)
class Frame:
    """From degrees to the picture; north is up, degrees shrink with latitude."""

    west: float
    north: float
    scale_x: float
    scale_y: float

    def at(self, longitude: float, latitude: float) -> tuple[float, float]:
        x = (longitude - self.west) * self.scale_x + MARGIN
        return round(x, 1), round((self.north - latitude) * self.scale_y + MARGIN, 1)


def draw_picture(
    zones: Sequence[Zone], points: Iterable[Sequence[Any]]
) -> Picture | None:
    """`points` are longitude, latitude and a class name; None without zones."""
    if not zones:
        return None
    boxes = [zone.geometry.extent for zone in zones]
    west, south = min(box[0] for box in boxes), min(box[1] for box in boxes)
    east, north = max(box[2] for box in boxes), max(box[3] for box in boxes)
    shrink = cos(radians((south + north) / 2))
    scale = (WIDTH - 2 * MARGIN) / max((east - west) * shrink, 1e-9)
    height = (north - south) * scale + 2 * MARGIN
    frame = Frame(west, north, scale * shrink, scale)
    dots = []
    for longitude, latitude, name in points:
        x, y = frame.at(longitude, latitude)
        # A point outside the picture is drawn on its edge, where it is noticed.
        x, y = min(max(x, 3), WIDTH - 3), min(max(y, 3), height - 3)
        dots.append({"x": x, "y": y, "name": name})
    return Picture(
        WIDTH,
        round(height, 1),
        [{"path": _path(zone.geometry, frame), "name": zone.name} for zone in zones],
        dots,
    )


def _path(geometry: MultiPolygon, frame: Frame) -> str:
    rings = []
    simple = geometry.simplify(0.5 / frame.scale_y, preserve_topology=True)
    polygons = simple if isinstance(simple, MultiPolygon) else MultiPolygon(simple)
    for polygon in polygons.coords:
        for ring in polygon:
            steps = (frame.at(*point[:2]) for point in ring)
            rings.append("M" + "L".join(f"{x} {y}" for x, y in steps) + "Z")
    return "".join(rings)

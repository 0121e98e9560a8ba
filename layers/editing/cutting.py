"""Cuts and joins areas. Geometries are in degrees (EPSG:4326); pure geometry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import split as split_by

from layers.editing.borders import DIGITS, TOLERANCE, Corner

# Degrees: a line that ends on the border is drawn a little beyond it.
BEYOND = 1.5 * TOLERANCE


def on_grid(shape: BaseGeometry) -> MultiPolygon:
    """As it is stored: corners on the grid of about 1 mm, none of them twice. Rings that
    enclose nothing any more are left out, so it may be empty.
    """
    rounded = shapely.transform(shape, lambda corners: np.round(corners, DIGITS))
    parts = [
        Polygon(part.exterior, [ring for ring in part.interiors if _encloses(ring)])
        for part in as_multi(rounded).geoms
        if _encloses(part.exterior)
    ]
    return as_multi(shapely.remove_repeated_points(MultiPolygon(parts)))


def _encloses(ring: shapely.LinearRing) -> bool:
    return bool(ring.convex_hull.area > 0)


def distinct(corners: Sequence[Corner]) -> list[Corner]:
    """On the grid, without those that repeat the one before."""
    rounded = [(round(x, DIGITS), round(y, DIGITS)) for x, y in corners]
    return [each for n, each in enumerate(rounded) if not n or each != rounded[n - 1]]


def as_multi(shape: BaseGeometry) -> MultiPolygon:
    """The areas of a geometry; lines and points that came with them are left out."""
    areas = [
        part
        for part in shapely.get_parts(shape)
        for part in shapely.get_parts(part)
        if isinstance(part, Polygon) and not part.is_empty
    ]
    return MultiPolygon(areas)


def split(shape: MultiPolygon, line: LineString) -> list[MultiPolygon]:
    """The pieces, the largest first; one piece where the line does not cross.

    A part of the area that the line does not touch goes with the largest piece.
    """
    longer = _longer(line)
    pieces: list[Polygon] = []
    rest: list[Polygon] = []
    for part in shape.geoms:
        cut = list(split_by(part, longer).geoms)
        (pieces if len(cut) > 1 else rest).extend(cut)
    pieces.sort(key=lambda piece: piece.area, reverse=True)
    if not pieces:
        return [shape]
    first = MultiPolygon([pieces[0], *rest])
    stored = [on_grid(first), *(on_grid(piece) for piece in pieces[1:])]
    return [piece for piece in stored if not piece.is_empty]


def _longer(line: LineString) -> LineString:
    corners = np.asarray(line.coords)[:, :2]
    for end, inner in ((0, 1), (-1, -2)):
        way = corners[end] - corners[inner]
        corners[end] = corners[end] + way / np.hypot(*way) * BEYOND
    return LineString(corners)


def merge(shapes: Sequence[MultiPolygon]) -> MultiPolygon | None:
    """One area of all; None where they don't share a border.

    Seams narrower than the tolerance are closed.
    """
    first = shapes[0]
    whole: BaseGeometry = first
    left = list(shapes[1:])
    while left:
        nearest = min(left, key=whole.distance)
        left.remove(nearest)
        whole = whole.union(shapely.snap(nearest, whole, TOLERANCE))
    merged = on_grid(whole)
    allowed = 1 + sum(len(shape.geoms) - 1 for shape in shapes)
    return merged if len(merged.geoms) <= allowed else None

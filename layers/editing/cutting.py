"""Cuts and joins areas. Geometries are in degrees (EPSG:4326); pure geometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

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


def split(
    shape: MultiPolygon, lines: LineString | Sequence[LineString]
) -> list[MultiPolygon]:
    """The pieces, the largest first; one piece where no line crosses.

    Lines may end on one another, and cross themselves. A part of the area that no line
    touches goes with the largest piece.
    """
    given = [lines] if isinstance(lines, LineString) else lines
    cuts = shapely.union_all([_longer(line) for line in given])
    pieces: list[Polygon] = []
    rest: list[Polygon] = []
    for part in shape.geoms:
        cut = _cut(part, cuts)
        (pieces if len(cut) > 1 else rest).extend(cut)
    pieces.sort(key=lambda piece: piece.area, reverse=True)
    if not pieces:
        return [shape]
    first = MultiPolygon([pieces[0], *rest])
    stored = [on_grid(first), *(on_grid(piece) for piece in pieces[1:])]
    return [piece for piece in stored if not piece.is_empty]


def _longer(line: LineString) -> LineString:
    corners = np.asarray(line.coords)[:, :2].copy()
    for end, inner in ((0, 1), (-1, -2)):
        way = corners[end] - corners[inner]
        corners[end] = corners[end] + way / np.hypot(*way) * BEYOND
    return LineString(corners)


def _cut(part: Polygon, cuts: BaseGeometry) -> list[Polygon]:
    """What the lines leave of an area: ends that hang inside cut nothing."""
    if not cuts.intersects(part):
        return [part]
    faces = shapely.get_parts(shapely.polygonize([part.boundary.union(cuts)]))
    own = [face for face in faces if part.contains(face.point_on_surface())]
    return own if len(own) > 1 else [part]


def idle(shape: MultiPolygon, lines: Sequence[LineString]) -> list[int]:
    """Numbers of the lines, from 0, that no two pieces meet along."""
    seams = shapely.union_all([piece.boundary for piece in split(shape, lines)])
    inner = seams.difference(shape.boundary.buffer(TOLERANCE))
    return [
        number
        for number, line in enumerate(lines)
        if inner.intersection(line.buffer(TOLERANCE)).length <= 4 * TOLERANCE
    ]


@dataclass(frozen=True)
class Misfit:
    """How given pieces miss the whole; areas in degrees, empty where they don't."""

    gap: BaseGeometry
    beyond: BaseGeometry
    overlap: BaseGeometry


def fitted(
    shape: MultiPolygon, pieces: Sequence[MultiPolygon]
) -> tuple[list[MultiPolygon], Misfit]:
    """The whole divided as the pieces have it: where they miss its border or each other by
    less than the tolerance they are made to touch. And what they miss by more.
    """
    whole = shapely.union_all(pieces)
    overlaps = [one.intersection(other) for one, other in combinations(pieces, 2)]
    misfit = Misfit(
        gap=_wide(shape.difference(whole)),
        beyond=_wide(whole.difference(shape)),
        overlap=_wide(shapely.union_all(overlaps)),
    )
    settled: list[BaseGeometry] = []
    left: BaseGeometry = shape
    for piece in pieces:
        near = shapely.snap(piece, shape, TOLERANCE)
        own = as_multi((near if near.is_valid else piece).intersection(left))
        settled.append(own)
        left = left.difference(own)
    # Strips narrower than the tolerance go to the piece that they lie along.
    for strip in as_multi(left).geoms:
        along = [
            strip.buffer(TOLERANCE / 100).intersection(own).area for own in settled
        ]
        nearest = along.index(max(along))
        settled[nearest] = settled[nearest].union(strip)
    return [on_grid(piece) for piece in settled], misfit


def _wide(area: BaseGeometry) -> MultiPolygon:
    """The parts that are wider than the tolerance."""
    return MultiPolygon(
        [
            part
            for part in as_multi(area).geoms
            if not part.buffer(-TOLERANCE / 2).is_empty
        ]
    )


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

"""Which given points are corners of, or lie on, a border that is there already.

Arrays are (n, 2), in the municipality's projected system, in metres; pure geometry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.editing.topology import TOLERANCE

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Borders:
    """Corners of all rings, closing ones included; `ring` numbers the ring of each."""

    corners: Points
    ring: NDArray[np.int64]

    @classmethod
    def of(cls, shapes: list[shapely.Geometry]) -> Borders:
        rings = shapely.get_rings(shapely.get_parts(shapes))
        corners, ring = shapely.get_coordinates(rings, return_index=True)
        return cls(corners, ring)


@dataclass(frozen=True)
class Caught:
    """For each point the number of a corner, or -1; and its spot on a border, or NaN."""

    corner: NDArray[np.int64]
    spot: Points


def catch(
    points: Points,
    borders: Borders,
    tolerance: float,
    moving: shapely.Geometry | None = None,
) -> Caught:
    """The nearest corner within `tolerance` metres, else the nearest spot on a border.

    Of the border of `moving`, which is to be moved, only corners nearer than 2 cm count:
    else it could not be moved by a little.
    """
    fixed = np.zeros(len(borders.corners), dtype=bool)
    if moving is not None:
        edge = shapely.boundary(moving)
        fixed = shapely.distance(shapely.points(borders.corners), edge) <= TOLERANCE
    own = _nearest(points, borders.corners, np.flatnonzero(fixed), min(tolerance, TOLERANCE))  # fmt: skip
    other = _nearest(points, borders.corners, np.flatnonzero(~fixed), tolerance)
    corner = np.where(own >= 0, own, other)
    spot = _spots(points, borders, fixed, tolerance)
    spot[corner >= 0] = np.nan
    if moving is not None:
        # The end of another's border may lie on the one that is moved.
        found = np.flatnonzero(~np.isnan(spot[:, 0]))
        back = shapely.distance(shapely.points(spot[found]), shapely.boundary(moving))
        spot[found[back <= TOLERANCE]] = np.nan
    return Caught(corner, spot)


def _nearest(
    points: Points, corners: Points, among: NDArray[np.int64], tolerance: float
) -> NDArray[np.int64]:
    found = np.full(len(points), -1)
    if len(among):
        tree = shapely.STRtree(shapely.points(corners[among]))
        given, near = tree.query_nearest(shapely.points(points), max_distance=tolerance, all_matches=False)  # fmt: skip
        found[given] = among[near]
    return found


def _spots(
    points: Points, borders: Borders, fixed: NDArray[np.bool_], tolerance: float
) -> Points:
    found = np.full(points.shape, np.nan)
    starts = np.flatnonzero(borders.ring[:-1] == borders.ring[1:])
    starts = starts[~(fixed[starts] & fixed[starts + 1])]
    if not len(starts):
        return found
    ends = np.stack([borders.corners[starts], borders.corners[starts + 1]], axis=1)
    edges = shapely.linestrings(ends)
    given, near = shapely.STRtree(edges).query_nearest(
        shapely.points(points), max_distance=tolerance, all_matches=False
    )
    lines, places = edges[near], shapely.points(points[given])
    on = shapely.line_interpolate_point(lines, shapely.line_locate_point(lines, places))
    found[given] = shapely.get_coordinates(on)
    return found

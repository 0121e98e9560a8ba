"""Where the units of a municipality lie, and where their roads leave for the next one."""

from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, MultiPoint, Point, Polygon

from .noise import Warp, closed_loop
from .plan import TownPlan
from .streets import longest, polygonize


def unit_sites(plan: TownPlan) -> np.ndarray:
    """Centres of the units: a loose triangular pattern in a disc."""
    spacing = plan.radius * np.sqrt(np.pi / (np.sqrt(3) / 2))
    reach = int(np.ceil(np.sqrt(plan.units))) + 2
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    x = (columns + 0.5 * (rows % 2)).ravel() * spacing
    y = rows.ravel() * spacing * np.sqrt(3) / 2
    sites = (
        np.column_stack([x, y])
        + plan.stream("sites").normal(size=(x.size, 2)) * spacing * 0.12
    )
    nearest = np.argsort(np.hypot(*sites.T), kind="stable")
    return sites[nearest] + plan.origin


def lay_out(plan: TownPlan) -> tuple[list[Polygon], list[np.ndarray]]:
    """Boundaries of the units, which share their corners, and the exits of each."""
    if plan.units == 1:
        boundary = rough_outline(plan)
        return [boundary], [spread_exits(plan, boundary)]
    sites = unit_sites(plan)
    ours, beyond = sites[: plan.units], sites[plan.units :]
    cells = shapely.voronoi_polygons(
        MultiPoint(np.vstack([ours, beyond])), only_edges=True
    )
    warp = Warp(plan.stream("boundary"), plan.radius * 0.7, plan.radius * 0.05)
    edges = shapely.segmentize(shapely.line_merge(shapely.get_parts(cells)), 40.0)
    bent = shapely.transform(edges, warp)
    faces = polygonize([bent])
    tree = shapely.STRtree(faces)
    found = tree.query(shapely.points(warp(ours)), predicate="within")[1]
    boundaries = [faces[index] for index in found]
    return boundaries, shared_exits(plan, boundaries)


def rough_outline(plan: TownPlan) -> Polygon:
    """A municipal boundary: straight reaches along old fields, with corners, not an oval."""
    rng = plan.stream("boundary")
    loop = closed_loop(rng, plan.origin, plan.radius * 1.02, 0.15, 44)
    loop = loop[np.sort(rng.permutation(44)[:30])]
    loop += rng.normal(size=loop.shape) * plan.radius * 0.025
    loop[:, 0] = plan.origin[0] + (loop[:, 0] - plan.origin[0]) * 1.16
    loop[:, 1] = plan.origin[1] + (loop[:, 1] - plan.origin[1]) / 1.16
    dense = shapely.segmentize(Polygon(loop), 30.0)
    wobble = Warp(rng, plan.radius * 0.12, plan.radius * 0.006)
    return Polygon(np.round(wobble(shapely.get_coordinates(dense)[:-1]), 3))


def spread_exits(plan: TownPlan, boundary: Polygon) -> np.ndarray:
    rng = plan.stream("exits")
    count = 7 if plan.parcels > 2_500 else (5 if plan.parcels > 800 else 4)
    turn = rng.uniform(0, 2 * np.pi)
    angles = (
        turn + 2 * np.pi * (np.arange(count) + rng.uniform(-0.28, 0.28, count)) / count
    )
    return np.array([leave_at(boundary, plan.origin, angle) for angle in angles])


def leave_at(boundary: Polygon, centre: np.ndarray, angle: float) -> np.ndarray:
    far = centre + 10 * np.sqrt(boundary.area) * np.array(
        [np.cos(angle), np.sin(angle)]
    )
    inside = longest(LineString([centre, far]).intersection(boundary))
    return np.array(inside.coords[-1])


def shared_exits(plan: TownPlan, boundaries: list[Polygon]) -> list[np.ndarray]:
    """Two neighbours meet in the middle of what they share; a rim unit also leads outwards."""
    tree = shapely.STRtree(boundaries)
    exits = []
    for number, boundary in enumerate(boundaries):
        middle = np.array(boundary.centroid.coords[0])
        points = []
        for other in sorted(tree.query(boundary)):
            if other == number:
                continue
            shared = shapely.line_merge(
                boundary.exterior.intersection(boundaries[other].exterior)
            )
            if shared.length > plan.radius * 0.3:
                points.append(
                    np.array(
                        longest(shared).interpolate(0.5, normalized=True).coords[0]
                    )
                )
        points = fill_gaps(boundary, middle, points)
        exits.append(np.array(points))
    return exits


def fill_gaps(boundary: Polygon, middle: np.ndarray, points: list) -> list:
    """A road into every open quarter of the horizon, in the order of the compass."""
    angles = sorted(float(np.arctan2(*(point - middle)[::-1])) for point in points)
    points = list(points)
    ring = [*angles, (angles[0] if angles else 0.0) + 2 * np.pi]
    for left, right in pairwise(ring):
        if right - left > 1.9:
            points.append(leave_at(boundary, middle, (left + right) / 2))
    return sorted(points, key=lambda point: float(np.arctan2(*(point - middle)[::-1])))


def stream_lines(plan: TownPlan) -> list[LineString]:
    """Streams run from east to west through the region, bent by one field."""
    rng = plan.stream("wadi")
    reach = plan.radius * (np.sqrt(plan.units) + 3)
    rows = max(1, round(np.sqrt(plan.units) / 2.2))
    warp = Warp(rng, plan.radius * 0.55, plan.radius * 0.105)
    fine = Warp(rng, plan.radius * 0.12, plan.radius * 0.02)
    lines = []
    for row in range(rows):
        shift = (row - (rows - 1) / 2) * plan.radius * 4.4 - 0.3 * plan.radius
        x = np.arange(-reach, reach, 18.0)
        points = plan.origin + np.column_stack([x, 0.25 * x + shift])
        lines.append(LineString(fine(warp(points))))
    return lines


def stream_through(lines: list[LineString], boundary: Polygon) -> LineString | None:
    for line in lines:
        if line.intersects(boundary):
            piece = longest(line.intersection(boundary.buffer(0.01)))
            middle = Point(boundary.centroid)
            if piece.length > 0.5 * np.sqrt(boundary.area) and piece.distance(
                middle
            ) < np.sqrt(boundary.area):
                return piece
    return None

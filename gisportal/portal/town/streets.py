"""The skeleton of a town: boundary, main roads that meet in an old core, stream, quarters."""

import heapq

import numpy as np
import shapely
from shapely import LineString, Point, Polygon

from .noise import SmoothField, closed_loop, wander
from .plan import Skeleton, TownPlan
from .split import Cuts, cut, frames

MILLIMETRE = 0.001
CAMP_FROM_RADIUS = 600.0


def skeleton(
    plan: TownPlan, unit: int, boundary: Polygon, exits: np.ndarray, stream
) -> Skeleton:
    """`exits` are points on the boundary where a main road leaves; `stream` is a line or None."""
    rng = plan.stream("streets", unit)
    radius = float(np.sqrt(boundary.area / np.pi))
    middle = np.array(boundary.centroid.coords[0])
    centre = middle + rng.normal(size=2) * 0.05 * radius
    core = Polygon(closed_loop(rng, centre, core_radius(radius), 0.42))
    town = Skeleton(centre=centre, radius=radius, boundary=boundary, core=core)
    draw_roads(town, rng, exits)
    if stream is not None:
        town.wadi = stream.intersection(boundary)
    faces = polygonize(
        [boundary.exterior, town.core.exterior, *town.roads, *parts_of(town.wadi)]
    )
    town.zones = quarters(town, rng, faces, plan.zones_per_unit)
    name_kinds(town, rng)
    return town


def core_radius(radius: float) -> float:
    return 0.13 * radius + 12


def parts_of(shape) -> list:
    return [] if shape is None or shape.is_empty else list(shapely.get_parts(shape))


def draw_roads(town: Skeleton, rng: np.random.Generator, exits: np.ndarray) -> None:
    """The first and the middle exit are joined by the market street, straight through the core."""
    old_town = town.core.buffer(-0.01)
    scale = float(np.clip(town.radius / 900, 0.6, 1.0))
    for number, leave in enumerate(exits):
        through = number in (0, len(exits) // 2)
        path = wander(rng, town.centre, leave, 0.075)
        path = np.vstack([path, leave + (leave - path[-3]) * 0.5])
        line = LineString(path).intersection(town.boundary.buffer(0.01))
        town.roads.append(longest(line.difference(old_town)))
        town.road_widths.append(
            scale * (15.0 if through else float(rng.choice([8.0, 10.0, 12.0])))
        )
        if through:
            town.roads.append(longest(line.intersection(town.core.buffer(0.01))))
            town.road_widths.append(scale * 7.5)
    town.roads.append(town.core.exterior)
    town.road_widths.append(scale * 6.5)


def longest(shape):
    parts = shapely.get_parts(shape)
    return parts[np.argmax(shapely.length(parts))]


def polygonize(lines: list) -> np.ndarray:
    """Faces of a set of lines that share every corner, to the millimetre."""
    net = shapely.union_all(np.array(lines, dtype=object), grid_size=MILLIMETRE)
    return shapely.get_parts(shapely.polygonize(shapely.get_parts(net)))


def quarters(
    town: Skeleton, rng: np.random.Generator, faces: np.ndarray, wanted: int
) -> np.ndarray:
    """Split the heaviest face by a new road, or join the lightest to its neighbour."""
    shapes = join_small(list(faces), town, wanted)
    heap = [(-weight(face, town), index) for index, face in enumerate(shapes)]
    heapq.heapify(heap)
    collectors = []
    while len(heap) < wanted:
        _, index = heapq.heappop(heap)
        halves, curve = halve(shapes[index], town, rng)
        collectors.append(curve.intersection(shapes[index].buffer(0.02)))
        for half in halves:
            heapq.heappush(heap, (-weight(half, town), len(shapes)))
            shapes.append(half)
    kept = [shapes[index] for _, index in heap]
    town.roads += [longest(line) for line in collectors]
    town.road_widths += [float(rng.choice([7.0, 8.0, 9.0])) for _ in collectors]
    return snapped(kept, collectors)


def snapped(kept: list, collectors: list) -> np.ndarray:
    """The kept faces with every corner of their neighbours in their outline."""
    fine = polygonize([*(face.exterior for face in kept), *collectors])
    points = shapely.point_on_surface(fine)
    tree = shapely.STRtree(kept)
    piece, face = tree.query(points, predicate="within")
    groups = [
        shapely.union_all(fine[piece[face == number]]) for number in range(len(kept))
    ]
    order = np.lexsort(np.round([(g.centroid.x, -g.centroid.y) for g in groups], 0).T)
    return np.array([Polygon(groups[i].exterior) for i in order], dtype=object)


def weight(face: Polygon, town: Skeleton) -> float:
    away = face.centroid.distance(Point(town.centre)) / town.radius
    elongated = face.area / (face.length**2 / 16)
    return face.area * (0.6 + 0.8 * (1 - elongated)) / (0.1 + 0.9 * away**2.1)


def halve(
    face: Polygon, town: Skeleton, rng: np.random.Generator
) -> tuple[list, LineString]:
    shape = np.array([face], dtype=object)
    frame = frames(shape)
    best: tuple[float, list, LineString] = (-1.0, [], LineString())
    for _ in range(12):
        cuts = Cuts(
            along=rng.uniform(0.38, 0.62, 1),
            angle=rng.normal(0, 0.12, 1),
            bend=rng.uniform(0.04, 0.09, 1),
            lengthwise=np.array([False]),
        )
        pieces = cut(shape, frame, cuts, rng)
        evenness = (
            shapely.area(pieces.parts).min() / face.area
            if len(pieces.parts) == 2
            else 0
        )
        if evenness > best[0]:
            best = (evenness, list(pieces.parts), LineString(pieces.curves[0]))
    return best[1], best[2]


def join_small(faces: list, town: Skeleton, wanted: int) -> list:
    """Scraps between roads that are no quarter of their own go to the longest neighbour."""
    core = town.core.area / 4
    floor = min(town.boundary.area / wanted / 5, 40_000)
    while True:
        areas = [
            face.area / (core if town.core.contains(face.centroid) else floor)
            for face in faces
        ]
        small = int(np.argmin(areas))
        if (areas[small] >= 1 and len(faces) <= wanted) or len(faces) < 3:
            return faces
        shape = faces.pop(small)
        shared = [shapely.length(shape.intersection(other)) for other in faces]
        inside = town.core.contains(shape.centroid)
        same_side = [town.core.contains(other.centroid) == inside for other in faces]
        score = [
            length * (1.0 if same else 0.05)
            for length, same in zip(shared, same_side, strict=True)
        ]
        into = int(np.argmax(score))
        faces[into] = shapely.union_all([faces[into], shape])


def name_kinds(town: Skeleton, rng: np.random.Generator) -> None:
    """core, inner, new, edge or camp, from the distance to the core."""
    centre = Point(town.centre)
    away = (
        np.array([zone.centroid.distance(centre) for zone in town.zones]) / town.radius
    )
    shift = 0.06 * SmoothField(rng, town.radius / 2)(
        np.array([zone.centroid.coords[0] for zone in town.zones])
    )
    reach = away + shift
    kinds = np.select([reach < 0.45, reach < 0.72], ["inner", "new"], "edge").astype(
        object
    )
    kinds[[town.core.contains(zone.centroid) for zone in town.zones]] = "core"
    area = shapely.area(town.zones)
    fringe = np.flatnonzero((reach > 0.5) & (kinds != "core"))
    if len(fringe) and town.radius > CAMP_FROM_RADIUS:
        camp = fringe[
            np.argmin(
                np.abs(np.log(area[fringe] / 120_000)) + 0.5 * (reach[fringe] > 0.95)
            )
        ]
        kinds[camp] = "camp"
        town.camp = np.array(shapely.point_on_surface(town.zones[camp]).coords[0])
    town.zone_kinds = list(kinds)

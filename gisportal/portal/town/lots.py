"""From quarters to blocks to lots: the gaps left between blocks are the streets."""

from dataclasses import dataclass

import numpy as np
import shapely

from .noise import SmoothField
from .plan import Ground, Skeleton, TownPlan
from .split import Cuts, Frame, acceptable, cut, frames
from .streets import MILLIMETRE, polygonize


@dataclass(frozen=True)
class Style:
    """How a kind of ground is cut. Lane and frontage in metres, block in square metres."""

    block: float
    lane: float
    frontage: float
    depth: float
    crooked: float
    smallest: float


STYLES = {
    "core": Style(2_600, 3.4, 8.5, 13.0, 0.20, 45.0),
    "inner": Style(6_800, 6.0, 15.5, 23.0, 0.12, 110.0),
    "new": Style(10_000, 8.0, 18.0, 26.0, 0.03, 180.0),
    "villa": Style(13_000, 7.0, 25.0, 31.0, 0.06, 320.0),
    "camp": Style(760, 2.4, 6.4, 8.5, 0.10, 24.0),
    "garden": Style(22_000, 4.5, 26.0, 90.0, 0.10, 500.0),
    "farm": Style(60_000, 4.0, 21.0, 330.0, 0.05, 900.0),
}
KINDS = tuple(STYLES)
MAX_TRIES = 7


@dataclass
class Cells:
    """`cell` tiles the quarter; `open` is the same ground without its streets."""

    cell: np.ndarray
    open: np.ndarray
    zone: np.ndarray
    style: np.ndarray

    def take(self, which: np.ndarray) -> "Cells":
        return Cells(
            self.cell[which], self.open[which], self.zone[which], self.style[which]
        )

    @staticmethod
    def join(groups: list["Cells"]) -> "Cells":
        return Cells(
            np.concatenate([group.cell for group in groups]),
            np.concatenate([group.open for group in groups]),
            np.concatenate([group.zone for group in groups]),
            np.concatenate([group.style for group in groups]),
        )


class LandUse:
    """What kind of ground a point is on: thinning out from the core and from the main roads."""

    def __init__(self, plan: TownPlan, unit: int, town: Skeleton) -> None:
        rng = plan.stream("land use", unit)
        self.town = town
        self.thin = SmoothField(rng, 260.0)
        self.rich = SmoothField(rng, 320.0)
        self.old = SmoothField(rng, 200.0)
        self.main = shapely.union_all(
            np.array(town.roads[: len(town.roads)], dtype=object)
        )
        self.ragged = 0.07 * min(1.0, town.radius / 900)
        self.camp_radius = 0.06 * town.radius + 10

    def style(self, cells: np.ndarray, zone: np.ndarray) -> np.ndarray:
        points = centres(cells)
        town = self.town
        away = np.hypot(*(points - town.centre).T) / town.radius
        road = shapely.distance(shapely.points(points), self.main) / town.radius
        rim = (
            shapely.distance(shapely.points(points), town.boundary.exterior)
            / town.radius
        )
        score = away + self.ragged * self.thin(points) + 0.55 * np.clip(road, 0, 0.35)
        score += 1.6 * np.clip(0.16 - rim, 0, 0.16)
        urban = np.where(
            away + 0.05 * self.old(points) < 0.42,
            "inner",
            np.where(self.rich(points) > 0.75, "villa", "new"),
        )
        style = np.select(
            [score < 0.74, score < 0.84], [urban, "garden"], "farm"
        ).astype(object)
        kinds = np.array(town.zone_kinds, dtype=object)[zone]
        style[kinds == "core"] = "core"
        if town.camp is not None:
            # Whatever touches the camp is cut finely enough to tell what lies inside it.
            reach = self.camp_radius + 0.4 * np.sqrt(shapely.area(cells))
            in_camp = (kinds == "camp") & (np.hypot(*(points - town.camp).T) < reach)
            style[in_camp] = "camp"
        if town.wadi is not None:
            bank = shapely.distance(shapely.points(points), town.wadi) < 45
            style[bank & (style == "new")] = "garden"
        return style


def centres(cells: np.ndarray) -> np.ndarray:
    return shapely.get_coordinates(shapely.centroid(cells))


def cut_ground(plan: TownPlan, unit: int, town: Skeleton) -> Ground:
    rng = plan.stream("blocks", unit)
    use = LandUse(plan, unit, town)
    cells = open_quarters(town)
    cells.style = use.style(cells.cell, cells.zone)
    cells, streets = cut_blocks(cells, use, rng)
    blocks, block_zone = neighbourhoods(town, streets, cells)
    cells = finish_blocks(cells, rng)
    landmark = pick_landmarks(cells, town, rng)
    lots, owner = cut_lots(cells, landmark, plan.stream("lots", unit))
    lots, kept = node(lots, cells.zone[owner])
    owner = owner[kept]
    place = shapely.STRtree(blocks).query(
        shapely.point_on_surface(lots), predicate="within"
    )
    lot_block = np.full(len(lots), -1)
    lot_block[place[0]] = place[1]
    return Ground(
        skeleton=town,
        lots=lots,
        lot_zone=cells.zone[owner],
        lot_block=lot_block,
        lot_style=cells.style[owner],
        blocks=blocks,
        block_zone=block_zone,
        landmark=landmark[owner],
    )


def open_quarters(town: Skeleton) -> Cells:
    """Each quarter without the main roads and the bed of the stream."""
    gaps = [
        line.buffer(width / 2)
        for line, width in zip(town.roads, town.road_widths, strict=True)
    ]
    if town.wadi is not None:
        gaps.append(wadi_bed(town))
    gap = shapely.union_all(np.array(gaps, dtype=object))
    zone = np.arange(len(town.zones))
    return Cells(
        town.zones.copy(),
        shapely.difference(town.zones, gap),
        zone,
        np.empty(len(zone), object),
    )


def wadi_bed(town: Skeleton):
    """The stream with its banks: 14 to 30 m wide, never twice the same."""
    points = shapely.get_coordinates(shapely.segmentize(town.wadi, 4.0))
    width = (
        10
        + 2.6 * np.sin(points[:, 0] / 61)
        + 2.2 * np.sin(points[:, 0] / 23 + points[:, 1] / 37)
    )
    return shapely.union_all(shapely.buffer(shapely.points(points), width)).simplify(
        0.4
    )


def cut_blocks(
    cells: Cells, use: LandUse, rng: np.random.Generator
) -> tuple[Cells, list]:
    """Cut level by level, every cell of a level at once."""
    done, streets, tries = [], [], np.zeros(len(cells.cell), dtype=int)
    for _ in range(24):
        target = np.array([STYLES[style].block for style in cells.style])
        area = shapely.area(cells.cell)
        ready = (area < target * rng.uniform(1.15, 1.9, len(area))) | (tries > 14)
        done.append(cells.take(ready))
        cells, tries = cells.take(~ready), tries[~ready]
        if not len(cells.cell):
            break
        cells, tries, lines = cut_once(cells, tries, use, rng)
        streets.append(lines)
    done.append(cells)
    return Cells.join(done), streets


def cut_once(
    cells: Cells, tries: np.ndarray, use: LandUse, rng: np.random.Generator
) -> tuple[Cells, np.ndarray, tuple]:
    count = len(cells.cell)
    frame = frames(cells.cell)
    style = [STYLES[name] for name in cells.style]
    crooked = np.array([s.crooked for s in style])
    area = shapely.area(cells.cell)
    cuts = Cuts(
        along=rng.uniform(0.36, 0.64, count),
        angle=rng.normal(0, 1, count) * (0.04 + crooked),
        bend=rng.uniform(0.3, 1.0, count) * (0.022 + 0.45 * crooked),
        lengthwise=(frame.length < 1.25 * frame.depth)
        & (rng.uniform(size=count) < 0.5),
    )
    pieces = cut(cells.cell, frame, cuts, rng)
    # An odd shape is cut less well rather than never.
    floor = np.array([s.block for s in style]) * 0.25 * 0.85**tries
    good = acceptable(
        pieces,
        count,
        floor,
        np.sqrt(floor) * 0.7,
        np.clip(0.42 - 0.03 * tries, 0.15, 1),
    )
    lane = np.array([s.lane for s in style])
    # A cut of a large piece is an important street, a late one a lane.
    width = lane * np.clip((area / np.array([s.block for s in style])) ** 0.16, 1, 1.5)
    width *= rng.uniform(0.85, 1.2, count)
    lines = shapely.linestrings(pieces.curves)
    gap = shapely.buffer(lines, width / 2, cap_style="flat")
    rest = cells.take(~good)
    keep = good[pieces.source]
    source, parts = pieces.source[keep], pieces.parts[keep]
    ground = shapely.difference(
        shapely.intersection(parts, cells.open[source]), gap[source]
    )
    zone = cells.zone[source]
    fresh = Cells(parts, ground, zone, use.style(parts, zone))
    inside = shapely.intersection(lines[good], shapely.buffer(cells.cell[good], 0.02))
    drawn = (inside, area[good], cells.zone[good])
    both = Cells.join([rest, fresh])
    again = np.concatenate([tries[~good] + 1, np.zeros(len(parts), dtype=int)])
    return both, again, drawn


def neighbourhoods(
    town: Skeleton, streets: list, cells: Cells
) -> tuple[np.ndarray, np.ndarray]:
    """Sub-zones: the quarters cut along their widest inner streets, tiling them exactly."""
    shapes, owner = [], []
    for number, zone in enumerate(town.zones):
        limit = max(
            zone.area / 5, 15_000 if town.zone_kinds[number] != "core" else 4_000
        )
        inner = [
            line
            for lines, area, of in streets
            for line in lines[(of == number) & (area > limit)]
        ]
        faces = polygonize([zone.exterior, *inner])
        order = np.lexsort(np.round(centres(faces)[:, ::-1], 0).T)
        shapes += list(faces[order])
        owner += [number] * len(faces)
    return np.array(shapes, dtype=object), np.array(owner)


def finish_blocks(cells: Cells, rng: np.random.Generator) -> Cells:
    """Blunt the corners at junctions, drive dead-end lanes into the old core, drop scraps."""
    blunt = np.array(
        [1.4 if style in ("core", "camp") else 2.6 for style in cells.style]
    )
    ground = shapely.buffer(cells.open, -blunt, quad_segs=1)
    cells = whole_blocks(cells, shapely.buffer(ground, blunt, quad_segs=1))
    old = np.flatnonzero(cells.style == "core")
    ground = cells.open.copy()
    ground[old] = shapely.difference(ground[old], dead_ends(ground[old], rng))
    return whole_blocks(cells, ground)


def whole_blocks(cells: Cells, ground: np.ndarray) -> Cells:
    parts, source = shapely.get_parts(ground, return_index=True)
    floor = np.array([STYLES[style].smallest for style in cells.style])[source]
    keep = (shapely.area(parts) > floor * 1.2) & (shapely.get_type_id(parts) == 3)
    parts, source = parts[keep], source[keep]
    return Cells(
        cells.cell[source],
        shapely.simplify(parts, 0.15),
        cells.zone[source],
        cells.style[source],
    )


def dead_ends(blocks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bent lanes from the edge of a block to a little past its middle."""
    middle = centres(blocks)
    start = shapely.get_coordinates(
        shapely.line_interpolate_point(
            shapely.get_exterior_ring(blocks),
            rng.uniform(0, 1, len(blocks)),
            normalized=True,
        )
    )
    heading = middle - start
    aside = np.column_stack([-heading[:, 1], heading[:, 0]])
    bend = rng.normal(0, 0.22, (len(blocks), 1))
    lanes = np.stack(
        [
            start - 0.25 * heading,
            start + 0.3 * heading,
            start + 0.75 * heading + bend * aside,
            start
            + rng.uniform(1.0, 1.35, (len(blocks), 1)) * heading
            + 1.3 * bend * aside,
        ],
        axis=1,
    )
    lanes = shapely.buffer(
        shapely.linestrings(lanes), rng.uniform(0.9, 1.5, len(blocks)), cap_style="flat"
    )
    lanes[(shapely.area(blocks) < 1_300) | (rng.uniform(size=len(blocks)) < 0.25)] = (
        shapely.Polygon()
    )
    return lanes


def pick_landmarks(
    cells: Cells, town: Skeleton, rng: np.random.Generator
) -> np.ndarray:
    """Blocks kept whole for a school, a mosque, a square: a few in each inhabited quarter."""
    area = shapely.area(cells.open)
    ok = (area > 700) & (area < 6_500) & ~np.isin(cells.style, ["farm", "camp"])
    chosen = np.zeros(len(area), dtype=bool)
    for zone in range(len(town.zones)):
        here = np.flatnonzero(ok & (cells.zone == zone))
        share = min(len(here), 1 + len(here) // 13)
        chosen[rng.permutation(here)[:share]] = True
    return chosen


@dataclass
class Pieces:
    """Ground being cut into lots. `row` is the unit vector along the street it faces."""

    shape: np.ndarray
    owner: np.ndarray
    row: np.ndarray
    tries: np.ndarray

    def take(self, which: np.ndarray) -> "Pieces":
        return Pieces(
            self.shape[which], self.owner[which], self.row[which], self.tries[which]
        )


def cut_lots(
    cells: Cells, whole: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Two rows back to back, then across, until each lot has about its style's frontage."""
    frame = frames(cells.open)
    pieces = Pieces(
        cells.open,
        np.arange(len(cells.open)),
        frame.ahead,
        np.where(whole, MAX_TRIES, 0),
    )
    done = []
    for _ in range(40):
        count, frame, cuts, row = lot_cuts(pieces, cells.style[pieces.owner], rng)
        pieces.row = row
        ready = (count < 2) | (pieces.tries >= MAX_TRIES)
        done.append(pieces.take(ready))
        pieces = pieces.take(~ready)
        if not len(pieces.shape):
            break
        pieces = cut_pieces(
            pieces,
            select(frame, ~ready),
            select(cuts, ~ready),
            cells.style[pieces.owner],
            rng,
        )
    done.append(pieces)
    return (
        np.concatenate([group.shape for group in done]),
        np.concatenate([group.owner for group in done]),
    )


def cut_pieces(
    pieces: Pieces,
    frame: Frame,
    cuts: Cuts,
    style: np.ndarray,
    rng: np.random.Generator,
) -> Pieces:
    table = [STYLES[name] for name in style]
    halves = cut(pieces.shape, frame, cuts, rng)
    smallest = np.array([s.smallest for s in table])
    narrowest = np.array([s.frontage for s in table]) * 0.45
    ease = 0.92**pieces.tries
    shape = np.clip(0.45 - 0.03 * pieces.tries, 0.2, 1)
    good = acceptable(
        halves, len(pieces.shape), smallest * ease, narrowest * ease, shape
    )
    keep = good[halves.source]
    source = halves.source[keep]
    rest = pieces.take(~good)
    return Pieces(
        np.concatenate([rest.shape, halves.parts[keep]]),
        np.concatenate([rest.owner, pieces.owner[source]]),
        np.concatenate([rest.row, pieces.row[source]]),
        np.concatenate([rest.tries + 1, np.zeros(len(source), dtype=int)]),
    )


def select(part: Frame | Cuts, which: np.ndarray) -> Frame | Cuts:
    return type(part)(**{name: value[which] for name, value in vars(part).items()})


def lot_cuts(
    pieces: Pieces, style: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, Frame, Cuts, np.ndarray]:
    """How many lots each piece still holds, where to cut it, and the row it now lies in."""
    count = len(pieces.shape)
    frame = frames(pieces.shape)
    table = [STYLES[name] for name in style]
    depth = np.array([s.depth for s in table])
    frontage = np.array([s.frontage for s in table]) * rng.lognormal(0, 0.22, count)
    crooked = np.array([s.crooked for s in table])
    # A long row follows the bend of its street.
    long_row = (frame.length > 1.8 * frame.depth) & (frame.depth < 1.5 * depth)
    long_row &= (frame.length > 2.2 * frontage) & (frame.depth > 0.6 * depth)
    row = np.where(long_row[:, None], frame.ahead, pieces.row)
    with_row = np.abs((frame.ahead * row).sum(axis=1)) > 0.7
    extent = np.where(with_row, frame.length, frame.depth)
    across = np.where(with_row, frame.depth, frame.length)
    deep = across > 1.5 * depth
    # What is too deep for two rows is first cut into shorter blocks.
    rows = np.where(deep, np.maximum(2, np.round(across / depth)), 1)
    parts = np.where(deep, rows, np.maximum(1, np.round(extent / frontage)))
    jitter = (0.1 + 0.6 * crooked) / np.maximum(parts, 1)
    cuts = Cuts(
        along=(parts // 2) / parts + rng.uniform(-1, 1, count) * jitter,
        angle=rng.normal(0, 1, count) * (0.012 + 0.5 * crooked),
        bend=np.where(crooked > 0.15, 0.02, 0.0) * rng.uniform(size=count),
        lengthwise=np.where(deep, with_row, ~with_row),
    )
    return parts, frame, cuts, row


def node(lots: np.ndarray, zone: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give neighbouring lots the same corners, to the millimetre, so that none overlap.

    Returns the lots in the order of zone and source, and the index each came from.
    """
    shapes, source = [], []
    for number in np.unique(zone):
        here = np.flatnonzero(zone == number)
        faces = polygonize(list(shapely.boundary(lots[here])))
        points = shapely.point_on_surface(faces)
        face, lot = shapely.STRtree(lots[here]).query(points, predicate="within")
        first = np.unique(face, return_index=True)[1]
        face, lot = face[first], lot[first]
        # A lot falls apart only where two lines almost touch; its largest part stays.
        order = np.lexsort([-shapely.area(faces[face]), lot])
        face, lot = face[order], lot[order]
        main = np.unique(lot, return_index=True)[1]
        shapes.append(faces[face[main]])
        source.append(here[lot[main]])
    return np.concatenate(shapes), np.concatenate(source)


__all__ = ["KINDS", "MILLIMETRE", "STYLES", "Cells", "cut_ground"]

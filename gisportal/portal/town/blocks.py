"""From quarters to blocks: the gaps left between blocks are the streets."""

from dataclasses import dataclass

import numpy as np
import shapely

from .land_use import STYLES, LandUse, centres
from .plan import Skeleton
from .split import Cuts, Frame, acceptable, cut, frames
from .streets import polygonize


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


def open_quarters(town: Skeleton) -> Cells:
    """Each quarter without the main roads, the bed of the stream and the boundary ditch."""
    gaps = [
        line.buffer(width / 2)
        for line, width in zip(town.roads, town.road_widths, strict=True)
    ]
    if town.wadi is not None:
        gaps.append(wadi_bed(town))
    gaps.append(town.boundary.exterior.buffer(0.5))
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
        small = area < target * rng.uniform(1.15, 1.9, len(area))
        ready = (small & ~too_deep(cells, frames(cells.cell))) | (tries > 14)
        done.append(cells.take(ready))
        cells, tries = cells.take(~ready), tries[~ready]
        if not len(cells.cell):
            break
        cells, tries, lines = cut_once(cells, tries, use, rng)
        streets.append(lines)
    done.append(cells)
    return Cells.join(done), streets


def too_deep(cells: Cells, frame: Frame) -> np.ndarray:
    """Whether more than two rows of lots would fit, leaving some without a street."""
    depth = np.array([STYLES[style].depth for style in cells.style])
    return frame.depth > 3.4 * depth


def cut_once(
    cells: Cells, tries: np.ndarray, use: LandUse, rng: np.random.Generator
) -> tuple[Cells, np.ndarray, tuple]:
    count = len(cells.cell)
    frame = frames(cells.cell)
    style = [STYLES[name] for name in cells.style]
    crooked = np.array([s.crooked for s in style])
    area = shapely.area(cells.cell)
    small = area < 2 * np.array([s.block for s in style])
    cuts = Cuts(
        along=rng.uniform(0.36, 0.64, count),
        angle=rng.normal(0, 1, count) * (0.04 + crooked),
        bend=rng.uniform(0.3, 1.0, count) * (0.022 + 0.45 * crooked),
        lengthwise=(
            (frame.length < 1.25 * frame.depth) & (rng.uniform(size=count) < 0.5)
        )
        | (too_deep(cells, frame) & (frame.length < 2.4 * frame.depth) & small),
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
    ok &= area > 0.62 * shapely.area(shapely.oriented_envelope(cells.open))
    chosen = np.zeros(len(area), dtype=bool)
    for zone in range(len(town.zones)):
        here = np.flatnonzero(ok & (cells.zone == zone))
        share = min(len(here), 1 + len(here) // 13)
        chosen[rng.permutation(here)[:share]] = True
    return chosen

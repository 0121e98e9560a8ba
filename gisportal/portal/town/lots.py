"""From blocks to lots: two rows back to back, cut across to the street."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import shapely

from .blocks import (
    Cells,
    cut_blocks,
    finish_blocks,
    neighbourhoods,
    open_quarters,
    pick_landmarks,
)
from .land_use import STYLES, LandUse
from .plan import Ground, Skeleton, TownPlan
from .split import Cuts, Frame, acceptable, cut, frames
from .streets import polygonize

MAX_TRIES = 7


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


Part = TypeVar("Part", Frame, Cuts)


def select(part: Part, which: np.ndarray) -> Part:
    """The same frames or cuts, of the chosen polygons only."""
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
    rows = np.where(deep, np.clip(np.round(across / depth - 0.9), 2, None), 1)
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

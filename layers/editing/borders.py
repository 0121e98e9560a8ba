"""A border that is moved takes along what lies on its other side.

Rings are (n, 2) in degrees (EPSG:4326) without their closing corner. Pure geometry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon

# Degrees: about 2 cm; corners nearer than this are one.
TOLERANCE = 2e-7
# Degrees: about 1 mm, the grid on which coordinates are stored.
DIGITS = 8
Corner = tuple[float, float]


@dataclass(frozen=True)
class Stretch:
    """A part of a ring, between two corners that remain, as it was and as it is now."""

    old: LineString
    new: LineString

    def place(self, corner: Corner) -> float | None:
        """How far along the old line a corner lies, from 0 to 1; None where it is off."""
        point = Point(corner)
        if self.old.distance(point) > TOLERANCE:
            return None
        return float(self.old.project(point, normalized=True))

    def moved(self, corner: Corner, share: float) -> Corner:
        """Where a corner comes to lie: with a corner of the line, else by its share."""
        old: list[Corner] = list(self.old.coords)
        new: list[Corner] = list(self.new.coords)
        if len(old) == len(new):
            for before, after in zip(old, new, strict=True):
                if Point(before).distance(Point(corner)) <= TOLERANCE:
                    return after
        return at(self.new, share)

    def within(self, start: float, end: float) -> list[Corner]:
        """Corners that the new line has and the old has not, between two shares."""
        length = self.new.length or 1.0
        own: list[tuple[float, Corner]] = []
        gone = 0.0
        corners = list(self.new.coords)
        for before, corner in pairwise(corners[:-1]):
            gone += Point(before).distance(Point(corner))
            own.append((gone / length, corner))
        low, high = sorted((start, end))
        inner = [corner for share, corner in own if low < share < high]
        return inner if start < end else inner[::-1]


def at(line: LineString, share: float) -> Corner:
    if share <= 0 or share >= 1:
        end = line.coords[0 if share <= 0 else -1]
        return float(end[0]), float(end[1])
    point = line.interpolate(share, normalized=True)
    return round(point.x, DIGITS), round(point.y, DIGITS)


def corners_of(ring: shapely.LinearRing) -> list[Corner]:
    return [(x, y) for x, y in np.asarray(ring.coords)[:-1, :2].tolist()]


def stretches(old: Sequence[Corner], new: Sequence[Corner]) -> list[Stretch]:
    """The parts of a ring that changed; the same corner stays the same place.

    Two rings without a common corner have none, unless they have equally many.
    """
    before, after = _aligned(list(old), list(new))
    image: dict[int, int] = {}
    for tag, i, k, j, m in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag in {"equal", "replace"}:
            image |= dict(zip(range(i, k), range(j, m), strict=False))
    if len(image) < 2:
        return []
    kept = sorted(image)
    changed = []
    for start, end in zip(kept, [*kept[1:], kept[0]], strict=True):
        old_part = _between(before, start, end)
        new_part = _between(after, image[start], image[end])
        if old_part != new_part:
            changed.append(Stretch(LineString(old_part), LineString(new_part)))
    return changed


def _aligned(old: list[Corner], new: list[Corner]) -> tuple[list[Corner], list[Corner]]:
    """Both in one direction, both from a corner that they share."""
    if _signed_area(old) * _signed_area(new) < 0:
        new = new[::-1]
    places = {corner: number for number, corner in enumerate(new)}
    start = next((n for n, corner in enumerate(old) if corner in places), None)
    if start is None:
        return old, new
    first = places[old[start]]
    return old[start:] + old[:start], new[first:] + new[:first]


def _signed_area(ring: Sequence[Corner]) -> float:
    x, y = np.asarray(ring).T
    return float(np.dot(x - x[0], np.roll(y, -1) - np.roll(y, 1)))


def _between(ring: list[Corner], start: int, end: int) -> list[Corner]:
    """From one corner to another, over the ring's end where it must be."""
    if end > start:
        return ring[start : end + 1]
    return ring[start:] + ring[: end + 1]


def changes(old: MultiPolygon, new: MultiPolygon) -> list[Stretch]:
    """The moved parts of all rings; shapes of different make have none in common."""
    before, after = list(_rings(old)), list(_rings(new))
    if len(before) != len(after):
        return []
    return [
        part
        for one, other in zip(before, after, strict=True)
        for part in stretches(corners_of(one), corners_of(other))
    ]


def _rings(shape: MultiPolygon) -> Iterable[shapely.LinearRing]:
    for polygon in shape.geoms:
        yield polygon.exterior
        yield from polygon.interiors


def take_along(neighbour: MultiPolygon, moved: Sequence[Stretch]) -> MultiPolygon:
    """The neighbour with its part of the border moved; the same object if it has none."""
    parts = [
        Polygon(
            _follow(corners_of(polygon.exterior), moved),
            [_follow(corners_of(ring), moved) for ring in polygon.interiors],
        )
        for polygon in neighbour.geoms
    ]
    result = MultiPolygon(parts)
    return neighbour if result.equals_exact(neighbour, 0.0) else result


def _follow(ring: list[Corner], moved: Sequence[Stretch]) -> list[Corner]:
    ring = _noded(ring, moved)
    shares = [[part.place(corner) for part in moved] for corner in ring]
    result: list[Corner] = []
    for number, corner in enumerate(ring):
        following = (number + 1) % len(ring)
        if not _drops(corner, shares[number], moved):
            result.append(_place(corner, shares[number], moved))
        for part, start, end in zip(
            moved, shares[number], shares[following], strict=True
        ):
            if start is None or end is None or start == end:
                continue
            middle = LineString([corner, ring[following]]).interpolate(
                0.5, normalized=True
            )
            if part.old.distance(middle) > TOLERANCE:
                continue
            if len(part.old.coords) != len(part.new.coords):
                result += part.within(start, end)
    return result


def _noded(ring: list[Corner], moved: Sequence[Stretch]) -> list[Corner]:
    """With the corners of the old border that lie on the ring's edges."""
    wanted = {corner for part in moved for corner in part.old.coords}
    result: list[Corner] = []
    for number, start in enumerate(ring):
        end = ring[(number + 1) % len(ring)]
        edge = LineString([start, end])
        on = [
            corner
            for corner in wanted
            if edge.distance(Point(corner)) <= TOLERANCE
            and Point(corner).distance(Point(start)) > TOLERANCE
            and Point(corner).distance(Point(end)) > TOLERANCE
        ]
        result += [
            start,
            *sorted(on, key=lambda corner: edge.project(Point(corner))),
        ]
    return result


def _place(
    corner: Corner, shares: Sequence[float | None], moved: Sequence[Stretch]
) -> Corner:
    for share, part in zip(shares, moved, strict=True):
        if share is not None:
            return part.moved(corner, share)
    return corner


def _drops(
    corner: Corner, shares: Sequence[float | None], moved: Sequence[Stretch]
) -> bool:
    """Whether the border lost this corner."""
    for share, part in zip(shares, moved, strict=True):
        inner = list(part.old.coords)[1:-1]
        if share is not None and len(part.old.coords) != len(part.new.coords):
            return any(Point(one).distance(Point(corner)) <= TOLERANCE for one in inner)
    return False

"""What is wrong with areas that are to come into force, beside those that stay.

Geometries are in the municipality's projected system, in metres; pure geometry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

import shapely
from shapely.geometry.base import BaseGeometry

# Metres: what is narrower is the inexactness of coordinates.
TOLERANCE = 0.02
# Metres: a gap up to this wide along a border was not meant.
NARROW = 0.5
# Metres: an area nowhere wider than this is none that anybody owns.
SLIVER = 0.5
# Metres: how far beyond a boundary drawn by hand an area may lie.
NEAR = 50.0
# Square metres of another zone that are no matter of drawing.
ACROSS = 1.0
Areas = Mapping[str, BaseGeometry]


@dataclass(frozen=True)
class Finding:
    """`place` in the projected system; `square_metres` None where none can be told."""

    code: str
    codes: tuple[str, ...]
    square_metres: float | None
    place: tuple[float, float]


@dataclass(frozen=True)
class Ground:
    """Areas of one kind: those that change, and those about them that don't.

    `zones` are those that parcels belong to; empty where zones are edited.
    """

    before: Areas
    after: Areas
    neighbours: Areas
    boundary: BaseGeometry | None = None
    zones: Areas = field(default_factory=dict)
    leaves_gap: bool = False
    """Whether it is meant that a place is left to nobody."""


def invalid(areas: Areas) -> list[Finding]:
    """Borders that cross themselves or hold nothing; nothing else can be measured then."""
    found = []
    for code, area in areas.items():
        reason = "" if area.is_valid else shapely.is_valid_reason(area)
        told = reason.partition("[")[2].rstrip("]").split()
        if not area.convex_hull.area:
            found.append(Finding("empty", (code,), None, _spot(area)))
        elif told:
            place = float(told[0]), float(told[1])
            found.append(Finding("self_intersection", (code,), None, place))
        elif area.buffer(-TOLERANCE / 2).is_empty:
            found.append(Finding("empty", (code,), None, _spot(area)))
    return found


def examine(ground: Ground) -> list[Finding]:
    """All findings about valid areas, the gravest kind first."""
    return [
        *_overlaps(ground),
        *_gaps(ground),
        *_slivers(ground),
        *_outside(ground),
        *_across(ground),
    ]


def _overlaps(ground: Ground) -> Iterator[Finding]:
    """Those that were there before are not the editor's."""
    pairs = [
        *combinations(ground.after.items(), 2),
        *((own, other) for own in ground.after.items() for other in ground.neighbours.items()),
    ]  # fmt: skip
    for (code, area), (other_code, other) in pairs:
        if not area.intersects(other):
            continue
        shared = area.intersection(other)
        for part in _parts(shared):
            part = part.difference(_old_overlap(ground, part))
            yield from _told("overlap", (code, other_code), part)


def _old_overlap(ground: Ground, part: BaseGeometry) -> BaseGeometry:
    """Where at least two areas lay upon one another before, within `part`."""
    there = [
        area.intersection(part)
        for area in (*ground.before.values(), *ground.neighbours.values())
        if area.intersects(part)
    ]
    twice = [
        shared
        for one, other in combinations(there, 2)
        for shared in _parts(one.intersection(other))
    ]
    return shapely.union_all(twice).buffer(TOLERANCE) if twice else shapely.Polygon()


def _gaps(ground: Ground) -> Iterator[Finding]:
    here = shapely.union_all([*ground.after.values(), *ground.neighbours.values()])
    codes = tuple(ground.after)
    lost = shapely.Polygon()
    if not ground.leaves_gap:
        lost = shapely.union_all(list(ground.before.values())).difference(here)
        for part in _parts(lost):
            yield from _told("gap", codes, part)
    if not ground.after:
        return
    was = shapely.union_all([*ground.before.values(), *ground.neighbours.values()])
    known = shapely.union_all([_narrow(was), lost]).buffer(TOLERANCE)
    changed = shapely.union_all(list(ground.after.values())).buffer(TOLERANCE)
    for part in _parts(_narrow(here)):
        if part.intersects(changed):
            yield from _told("narrow_gap", codes, part.difference(known))


def _narrow(area: BaseGeometry) -> BaseGeometry:
    """Seams inside an area or between its parts that are not wider than NARROW."""
    closed = area.buffer(NARROW / 2, join_style="mitre", mitre_limit=20)
    closed = closed.buffer(-NARROW / 2, join_style="mitre", mitre_limit=20)
    return closed.difference(area)


def _slivers(ground: Ground) -> Iterator[Finding]:
    for code, area in ground.after.items():
        for part in _parts(area):
            if part.buffer(-SLIVER / 2).is_empty:
                yield Finding("sliver", (code,), part.area, _spot(part))


def _outside(ground: Ground) -> Iterator[Finding]:
    if ground.boundary is None:
        return
    former = shapely.union_all(list(ground.before.values()))
    for code, area in ground.after.items():
        beyond = area.difference(ground.boundary)
        if beyond.is_empty:
            continue
        surface = shapely.point_on_surface(area)
        if ground.boundary.distance(surface) > NEAR:
            yield Finding("outside", (code,), beyond.area, _spot(beyond))
        else:
            for part in _parts(beyond.difference(former.buffer(TOLERANCE))):
                yield from _told("beyond_boundary", (code,), part)


def _across(ground: Ground) -> Iterator[Finding]:
    """A parcel that lay across two zones before is not the editor's."""
    if not ground.zones:
        return
    for code, area in ground.after.items():
        own = _zone_of(ground, area)
        if own is None:
            yield Finding("zoneless", (code,), area.area, _spot(area))
            continue
        for name, zone in ground.zones.items():
            if name == own or not zone.intersects(area):
                continue
            strip = area.intersection(zone)
            new = strip.area > ACROSS + _strip_before(ground, name)
            if new and not strip.buffer(-SLIVER / 2).is_empty:
                yield Finding("across_zones", (code, name), strip.area, _spot(strip))


def beyond_parents(ground: Ground, parents: Areas) -> Iterator[Finding]:
    """Parts of an area beyond its parent's, both by the area's code; what lay there before
    is not the editor's.
    """
    former = shapely.union_all(list(ground.before.values())).buffer(TOLERANCE)
    for code, parent in parents.items():
        for part in _parts(ground.after[code].difference(parent).difference(former)):
            if not part.buffer(-SLIVER / 2).is_empty:
                yield Finding("beyond_parent", (code,), part.area, _spot(part))


def _zone_of(ground: Ground, area: BaseGeometry) -> str | None:
    surface = shapely.point_on_surface(area)
    holding = (name for name, zone in ground.zones.items() if zone.covers(surface))
    return min(holding, default=None)


def _strip_before(ground: Ground, name: str) -> float:
    """Square metres of a zone under former areas that belonged to another."""
    zone = ground.zones[name]
    strips = [
        float(area.intersection(zone).area)
        for area in ground.before.values()
        if area.intersects(zone) and _zone_of(ground, area) != name
    ]
    return sum(strips)


def _parts(area: BaseGeometry) -> list[BaseGeometry]:
    return [
        part
        for part in shapely.get_parts(area)
        for part in shapely.get_parts(part)
        if part.area
    ]


def _told(code: str, codes: tuple[str, ...], area: BaseGeometry) -> Iterator[Finding]:
    for part in _parts(area):
        if not part.buffer(-TOLERANCE / 2).is_empty:
            yield Finding(code, codes, part.area, _spot(part))


def _spot(area: BaseGeometry) -> tuple[float, float]:
    point = shapely.point_on_surface(area)
    if point.is_empty:
        point = shapely.centroid(area)
    return (0.0, 0.0) if point.is_empty else (point.x, point.y)

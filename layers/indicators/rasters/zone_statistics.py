"""Statistics of zones from the town's rasters and places, stored by version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from math import ceil, floor

import numpy as np
import shapely
from django.db.models import Max
from pyproj import CRS

from layers.geography.models import Facility, Municipality, Raster, Zone
from layers.geography.tenancy import tenant
from layers.indicators import errors
from layers.indicators.models import ZoneStatistic
from layers.indicators.rasters import population as rasters
from layers.indicators.rasters import walking
from layers.indicators.rasters.coverage import Grid

GEOGRAPHIC = CRS.from_epsg(4326)
# Modelled people are not shown one by one, and not where so few live.
ROUNDED, FEWEST = 5, 10
# A share is told where it is known of so many of the people.
KNOWN = 0.9
MOST_GROUND = 2_000_000
# Metres a minute, at most; by Tobler, downhill.
FASTEST = 100.0
# Changes when the same input would give other figures.
EDITION = "1"


@dataclass(frozen=True)
class Hazard:
    code: str
    threshold: float
    nodata_is_safe: bool = False


@dataclass(frozen=True)
class Walk:
    """Kinds of places, and how near is near. `pace` 0.6 is Tobler's off paths: no
    streets are known, so all ground counts as that."""

    kinds: tuple[str, ...] = ()
    minutes: tuple[int, ...] = (5, 10, 15)
    cell: float = 20.0
    pace: float = 0.6


@dataclass(frozen=True)
class Asked:
    """`kind` of zones; empty for those that figures are told by."""

    kind: str = ""
    hazards: tuple[Hazard, ...] = ()
    walk: Walk = field(default_factory=Walk)


@dataclass(frozen=True)
class Subject:
    """One statistic to be: the raster it comes from, what was asked, and its mask."""

    statistic: str
    raster: Raster | None = None
    parameters: dict[str, object] = field(default_factory=dict)
    mask: rasters.Mask = rasters.NOWHERE


def compute_zone_statistics(
    *, municipality: Municipality, asked: Asked
) -> list[ZoneStatistic]:
    """Store a version of each statistic asked for; the same inputs store nothing new.

    Returns the rows in force, by statistic and zone. Raises ValidationErrors of
    `errors` and then stores nothing.
    """
    with tenant(municipality):
        zones = zones_of(municipality, asked.kind)
        people = _people_raster(municipality)
        shapes = [_shape(zone) for zone in zones]
        subjects = [
            *_hazards(municipality, asked.hazards),
            *_walks(municipality, shapes, asked.walk),
        ]
        digest = _digest(municipality, zones, people, asked)
        names = _names(subjects, asked)
        if rows := _unchanged(zones, names, digest):
            return rows
        found = rasters.concerned(
            people.file.path, shapes, GEOGRAPHIC, [each.mask for each in subjects]
        )
        rows = list(_rows(zones, people, subjects, found))
        version = _next_version(municipality)
        for row in rows:
            row.municipality, row.version, row.digest = municipality, version, digest
        ZoneStatistic.objects.bulk_create(rows, batch_size=2000)
    return rows


def zones_of(municipality: Municipality, kind: str) -> list[Zone]:
    zones = Zone.objects.of(municipality)
    chosen = zones.current().filter(kind=kind) if kind else zones.reporting()
    if not (found := list(chosen.order_by("code"))):
        raise errors.NoZones
    return found


def _shape(zone: Zone) -> shapely.Geometry:
    if zone.geometry is None or zone.geometry.empty or zone.geometry.area == 0:
        raise errors.NoGeometry(zone.code)
    return shapely.from_wkb(bytes(zone.geometry.wkb))


def _people_raster(municipality: Municipality) -> Raster:
    """Children where there is such a raster, else people of all ages."""
    current = Raster.objects.of(municipality).current()
    for kind in (Raster.Kind.CHILDREN, Raster.Kind.POPULATION):
        if found := current.filter(kind=kind).order_by("code").first():
            return found
    raise errors.NoPeopleRaster


def _hazards(
    municipality: Municipality, hazards: Iterable[Hazard]
) -> Iterable[Subject]:
    current = Raster.objects.of(municipality).current().filter(kind="hazard")
    known = {raster.code: raster for raster in current}
    for each in hazards:
        if each.code not in known:
            raise errors.UnknownHazard(each.code, ", ".join(sorted(known)) or "–")
        raster = known[each.code]
        mask = rasters.ThresholdMask(
            raster.file.path, each.threshold, each.nodata_is_safe
        )
        yield Subject(f"hazard:{each.code}", raster, asdict(each), mask)


def _walks(
    municipality: Municipality, shapes: Sequence[shapely.Geometry], walk: Walk
) -> Iterable[Subject]:
    """Reach of each kind of place, over the town's terrain where there is one."""
    if not walk.kinds:
        return
    crs = CRS.from_epsg(municipality.srid)
    grid = _ground(rasters.moved(shapes, GEOGRAPHIC, crs), walk)
    terrain = Raster.objects.of(municipality).current().filter(kind="terrain").first()
    heights = np.zeros((grid.rows, grid.columns))
    if terrain:
        heights = rasters.heights_on(terrain.file.path, grid, crs)
    for kind in walk.kinds:
        places = _places(municipality, kind, grid, crs)
        _check_ground(kind, places, heights, walk.cell)
        found = walking.minutes(
            cell=walk.cell,
            places=places,
            heights=heights,
            pace=walk.pace,
            farthest=max(walk.minutes),
        )
        for limit in walk.minutes:
            reach = np.where(found <= limit, 1.0, 0.0)
            reach[np.isnan(heights)] = np.nan
            told = {"kind": kind, "minutes": limit, "cell": walk.cell}
            yield Subject(
                f"walk:{kind}:{limit}",
                terrain,
                {**told, "pace": walk.pace},
                rasters.ArrayMask(reach, grid, crs),
            )


def _ground(shapes: Sequence[shapely.Geometry], walk: Walk) -> Grid:
    """Square cells around the zones, as far as a way to a place may lead."""
    west, south, east, north = shapely.total_bounds(np.array(shapes, dtype=object))
    cell, far = walk.cell, FASTEST * walk.pace * max(walk.minutes)
    left, top = floor((west - far) / cell), ceil((north + far) / cell)
    columns = ceil((east + far) / cell) - left
    rows = top - floor((south - far) / cell)
    if columns * rows > MOST_GROUND:
        raise errors.GroundTooFine(columns * rows, MOST_GROUND)
    return Grid(left * cell, top * cell, cell, cell, columns, rows)


def _check_ground(
    kind: str, places: Sequence[tuple[float, float]], heights: np.ndarray, cell: float
) -> None:
    """Raises PlaceOffTerrain for a place within reach whose height is not known."""
    rows, columns = heights.shape
    for x, y in places:
        row, column = floor(y / cell), floor(x / cell)
        if not (0 <= row < rows and 0 <= column < columns):
            continue
        if np.isnan(heights[row, column]):
            raise errors.PlaceOffTerrain(str(Facility.Kind(kind).label))


def _places(
    municipality: Municipality, kind: str, grid: Grid, crs: CRS
) -> list[tuple[float, float]]:
    """Metres east and south of the grid's corner."""
    found = Facility.objects.of(municipality).current().filter(kind=kind)
    points = [shapely.from_wkb(bytes(each.geometry.wkb)) for each in found]
    if not points:
        raise errors.NoPlaces(str(Facility.Kind(kind).label))
    moved = rasters.moved(points, GEOGRAPHIC, crs)
    return [(point.x - grid.west, grid.north - point.y) for point in moved]


def _names(subjects: Sequence[Subject], asked: Asked) -> list[str]:
    counted = ["hazards"] if len(asked.hazards) > 1 else []
    return ["people", *(each.statistic for each in subjects), *counted]


def _digest(
    municipality: Municipality, zones: Sequence[Zone], people: Raster, asked: Asked
) -> str:
    """Of all that the figures depend on."""
    current = Raster.objects.of(municipality).current().order_by("code")
    places = Facility.objects.of(municipality).current().order_by("pk")
    told = [
        EDITION,
        municipality.srid,
        people.code,
        [zone.pk for zone in zones],
        [hashlib.sha256(bytes(zone.geometry.wkb)).hexdigest() for zone in zones],
        [[raster.code, raster.kind, raster.sha256] for raster in current],
        [
            [each.kind, each.geometry.wkt]
            for each in places.filter(kind__in=asked.walk.kinds)
        ],
        asdict(asked),
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _unchanged(
    zones: Sequence[Zone], names: Sequence[str], digest: str
) -> list[ZoneStatistic]:
    """The newest rows, if they were computed from the same."""
    rows = [
        row
        for row in ZoneStatistic.objects.newest().filter(
            zone__in=zones, statistic__in=names
        )
        if row.digest == digest
    ]
    return rows if len(rows) == len(zones) * len(names) else []


def _next_version(municipality: Municipality) -> int:
    rows = ZoneStatistic.objects.of(municipality)
    return 1 + (rows.aggregate(last=Max("version"))["last"] or 0)


def _rows(
    zones: Sequence[Zone],
    people: Raster,
    subjects: Sequence[Subject],
    found: Sequence[rasters.Exposure],
) -> Iterable[ZoneStatistic]:
    """Rows without municipality and version."""
    everyone, exposures = found[0], found[1:]
    nothing = np.full(len(zones), np.nan)
    told = [(Subject("people"), everyone.people, nothing)]
    hazards = []
    for subject, exposure in zip(subjects, exposures, strict=True):
        enough = exposure.known >= KNOWN * exposure.people
        share = np.where(enough, _share(exposure.concerned, exposure.known), np.nan)
        told.append((subject, np.where(enough, exposure.concerned, np.nan), share))
        if subject.statistic.startswith("hazard:"):
            hazards.append(share)
    if len(hazards) > 1:
        counted = Subject("hazards", None, {"hazards": len(hazards)})
        told.append((counted, nothing, np.sum(hazards, axis=0)))
    for subject, concerned, value in told:
        for row, zone in enumerate(zones):
            few = bool(everyone.people[row] < FEWEST)
            yield ZoneStatistic(
                zone=zone,
                statistic=subject.statistic,
                who=people.kind,
                people=None if few else _rounded(concerned[row]),
                value=None if few else _known(value[row]),
                withheld=few,
                covered=float(everyone.covered[row]),
                people_raster=people,
                other_raster=subject.raster,
                parameters=subject.parameters,
            )


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _rounded(people: float) -> float | None:
    return None if np.isnan(people) else float(ROUNDED * round(people / ROUNDED))

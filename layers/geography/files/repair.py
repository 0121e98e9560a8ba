"""Geometries made fit to be stored: in degrees, on a grid, valid, of one kind."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from layers.geography.files.refusal import Unreadable

# Degrees; about a millimetre, so that an import never moves a corner visibly.
GRID = 8
# Square metres; what is smaller after a repair is a line, not a parcel.
SMALLEST = 0.01
# Degrees beyond the area for which a coordinate reference system is made.
MARGIN = 2.0
# Refused rows whose place is told.
DRAWN = 1000
POINT, LINE, RING, POLYGON, MULTIPOLYGON, COLLECTION = 0, 1, 2, 3, 6, 7


@dataclass
class Cleaned:
    """`geometry` in EPSG:4326, None where refused; `area` in m² of the town's system."""

    geometry: np.ndarray
    area: np.ndarray
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    repaired: list[tuple[int, str, float]] = field(default_factory=list)


def usable_crs(text: str) -> CRS:
    """Raises Unreadable where there is none, or none that lies on the Earth."""
    if not text:
        raise Unreadable("crs_missing")
    try:
        crs = CRS.from_user_input(text).to_2d()
    except CRSError as error:
        raise Unreadable("crs_unknown", crs=text[:60]) from error
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    if crs.is_bound and crs.source_crs is not None:
        return crs
    if not (crs.is_geographic or crs.is_projected):
        raise Unreadable("crs_missing")
    return crs


def crs_name(crs: CRS) -> str:
    code = crs.to_epsg(min_confidence=70)
    return f"EPSG:{code}" if code else crs.name[:60]


def spots(geometry: np.ndarray, gone: set[int]) -> list[list[float]]:
    """Where the refused rows lie, in degrees, as far as they lie anywhere."""
    rows = [row for row in sorted(gone) if row < len(geometry)][:DRAWN]
    known = [geometry[row] for row in rows if geometry[row] is not None]
    found = shapely.point_on_surface(np.array(known, dtype=object))
    return shapely.get_coordinates(found).tolist()


def moved(
    geometry: np.ndarray, source: CRS, target: CRS, *, grid: int | None = None
) -> np.ndarray:
    """Geometries in another system, their coordinates rounded to `grid` digits."""
    transformer = Transformer.from_crs(source, target, always_xy=True)

    def move(xy: np.ndarray) -> np.ndarray:
        result = np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))
        return result if grid is None else np.round(result, grid)

    return shapely.transform(geometry, move)


def _refuse(cleaned: Cleaned, where: np.ndarray, code: str) -> None:
    for row in np.flatnonzero(where):
        cleaned.refused.append((int(row), code, ""))
    cleaned.geometry[where] = None


def _finite(geometry: np.ndarray) -> np.ndarray:
    """Whether all coordinates of each geometry are finite; None counts as finite."""
    fine = np.ones(len(geometry), dtype=bool)
    xy, index = shapely.get_coordinates(geometry, return_index=True)
    fine[index[~np.isfinite(xy).all(axis=1)]] = False
    return fine


def _within(geometry: np.ndarray, crs: CRS) -> np.ndarray:
    """Whether each geometry (in degrees) lies near the area `crs` is made for."""
    use = crs.area_of_use
    box = shapely.bounds(geometry)
    west, south, east, north = (
        (use.west, use.south, use.east, use.north) if use else (-180, -90, 180, 90)
    )
    if west > east:
        west, east = -180, 180
    with np.errstate(invalid="ignore"):
        inside = (
            (box[:, 0] >= west - MARGIN)
            & (box[:, 1] >= max(south - MARGIN, -90))
            & (box[:, 2] <= east + MARGIN)
            & (box[:, 3] <= min(north + MARGIN, 90))
        )
    return inside | np.isnan(box).any(axis=1)


def clean(
    geometry: np.ndarray, absent: np.ndarray, crs: CRS, srid: int, *, points: bool
) -> Cleaned:
    """Bring `geometry` from `crs` into storage; `points` says what the rows must be."""
    cleaned = _there(geometry, absent)
    _refuse_kind(cleaned, points=points)
    degrees, metres = CRS.from_epsg(4326), CRS.from_epsg(srid)
    _place(cleaned, crs, degrees, metres)
    if points:
        _to_points(cleaned)
    else:
        _mend(cleaned, degrees, metres, measured=crs == metres)
    return cleaned


def clean_lines(
    geometry: np.ndarray, absent: np.ndarray, crs: CRS, srid: int
) -> Cleaned:
    """As `clean`, for rows that are lines: they come out in several parts each."""
    cleaned = _there(geometry, absent)
    _place(cleaned, crs, CRS.from_epsg(4326), CRS.from_epsg(srid))
    _refuse(cleaned, shapely.length(cleaned.geometry) == 0, "line_without_length")
    for row in np.flatnonzero(shapely.get_type_id(cleaned.geometry) >= POINT):
        parts = shapely.get_parts(cleaned.geometry[row])
        lines = parts[np.isin(shapely.get_type_id(parts), (LINE, RING))]
        cleaned.geometry[row] = shapely.multilinestrings(
            lines if len(lines) else [cleaned.geometry[row]]
        )
    return cleaned


def _there(geometry: np.ndarray, absent: np.ndarray) -> Cleaned:
    cleaned = Cleaned(geometry.copy(), np.zeros(len(geometry)))
    _refuse(cleaned, absent, "geometry_missing")
    _refuse(cleaned, (geometry == None) & ~absent, "geometry_unreadable")  # noqa: E711
    _refuse(cleaned, shapely.is_empty(cleaned.geometry), "geometry_empty")
    _refuse(cleaned, ~_finite(cleaned.geometry), "geometry_not_finite")
    return cleaned


def _place(cleaned: Cleaned, crs: CRS, degrees: CRS, metres: CRS) -> None:
    if crs == metres:
        cleaned.area = np.nan_to_num(shapely.area(cleaned.geometry))
    if crs == degrees:
        cleaned.geometry = shapely.transform(
            cleaned.geometry, lambda xy: np.round(xy, GRID)
        )
    else:
        cleaned.geometry = moved(cleaned.geometry, crs, degrees, grid=GRID)
        _refuse(cleaned, ~_finite(cleaned.geometry), "outside_crs")
    _refuse(cleaned, ~_within(cleaned.geometry, crs), "outside_crs")
    _refuse(cleaned, ~_within(cleaned.geometry, metres), "outside_country")


def _refuse_kind(cleaned: Cleaned, *, points: bool) -> None:
    kind = shapely.get_type_id(cleaned.geometry)
    here = kind >= 0
    fitting = np.isin(kind, (POLYGON, MULTIPOLYGON, COLLECTION))
    if points:
        fitting |= np.isin(kind, (POINT, 4))
    elif here.any() and np.isin(kind[here], (POINT, 4)).all():
        raise Unreadable("points_not_areas", count=int(here.sum()))
    elif here.any() and not fitting[here].any():
        raise Unreadable("lines_not_areas", count=int(here.sum()))
    _refuse(cleaned, here & ~fitting, "geometry_kind")


def _to_points(cleaned: Cleaned) -> None:
    kind = shapely.get_type_id(cleaned.geometry)
    for row in np.flatnonzero(kind > POINT):
        cleaned.geometry[row] = shapely.point_on_surface(cleaned.geometry[row])
        cleaned.repaired.append((int(row), "point_taken", 0.0))


def _areal(geometry: shapely.Geometry) -> shapely.Geometry:
    """Only the polygons of what make_valid gives."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    kept = parts[np.isin(shapely.get_type_id(parts), (POLYGON, MULTIPOLYGON))]
    return shapely.union_all(kept)


def _mend(cleaned: Cleaned, degrees: CRS, metres: CRS, *, measured: bool) -> None:
    wrong = ~shapely.is_valid(cleaned.geometry)
    wrong |= shapely.get_type_id(cleaned.geometry) == COLLECTION
    wrong &= cleaned.geometry != None  # noqa: E711
    rows = np.flatnonzero(wrong)
    reasons = shapely.is_valid_reason(cleaned.geometry[rows])
    before = np.nan_to_num(shapely.area(moved(cleaned.geometry[rows], degrees, metres)))
    mended = shapely.make_valid(cleaned.geometry[rows])
    cleaned.geometry[rows] = [_areal(one) for one in mended]
    cleaned.geometry = _as_multipolygons(cleaned.geometry)
    new = rows if measured else np.arange(len(cleaned.geometry))
    flat = moved(cleaned.geometry[new], degrees, metres)
    cleaned.area[new] = np.nan_to_num(shapely.area(flat))
    tiny = (cleaned.geometry != None) & (cleaned.area < SMALLEST)  # noqa: E711
    _refuse(cleaned, tiny, "geometry_flat")
    for row, reason, old in zip(rows, reasons, before, strict=True):
        if cleaned.geometry[row] is not None:
            change = float(cleaned.area[row] - old)
            cleaned.repaired.append((int(row), _how(reason), change))


def _how(reason: str) -> str:
    words = {
        "Self-intersection": "self_crossing",
        "Ring Self-intersection": "self_touching",
        "Hole": "hole_moved",
        "Nested": "parts_merged",
        "Duplicate": "parts_merged",
        "Interior": "hole_moved",
        "Valid": "collection",
    }
    return next(
        (how for word, how in words.items() if reason.startswith(word)), "mended"
    )


def _as_multipolygons(geometry: np.ndarray) -> np.ndarray:
    result = geometry.copy()
    single = np.flatnonzero(shapely.get_type_id(geometry) == POLYGON)
    if single.size:
        result[single] = shapely.multipolygons(
            geometry[single], indices=np.arange(single.size)
        )
    return result

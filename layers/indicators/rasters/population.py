"""People of a raster by zone, and those whom a hazard or a way on foot concerns.

Rasters are read by windows and never whole; zones are brought to the people's grid, that
grid itself is never resampled. Raises ValidationErrors of `errors`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import Protocol

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio import Affine
from rasterio.errors import RasterioError
from rasterio.warp import Resampling, reproject, transform_bounds
from rasterio.windows import Window, from_bounds
from scipy.sparse import csr_array

from layers.geography.files.raster import upright, valid_values
from layers.indicators import errors
from layers.indicators.rasters.coverage import Grid, Sums, coverage, sums

Floats = NDArray[np.float64]

# Cells: of a strip read at once, of the people's raster in all, of a mask's window.
STRIP, MOST, MOST_MASK = 2_000_000, 400_000_000, 50_000_000
CACHE_MEGABYTES = 64


class Mask(Protocol):
    """Where something is the case."""

    def onto(self, grid: Grid, crs: CRS) -> Part:
        """On another grid."""


@dataclass(frozen=True)
class Part:
    """(r, c) shares of each cell, 0 to 1: where it is known, and where it is so."""

    known: Floats
    concerned: Floats


class Nowhere:
    """Concerns nobody."""

    def onto(self, grid: Grid, crs: CRS) -> Part:
        nothing = np.zeros((grid.rows, grid.columns))
        return Part(nothing + 1, nothing)


NOWHERE = Nowhere()


@dataclass(frozen=True)
class Exposure:
    """(z,) each: people, and of them those concerned; NaN where nothing is known."""

    people: Floats
    known: Floats
    """People of whom it is known whether it concerns them."""
    concerned: Floats
    covered: Floats
    """The share of the zone's area where the raster has a number of people."""


@contextmanager
def opened(path: Path | str) -> Iterator[rasterio.DatasetReader]:
    """A north-up raster with a CRS. Raises RasterUnreadable, RasterWithoutCrs, …"""
    name = Path(path).name
    try:
        with (
            rasterio.Env(GDAL_CACHEMAX=CACHE_MEGABYTES),
            rasterio.open(path, driver="GTiff") as raster,
        ):
            if not raster.crs:
                raise errors.RasterWithoutCrs(name)
            if not upright(raster):
                raise errors.RasterRotated(name)
            yield raster
    except RasterioError as error:
        raise errors.RasterUnreadable(name) from error


def moved(
    zones: Sequence[shapely.Geometry], source: CRS, target: CRS
) -> list[shapely.Geometry]:
    """Zones in another CRS, their vertices in the order x, y."""
    if source == target:
        return list(zones)
    change = Transformer.from_crs(source, target, always_xy=True)
    return [
        shapely.transform(each, change.transform, interleaved=False) for each in zones
    ]


@dataclass(frozen=True)
class Strip:
    """Rows of a raster that zones lie in."""

    grid: Grid
    window: Window


def strips(
    raster: rasterio.DatasetReader, zones: Sequence[shapely.Geometry]
) -> list[Strip]:
    """The rows and columns the zones lie in, in pieces of `STRIP` cells or one row.

    Zones are in the raster's CRS. Raises RasterOutside, RasterTooLarge.
    """
    west, south, east, north = shapely.total_bounds(np.array(zones, dtype=object))
    frame = from_bounds(west, south, east, north, raster.transform)
    top, left = max(0, int(frame.row_off)), max(0, int(frame.col_off))
    bottom = min(raster.height, int(np.ceil(frame.row_off + frame.height)))
    right = min(raster.width, int(np.ceil(frame.col_off + frame.width)))
    name = Path(raster.name).name
    if bottom <= top or right <= left:
        raise errors.RasterOutside(name, raster.crs.to_string())
    cells = (bottom - top) * (right - left)
    if cells > MOST:
        raise errors.RasterTooLarge(name, cells // 1_000_000, MOST // 1_000_000)
    deep = max(1, STRIP // (right - left))
    found = []
    for row in range(top, bottom, deep):
        window = Window(left, row, right - left, min(deep, bottom - row))
        found.append(Strip(grid_of(raster, window), window))
    return found


def grid_of(raster: rasterio.DatasetReader, window: Window) -> Grid:
    step = raster.transform
    return Grid(
        west=step.c + window.col_off * step.a,
        north=step.f + window.row_off * step.e,
        width=step.a,
        height=-step.e,
        columns=int(window.width),
        rows=int(window.height),
    )


@lru_cache(maxsize=4)
def _kept_coverage(grid: Grid, zones: tuple[bytes, ...]) -> csr_array:
    """A zone set on a grid is worked out once for all rasters on it."""
    return coverage(grid, shapely.from_wkb(list(zones)).tolist())


def people(path: Path | str, zones: Sequence[shapely.Geometry], crs: CRS) -> Exposure:
    """People of each zone; `zones` are in `crs`. Raises ValidationErrors."""
    return concerned(path, zones, crs, [])[0]


def concerned(
    path: Path | str,
    zones: Sequence[shapely.Geometry],
    crs: CRS,
    masks: Sequence[Mask],
) -> list[Exposure]:
    """Of each mask, and of all people first: whom it concerns, by zone.

    People are spread evenly over their cell. Raises NoGeometry, NegativePeople, and
    what `opened` and `strips` raise.
    """
    for number, zone in enumerate(zones):
        if zone is None or zone.is_empty or zone.area == 0:
            raise errors.NoGeometry(str(number + 1))
    with opened(path) as raster:
        target = CRS.from_wkt(raster.crs.to_wkt())
        placed = moved(zones, crs, target)
        key = tuple(shapely.to_wkb(each) for each in placed)
        parts = []
        for strip in strips(raster, placed):
            counts = _counts(raster, strip.window)
            shares = _kept_coverage(strip.grid, key)
            found = [sums(shares, counts)]
            for mask in masks:
                part = mask.onto(strip.grid, target)
                found += [
                    sums(shares, counts * part.known),
                    sums(shares, counts * part.concerned),
                ]
            parts.append(found)
        areas = shapely.area(placed) / (raster.res[0] * raster.res[1])
    return _exposures([_added(each) for each in zip(*parts, strict=True)], areas)


def _counts(raster: rasterio.DatasetReader, window: Window) -> Floats:
    counts = valid_values(raster, window)
    if (counts < 0).any():
        row, column = np.argwhere(counts < 0)[0]
        raise errors.NegativePeople(
            Path(raster.name).name,
            float(counts[row, column]),
            int(row + window.row_off + 1),
            int(column + window.col_off + 1),
        )
    return counts


def _added(parts: Sequence[Sums]) -> Sums:
    total = np.array([each.total for each in parts])
    known = np.sum([each.known for each in parts], axis=0)
    return Sums(
        total=np.where(known > 0, np.nansum(total, axis=0), np.nan),
        known=known,
        cells=np.sum([each.cells for each in parts], axis=0),
    )


def _exposures(found: list[Sums], areas: Floats) -> list[Exposure]:
    """`areas` (z,) of the zones, in cells."""
    everyone, rest = found[0], found[1:]
    covered = np.minimum(everyone.known / areas, 1.0)
    people = everyone.total
    return [
        Exposure(people, people, people, covered),
        *(
            Exposure(people, known.total, _where_known(concerned, known), covered)
            for known, concerned in zip(rest[::2], rest[1::2], strict=True)
        ),
    ]


def _where_known(concerned: Sums, known: Sums) -> Floats:
    return np.where(known.total > 0, concerned.total, np.nan)


@dataclass(frozen=True)
class ArrayMask:
    """A mask held in memory: `values` 0 to 1 or NaN on a grid in `crs`."""

    values: Floats
    grid: Grid
    crs: CRS

    def onto(self, grid: Grid, crs: CRS) -> Part:
        return averaged(self.values, self.grid, self.crs, (grid, crs))


@dataclass(frozen=True)
class ThresholdMask:
    """Where a raster is at least `threshold`; `nodata_is_safe` takes nodata for below."""

    path: Path | str
    threshold: float
    nodata_is_safe: bool = False

    def onto(self, grid: Grid, crs: CRS) -> Part:
        with opened(self.path) as raster:
            own = CRS.from_wkt(raster.crs.to_wkt())
            window = self._window(raster, transform_bounds(crs, own, *grid.bounds))
            if window is None:
                nothing = np.zeros((grid.rows, grid.columns))
                return Part(nothing, nothing)
            values = valid_values(raster, window)
            mask = np.where(values >= self.threshold, 1.0, 0.0)
            if not self.nodata_is_safe:
                mask[np.isnan(values)] = np.nan
            return averaged(mask, grid_of(raster, window), own, (grid, crs))

    def _window(
        self, raster: rasterio.DatasetReader, bounds: tuple[float, ...]
    ) -> Window | None:
        """The cells under the grid and one around, or None where there are none."""
        frame = from_bounds(*bounds, raster.transform)
        top, left = max(0, int(frame.row_off) - 1), max(0, int(frame.col_off) - 1)
        bottom = min(raster.height, int(np.ceil(frame.row_off + frame.height)) + 1)
        right = min(raster.width, int(np.ceil(frame.col_off + frame.width)) + 1)
        if bottom <= top or right <= left:
            return None
        cells = (bottom - top) * (right - left)
        if cells > MOST_MASK:
            raise errors.RasterTooLarge(
                Path(self.path).name, cells // 1_000_000, MOST_MASK // 1_000_000
            )
        return Window(left, top, right - left, bottom - top)


def averaged(
    values: Floats, source: Grid, source_crs: CRS, target: tuple[Grid, CRS]
) -> Part:
    """Shares of the target's cells where `values` (0 to 1, or NaN) are known, and their
    means with 0 where they are not.
    """
    grid, crs = target
    west, south, east, north = transform_bounds(crs, source_crs, *grid.bounds)
    # A rim of the unknown, so that a cell half beyond the source is half known.
    rim = 2 + ceil(
        max(
            (east - west) / grid.columns / source.width,
            (north - south) / grid.rows / source.height,
        )
    )
    frame = _affine(source) @ Affine.translation(-rim, -rim)
    known = np.isfinite(values)
    parts = []
    for part in (known.astype(float), np.where(known, values, 0.0)):
        found = np.zeros((grid.rows, grid.columns))
        reproject(
            np.pad(part, rim),
            found,
            src_transform=frame,
            src_crs=source_crs.to_wkt(),
            dst_transform=_affine(grid),
            dst_crs=crs.to_wkt(),
            resampling=Resampling.average,
        )
        parts.append(np.clip(found, 0.0, 1.0))
    return Part(*parts)


def heights_on(path: Path | str, grid: Grid, crs: CRS) -> Floats:
    """(r, c) heights at the cells of a walking grid, bilinear; NaN where unknown."""
    found = np.full((grid.rows, grid.columns), np.nan)
    with opened(path) as raster:
        reproject(
            rasterio.band(raster, 1),
            found,
            dst_transform=_affine(grid),
            dst_crs=crs.to_wkt(),
            dst_nodata=np.nan,
            resampling=Resampling.bilinear,
        )
    return found


def _affine(grid: Grid) -> Affine:
    return Affine(grid.width, 0, grid.west, 0, -grid.height, grid.north)

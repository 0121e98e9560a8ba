"""What a GeoTIFF says about itself, and its Cloud Optimized twin:
`python -m …raster FILE RESULT`, on its own. Never whole in memory.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.enums import ColorInterp
from rasterio.errors import RasterioError
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from layers.geography.files.limits import limit
from layers.geography.files.refusal import Unreadable
from layers.geography.files.repair import usable_crs

# Cells; a town at half a metre.
MOST_MILLIONS = 400
TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
# Cells to a side of what is read at once.
PIECE = 2048
CACHE_MEGABYTES = 64


def describe(path: Path) -> dict[str, object]:
    """Size in cells, EPSG code, extent in degrees, least value, sum. Raises Unreadable.

    All cells are read once, by windows: a cut-off file fails here and not later, on a
    planner's page.
    """
    with path.open("rb") as file:
        if file.read(4) not in TIFF:
            raise Unreadable("raster_format")
    try:
        with (
            rasterio.Env(GDAL_CACHEMAX=CACHE_MEGABYTES),
            rasterio.open(path, driver="GTiff") as raster,
        ):
            return _described(raster)
    except RasterioError as error:
        raise Unreadable("file_broken") from error


def _described(raster: rasterio.DatasetReader) -> dict[str, object]:
    millions = raster.width * raster.height // 1_000_000
    if millions > MOST_MILLIONS:
        raise Unreadable("raster_too_large", pixels=millions, most=MOST_MILLIONS)
    values = [each for each in raster.colorinterp if each != ColorInterp.alpha]
    if len(values) > 1:
        raise Unreadable("raster_bands", bands=len(values))
    if raster.dtypes[0].startswith("complex"):
        raise Unreadable("raster_complex")
    if not raster.crs:
        raise Unreadable("raster_crs")
    crs = usable_crs(raster.crs.to_wkt())
    srid = crs.to_epsg(min_confidence=70)
    if srid is None:
        raise Unreadable("crs_unknown", crs=crs.name[:60])
    if not upright(raster):
        raise Unreadable("raster_rotated")
    least, total = _values(raster)
    return {
        "width": raster.width,
        "height": raster.height,
        "srid": srid,
        "extent": transform_bounds(raster.crs, "EPSG:4326", *raster.bounds),
        "least": least,
        "sum": total,
    }


def upright(raster: rasterio.DatasetReader) -> bool:
    """North is up and west is left."""
    grid = raster.transform
    return grid.b == 0 and grid.d == 0 and grid.a > 0 and grid.e < 0


def _values(raster: rasterio.DatasetReader) -> tuple[float, float]:
    """The least value and the sum of the cells that have one. Raises Unreadable."""
    least, sums = math.inf, []
    for window in pieces(raster.width, raster.height):
        values = valid_values(raster, window)
        if np.isfinite(values).any():
            least = min(least, float(np.nanmin(values)))
            sums.append(float(np.nansum(values)))
    if least == math.inf:
        raise Unreadable("raster_empty")
    return least, math.fsum(sums)


def valid_values(raster: rasterio.DatasetReader, window: Window) -> np.ndarray:
    """(rows, columns) of the first band, in its own unit; NaN where there is no value."""
    values = raster.read(1, window=window, masked=True).astype(float)
    values = values * raster.scales[0] + raster.offsets[0]
    found = np.ma.filled(values, np.nan)
    found[~np.isfinite(found)] = np.nan
    return found


def pieces(width: int, height: int, side: int = PIECE) -> Iterator[Window]:
    for row in range(0, height, side):
        for column in range(0, width, side):
            yield Window(
                column, row, min(side, width - column), min(side, height - row)
            )


def optimise(path: Path, target: Path) -> None:
    """Write `path` as a Cloud Optimized GeoTIFF: the same cells, tiled and compressed.

    Its overviews are means of the cells that have a value. For counts, such as people,
    a mean is people per original cell: an overview times the cells it stands for gives
    the count. Figures are always computed from the cells themselves.
    """
    with rasterio.Env(GDAL_CACHEMAX=CACHE_MEGABYTES):
        rasterio.shutil.copy(
            path,
            target,
            driver="COG",
            compress="DEFLATE",
            overview_resampling="AVERAGE",
            bigtiff="IF_SAFER",
        )


def main(path: Path, result: Path) -> None:
    limit(path.stat().st_size)
    try:
        told = describe(path)
        optimise(path, result.with_suffix(".tif"))
        result.with_suffix(".json").write_text(json.dumps(told))
    except Unreadable as error:
        refused = {"code": error.code, "params": error.params}
        result.with_suffix(".error").write_text(json.dumps(refused))
    except RasterioError:
        refused = {"code": "file_broken", "params": {}}
        result.with_suffix(".error").write_text(json.dumps(refused))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

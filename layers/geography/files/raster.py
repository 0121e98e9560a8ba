"""What a GeoTIFF says about itself: `python -m …raster FILE RESULT`, on its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import rasterio
from rasterio.errors import RasterioError
from rasterio.warp import transform_bounds

from layers.geography.files.limits import limit
from layers.geography.files.refusal import Unreadable
from layers.geography.files.repair import usable_crs

# Cells; a town at half a metre.
MOST_MILLIONS = 400
TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


def describe(path: Path) -> dict[str, object]:
    """Size in cells, EPSG code, extent in degrees. Raises Unreadable."""
    with path.open("rb") as file:
        if file.read(4) not in TIFF:
            raise Unreadable("raster_format")
    try:
        with rasterio.open(path, driver="GTiff") as raster:
            millions = raster.width * raster.height // 1_000_000
            if millions > MOST_MILLIONS:
                raise Unreadable(
                    "raster_too_large", pixels=millions, most=MOST_MILLIONS
                )
            crs = usable_crs(raster.crs.to_wkt() if raster.crs else "")
            srid = crs.to_epsg(min_confidence=70)
            if srid is None:
                raise Unreadable("crs_unknown", crs=crs.name[:60])
            extent = transform_bounds(raster.crs, "EPSG:4326", *raster.bounds)
            # A cut-off file fails here and not later, on a planner's page.
            raster.read(1, window=((raster.height - 1, raster.height), (0, 1)))
            return {
                "width": raster.width,
                "height": raster.height,
                "srid": srid,
                "extent": extent,
            }
    except RasterioError as error:
        raise Unreadable("file_broken") from error


def main(path: Path, result: Path) -> None:
    limit(path.stat().st_size)
    try:
        result.with_suffix(".json").write_text(json.dumps(describe(path)))
    except Unreadable as error:
        told = {"code": error.code, "params": error.params}
        result.with_suffix(".error").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

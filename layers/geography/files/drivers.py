from __future__ import annotations

import ctypes
from pathlib import Path

from layers.geography.files.refusal import Unreadable

ALLOWED = {
    "gpkg": "GPKG",
    "geojson": "GeoJSON",
    "shp": "ESRI Shapefile",
    "fgb": "FlatGeobuf",
    "kml": "LIBKML",
}


def _loaded_gdal() -> ctypes.CDLL:
    """The GDAL that pyogrio has loaded: its name differs from build to build."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        path = line.split(maxsplit=5)[-1]
        if "libgdal" in path:
            return ctypes.CDLL(path)
    raise Unreadable("reader_failed")


def keep_only(format: str) -> None:
    """Forget every driver but the one for `format`.

    GDAL guesses the driver from the content, and some (VRT, GDALG, WFS, HTTP) go on
    to open other files or addresses; pyogrio has no allow-list of its own.
    """
    gdal = _loaded_gdal()
    gdal.GDALGetDriver.restype = ctypes.c_void_p
    gdal.GDALGetDriverShortName.restype = ctypes.c_char_p
    gdal.GDALGetDriverShortName.argtypes = [ctypes.c_void_p]
    gdal.GDALDeregisterDriver.argtypes = [ctypes.c_void_p]
    for number in reversed(range(gdal.GDALGetDriverCount())):
        driver = gdal.GDALGetDriver(number)
        if gdal.GDALGetDriverShortName(driver).decode() != ALLOWED[format]:
            gdal.GDALDeregisterDriver(driver)

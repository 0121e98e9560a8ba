"""Writing a town as files that are the same, byte for byte, whenever they are made."""

import csv
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio
import shapely
from openpyxl import Workbook
from rasterio import Affine

from .rasters import NODATA, Grid

STAMP = "2026-06-01T00:00:00.000Z"
ZIP_STAMP = (2026, 6, 1, 0, 0, 0)


@contextmanager
def fixed_clock() -> Iterator[None]:
    """GDAL writes this moment into a GeoPackage in place of the present one."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": STAMP})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def write_parcels(frame: gpd.GeoDataFrame, path: Path, append: bool) -> None:
    with fixed_clock():
        frame.to_file(path, layer="parcels", driver="GPKG", mode="a" if append else "w")


def write_geojson(frame: gpd.GeoDataFrame, path: Path, decimals: int = 9) -> None:
    """RFC 7946. Corners shared by neighbours stay shared: each is rounded the same way."""
    lonlat = frame.to_crs(4326)
    shapes = shapely.transform(
        lonlat.geometry.to_numpy(), lambda points: np.round(points, decimals)
    )
    columns = [name for name in frame.columns if name != frame.geometry.name]
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "properties": dict(zip(columns, row, strict=True)),
                "geometry": shapely.geometry.mapping(shape),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for row, shape in zip(
            frame[columns].itertuples(index=False, name=None), shapes, strict=True
        )
    ]
    path.write_text(
        '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n",
        encoding="utf-8",
    )


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)


def write_json(content: dict, path: Path) -> None:
    path.write_text(
        json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


def write_raster(
    grid: Grid, srid: int, path: Path, nodata: float | None = NODATA
) -> None:
    profile = {
        "driver": "GTiff", "dtype": "float32", "count": 1, "nodata": nodata,
        "height": grid.values.shape[0], "width": grid.values.shape[1], "crs": f"EPSG:{srid}",
        "transform": Affine(grid.cell, 0, grid.west, 0, -grid.cell, grid.north),
        "compress": "deflate", "predictor": 3, "zlevel": 9,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as target:
        target.write(grid.values, 1)


def write_workbook(sheets: dict[str, pd.DataFrame], path: Path) -> None:
    """Numbers stay numbers and dates dates, as a town's own spreadsheet would have them."""
    book = Workbook(write_only=True)
    for name, frame in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append(list(frame.columns))
        for row in frame.itertuples(index=False, name=None):
            sheet.append([plain(value) for value in row])
    buffer = BytesIO()
    book.save(buffer)
    path.write_bytes(with_fixed_times(buffer))


def plain(value: object) -> object:
    if (
        value is None
        or value is pd.NaT
        or (isinstance(value, float) and np.isnan(value))
    ):
        return None
    if isinstance(value, pd.Timestamp | np.datetime64):
        return pd.Timestamp(value).date()
    return value.item() if isinstance(value, np.generic) else value


def with_fixed_times(buffer: BytesIO) -> bytes:
    """The same archive with every date in it fixed."""
    result = BytesIO()
    with (
        zipfile.ZipFile(buffer) as source,
        zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(
                    rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
                    b"2026-06-01T00:00:00Z",
                    content,
                )
            target.writestr(
                zipfile.ZipInfo(name, ZIP_STAMP), content, zipfile.ZIP_DEFLATED
            )
    return result.getvalue()

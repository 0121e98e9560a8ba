"""Small files as a town would upload them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import geopandas
import shapely

WEST, SOUTH, SIDE = 35.822, 33.792, 0.001


def box(number: int) -> shapely.Polygon:
    west = WEST + SIDE * (number % 10)
    south = SOUTH + SIDE * (number // 10)
    return shapely.box(west, south, west + SIDE * 0.9, south + SIDE * 0.9)


def frame(count: int = 4, **columns: list) -> geopandas.GeoDataFrame:
    told = {"code": [f"P{n}" for n in range(count)], **columns}
    return geopandas.GeoDataFrame(
        told, geometry=[box(n) for n in range(count)], crs=4326
    )


def geojson(path: Path, features: list[tuple[dict, dict | None]]) -> Path:
    path.write_text(
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [
                    {"type": "Feature", "properties": words, "geometry": geometry}
                    for words, geometry in features
                ],
            }
        )
    )
    return path


def areas(path: Path, *shapes: shapely.Geometry | None) -> Path:
    """GeoJSON of parcels coded P0, P1, … with the given shapes."""
    return geojson(
        path,
        [
            ({"code": f"P{n}"}, shape and shapely.geometry.mapping(shape))
            for n, shape in enumerate(shapes)
        ],
    )


def shapefile(folder: Path, data: geopandas.GeoDataFrame, **options: object) -> Path:
    """The zipped Shapefile of `data`; without=(".cpg",) leaves parts out."""
    without = options.pop("without", ())
    parts = folder / "parts"
    parts.mkdir()
    data.to_file(parts / "parcels.shp", **options)
    target = folder / "parcels.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts.iterdir():
            if part.suffix not in without:
                archive.write(part, part.name)
    return target

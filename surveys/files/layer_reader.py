"""Reads one GeoPackage or GeoJSON: `python -m surveys.files.layer_reader FILE KIND FOLDER`.

The process has no database and no secrets, knows one driver of GDAL only, and has
limits. Geometries become places as forms write them, latitude first, in degrees.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from layers.geography.files.drivers import keep_only
from layers.geography.files.limits import limit
from layers.geography.files.refusal import Unreadable
from surveys.record import written

BATCH = 5000
DECIMALS = 7
GEOMETRY = "geometry"
BROKEN = (
    DataLayerError,
    DataSourceError,
    FeatureError,
    GeometryError,
    UnicodeDecodeError,
    shapely.errors.ShapelyError,
)


def read(path: Path, kind: str, folder: Path) -> None:
    """Raises Unreadable."""
    keep_only(kind)
    # Under a name of ours, by which GDAL knows the format.
    source = folder / f"upload.{kind}"
    source.symlink_to(path)
    try:
        for number, (name, shape) in enumerate(pyogrio.list_layers(source)):
            part = folder / f"{number:03}.jsonl"
            with part.open("w", encoding="utf-8") as out:
                for line in _lines(source, str(name), shape is not None):
                    json.dump(line, out, allow_nan=False)
                    out.write("\n")
    except BROKEN as error:
        raise Unreadable("file_broken") from error


def _lines(path: Path, layer: str, mapped: bool) -> Iterator[list[Any]]:
    info = pyogrio.read_info(path, layer=layer)
    fields = [str(name) for name in info["fields"]]
    yield [layer, *fields, *([GEOMETRY] if mapped else [])]
    start = 0
    while True:
        _meta, _ids, shapes, columns = pyogrio.raw.read(
            path,
            layer=layer,
            skip_features=start,
            max_features=BATCH,
            force_2d=True,
            read_geometry=mapped,
        )
        count = len(columns[0]) if columns else len(shapes if mapped else ())
        cells = [_plain(column) for column in columns]
        if mapped:
            cells.append(_places(shapes, info["crs"], layer))
        for row in range(count):
            yield [column[row] for column in cells]
        if count < BATCH:
            return
        start += BATCH


def _plain(column: np.ndarray) -> list[Any]:
    if column.dtype.kind == "M":
        texts = np.datetime_as_string(column).tolist()
        return [None if text == "NaT" else text for text in texts]
    return [_cell(value) for value in column.tolist()]


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        # What is missing among numbers; infinities are told by their words.
        return None if value != value else value if abs(value) < 1e300 else str(value)
    return str(value)[:1000]


def _places(shapes: np.ndarray, crs: str | None, layer: str) -> list[str | None]:
    found = shapely.from_wkb(shapes, on_invalid="ignore")
    there = ~(shapely.is_missing(found) | shapely.is_empty(found))
    if there.any():
        found[there] = _in_degrees(found[there], crs, layer)
    return [
        _written(shape) if is_there else None
        for shape, is_there in zip(found, there, strict=True)
    ]


def _in_degrees(shapes: np.ndarray, crs: str | None, layer: str) -> np.ndarray:
    if not crs:
        raise Unreadable("no_crs", sheet=layer)
    try:
        system = CRS.from_user_input(crs)
    except CRSError as error:
        raise Unreadable("no_crs", sheet=layer) from error
    if system.to_epsg() != 4326:
        way = Transformer.from_crs(system, 4326, always_xy=True)
        shapes = shapely.transform(
            shapes, lambda points: np.column_stack(way.transform(*points.T))
        )
    return shapely.transform(shapes, lambda points: np.round(points, DECIMALS))


def _written(shape: Any) -> str:
    parts = shapely.get_parts(shape)
    alone = parts[0] if len(parts) == 1 else shape
    plain = alone.geom_type in {"Point", "LineString"} or (
        alone.geom_type == "Polygon" and not alone.interiors
    )
    if not plain:
        # A form has no such place: its words are refused with the cell.
        return str(alone.geom_type)
    return written(shapely.geometry.mapping(alone))


def main(path: Path, kind: str, folder: Path) -> None:
    limit(path.stat().st_size)
    try:
        read(path, kind, folder)
    except Unreadable as error:
        _tell(folder, error.code, error.params)
    except MemoryError:
        _tell(folder, "reader_limits", {})


def _tell(folder: Path, code: str, params: dict[str, object]) -> None:
    told = json.dumps({"code": code, "params": params})
    (folder / "error.json").write_text(told)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))

"""Records as GeoJSON and GeoPackage, a batch at a time."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Iterable, Iterator
from contextlib import closing
from importlib import resources
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from surveys.out.tables import Column, Scope, Sheet, Value, batches, text
from surveys.out.values import (
    Tell,
    day_of,
    distinct,
    geometry_of,
    name_of,
    number_of,
    shape_of,
)

SCHEMA = resources.files("surveys.sql").joinpath("geopackage.sql").read_text()
WGS84 = 4326
# Before the well-known binary: "GP", version 1, little-endian without an envelope.
HEADER = struct.pack("<2sBBi", b"GP", 0, 1, WGS84)
TYPES = {"integer": "INTEGER", "decimal": "DOUBLE", "date": "DATE"}
LONGEST_NAME = 200
Bounds = list[float]


def write_geojson(
    path: Path, scope: Scope, sheets: Iterable[Sheet], tell: Tell
) -> None:
    """The form's own table, a feature per record, as RFC 7946 has it. Without positions
    the geometry is null, and the zone is named.
    """
    main = next(iter(sheets))
    plain_ones = [column for column in main.columns if column.kind != "geometry"]
    with path.open("w", encoding="utf-8") as out:
        out.write('{"type":"FeatureCollection","features":[')
        comma = ""
        for batch in batches(scope, ""):
            for values in batch:
                feature = {
                    "type": "Feature",
                    "id": values["_id"],
                    "geometry": geometry_of(main, values),
                    "properties": {
                        column.name: _json(values.get(column.name))
                        for column in plain_ones
                    },
                }
                out.write(comma + json.dumps(feature, ensure_ascii=False))
                comma = ",\n"
            tell(len(batch))
        out.write("]}\n")


def _json(value: Value) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def write_gpkg(path: Path, scope: Scope, sheets: Iterable[Sheet], tell: Tell) -> None:
    """A layer per table; one with places has them in WGS 84. SQLite writes it in
    constant memory, where GDAL keeps what it has written of a layer.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as package:
        # A file that breaks off is thrown away.
        package.execute("PRAGMA journal_mode = OFF")
        package.execute("PRAGMA synchronous = OFF")
        package.executescript(f"BEGIN;\n{SCHEMA}")
        for sheet in sheets:
            _write_layer(package, scope, sheet, tell)
        package.execute("COMMIT")


def _write_layer(
    package: sqlite3.Connection, scope: Scope, sheet: Sheet, tell: Tell
) -> None:
    columns = [column for column in sheet.columns if column.kind != "geometry"]
    placed = len(columns) < len(sheet.columns)
    _create(package, sheet, columns, placed)
    marks = ", ".join("?" * (len(columns) + placed))
    into = f"INSERT INTO {_quoted(name_of(sheet))} VALUES (NULL, {marks})"  # noqa: S608 -- quoted
    bounds: Bounds = []
    for batch in batches(scope, sheet.name):
        package.executemany(into, _rows(sheet, columns, batch, bounds))
        tell(len(batch))
    if bounds:
        package.execute(
            "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ? "
            "WHERE table_name = ?",
            [*bounds, name_of(sheet)],
        )


def _create(
    package: sqlite3.Connection, sheet: Sheet, columns: list[Column], placed: bool
) -> None:
    name = name_of(sheet)
    # SQLite does not tell `Age` from `age`.
    used = {"fid", "geom"}
    fields = ["fid INTEGER PRIMARY KEY"]
    if placed:
        fields.append("geom GEOMETRY")
    for column in columns:
        made = distinct(column.name, used, LONGEST_NAME)
        used.add(made.casefold())
        fields.append(f"{_quoted(made)} {TYPES.get(column.kind, 'TEXT')}")
    package.execute(f"CREATE TABLE {_quoted(name)} ({', '.join(fields)})")
    package.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
        "VALUES (?, ?, ?, ?)",
        [name, "features" if placed else "attributes", name, WGS84 if placed else None],
    )
    if placed:
        package.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'GEOMETRY', ?, 2, 0)",
            [name, WGS84],
        )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _rows(
    sheet: Sheet, columns: list[Column], batch: list[dict[str, Value]], bounds: Bounds
) -> Iterator[list[Any]]:
    placed = len(columns) < len(sheet.columns)
    for values in batch:
        row = [_field(column, values.get(column.name)) for column in columns]
        if placed:
            found = shape_of(sheet, values)
            row.insert(0, None if found is None else _binary(found))
            if found is not None and not found.is_empty:
                bounds[:] = _around(bounds, found.bounds)
        yield row


def _field(column: Column, value: Value) -> Any:
    """Of the column's type, whatever a form's older version had answered."""
    if column.kind in {"integer", "decimal"}:
        return number_of(value)
    if column.kind == "date":
        found = day_of(value)
        return None if found is None else found.isoformat()
    return text(value) or None


def _binary(geometry: BaseGeometry) -> bytes:
    return HEADER + shapely.to_wkb(geometry, flavor="iso", byte_order=1)


def _around(bounds: Bounds, more: Iterable[float]) -> Bounds:
    west, south, east, north = more
    if not bounds:
        return [west, south, east, north]
    return [
        min(bounds[0], west),
        min(bounds[1], south),
        max(bounds[2], east),
        max(bounds[3], north),
    ]

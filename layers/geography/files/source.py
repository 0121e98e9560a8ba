"""The file as columns of text and geometries, before anything is judged."""

from __future__ import annotations

import csv
import io
import re
import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError

from layers.geography.files import columns, drivers
from layers.geography.files.archive import Source
from layers.geography.files.encoding import detect
from layers.geography.files.refusal import Unreadable
from layers.geography.files.request import Request

csv.field_size_limit(64 * 1024**2)


@dataclass
class Table:
    """`geometry` is in `crs` (a string pyproj understands, or ""); `absent` marks
    rows without geometry, while an unreadable one is None and not absent.
    """

    columns: dict[str, list[str]]
    geometry: np.ndarray
    absent: np.ndarray
    crs: str
    fields: list[str]
    notes: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    layer: str = ""
    encoding: str = "utf-8"


def read(source: Source, request: Request) -> Table:
    if source.format == "csv":
        return _read_csv(source.path, request)
    return _read_vector(source, request)


def _layer(path: Path, wanted: str) -> str:
    layers = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    spatial = [str(n) for n, kind in pyogrio.list_layers(path) if kind is not None]
    if wanted and len(layers) > 1:
        if wanted not in layers:
            raise Unreadable("unknown_layer", layer=wanted, layers=", ".join(layers))
        return wanted
    if len(spatial) > 1:
        raise Unreadable("several_layers", layers=", ".join(spatial))
    if not layers:
        raise Unreadable("no_rows")
    return (spatial or layers)[0]


def _dbf_text(path: Path) -> bytes:
    """The records of a dBase table, without its header."""
    with path.open("rb") as file:
        head = file.read(12)
        if len(head) < 12:
            raise Unreadable("shapefile_parts", parts=".dbf")
        file.seek(struct.unpack("<H", head[8:10])[0])
        return file.read(1_000_000)


def _encoding(source: Source) -> str:
    """The text's encoding; a Shapefile's own label counts only where it fits."""
    if source.format == "shp":
        found = detect(_dbf_text(source.path.with_suffix(".dbf")))
        label = source.path.with_suffix(".cpg")
        stated = label.read_text("ascii", "replace").strip() if label.exists() else ""
        if stated and (found == "utf-8") == (plain_utf8(stated) or found == "utf-8"):
            return found if plain_utf8(stated) else stated
        return found
    return "utf-8"


def plain_utf8(name: str) -> bool:
    return name.upper().replace("-", "").replace("_", "") in {"UTF8", "65001"}


def _whole_names(path: Path) -> None:
    """Cuts half letters off the names of a dBase table's columns, in place.

    A name ends after ten bytes. Programs that write UTF-8 cut Arabic, of two bytes a
    letter, in the middle of one, and nothing can read the name then.
    """
    raw = bytearray(path.read_bytes())
    taken: set[str] = set()
    for start in range(32, struct.unpack("<H", raw[8:10])[0] - 1, 32):
        name = bytes(raw[start : start + 11]).split(b"\0")[0]
        whole = name.decode("utf-8", "ignore")
        for number in range(2, 100):
            if whole not in taken:
                break
            whole = f"{name[:8].decode('utf-8', 'ignore')}{number}"
        taken.add(whole)
        raw[start : start + 11] = whole.encode()[:10].ljust(11, b"\0")
    path.write_bytes(raw)


GDAL_NAMES = {"cp1256": "CP1256", "cp1252": "CP1252", "iso8859_6": "ISO-8859-6"}


def _to_utf8(path: Path) -> tuple[Path, str]:
    """GeoJSON is UTF-8 by its standard; one that is not is rewritten."""
    with path.open("rb") as file:
        encoding = detect(file.read())
    if encoding == "utf-8":
        return path, encoding
    copy = path.with_name("utf8" + path.suffix)
    try:
        copy.write_text(path.read_text(encoding), "utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable("text_unreadable", encoding=encoding) from error
    return copy, encoding


def _text(values: np.ndarray) -> list[str]:
    """Values as people write them: 12.0 is "12", nothing is ""."""
    if values.dtype.kind == "f":
        return [
            "" if v != v else str(int(v)) if v.is_integer() else repr(float(v))
            for v in values.tolist()
        ]
    if values.dtype.kind == "M":
        return ["" if v == "NaT" else v for v in values.astype(str).tolist()]
    return ["" if v is None or v != v else str(v).strip() for v in values.tolist()]


def _read_vector(source: Source, request: Request) -> Table:
    drivers.keep_only(source.format)
    path, encoding = source.path, _encoding(source)
    if source.format == "geojson":
        path, encoding = _to_utf8(path)
    if source.format == "shp" and plain_utf8(encoding):
        _whole_names(path.with_suffix(".dbf"))
    try:
        layer = _layer(path, request.options.layer)
        given = GDAL_NAMES.get(encoding, encoding) if source.format == "shp" else None
        info = pyogrio.read_info(path, layer=layer, encoding=given)
        fields = [str(name) for name in info["fields"]]
        chosen = columns.choose(fields, request.what, request.options.columns)
        needed = sorted({part for parts in chosen.values() for part in parts})
        meta, _, wkb, data = pyogrio.raw.read(
            path, layer=layer, encoding=given, columns=needed, force_2d=True
        )
    except (DataSourceError, DataLayerError, FeatureError, GeometryError) as error:
        raise Unreadable("file_broken") from error
    except UnicodeDecodeError as error:
        raise Unreadable("text_unreadable", encoding=encoding) from error
    if wkb is None:
        raise Unreadable("no_geometry")
    read = dict(zip((str(n) for n in meta["fields"]), map(_text, data), strict=True))
    geometry = shapely.from_wkb(wkb, on_invalid="ignore")
    table = Table(
        {role: _join([read[part] for part in parts]) for role, parts in chosen.items()},
        geometry,
        np.array([one is None for one in wkb], dtype=bool),
        meta["crs"] or "",
        fields,
        layer=layer if source.format in {"gpkg", "fgb"} else "",
        encoding=encoding,
    )
    if encoding not in {"utf-8", "UTF-8"}:
        table.notes.append(("encoding", {"encoding": encoding}))
    return table


def _join(parts: list[list[str]]) -> list[str]:
    if len(parts) == 1:
        return parts[0]
    return ["-".join(filter(None, row)) for row in zip(*parts, strict=True)]


def _read_csv(path: Path, request: Request) -> Table:
    raw = path.read_bytes()
    encoding = detect(raw)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable("text_unreadable", encoding=encoding) from error
    if not text.strip():
        raise Unreadable("file_empty")
    heading = text.split("\n", 1)[0]
    separator = max(";\t,", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        fields = [name.strip() for name in next(reader)]
        rows = [_padded(row, len(fields), reader.line_num) for row in reader]
    except csv.Error as error:
        raise Unreadable("file_broken") from error
    rows = [row for row in rows if any(row)]
    if len(fields) < 2 or len(set(fields)) < len(fields):
        raise Unreadable("csv_header", columns=", ".join(fields)[:300])
    cells = {
        name: [row[number].strip() for row in rows]
        for number, name in enumerate(fields)
    }
    geometry, absent, crs = _csv_geometry(cells, fields)
    chosen = columns.choose(fields, request.what, request.options.columns)
    table = Table(
        {
            role: _join([cells[part] for part in parts])
            for role, parts in chosen.items()
        },
        geometry,
        absent,
        crs,
        fields,
        encoding=encoding,
    )
    if not encoding.startswith("utf"):
        table.notes.append(("encoding", {"encoding": encoding}))
    return table


def _padded(row: list[str], width: int, line: int) -> list[str]:
    """A text with the separator in it, and without quotes, would move all that follows
    into the wrong columns.
    """
    if any(row[width:]):
        raise Unreadable("csv_long_row", line=line, count=len(row), columns=width)
    return row[:width] + [""] * (width - len(row))


SRID = re.compile(r"^SRID=(\d+);", re.IGNORECASE)
# Read by GEOS, and refused by nearly all that it does with shapes.
CURVED = re.compile(r"CIRCULAR|CURVE|MULTISURFACE", re.IGNORECASE)


def _csv_geometry(
    cells: dict[str, list[str]], fields: list[str]
) -> tuple[np.ndarray, np.ndarray, str]:
    """Geometries from a WKT column, else from a pair of coordinates.

    Columns that call themselves longitude and latitude are degrees (EPSG:4326).
    """
    wkt = columns.find(fields, columns.WKT)
    if wkt:
        stated = SRID.match(next(filter(None, cells[wkt]), ""))
        texts = [SRID.sub("", text) for text in cells[wkt]]
        absent = np.array([not text for text in texts], dtype=bool)
        geometry = shapely.from_wkt(
            np.array(
                [None if CURVED.search(text) else text or None for text in texts],
                dtype=object,
            ),
            on_invalid="ignore",
        )
        crs = f"EPSG:{stated[1]}" if stated and stated[1] != "0" else ""
        return shapely.force_2d(geometry), absent, crs
    degrees = True
    x, y = (
        columns.find(fields, columns.LONGITUDE),
        columns.find(fields, columns.LATITUDE),
    )
    if not (x and y):
        degrees = False
        x, y = (
            columns.find(fields, columns.EASTING),
            columns.find(fields, columns.NORTHING),
        )
    if not (x and y):
        raise Unreadable("csv_no_geometry", columns=", ".join(fields)[:300])
    points = [_point(a, b) for a, b in zip(cells[x], cells[y], strict=True)]
    absent = np.array(
        [not (a and b) for a, b in zip(cells[x], cells[y], strict=True)], dtype=bool
    )
    return np.array(points, dtype=object), absent, "EPSG:4326" if degrees else ""


def _point(x: str, y: str) -> shapely.Point | None:
    try:
        return shapely.Point(float(x.replace(",", ".")), float(y.replace(",", ".")))
    except ValueError:
        return None

"""The file formats of downloads. Each is written a batch at a time, Arabic as it is."""

from __future__ import annotations

import json
import math
import re
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pyarrow.parquet
import pyogrio
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl import Workbook
from psycopg2 import sql
from pyproj import CRS

from layers.features.about import About
from layers.features.pages import read_extent
from layers.features.streaming import Stream
from layers.maps.downloads import safe, write_csv

# Rows of a sheet of XLSX, less the heading.
MOST_ROWS = 1_048_575
SHAPES = {"point": "Point", "line": "MultiLineString", "polygon": "MultiPolygon"}
WKT = sql.SQL("ST_AsText({shape}, 9)")
POINT = tuple(
    sql.SQL(f"round(ST_{axis}(ST_PointOnSurface({{shape}}))::numeric, 7)::float8")
    for axis in "XY"
)
README = "README.txt"
KML_TYPES = {"text": "string", "number": "double", "date": "string"}
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
Writer = Callable[[Path, Stream, About], None]


@dataclass(frozen=True)
class Format:
    """`any_system` False: the format knows degrees only."""

    name: str | Promise
    suffix: str
    media_type: str
    write: Writer
    any_system: bool = True
    most: float = math.inf


def _by_gdal(driver: str, **options: str) -> Writer:
    def write(path: Path, stream: Stream, about: About) -> None:
        _write_gdal(path, stream, about, driver=driver, options=options)

    return write


def _write_gdal(
    path: Path, stream: Stream, about: About, *, driver: str, options: dict[str, str]
) -> None:
    layer = stream.selection.layer
    known = {"title": about.title, "text": about.text}
    told = {name: said.format(**known) for name, said in options.items()}
    pyogrio.write_arrow(
        stream.reader(),
        path,
        layer=layer.name,
        driver=driver,
        geometry_name="geometry",
        geometry_type=SHAPES[layer.geometry],
        crs=f"EPSG:{stream.system.srid}",
        encoding="UTF-8",
        # Others have no place for them: what they can hold is among the options.
        layer_metadata=about.items if driver == "GPKG" else None,
        layer_options=told,
    )


def _write_shapefile(path: Path, stream: Stream, about: About) -> None:
    """A ZIP of the parts. Names of fields end after ten signs; the README says which."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder, f"{stream.selection.layer.name}.shp")
        _write_gdal(made, stream, about, driver="ESRI Shapefile", options={})
        _zip(path, sorted(Path(folder).iterdir()), about)


def _write_csv(path: Path, stream: Stream, about: About) -> None:
    """A ZIP of the table and a README: a CSV has no place for a licence."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder, f"{stream.selection.layer.name}.csv")
        with made.open("w", encoding="utf-8", newline="") as out:
            write_csv(out, ["id", *stream.names, "geometry"], stream.rows(WKT))
        _zip(path, [made], about)


def _zip(path: Path, files: list[Path], about: About) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for each in files:
            archive.write(each, each.name)
        archive.writestr(README, about.text)


def _write_geojson(path: Path, stream: Stream, about: About) -> None:
    """With the licence beside the features; readers skip what they don't know."""
    digits = stream.system.digits
    head: dict[str, Any] = {"type": "FeatureCollection", **about.items}
    head["name"] = stream.selection.layer.name
    del head["crs"]
    if stream.system.srid != 4326:
        # RFC 7946 has degrees only; this is how its forerunner named another system.
        name = {"name": f"urn:ogc:def:crs:EPSG::{stream.system.srid}"}
        head["crs"] = {"type": "name", "properties": name}
    shape = sql.SQL(f"ST_AsGeoJSON({{shape}}, {digits})")
    with path.open("w", encoding="utf-8") as out:
        out.write(json.dumps(head, ensure_ascii=False)[:-1] + ',"features":[')
        comma = ""
        for key, *values, geometry in stream.rows(shape):
            said = dict(zip(stream.names, values, strict=True))
            properties = json.dumps(said, ensure_ascii=False, default=str)
            out.write(
                f'{comma}\n{{"type":"Feature","id":{key},"geometry":{geometry or "null"},'
                f'"properties":{properties}}}'
            )
            comma = ","
        out.write("\n]}\n")


def _write_kml(path: Path, stream: Stream, about: About) -> None:
    """Row after row, where GDAL's writer would hold the whole document in memory."""
    layer = stream.selection.layer
    schema = "".join(
        f'<SimpleField name="{each.name}" type="{KML_TYPES[each.type]}">'
        f"<displayName>{_xml(each.label)}</displayName></SimpleField>"
        for each in layer.fields
    )
    with path.open("w", encoding="utf-8") as out:
        out.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
            f"<name>{_xml(about.title)}</name>"
            f"<description>{_xml(about.text)}</description>"
            f'<Schema name="{layer.name}" id="{layer.name}">{schema}</Schema>\n'
            f"<Folder><name>{layer.name}</name>\n"
        )
        for key, *values, shape in stream.rows(sql.SQL("ST_AsKML({shape}, 8)")):
            said = "".join(
                f'<SimpleData name="{name}">{_xml(value)}</SimpleData>'
                for name, value in zip(stream.names, values, strict=True)
                if value is not None
            )
            out.write(
                f'<Placemark id="{key}"><ExtendedData>'
                f'<SchemaData schemaUrl="#{layer.name}">{said}</SchemaData>'
                f"</ExtendedData>{shape or ''}</Placemark>\n"
            )
        out.write("</Folder></Document></kml>\n")


def _xml(said: object) -> str:
    """Without the signs that no XML document can hold."""
    return escape(NOT_IN_XML.sub("", str(said)))


def _write_parquet(path: Path, stream: Stream, about: About) -> None:
    """GeoParquet 1.1: WKB, with the system and the box in its own metadata."""
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {
                "encoding": "WKB",
                "geometry_types": [SHAPES[stream.selection.layer.geometry]],
                "crs": CRS.from_epsg(stream.system.srid).to_json_dict(),
            }
        },
    }
    box = read_extent(stream.selection).box
    if box and stream.system.srid == 4326:
        geo["columns"]["geometry"]["bbox"] = box  # type: ignore[index]
    said = {**about.items, "geo": json.dumps(geo)}
    plain = pyarrow.schema([each.remove_metadata() for each in stream.schema])
    schema = plain.with_metadata(said)
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in stream.reader():
            writer.write_batch(
                pyarrow.RecordBatch.from_arrays(batch.columns, schema=schema)
            )


def _write_xlsx(path: Path, stream: Stream, about: About) -> None:
    """A table for people: in place of the shape, a point that lies in it."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(stream.selection.layer.name)
    labels = [safe(label) for _name, label in about.fields]
    axes = [_("longitude"), _("latitude")]
    if stream.system.srid != 4326:
        axes = [_("easting"), _("northing")]
    sheet.append(["id", *labels, *axes])
    for row in stream.rows(*POINT):
        sheet.append([safe(cell) for cell in row])
    notes = book.create_sheet(_("About this file"))
    for name, value in about.lines:
        notes.append([safe(name), safe(value)])
    book.save(path)


FORMATS: dict[str, Format] = {
    "gpkg": Format(
        "GeoPackage",
        ".gpkg",
        "application/geopackage+sqlite3",
        _by_gdal("GPKG", IDENTIFIER="{title}", DESCRIPTION="{text}"),
    ),
    "geojson": Format("GeoJSON", ".geojson", "application/geo+json", _write_geojson),
    "shp": Format(
        gettext_lazy("Shapefile, in a ZIP"), ".zip", "application/zip", _write_shapefile
    ),
    "kml": Format(
        gettext_lazy("KML, for Google Earth"),
        ".kml",
        "application/vnd.google-earth.kml+xml",
        _write_kml,
        any_system=False,
    ),
    "xlsx": Format(
        gettext_lazy("Excel, without shapes"),
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _write_xlsx,
        most=MOST_ROWS,
    ),
    "csv": Format(
        gettext_lazy("CSV with shapes, in a ZIP"),
        ".csv.zip",
        "application/zip",
        _write_csv,
    ),
    "parquet": Format(
        "GeoParquet", ".parquet", "application/vnd.apache.parquet", _write_parquet
    ),
    "fgb": Format(
        "FlatGeobuf",
        ".fgb",
        "application/octet-stream",
        _by_gdal("FlatGeobuf", TITLE="{title}", DESCRIPTION="{text}"),
    ),
}

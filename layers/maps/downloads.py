"""Files that leave the house: a view of the map, or a whole layer, as CSV or GeoJSON."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

from django.contrib.gis.db.models.functions import AsGeoJSON
from django.db import connection
from django.utils.translation import gettext as _
from psycopg2 import sql

from layers.geography.declaration import Layer, read_sql
from layers.geography.models import Municipality
from layers.maps.area_shapes import names_of, shapes_of
from layers.maps.columns import Column
from layers.maps.desk import View
from layers.maps.modes import Shown
from layers.maps.tiles import columns

ROWS = read_sql("layers.maps", "rows.sql")
# Excel takes a file for UTF-8 only if it begins with this.
BOM = "\ufeff"
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe(cell: Any) -> Any:
    """A spreadsheet must not run a text as a formula."""
    if isinstance(cell, str) and cell.startswith(FORMULA):
        return f"'{cell}"
    return cell


def write_csv(out: Any, header: Iterable[Any], rows: Iterable[Iterable[Any]]) -> None:
    out.write(BOM)
    writer = csv.writer(out)
    writer.writerow([safe(str(cell)) for cell in header])
    for row in rows:
        writer.writerow([safe(cell) for cell in row])


def view_csv(view: View, picture: Shown) -> str:
    """What the map shows as text, in whichever mode. Withheld cells are empty, with the
    reason beside them.
    """
    legend, values = picture.legend(), picture.values()
    header = [
        _("code"), _("zone"), _("indicator"), _("group"), _("round"), _("release"),
        *(column.label for column in picture.columns),
        _("reliability"), _("reason"), _("class"), _("definition version"),
    ]  # fmt: skip
    versions = ", ".join(map(str, legend["versions"]))
    constant = [
        values["title"], values["group"], legend["round"],
        view.data["legend"]["release"],
    ]  # fmt: skip
    whole = {"code": "", "name": _("Whole town"), **picture.town, "class": None}
    out = io.StringIO(newline="")
    rows = (
        [
            row["code"],
            row["name"],
            *constant,
            *_cells(row, picture.columns, legend),
            versions,
        ]
        for row in (*picture.rows, whole)
    )
    write_csv(out, header, rows)
    return out.getvalue()


def _cells(
    row: dict[str, Any], columns: tuple[Column, ...], legend: dict[str, Any]
) -> list[Any]:
    if row["value"] is None:
        return [*("" for _column in columns), row["says"], row["range"], ""]
    numbers = (row[column.key] for column in columns)
    return [*numbers, row["flag"], "", class_label(row, legend)]


def class_label(row: dict[str, Any], legend: dict[str, Any]) -> str:
    """The words of the class that a zone is coloured by."""
    place = row["class"]
    if place is None:
        return ""
    if legend["kind"] == "bivariate":
        across, up = place % 3, place // 3
        axes = (legend["x"], across), (legend["y"], up)
        return " · ".join(f"{axis['steps'][at]['label']}" for axis, at in axes)
    return str(legend["steps"][place]["label"])


def view_features(view: View, picture: Shown) -> dict[str, Any]:
    """What the map shows as a GeoJSON FeatureCollection in EPSG:4326."""
    rows = {row["code"]: row for row in picture.rows}
    legend, values = picture.legend(), picture.values()
    keys = ("definition_version", "second_definition_version")
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": code,
                "geometry": shape,
                "properties": {
                    **names,
                    **values.get("subject", view.subject),
                    **picture.query,
                    "release": view.release.number,
                    **dict(zip(keys, legend["versions"], strict=False)),
                    **_properties(rows[code], picture.columns, legend),
                },
            }
            for code, names, shape in _shapes(view)
            if code in rows
        ],
    }


def _shapes(view: View) -> Iterator[tuple[str, dict[str, str], Any]]:
    """Code, names and GeoJSON of each zone or larger area."""
    if view.level:
        for each in shapes_of(view.places)["areas"]["features"]:
            names = dict(each["properties"])
            yield names.pop("code"), names, each["geometry"]
        return
    for zone in view.zones.annotate(shape=AsGeoJSON("geometry", precision=6)):
        yield zone.code, names_of(zone), json.loads(zone.shape)


def _properties(
    row: dict[str, Any], columns: tuple[Column, ...], legend: dict[str, Any]
) -> dict[str, Any]:
    said = {
        "code": row["code"],
        **{each.name: row.get(each.key) for each in columns},
        "flag": row["flag"],
        "class": class_label(row, legend),
    }
    return said if row["value"] is not None else {**said, "reason": row["range"]}


def layer_rows(layer: Layer, municipality: Municipality) -> Iterator[tuple]:
    """All rows: id, the fields, the geometry as GeoJSON; a page of rows at a time."""
    query = sql.SQL(ROWS).format(
        fields=columns(["id", *(each.name for each in layer.fields)]),
        source=sql.SQL(layer.sql),
    )
    bound = {**layer.parameters, "municipality": municipality.pk}
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, bound)
        while page := cursor.fetchmany(2000):
            yield from page


def layer_file(layer: Layer, municipality: Municipality, form: str) -> IO[bytes]:
    """The layer as a spooled file; small ones never touch the disk."""
    write = {"csv": _layer_csv, "geojson": _layer_geojson}[form]
    out = tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024)  # noqa: SIM115
    text = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
    write(text, layer, layer_rows(layer, municipality))
    text.detach()
    out.seek(0)
    return out


def _layer_csv(out: Any, layer: Layer, rows: Iterator[tuple]) -> None:
    write_csv(
        out,
        [*(each.label for each in layer.fields), _("geometry (GeoJSON)")],
        (row[1:] for row in rows),
    )


def _layer_geojson(out: Any, layer: Layer, rows: Iterator[tuple]) -> None:
    names = [each.name for each in layer.fields]
    out.write('{"type":"FeatureCollection","features":[')
    for place, (key, *values, shape) in enumerate(rows):
        properties = json.dumps(
            dict(zip(names, values, strict=True)), ensure_ascii=False, default=str
        )
        out.write(
            f'{"," if place else ""}\n{{"type":"Feature","id":{key},'
            f'"geometry":{shape},"properties":{properties}}}'
        )
    out.write("\n]}\n")

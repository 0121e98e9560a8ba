"""A file whose columns are its own: their types are found, not asked for."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

import numpy as np
import shapely
from pyproj import CRS

from layers.geography.files import columns, repair
from layers.geography.files.exchange import Reading
from layers.geography.files.refusal import Unreadable
from layers.geography.files.source import Table
from layers.geography.files.values import DIGITS

MOST_ROWS, MOST_COLUMNS = 200_000, 100
LONGEST = 2000
# By the type ids of GEOS.
KINDS = {0: "point", 4: "point", 1: "line", 2: "line", 5: "line", 3: "polygon", 6: "polygon"}  # fmt: skip
COLLECTION = 7
# A number as programs write it; "007" is a code.
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d{1,3})?", re.ASCII)
# Written into every KML, whatever its author said.
OF_KML = {
    *("timestamp", "begin", "end", "altitudemode", "tessellate", "extrude"),
    *("visibility", "draworder", "icon", "snippet"),
}


def reading(table: Table, crs: CRS, srid: int, format: str) -> Reading:
    """The rows of the most frequent kind of geometry; `about["kind"]` says which.

    Columns stand under their place in `about["fields"]`. Numbers and dates are
    rewritten as PostgreSQL reads them, empty cells are "".
    """
    rows = len(table.geometry)
    if rows > MOST_ROWS:
        raise Unreadable("rows_many", count=rows, most=MOST_ROWS)
    kinds = np.array([_kind(each) for each in table.geometry], dtype=object)
    kind = _most(kinds)
    other = (kinds != kind) & (kinds != "")
    absent = table.absent | other
    if kind == "line":
        cleaned = repair.clean_lines(table.geometry, absent, crs, srid)
    else:
        cleaned = repair.clean(
            table.geometry, absent, crs, srid, points=kind == "point"
        )
    found = _columns(table, format)
    if len(found) > MOST_COLUMNS:
        raise Unreadable("columns_many", count=len(found), most=MOST_COLUMNS)
    refused = [
        (row, "geometry_other_kind" if other[row] else code, value)
        for row, code, value in cleaned.refused
    ]
    told, texts = [], {}
    for place, name in found:
        type, cells, wrong = typed(table.columns[place])
        gone = {row for row, _code, _value in refused}
        refused += [each for each in wrong if each[0] not in gone]
        told.append({"place": place, "name": name, "type": type})
        texts[place] = cells
    gone = {row for row, _code, _value in refused}
    kept = [row for row in range(rows) if row not in gone]
    geometry = cleaned.geometry[kept]
    inside = shapely.get_coordinates(shapely.point_on_surface(geometry))
    return Reading(
        row=np.array(kept, dtype=np.int64) + 1,
        columns={place: [cells[row] for row in kept] for place, cells in texts.items()},
        wkb=shapely.to_wkb(
            shapely.set_srid(geometry, 4326), include_srid=True
        ).tolist(),
        point=inside.reshape(-1, 2),
        area=cleaned.area[kept],
        about={
            "format": format,
            "layer": table.layer,
            "crs": repair.crs_name(crs),
            "encoding": table.encoding,
            "fields": table.fields,
            "columns": told,
            "kind": kind,
            "rows": rows,
            "notes": table.notes,
            "refused_points": repair.spots(cleaned.geometry, gone),
        },
        refused=[(row + 1, code, value) for row, code, value in sorted(refused)],
        repaired=[(row + 1, how, change) for row, how, change in cleaned.repaired],
    )


def _kind(geometry: shapely.Geometry | None) -> str:
    """point, line or polygon; of a collection that of its largest dimension."""
    if geometry is None or geometry.is_empty:
        return ""
    code = int(shapely.get_type_id(geometry))
    if code == COLLECTION:
        return ("point", "line", "polygon")[int(shapely.get_dimensions(geometry))]
    return KINDS[code]


def _most(kinds: np.ndarray) -> str:
    there = {kind: int((kinds == kind).sum()) for kind in ("polygon", "line", "point")}
    if not any(there.values()):
        raise Unreadable("no_geometry")
    return max(there, key=lambda kind: there[kind])


def _columns(table: Table, format: str) -> list[tuple[str, str]]:
    """Place and name of the columns that say something beside the geometry."""
    shape = columns.find(table.fields, columns.WKT) if format == "csv" else ""
    return [
        (place, name)
        for place, name in ((str(at), one) for at, one in enumerate(table.fields))
        if name != shape
        and not (format == "kml" and columns.plain(name).replace("_", "") in OF_KML)
    ]


def typed(cells: list[str]) -> tuple[str, list[str], list[tuple[int, str, str]]]:
    """The type that all filled cells have, the cells in its writing, what is refused."""
    filled = [cell for cell in cells if cell]
    if filled:
        plain = [cell.translate(DIGITS) for cell in cells]
        if all(not cell or _number(cell) for cell in plain):
            return "number", plain, []
        if all(not cell or _day(cell) for cell in plain):
            return "date", [cell[:10].replace("/", "-") for cell in plain], []
    refused, texts = [], []
    for row, cell in enumerate(cells):
        text = unicodedata.normalize("NFC", " ".join(cell.split()))
        wrong = _wrong(text)
        if wrong:
            refused.append((row, wrong, text[:60].replace("\x00", "")))
        texts.append(text)
    return "text", texts, refused


def _number(cell: str) -> bool:
    # More digits than a number of 64 bits keeps are those of a code.
    digits = sum(sign.isdecimal() for sign in cell)
    return digits <= 17 and bool(NUMBER.fullmatch(cell))


def _day(cell: str) -> bool:
    if not re.match(r"\d{4}[-/]\d{2}[-/]\d{2}([T ]|$)", cell, re.ASCII):
        return False
    try:
        date.fromisoformat(cell[:10].replace("/", "-"))
    except ValueError:
        return False
    return True


def _wrong(text: str) -> str:
    if text.isascii() and text.isprintable() and len(text) <= LONGEST:
        return ""
    if "\ufffd" in text:
        return "text_unreadable"
    if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in text):
        return "text_control"
    return "text_too_long" if len(text) > LONGEST else ""

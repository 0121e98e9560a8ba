"""What a file holds, as a report that a page can show and a decision can be made on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from django.utils.translation import gettext_lazy as _

from layers.geography.errors import ImportRefused
from layers.geography.files.exchange import Reading
from layers.geography.files.own import typed
from layers.geography.files.refusal import Unreadable
from layers.geography.files.request import Options, Request, What
from layers.geography.files.sandbox import read_upload
from layers.geography.models import Municipality
from layers.own import picture
from layers.own.errors import LayerRefused
from layers.own.models import OwnLayer
from layers.own.persons import looks_personal

# Rows and cells of the preview; cells that are looked at for persons; refusals kept.
SHOWN, LONGEST, LOOKED_AT, LISTED = 8, 60, 500, 5000
Progress = Callable[[str, float], None]
TYPE_WORDS = {"text": _("text"), "number": _("numbers"), "date": _("dates")}


def read(
    municipality: Municipality, path: Path, options: Options, tell: Progress
) -> Reading:
    """Raises ImportRefused for a file that can't be taken at all."""
    request = Request(
        path=str(path), what=What.LAYER, srid=municipality.srid, options=options
    )
    try:
        return read_upload(request, tell)
    except Unreadable as error:
        raise ImportRefused.of(error) from error


def report_of(municipality: Municipality, reading: Reading) -> dict[str, Any]:
    """`columns` with name, type, whether it looks personal, and its first cells."""
    about = reading.about
    return {
        "about": {key: about[key] for key in ("crs", "encoding", "format", "layer")},
        "notes": about["notes"],
        "kind": about["kind"],
        "rows": about["rows"],
        "kept": len(reading.row),
        "inside": _inside(municipality, reading),
        "columns": [_column(each, reading) for each in about["columns"]],
        "row_numbers": reading.row[:SHOWN].tolist(),
        "refused": reading.refused[:LISTED],
        "refused_count": len({row for row, _code, _value in reading.refused}),
        "repaired": reading.repaired[:LISTED],
        "repaired_count": len(reading.repaired),
        "picture": picture.draw(municipality, reading) if reading.wkb else None,
    }


def _column(said: dict[str, Any], reading: Reading) -> dict[str, Any]:
    cells = reading.columns[said["place"]]
    return {
        **said,
        "filled": sum(bool(cell) for cell in cells),
        "personal": looks_personal(said["name"], said["type"], cells[:LOOKED_AT]),
        "first": [cell[:LONGEST] for cell in cells[:SHOWN]],
    }


def _inside(municipality: Municipality, reading: Reading) -> int | None:
    """How many rows lie in the town; None where its boundary is not known."""
    if not municipality.boundary:
        return None
    town = shapely.from_wkb(bytes(municipality.boundary.wkb))
    shapely.prepare(town)
    return int(np.count_nonzero(shapely.intersects_xy(town, reading.point)))


def fields_for(
    own: OwnLayer, reading: Reading
) -> list[tuple[dict[str, Any], list[str]]]:
    """Each of the layer's fields with the file's cells for it.

    Raises LayerRefused where the file is no content of this layer.
    """
    kind = reading.about["kind"]
    if kind != own.geometry_kind:
        words = dict(OwnLayer.Geometry.choices)
        raise LayerRefused(
            "layer_kind", wanted=str(words[own.geometry_kind]), found=str(words[kind])
        )
    found = {each["name"]: each for each in reading.about["columns"]}
    absent = [x["source"] for x in own.fields if x["source"] not in found]
    if absent:
        raise LayerRefused("layer_columns", columns=", ".join(absent))
    paired = []
    for field in own.fields:
        column = found[field["source"]]
        cells = reading.columns[column["place"]]
        check_type(field, column["type"], cells, reading)
        paired.append((field, cells))
    return paired


def check_type(
    field: dict[str, Any], found: str, cells: list[str], reading: Reading
) -> None:
    """A text may hold anything; a number or a date only what is one, or nothing."""
    if field["type"] in {"text", found}:
        return
    for row, cell in zip(reading.row.tolist(), cells, strict=True):
        if cell and typed([cell])[0] != field["type"]:
            raise LayerRefused(
                "layer_type",
                column=field["source"],
                wanted=str(TYPE_WORDS[field["type"]]),
                row=row,
                value=cell[:LONGEST],
            )


def rows_of(
    reading: Reading, paired: list[tuple[dict[str, Any], list[str]]]
) -> Iterator[tuple[str, str]]:
    """Attributes as JSON, and the geometry as hexadecimal EWKB."""
    names = [field["name"] for field, _cells in paired]
    plain = [field["type"] != "number" for field, _cells in paired]
    for wkb, *cells in zip(
        reading.wkb, *(cells for _field, cells in paired), strict=True
    ):
        said = {
            name: cell if text else float(cell)
            for name, cell, text in zip(names, cells, plain, strict=True)
            if cell
        }
        yield json.dumps(said, ensure_ascii=False), wkb.hex()

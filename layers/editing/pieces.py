"""Pieces of a place from a file, as a surveyor's office sends them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import shapely
from shapely import MultiPolygon

from layers.editing.errors import EditRefused
from layers.geography.errors import ROW, ImportRefused
from layers.geography.files.refusal import Unreadable
from layers.geography.files.request import Options, Request, What
from layers.geography.files.sandbox import read_upload
from layers.geography.models import Municipality

# Bytes: far more than the pieces of one place take.
LARGEST = 20 * 1024 * 1024
MOST = 500


def read_pieces(
    municipality: Municipality, file: Any
) -> tuple[tuple[str, MultiPolygon], ...]:
    """Codes and shapes in degrees (EPSG:4326), in the order of the file.

    Raises ImportRefused for a file that can't be read, EditRefused for a row that can't.
    """
    with tempfile.TemporaryDirectory(prefix="pieces-") as folder:
        path = Path(folder) / f"pieces{Path(file.name).suffix.lower()[:10]}"
        path.write_bytes(file.read())
        request = Request(
            path=str(path),
            what=What.PARCELS,
            srid=municipality.srid,
            options=Options(),
        )
        try:
            reading = read_upload(request, lambda stage, share: None)
        except Unreadable as error:
            raise ImportRefused.of(error) from error
    for row, why, _value in reading.refused[:1]:
        reason, way_out = ROW[why]
        raise EditRefused("piece_refused", row=row, reason=reason, way_out=way_out)
    if len(reading.wkb) > MOST:
        raise EditRefused("many_pieces", count=len(reading.wkb), most=MOST)
    codes = reading.columns["code"]
    shapes = [shapely.from_wkb(bytes(wkb)) for wkb in reading.wkb]
    return tuple(zip(codes, shapes, strict=True))

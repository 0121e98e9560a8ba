"""Reads one upload in a process of its own: `python -m …reader REQUEST RESULT`.

The process has no database, no secrets in its environment, and limits on memory,
time and output, so that a hostile file can harm nothing but itself.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import shapely
from pyproj import CRS

from layers.geography.files import own, repair, values
from layers.geography.files.archive import open_upload
from layers.geography.files.dissolve import dissolve
from layers.geography.files.exchange import Reading, save
from layers.geography.files.limits import limit
from layers.geography.files.refusal import Unreadable
from layers.geography.files.request import Options, Request, What
from layers.geography.files.source import Table, read


def tell(stage: str, share: float) -> None:
    sys.stdout.write(f"{stage} {share:.2f}\n")
    sys.stdout.flush()


def reading(request: Request, folder: Path) -> Reading:
    """Raises Unreadable for a file that can't be taken at all."""
    free = request.what is What.LAYER
    source = open_upload(Path(request.path), folder, request.options.layer, kml=free)
    tell("reading", 0.2)
    table = read(source, request)
    if not len(table.geometry):
        raise Unreadable("no_rows")
    if len(table.geometry) == int(table.absent.sum()):
        raise Unreadable("no_geometry")
    _choose_crs(table, request.options)
    tell("checking", 0.5)
    crs = repair.usable_crs(table.crs)
    if free:
        return own.reading(table, crs, request.srid, source.format)
    points = request.what is What.FACILITIES
    cleaned = repair.clean(
        table.geometry, table.absent, crs, request.srid, points=points
    )
    refused = list(cleaned.refused)
    gone = {row for row, _, _ in refused}
    refused += values.judge(table.columns, gone)
    gone = {row for row, _, _ in refused}
    row = np.arange(len(table.geometry))
    if request.options.dissolve:
        keep = np.array([one not in gone for one in range(len(row))], dtype=bool)
        row = _dissolve(table, cleaned, keep, request.srid)
        gone = set()
    else:
        refused += values.duplicates(table.columns["code"], gone)
        gone = {row for row, _, _ in refused}
    tell("checking", 0.9)
    return _result(table, cleaned, row, gone, refused, crs, source.format)


def _choose_crs(table: Table, options: Options) -> None:
    if options.crs:
        if table.crs and CRS.from_user_input(table.crs) != repair.usable_crs(
            options.crs
        ):
            told: dict[str, object] = {
                "given": options.crs,
                "file": repair.crs_name(CRS(table.crs)),
            }
            table.notes.append(("crs_replaced", told))
        table.crs = options.crs


def _dissolve(
    table: Table, cleaned: repair.Cleaned, keep: np.ndarray, srid: int
) -> np.ndarray:
    codes = [c for c, kept in zip(table.columns["code"], keep, strict=True) if kept]
    degrees, metres = CRS.from_epsg(4326), CRS.from_epsg(srid)
    names, areas = dissolve(codes, cleaned.geometry[keep], degrees, metres)
    first = {code: number for number, code in reversed(list(enumerate(codes)))}
    table.columns = {
        role: [
            name
            if role == "code"
            else [t for t, kept in zip(texts, keep, strict=True) if kept][first[name]]
            for name in names
        ]
        for role, texts in table.columns.items()
    }
    table.notes.append(("dissolved", {"rows": len(codes), "areas": len(names)}))
    merged = repair.clean(
        areas, np.zeros(len(areas), dtype=bool), degrees, srid, points=False
    )
    cleaned.geometry, cleaned.area = merged.geometry, merged.area
    return np.arange(len(names))


def _result(  # noqa: PLR0917
    table: Table,
    cleaned: repair.Cleaned,
    row: np.ndarray,
    gone: set[int],
    refused: list[tuple[int, str, str]],
    crs: CRS,
    format: str,
) -> Reading:
    kept = [number for number in row.tolist() if number not in gone]
    geometry = cleaned.geometry[kept]
    inside = shapely.get_coordinates(shapely.point_on_surface(geometry))
    codes = table.columns["code"]
    return Reading(
        row=row[kept] + 1,
        columns={
            role: [texts[number] for number in kept]
            for role, texts in table.columns.items()
        },
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
            "rows": len(table.absent),
            "notes": table.notes,
            "refused_points": repair.spots(cleaned.geometry, gone),
        },
        refused=[
            (one + 1, code, value or (codes[one] if one < len(codes) else ""))
            for one, code, value in sorted(refused)
        ],
        repaired=[(one + 1, how, change) for one, how, change in cleaned.repaired],
    )


def main(request_path: Path, result_path: Path) -> None:
    asked = json.loads(request_path.read_text())
    request = Request(
        path=asked["path"],
        what=What(asked["what"]),
        srid=asked["srid"],
        options=Options.from_json(asked["options"]),
    )
    limit(Path(request.path).stat().st_size)
    try:
        save(reading(request, result_path.parent), result_path)
    except Unreadable as error:
        told = {"code": error.code, "params": error.params}
        result_path.with_suffix(".error").write_text(json.dumps(told))
    except MemoryError:
        told = {"code": "reader_limits", "params": {}}
        result_path.with_suffix(".error").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

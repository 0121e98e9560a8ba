"""Tables of records as files. Each writer takes batches, so that memory does not grow
with the number of records; SPSS and Stata files are the exception and have a limit.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas
import openpyxl
import pandas
import pyreadstat
from django.utils.translation import gettext as _
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from surveys.errors import TooManyRows
from surveys.out.tables import Column, Scope, Sheet, Value, batches, taken, text

# Both formats are written from memory as a whole.
MAX_STATISTICAL_ROWS = 100_000
MAX_XLSX_ROWS = 1_048_575
SHEET_NAME = 31
CELL = 32_767
SPSS_LABEL, SPSS_NAME, STATA_LABEL, STATA_NAME = 255, 60, 80, 32
# A cell that begins so is a formula to a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
Tell = Callable[[int], None]


def name_of(sheet: Sheet) -> str:
    return sheet.name or "submissions"


def plain(value: Value) -> Any:
    """What CSV and XLSX cells take: numbers and dates stay, text can't be a formula."""
    if isinstance(value, int | float | date) and not isinstance(value, datetime):
        return value
    written = text(value)
    return f"'{written}" if written.startswith(FORMULA) else written


def write_csv(path: Path, scope: Scope, sheets: Iterable[Sheet], tell: Tell) -> None:
    """A zip with a file per table, in UTF-8 with a mark, so that Excel reads Arabic."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for sheet in sheets:
            with (
                archive.open(f"{name_of(sheet)}.csv", "w", force_zip64=True) as raw,
                io.TextIOWrapper(raw, "utf-8-sig", newline="") as out,
            ):
                writer = csv.writer(out)
                writer.writerow(column.name for column in sheet.columns)
                for batch in batches(scope, sheet.name):
                    for values in batch:
                        writer.writerow(
                            plain(value) for value in taken(sheet.columns, values)
                        )
                    tell(len(batch))


def write_xlsx(path: Path, scope: Scope, sheets: Iterable[Sheet], tell: Tell) -> None:
    """A sheet per table and one that says what columns and choices mean."""
    book = openpyxl.Workbook(write_only=True)
    sheets = list(sheets)
    for sheet in sheets:
        page = book.create_sheet(name_of(sheet)[:SHEET_NAME])
        page.append([column.name for column in sheet.columns])
        left = MAX_XLSX_ROWS
        for batch in batches(scope, sheet.name):
            left -= len(batch)
            if left < 0:
                raise TooManyRows(limit=MAX_XLSX_ROWS)
            for values in batch:
                page.append([_cell(value) for value in taken(sheet.columns, values)])
            tell(len(batch))
    book.create_sheet("codebook")
    for line in codebook(sheets):
        book["codebook"].append(line)
    book.save(path)


def _cell(value: Value) -> Any:
    made = plain(value)
    return made[:CELL] if isinstance(made, str) else made


def codebook(sheets: Iterable[Sheet]) -> Iterator[list[str]]:
    yield [_("table"), _("column"), _("type"), _("label"), _("value"), _("meaning")]
    for sheet in sheets:
        for column in sheet.columns:
            yield [name_of(sheet), column.name, column.kind, column.label, "", ""]
            for value, label in column.choices.items():
                yield [name_of(sheet), column.name, "", "", value, label]


def write_geojson(
    path: Path, scope: Scope, sheets: Iterable[Sheet], tell: Tell
) -> None:
    """The form's own table, a feature per record, as RFC 7946 has it. Without positions
    the geometry is the middle of the zone's polygon: null here, the zone is named.
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
                    "geometry": _geometry(main, values),
                    "properties": {
                        column.name: _json(values.get(column.name))
                        for column in plain_ones
                    },
                }
                out.write(comma + json.dumps(feature, ensure_ascii=False))
                comma = ",\n"
            tell(len(batch))
        out.write("]}\n")


def _geometry(sheet: Sheet, values: dict[str, Value]) -> dict[str, Any] | None:
    for column in sheet.columns:
        found = values.get(column.name)
        if column.kind == "geometry" and isinstance(found, dict):
            return {key: found[key] for key in ("type", "coordinates")}
    return None


def _json(value: Value) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def write_gpkg(path: Path, scope: Scope, sheets: Iterable[Sheet], tell: Tell) -> None:
    """A layer per table; the form's own with a point in WGS 84 where one was asked for."""
    for sheet in sheets:
        columns = [column for column in sheet.columns if column.kind != "geometry"]
        empty = True
        for batch in batches(scope, sheet.name):
            _layer(path, sheet, columns, batch)
            empty = False
            tell(len(batch))
        if empty:
            _layer(path, sheet, columns, [])


def _layer(
    path: Path, sheet: Sheet, columns: list[Column], batch: list[dict[str, Value]]
) -> None:
    frame = geopandas.GeoDataFrame(
        {
            # `fid` is the format's own column.
            column.name: _series(column, [values.get(column.name) for values in batch])
            for column in columns
        },
        geometry=[_shape(sheet, values) for values in batch],
        crs=4326,
    )
    frame.to_file(
        path,
        layer=name_of(sheet),
        driver="GPKG",
        engine="pyogrio",
        mode="a" if path.exists() else "w",
        geometry_type="Unknown",
        promote_to_multi=False,
    )


def _shape(sheet: Sheet, values: dict[str, Value]) -> BaseGeometry | None:
    found = _geometry(sheet, values)
    return None if found is None else shape(found)


NUMPY = {"integer": "Int64", "decimal": "Float64"}


def _series(column: Column, values: list[Value]) -> Any:
    """Of one type in every batch, whatever a form's older version had answered."""
    if column.kind in NUMPY:
        numbers = pandas.to_numeric(
            pandas.Series(
                [each if isinstance(each, int | float) else None for each in values]
            ),
            errors="coerce",
        )
        return numbers.astype(NUMPY[column.kind])
    return pandas.Series([text(each) or None for each in values], dtype="string")


def write_spss(path: Path, scope: Scope, sheets: Iterable[Sheet], tell: Tell) -> None:
    _statistical(path, scope, sheets, tell, ".sav")


def write_stata(path: Path, scope: Scope, sheets: Iterable[Sheet], tell: Tell) -> None:
    _statistical(path, scope, sheets, tell, ".dta")


def _statistical(
    path: Path, scope: Scope, sheets: Iterable[Sheet], tell: Tell, suffix: str
) -> None:
    """A zip with a file per table. Choices become numbers with labels, in the order of
    the form; several choices become a column for each.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for sheet in sheets:
            rows: list[dict[str, Value]] = []
            for batch in batches(scope, sheet.name):
                rows += batch
                if len(rows) > MAX_STATISTICAL_ROWS:
                    raise TooManyRows(limit=MAX_STATISTICAL_ROWS)
                tell(len(batch))
            part = path.with_name(f"{path.stem}-{name_of(sheet)}{suffix}")
            try:
                _save(part, sheet, rows, suffix)
                archive.write(part, f"{name_of(sheet)}{suffix}")
            finally:
                part.unlink(missing_ok=True)


def _save(part: Path, sheet: Sheet, rows: list[dict[str, Value]], suffix: str) -> None:
    spss = suffix == ".sav"
    longest_name = SPSS_NAME if spss else STATA_NAME
    longest_label = SPSS_LABEL if spss else STATA_LABEL
    data: dict[str, Any] = {}
    labels: dict[str, str] = {}
    values_of: dict[str, dict[int | float, str]] = {}
    for column in sheet.columns:
        for name, label, series, named in _variables(column, rows):
            made = _variable_name(name, longest_name, data)
            data[made] = series
            labels[made] = cut(label, longest_label)
            if named:
                values_of[made] = {
                    number: cut(words, longest_label) for number, words in named.items()
                }
    frame = pandas.DataFrame(data)
    write = pyreadstat.write_sav if spss else pyreadstat.write_dta
    write(
        frame,
        str(part),
        column_labels=[labels[name] for name in frame.columns],
        variable_value_labels=values_of,
    )


def _variables(
    column: Column, rows: list[dict[str, Value]]
) -> Iterator[tuple[str, str, Any, dict[int, str]]]:
    values = [row.get(column.name) for row in rows]
    if column.kind == "list" and column.choices:
        for choice, label in column.choices.items():
            marks = [
                None if each is None else float(choice in each)
                for each in (
                    value if isinstance(value, list) else None for value in values
                )
            ]
            series = pandas.Series(marks, dtype="float64")
            yield (
                f"{column.name}_{choice}",
                f"{column.label}: {label}",
                series,
                {0: _("no"), 1: _("yes")},
            )
    elif column.choices:
        numbers = {value: index for index, value in enumerate(column.choices, start=1)}
        series = pandas.Series(
            [numbers.get(str(each)) for each in values], dtype="float64"
        )
        named = {numbers[value]: label for value, label in column.choices.items()}
        yield column.name, column.label, series, named
    elif column.kind in NUMPY:
        numeric = [each if isinstance(each, int | float) else None for each in values]
        series = pandas.Series(numeric, dtype="float64")
        yield column.name, column.label, series, {}
    else:
        series = pandas.Series([text(each) for each in values], dtype="object")
        yield column.name, column.label, series, {}


def _variable_name(name: str, longest: int, used: dict[str, Any]) -> str:
    """Letters, digits and underscores, a letter first, unlike any before in any case."""
    made = re.sub(r"[^A-Za-z0-9_]", "_", name)
    if not made[:1].isalpha():
        made = f"v{made}"
    made = made[:longest]
    taken_names = {each.lower() for each in used}
    number = 2
    while made.lower() in taken_names:
        ending = f"_{number}"
        made = made[: longest - len(ending)] + ending
        number += 1
    return made


def cut(words: str, longest: int) -> str:
    """At most so many bytes of UTF-8, never half a letter."""
    raw = words.encode()
    return words if len(raw) <= longest else raw[:longest].decode("utf-8", "ignore")


WRITERS: dict[
    str, tuple[str, str, Callable[[Path, Scope, Iterable[Sheet], Tell], None]]
] = {
    "xlsx": (
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        write_xlsx,
    ),
    "csv": (".zip", "application/zip", write_csv),
    "gpkg": (".gpkg", "application/geopackage+sqlite3", write_gpkg),
    "geojson": (".geojson", "application/geo+json", write_geojson),
    "spss": (".zip", "application/zip", write_spss),
    "stata": (".zip", "application/zip", write_stata),
}
"""By kind: the file's ending, its media type, what writes it."""

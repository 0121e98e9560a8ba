from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import geopandas
import numpy as np
import pyogrio.errors
from scipy.sparse import csr_array
from shapely import STRtree
from shapely.validation import explain_validity

from layers.indicators.management.data import (
    DataCommand,
    DataError,
    DataTable,
    check_columns,
    check_known,
)
from layers.indicators.modelled import spatial

KNOWN = {
    "value", "area", "neighbours", "separator", "x", "y", "k", "geometry",
    "permutations", "seed", "level",
}  # fmt: skip
RULES = ("queen", "rook")
MOST_PERMUTATIONS = 99_999
MOST_SEED = 10**15


class Command(DataCommand):
    help = "Moran's I of a value over areas, and local clusters."

    def work(
        self, table: DataTable, spec: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Any]] | Mapping[str, Any]:
        check_spec(spec)
        values = table.numbers(spec["value"], missing=True)
        try:
            found = spatial.pattern(
                values,
                neighbours(table, spec),
                permutations=spec.get("permutations", 999),
                seed=spec.get("seed", 1),
                level=spec.get("level", 0.05),
            )
        except spatial.UnfitPattern as refused:
            raise DataError(str(refused)) from refused
        names = areas(table, spec)
        rows = answers(names, values, found.local)
        if options["format"] == "csv":
            return rows
        islands = [names[each] for each in found.islands]
        return {"moran": asdict(found.moran), "islands": islands, "areas": rows}


def check_spec(spec: Mapping[str, Any]) -> None:
    check_known(spec, KNOWN, "The specification")
    if "value" not in spec:
        raise DataError('The specification needs "value", a column\'s name.')
    check_columns(spec, ("value", "area", "neighbours", "x", "y"))
    separator = spec.get("separator", " ")
    if not isinstance(separator, str) or not separator:
        raise DataError('"separator" is a text, what stands between two names.')
    ways = [each for each in ("neighbours", "k", "geometry") if each in spec]
    if len(ways) != 1:
        raise DataError(
            'Say who is whose neighbour in one way: "neighbours" (a column of names),'
            ' "x", "y" and "k", or "geometry" (a file).'
        )
    _check_number(spec, "permutations", 99, MOST_PERMUTATIONS)
    _check_number(spec, "seed", 0, MOST_SEED)
    level = spec.get("level", 0.05)
    if not isinstance(level, float) or not 0 < level < 1:
        raise DataError('"level" is a number between 0 and 1.')


def _check_number(spec: Mapping[str, Any], name: str, least: int, most: int) -> None:
    given = spec.get(name, least)
    if type(given) is not int or not least <= given <= most:
        raise DataError(f'"{name}" is a whole number from {least} to {most}.')


def areas(table: DataTable, spec: Mapping[str, Any]) -> list[str]:
    if "area" not in spec:
        return [str(number + 1) for number in range(len(table))]
    names = [str(each) for each in table.text(spec["area"])]
    if twice := [each for each in names if names.count(each) > 1]:
        raise DataError(f'The area "{twice[0]}" occurs twice.')
    return names


def neighbours(table: DataTable, spec: Mapping[str, Any]) -> csr_array:
    if "k" in spec:
        _check_number(spec, "k", 1, len(table))
        if not {"x", "y"} <= set(spec):
            raise DataError('"k" needs "x" and "y", columns in one unit of length.')
        points = np.column_stack([table.numbers(spec["x"]), table.numbers(spec["y"])])
        return spatial.nearest(points, spec["k"])
    if "area" not in spec:
        raise DataError('The specification needs "area", the column of names.')
    names = areas(table, spec)
    if "geometry" in spec:
        return _touching(names, spec["geometry"])
    return _listed(table, names, spec)


def _listed(table: DataTable, names: list[str], spec: Mapping[str, Any]) -> csr_array:
    """Neighbours named in a column, parted by spaces or the separator given."""
    place = {name: number for number, name in enumerate(names)}
    pairs = []
    for row, cell in enumerate(table.text(spec["neighbours"])):
        for name in str(cell).split(spec.get("separator")):
            if not name.strip():
                continue
            if name.strip() not in place:
                raise table.error(row, spec["neighbours"], f'"{name}" is no area')
            pairs.append((row, place[name.strip()]))
    return spatial.contiguity(len(names), pairs)


def _touching(names: list[str], wanted: Any) -> csr_array:
    """Neighbours that share a point (queen) or a stretch of border (rook)."""
    if not isinstance(wanted, Mapping) or not {"file", "id"} <= set(wanted):
        raise DataError('"geometry" is an object with "file" and "id", a column of it.')
    check_known(wanted, {"file", "id", "rule"}, "The geometry")
    check_columns(wanted, ("file", "id"))
    rule = wanted.get("rule", "queen")
    if rule not in RULES:
        raise DataError(f'The geometry\'s "rule" is one of {", ".join(RULES)}.')
    shapes = _shapes(names, wanted)
    left, right = STRtree(shapes).query(shapes, predicate="intersects")
    pairs = [
        (a, b) for a, b in zip(left.tolist(), right.tolist(), strict=True) if a < b
    ]
    if rule == "rook":
        pairs = [(a, b) for a, b in pairs if shapes[a].intersection(shapes[b]).length]
    return spatial.contiguity(len(names), pairs)


def _shapes(names: list[str], wanted: Mapping[str, Any]) -> list[Any]:
    try:
        frame = geopandas.read_file(wanted["file"])
    except (pyogrio.errors.DataSourceError, OSError) as error:
        raise DataError(
            f"{wanted['file']} can't be read as a layer of areas."
        ) from error
    if not isinstance(frame, geopandas.GeoDataFrame):
        raise DataError(f"{wanted['file']} is a table without geometry.")
    if wanted["id"] not in frame:
        raise DataError(f'{wanted["file"]} has no column "{wanted["id"]}".')
    known = frame[wanted["id"]].astype(str)
    if (twice := known[known.duplicated() & known.isin(names)]).size:
        raise DataError(f'The area "{twice.iloc[0]}" is twice in {wanted["file"]}.')
    found = dict(zip(known, frame.geometry, strict=True))
    for name in names:
        shape = found.get(name)
        if shape is None or shape.is_empty:
            raise DataError(f'The area "{name}" has no geometry in {wanted["file"]}.')
        if not shape.is_valid:
            raise DataError(
                f'The border of the area "{name}" in {wanted["file"]} crosses itself: '
                f"{explain_validity(shape)}. Repair it first."
            )
    return [found[name] for name in names]


def answers(
    names: list[str], values: np.ndarray, local: spatial.Local
) -> list[dict[str, Any]]:
    return [
        {
            "area": name,
            "value": values[row],
            "lag": local.lag[row],
            "i": local.i[row],
            "quadrant": local.quadrant[row],
            "p": local.p[row],
            "p_one_sided": local.p_one_sided[row],
            "p_adjusted": local.adjusted[row],
            "cluster": local.cluster[row],
        }
        for row, name in enumerate(names)
    ]

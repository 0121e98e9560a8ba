"""The engine's z-scores on any CSV."""

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from layers.indicators import anthropometry
from layers.indicators.management.data import (
    MISSING,
    DataCommand,
    DataError,
    DataTable,
    Floats,
)

SEXES = {"1": 1, "m": 1, "2": 2, "f": 2}
POSITIONS = {"l": "l", "h": "h"}
OEDEMA = {"y": True, "1": True, "n": False, "2": False}
MEASUREMENTS = ("weight_kg", "lenhei_cm", "muac_cm")


class Command(DataCommand):
    help = (
        "Adds the z-scores of the WHO Child Growth Standards to a CSV of children: zlen, "
        "zwei, zwfl, zbmi, zac, with their flags and the reason where there is none."
    )
    wants_spec = False
    formats = ("csv", "json")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--digits",
            type=int,
            choices=range(13),
            default=2,
            metavar="0..12",
            help="decimals of a z-score (2, as in WHO's software)",
        )

    def work(
        self, table: DataTable, spec: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Any]]:
        children = read_children(table)
        added = columns(children, options["digits"])
        if taken := [name for name in added if name in table]:
            raise DataError(
                f'The file has a column "{taken[0]}" already. Rename or remove it.'
            )
        every = {name: table.text(name).tolist() for name in table.names} | added
        rows = zip(*every.values(), strict=True)
        return [dict(zip(every, row, strict=True)) for row in rows]


def read_children(table: DataTable) -> anthropometry.Children:
    if not any(name in table for name in MEASUREMENTS):
        raise DataError(
            "There is nothing to score: the file has none of the columns "
            f"{', '.join(MEASUREMENTS)}."
        )
    return anthropometry.Children(
        sex=np.array(_choices(table, "sex", SEXES, unknown=0), dtype=np.int64),
        age_days=_ages(table),
        weight=_optional(table, "weight_kg"),
        length=_optional(table, "lenhei_cm"),
        position=np.array(_choices(table, "measure", POSITIONS, unknown="")),
        oedema=np.array(_choices(table, "oedema", OEDEMA, unknown=False), dtype=bool),
        arm=_optional(table, "muac_cm"),
    )


def columns(children: anthropometry.Children, digits: int) -> dict[str, list[Any]]:
    """The new columns in their order, named as WHO's R package `anthro` names them.

    A reason beside each score is ours: `zlen_missing` and so on.
    """
    found: dict[str, list[Any]] = {
        "clenhei": children.corrected_length.tolist(),
        "cbmi": np.round(children.bmi, 4).tolist(),
        "c9mo_flag": children.wrongly_standing.astype(int).tolist(),
    }
    for name, scores in anthropometry.z_scores(children, digits).items():
        flags = zip(scores.flagged.tolist(), scores.reason == "", strict=True)
        found[f"z{name}"] = scores.z.tolist()
        found[f"f{name}"] = [int(flag) if known else None for flag, known in flags]
        found[f"z{name}_missing"] = scores.reason.tolist()
    return found


def _ages(table: DataTable) -> Floats:
    if "age_days" not in table and "age_months" not in table:
        raise DataError('There is neither a column "age_days" nor "age_months".')
    days = _optional(table, "age_days")
    months = anthropometry.age_days_of(_optional(table, "age_months"))
    return np.where(np.isnan(days), months, days)


def _optional(table: DataTable, name: str) -> Floats:
    if name in table:
        return table.numbers(name, missing=True)
    return np.full(len(table), np.nan)


def _choices(
    table: DataTable, name: str, choices: Mapping[str, Any], *, unknown: Any
) -> list[Any]:
    """The meaning of each cell; `sex` must be there, the others may be absent."""
    if name != "sex" and name not in table:
        return [unknown] * len(table)
    # Other software writes the number 1 of a column with gaps as 1.0.
    cells = [str(cell).lower().removesuffix(".0") for cell in table.text(name)]
    known = dict.fromkeys(MISSING, unknown) | dict(choices)
    for row, cell in enumerate(cells):
        if cell not in known:
            allowed = ", ".join(choices)
            raise table.error(row, name, f'"{cell}" is none of {allowed}')
    return [known[cell] for cell in cells]

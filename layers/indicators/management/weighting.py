"""The key "weights" of a specification: non-response and known totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from layers.indicators.estimation.design import Design, Factor, Floats, Integers
from layers.indicators.estimation.weights import (
    SMALLEST_CLASS,
    ResponseClasses,
    adjust_for_nonresponse,
    post_stratify,
    rake,
)
from layers.indicators.management.columns import factor, kept_factor, zeros_and_ones
from layers.indicators.management.data import DataError, DataTable
from layers.indicators.management.specification import Keys


@dataclass(frozen=True)
class NonResponse:
    respondent: str
    classes: list[str]
    unit: list[str]
    smallest: float
    merge: bool


@dataclass(frozen=True)
class Margin:
    by: list[str]
    totals: Mapping[str, Any]


def nonresponse(keys: Keys) -> NonResponse | None:
    """Raises DataError for values that make no sense."""
    part = keys.part("nonresponse")
    if part is None:
        return None
    found = NonResponse(
        respondent=part.needed("respondent"),
        classes=part.columns("classes"),
        unit=part.columns("unit"),
        smallest=part.number("smallest", SMALLEST_CLASS),
        merge=part.truth("merge", False),
    )
    part.done()
    return found


def margins(keys: Keys) -> list[Margin]:
    """Of post-strata or of a rake. Raises DataError for both."""
    one, several = keys.parts("poststratify"), keys.parts("rake")
    if len(one) > 1 or (one and several):
        raise DataError(
            'The weights are calibrated once: by one "poststratify" or by "rake".'
        )
    found = []
    for part in one or several:
        margin = Margin(part.columns("by"), part.mapping("totals"))
        if not margin.by:
            raise part.error("by", "needs the name of a column")
        part.done()
        found.append(margin)
    return found


def adjusted(
    table: DataTable, weight: Floats | None, spec: NonResponse
) -> tuple[ResponseClasses, list[str]]:
    """Weights of all rows; each unit (household) counts once in its class. Notes on both."""
    if weight is None:
        raise DataError('"nonresponse" adjusts weights: name a column as "weight".')
    answered = zeros_and_ones(table, spec.respondent)
    if (bad := np.flatnonzero(np.isnan(answered))).size:
        raise table.error(int(bad[0]), spec.respondent, "is empty; 0 or 1 is needed")
    classes = (
        factor(table, spec.classes)
        if spec.classes
        else Factor.of(["all rows"] * len(table))
    )
    units = factor(table, spec.unit) if spec.unit else Factor.each(len(table))
    first = np.unique(units.codes, return_index=True)[1]
    _refuse_mixed_unit(units, weight, first, "weights")
    _refuse_mixed_unit(units, answered, first, "answers on who responded")
    _refuse_mixed_unit(units, classes.codes, first, "classes")
    found = adjust_for_nonresponse(
        weight[first],
        answered[first] == 1,
        Factor(classes.codes[first], classes.names),
        smallest=int(spec.smallest),
        merge=spec.merge,
    )
    notes = [f'Class "{one}" was joined with "{other}".' for one, other in found.merged]
    notes += [
        f'Class "{name}": {rate:.1%} responded, weights were multiplied by {times:.4f}.'
        for name, rate, times in zip(
            classes.names, found.rate, found.factor, strict=True
        )
    ]
    return replace(found, weight=found.weight[units.codes]), notes


def _refuse_mixed_unit(
    units: Factor, values: np.ndarray, first: Integers, what: str
) -> None:
    mixed = np.flatnonzero(values[first][units.codes] != values)
    if mixed.size:
        name = units.names[units.codes[mixed[0]]]
        raise DataError(f'Unit "{name}" has two {what}; all its rows need the same.')


def calibrated(
    table: DataTable, given: list[Margin], design: Design, rows: Integers
) -> Design:
    """The design with weights that meet the known totals; `rows` are its rows."""
    if not given:
        return design
    margins = []
    for margin in given:
        own = kept_factor(table, margin.by, rows)
        margins.append((own, dict(_flat(margin.totals, len(margin.by), margin.by))))
    if len(margins) == 1:
        weight = post_stratify(design.weight, *margins[0])
    else:
        weight = rake(design.weight, margins)
    return design.calibrated(weight, [own.codes for own, _totals in margins])


def _flat(
    totals: Mapping[str, Any], depth: int, by: list[str]
) -> Iterator[tuple[str, float]]:
    """Names and totals of nested objects, one level for each column."""
    for name, value in totals.items():
        if depth > 1 and isinstance(value, Mapping):
            for inner, total in _flat(value, depth - 1, by):
                yield f"{name} / {inner}", total
        elif depth == 1 and type(value) in (int, float):
            yield name, float(value)
        else:
            levels = "one number" if len(by) == 1 else "an object in braces"
            raise DataError(
                f'The known totals by {", ".join(by)}: "{name}" needs {levels}.'
            )

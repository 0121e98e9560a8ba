"""A sample of a CSV as a specification describes it: design, weights, domains."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from layers.indicators.estimation.design import (
    Design,
    Factor,
    Floats,
    Integers,
    SinglePSU,
)
from layers.indicators.estimation.errors import (
    DesignError,
    StatisticError,
    WeightError,
)
from layers.indicators.estimation.weights import (
    SMALLEST_CLASS,
    ResponseClasses,
    adjust_for_nonresponse,
    post_stratify,
    rake,
)
from layers.indicators.management.data import MISSING, DataError, DataTable
from layers.indicators.management.specification import Keys

WORDS = {"true": "1", "false": "0", "yes": "1", "no": "0"}


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


@dataclass(frozen=True)
class SampleSpec:
    """The keys of a specification that describe a sample."""

    weight: str | None
    strata: str | None
    cluster: list[str]
    fpc: list[str]
    domain: list[str]
    single: SinglePSU
    nonresponse: NonResponse | None = None
    margins: list[Margin] = field(default_factory=list)

    @classmethod
    def read(cls, keys: Keys) -> SampleSpec:
        """Raises DataError for values that make no sense."""
        adjust = keys.part("weights")
        found = cls(
            weight=keys.column("weight"),
            strata=keys.column("strata"),
            cluster=keys.columns("cluster"),
            fpc=keys.columns("fpc"),
            domain=keys.columns("domain"),
            single=keys.choice("single_psu", SinglePSU, SinglePSU.ADJUST),
            nonresponse=_nonresponse(adjust) if adjust else None,
            margins=_margins(adjust) if adjust else [],
        )
        if adjust:
            adjust.done()
        if len(found.fpc) > max(len(found.cluster), 1):
            raise keys.error("fpc", "names more stages than cluster does")
        return found


def _nonresponse(keys: Keys) -> NonResponse | None:
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


def _margins(keys: Keys) -> list[Margin]:
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


@dataclass(frozen=True)
class Sample:
    """What is left of a table for estimation; `rows` (N,) are its rows in the table."""

    table: DataTable
    rows: Integers
    design: Design
    domain: Integers
    """(N,) domain of each row, -1 in none."""
    domains: list[dict[str, str]]
    """The values of each domain, all combinations of the columns' values."""
    notes: list[str]
    """What was done to the weights, for the reader."""

    def numbers(self, name: str) -> Floats:
        """(N,) of a column; NaN where not known."""
        return self.table.numbers(name, missing=True)[self.rows]

    def shares(self, name: str) -> Floats:
        """(N,) of a column of 0 and 1 (or no and yes, false and true); NaN where not known."""
        return zeros_and_ones(self.table, name)[self.rows]

    def texts(self, name: str) -> np.ndarray:
        return self.table.text(name)[self.rows]


def read_sample(table: DataTable, spec: SampleSpec) -> Sample:
    """Raises DataError with the line, the column or the stratum at fault."""
    with refused():
        weight = _weights(table, spec.weight)
        rows, notes = np.arange(len(table)), []
        if spec.nonresponse:
            answer = _adjusted(table, weight, spec.nonresponse)
            notes = [f"{a} was merged with {b}." for a, b in answer.merged]
            rows = np.flatnonzero(answer.weight > 0)
            weight = answer.weight
        design = _design(table, spec, weight, rows)
        design = _calibrated(table, spec, design, rows)
    code, domains = _domains(table, spec.domain)
    return Sample(table, rows, design, code[rows], domains, notes)


@contextmanager
def refused() -> Iterator[None]:
    """Turns what the arithmetic refuses into a DataError."""
    try:
        yield
    except (DesignError, WeightError, StatisticError) as error:
        words = str(error)
        raise DataError(f"{words[0].upper()}{words[1:]}.") from error


def zeros_and_ones(table: DataTable, name: str) -> Floats:
    """(rows,) of a column; raises DataError for any other value, with its line."""
    texts = [WORDS.get(str(text).lower(), str(text)) for text in table.text(name)]
    column = DataTable({name: np.array(texts)}, table.lines)
    found = column.numbers(name, missing=True)
    if (bad := np.flatnonzero(~np.isnan(found) & (found != 0) & (found != 1))).size:
        raise table.error(int(bad[0]), name, f'"{texts[bad[0]]}" is neither 0 nor 1')
    return found


def factor(table: DataTable, names: list[str]) -> Factor:
    """The column, or several crossed. Raises DataError for an empty cell."""
    for name in names:
        empty = np.flatnonzero(table.text(name) == "")
        if empty.size:
            raise table.error(int(empty[0]), name, "is empty")
    if len(names) == 1:
        return Factor.of(table.text(names[0]))
    parts = [table.text(name).tolist() for name in names]
    return Factor.of([" / ".join(cells) for cells in zip(*parts, strict=True)])


def _weights(table: DataTable, name: str | None) -> Floats | None:
    if name is None:
        return None
    weight = table.numbers(name)
    if (bad := np.flatnonzero(weight < 0)).size:
        raise table.error(
            int(bad[0]),
            name,
            f"the weight is {weight[bad[0]]:g}; it must not be negative",
        )
    return weight


def _adjusted(
    table: DataTable, weight: Floats | None, spec: NonResponse
) -> ResponseClasses:
    """Weights of all rows; each unit (household) counts once in its class."""
    if weight is None:
        raise DataError('"nonresponse" adjusts weights: name a column as "weight".')
    answered = zeros_and_ones(table, spec.respondent)
    if (bad := np.flatnonzero(np.isnan(answered))).size:
        raise table.error(int(bad[0]), spec.respondent, "is empty; 0 or 1 is needed")
    classes = factor(table, spec.classes) if spec.classes else Factor.single(len(table))
    first = np.arange(len(table))
    unit = first
    if spec.unit:
        units = factor(table, spec.unit)
        first = np.unique(units.codes, return_index=True)[1]
        unit = units.codes
        for values, what in (
            (weight, "weights"),
            (answered, "answers on who responded"),
            (classes.codes, "classes"),
        ):
            _refuse_mixed_unit(units, values, first, what)
    found = adjust_for_nonresponse(
        weight[first],
        answered[first] == 1,
        Factor(classes.codes[first], classes.names),
        smallest=int(spec.smallest),
        merge=spec.merge,
    )
    return ResponseClasses(found.weight[unit], found.factor, found.rate, found.merged)


def _refuse_mixed_unit(
    units: Factor, values: np.ndarray, first: Integers, what: str
) -> None:
    mixed = np.flatnonzero(values[first][units.codes] != values)
    if mixed.size:
        name = units.names[units.codes[mixed[0]]]
        raise DataError(f'Unit "{name}" has two {what}; all its rows need the same.')


def _design(
    table: DataTable, spec: SampleSpec, weight: Floats | None, rows: Integers
) -> Design:
    def kept(names: list[str]) -> Factor:
        whole = factor(table, names)
        return Factor.of(np.array(whole.names)[whole.codes[rows]])

    return Design.of(
        rows=len(rows),
        weight=None if weight is None else weight[rows],
        strata=kept([spec.strata]) if spec.strata else None,
        clusters=[kept([name]) for name in spec.cluster],
        frames=[table.numbers(name, missing=True)[rows] for name in spec.fpc],
        single=spec.single,
    )


def _calibrated(
    table: DataTable, spec: SampleSpec, design: Design, rows: Integers
) -> Design:
    if not spec.margins:
        return design
    margins = []
    for margin in spec.margins:
        whole = factor(table, margin.by)
        own = Factor.of(np.array(whole.names)[whole.codes[rows]])
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


def _domains(
    table: DataTable, names: list[str]
) -> tuple[Integers, list[dict[str, str]]]:
    """The domain (rows,) of each row, and the values of each domain."""
    code, inside = np.zeros(len(table), dtype=np.int64), np.ones(len(table), dtype=bool)
    values: list[list[str]] = []
    for name in names:
        own, levels = _levels(table, name)
        inside &= own >= 0
        code = code * len(levels) + np.maximum(own, 0)
        values.append(levels)
    crossed = [
        dict(zip(names, each, strict=True)) for each in itertools.product(*values)
    ]
    return np.where(inside, code, -1), crossed


def _levels(table: DataTable, name: str) -> tuple[Integers, list[str]]:
    """Codes (rows,) of a column, -1 where it is empty; its values, numbers by size."""
    texts = table.text(name)
    known = np.array([str(text).lower() not in MISSING for text in texts], dtype=bool)
    if not known.any():
        raise DataError(f'Column "{name}" is empty; it names no domain.')
    levels = np.unique(texts[known])
    order = _by_size(levels)
    place = np.empty(len(levels), dtype=np.int64)
    place[order] = np.arange(len(levels))
    code = np.full(len(texts), -1)
    code[known] = place[np.searchsorted(levels, texts[known])]
    return code, [str(level) for level in levels[order]]


def _by_size(levels: np.ndarray) -> np.ndarray:
    try:
        return np.argsort([float(level) for level in levels], kind="stable")
    except ValueError:
        return np.arange(len(levels))

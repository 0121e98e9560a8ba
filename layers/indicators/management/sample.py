"""A sample of a CSV as a specification describes it: design, weights, domains."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from layers.indicators.estimation.design import (
    Design,
    Floats,
    Integers,
    SinglePSU,
)
from layers.indicators.estimation.errors import (
    DesignError,
    StatisticError,
    WeightError,
)
from layers.indicators.management.columns import kept_factor
from layers.indicators.management.data import MISSING, DataError, DataTable
from layers.indicators.management.specification import Keys
from layers.indicators.management.weighting import (
    Margin,
    NonResponse,
    adjusted,
    calibrated,
    margins,
    nonresponse,
)


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
            nonresponse=nonresponse(adjust) if adjust else None,
            margins=margins(adjust) if adjust else [],
        )
        if adjust:
            adjust.done()
        if len(found.fpc) > max(len(found.cluster), 1):
            raise keys.error("fpc", "names more stages than cluster does")
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

    def texts(self, name: str) -> np.ndarray:
        return self.table.text(name)[self.rows]


def read_sample(table: DataTable, spec: SampleSpec) -> Sample:
    """Raises DataError with the line, the column or the stratum at fault."""
    with refused():
        weight = _weights(table, spec.weight)
        rows = np.arange(len(table))
        notes: list[str] = []
        if spec.nonresponse:
            answer, notes = adjusted(table, weight, spec.nonresponse)
            rows = np.flatnonzero(answer.weight > 0)
            weight = answer.weight
        design = _design(table, spec, weight, rows)
        design = calibrated(table, spec.margins, design, rows)
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


def _design(
    table: DataTable, spec: SampleSpec, weight: Floats | None, rows: Integers
) -> Design:
    return Design.of(
        rows=len(rows),
        weight=None if weight is None else weight[rows],
        strata=kept_factor(table, [spec.strata], rows) if spec.strata else None,
        clusters=[kept_factor(table, [name], rows) for name in spec.cluster],
        frames=[table.numbers(name, missing=True)[rows] for name in spec.fpc],
        single=spec.single,
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

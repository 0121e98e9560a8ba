"""What linearised influences vary by, over the stages of a design and many domains at once.

V = sum over strata of (1 - f) n / (n - 1) sum (z - mean z)^2 over the n units of the stratum,
with z the sum of the influences of a unit's rows: units without a row in the domain count as
zeros. A later stage adds its own sum within every unit of the stage before, times the share of
units drawn until there. Särndal, Swensson, Wretman, Model Assisted Survey Sampling (1992),
result 4.3.1, without the probabilities of pairs: equal chances within a stratum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from layers.indicators.estimation.design import (
    Booleans,
    Design,
    Floats,
    Integers,
    SinglePSU,
    Stage,
)

PIECE = 16_384
Column = TypeVar("Column", bound=NDArray[Any])


@dataclass(frozen=True)
class Rows:
    """The R rows of a sample that are in one of D domains and have a weight."""

    index: Integers | None
    """(R,) their places in the sample; None for all of it."""
    code: Integers
    """(R,) the domain of each."""
    domains: int
    size: int
    """N, the rows of the sample."""

    @classmethod
    def of(cls, design: Design, domain: Integers, domains: int) -> Rows:
        """`domain` (N,) is negative outside every domain."""
        inside = domain >= 0
        if inside.all() and design.weight.all():
            return cls(None, domain, domains, len(design))
        index = np.flatnonzero(inside & (design.weight > 0))
        return cls(index, domain[index], domains, len(design))

    def pick(self, column: Column) -> Column:
        """(R,) of a column (N,)."""
        if self.index is None:
            return column
        return cast("Column", column[self.index])

    def spread(self, values: Floats) -> Floats:
        """(N,) of values (R,), 0 elsewhere."""
        if self.index is None:
            return values
        found = np.zeros(self.size)
        found[self.index] = values
        return found

    def sums(self, values: Floats | None = None) -> Floats:
        """(D,) sums of values (R,), or the number of rows."""
        found = np.bincount(self.code, weights=values, minlength=self.domains)
        return found.astype(np.float64)

    def regrouped(self, domain: Integers, domains: int) -> tuple[Rows, Booleans]:
        """The rows whose domain has a new one, `domain` (D,) if not negative; and which."""
        code = domain[self.code]
        kept = code >= 0
        index = np.flatnonzero(kept) if self.index is None else self.index[kept]
        return Rows(index, code[kept], domains, self.size), kept

    def cells(self, stage: Stage) -> Cells:
        return Cells.of(stage, self.pick(stage.unit), self.code, self.domains)


@dataclass(frozen=True)
class Cells:
    """The pairs of domain and unit that occur in one stage, domain after domain.

    Cells of one domain and stratum stand side by side; S such slots occur.
    """

    cell: Integers
    """(R,) the cell of each row."""
    slot: Integers
    """(K,) the slot of each cell."""
    slot_stratum: Integers
    """(S,)"""
    slot_domain: Integers
    """(S,)"""
    domains: int

    @classmethod
    def of(cls, stage: Stage, unit: Integers, code: Integers, domains: int) -> Cells:
        """Of rows with their `unit` (R,) and domain `code` (R,)."""
        units, strata = len(stage.stratum), len(stage.sampled)
        key = code * units
        key += unit
        found, cell = _distinct(key, domains * units)
        cell_domain, cell_unit = np.divmod(found, units)
        slot = cell_domain * strata + stage.stratum[cell_unit]
        new = np.diff(slot, prepend=-1) > 0
        slot_domain, slot_stratum = np.divmod(slot[new], strata)
        return cls(cell, np.cumsum(new) - 1, slot_stratum, slot_domain, domains)

    def sums(self, values: Floats) -> Floats:
        """(K,) sums of the rows' values (R,) over each cell."""
        return _sums(self.cell, values, len(self.slot))

    def slots(self, values: Floats) -> Floats:
        """(S,) sums of the cells' values (K,)."""
        return _sums(self.slot, values, len(self.slot_domain))

    def by_domain(self, values: Floats) -> Floats:
        """(D,) sums of the slots' values (S,)."""
        return _sums(self.slot_domain, values, self.domains)

    def degrees(self) -> Integers:
        """(D,) units less strata, both counted where the domain has a row."""
        units = np.bincount(self.slot_domain[self.slot], minlength=self.domains)
        strata = np.bincount(self.slot_domain, minlength=self.domains)
        return np.asarray(units - strata)


def variances(
    design: Design, rows: Rows, influence: Floats, first: Cells | None = None
) -> tuple[Floats, Integers]:
    """Variance (D,) of the sum of `influence` (R,), weights included, and degrees of freedom.

    Where the weights were calibrated, influences are first freed of what their margins
    explain; this reaches rows outside the domain, so domains are then done one by one.
    `first` are the cells of the first stage, where they are known already.
    """
    first = first or rows.cells(design.stages[0])
    if not design.margins:
        return _by_stage(design, rows, influence, first), first.degrees()
    found = np.empty(rows.domains)
    whole = Rows.of(design, np.zeros(len(design), dtype=np.int64), 1)
    every = whole.cells(design.stages[0])
    for place in range(rows.domains):
        own = rows.spread(np.where(rows.code == place, influence, 0.0))
        freed = whole.pick(residuals(design, own))
        found[place] = _by_stage(design, whole, freed, every)[0]
    return found, first.degrees()


def _by_stage(design: Design, rows: Rows, influence: Floats, first: Cells) -> Floats:
    """(D,); `first` are the cells of the first stage."""
    total = _stage_variance(
        design.stages[0], first, first.sums(influence), design.single
    )
    for stage in design.stages[1:]:
        if stage.reach.any():
            cells = rows.cells(stage)
            total += _stage_variance(stage, cells, cells.sums(influence), design.single)
    return total


def _stage_variance(
    stage: Stage, cells: Cells, sums: Floats, single: SinglePSU
) -> Floats:
    """(D,) what one stage adds; `sums` (K,) are the totals of its cells."""
    sampled = stage.sampled[cells.slot_stratum]
    lonely = sampled == 1
    centre = cells.slots(sums) / sampled
    if single == SinglePSU.ADJUST:
        grand = cells.by_domain(cells.slots(sums)) / len(stage.stratum)
        centre = np.where(lonely, grand[cells.slot_domain], centre)
    present = np.bincount(cells.slot, minlength=len(sampled))
    squares = cells.slots((sums - centre[cells.slot]) ** 2)
    squares += (sampled - present) * centre**2
    kept = 1.0 - stage.fraction[cells.slot_stratum]
    factor = kept * sampled / np.maximum(sampled - 1, 1)
    added = stage.reach[cells.slot_stratum] * factor * squares
    if single != SinglePSU.AVERAGE:
        return cells.by_domain(added)
    return _averaged(cells, added, lonely & (kept > 0))


def _averaged(cells: Cells, added: Floats, lonely: Booleans) -> Floats:
    """(D,) sums that put the mean of the other strata in place of the lonely ones.

    NaN where a domain has lonely strata alone.
    """
    strata = cells.by_domain(np.ones(len(lonely)))
    known = cells.by_domain((~lonely).astype(np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.where(strata > 0, strata / known, 1.0)
        return np.asarray(cells.by_domain(np.where(lonely, 0.0, added)) * scale)


def residuals(design: Design, influence: Floats) -> Floats:
    """(N,) influence less its regression on the margins of the calibration.

    The regression takes the weights from before the calibration, the residuals those from
    after it: Särndal, Swensson, Wretman (1992), 6.6, as R's `calibrate`. With post-strata it
    is the distance from the post-stratum's mean.
    """
    before = design.weight if design.before is None else design.before
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(design.weight > 0, influence / design.weight, 0.0)
    columns, inverse = design.explaining
    right = sum(_sums(column, before * value, len(inverse)) for column in columns)
    slope = inverse @ right
    fitted = sum(slope[column] for column in columns)
    return np.asarray(design.weight * (value - fitted))


def _distinct(keys: Integers, size: int) -> tuple[Integers, Integers]:
    """The sorted distinct keys, and in the keys' stead the place of each."""
    if size > 8 * len(keys) + 1024:
        found, place = np.unique(keys, return_inverse=True)
        return found, place
    seen = np.zeros(size, dtype=np.bool_)
    seen[keys] = True
    found = np.flatnonzero(seen)
    places = np.empty(size, dtype=np.int64)
    places[found] = np.arange(len(found))
    # In pieces that stay in the cache: new memory for all rows costs more than the look-up.
    for start in range(0, len(keys), PIECE):
        piece = keys[start : start + PIECE]
        piece[...] = places[piece]
    return found, keys


def _sums(index: Integers, values: Floats, size: int) -> Floats:
    return np.bincount(index, weights=values, minlength=size).astype(np.float64)

"""What linearised influences vary by, over the stages of a design and many domains at once.

V = sum over strata of (1 - f) n / (n - 1) sum (z - mean z)^2 over the n units of the stratum,
with z the sum of the influences of a unit's rows: units without a row in the domain count as
zeros. A later stage adds its own sum within every unit of the stage before, times the share of
units drawn until there. Särndal, Swensson, Wretman, Model Assisted Survey Sampling (1992),
result 4.3.1, without the probabilities of pairs: equal chances within a stratum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.indicators.estimation.design import (
    Booleans,
    Design,
    Floats,
    Integers,
    SinglePSU,
    Stage,
)


@dataclass(frozen=True)
class Cells:
    """The pairs of domain and unit that occur in one stage, domain after domain.

    Cells of one domain and stratum stand side by side; S such slots occur.
    """

    row: Integers
    """(R,) the rows in any domain."""
    cell: Integers
    """(R,) the cell of each such row."""
    slot: Integers
    """(K,) the slot of each cell."""
    slot_stratum: Integers
    """(S,)"""
    slot_domain: Integers
    """(S,)"""
    domains: int

    @classmethod
    def of(cls, stage: Stage, domain: Integers, domains: int) -> Cells:
        """`domain` (N,) is -1 outside every domain."""
        row = np.flatnonzero(domain >= 0)
        units = len(stage.stratum)
        found, cell = _distinct(domain[row] * units + stage.unit[row], domains * units)
        cell_domain, unit = np.divmod(found, units)
        strata = len(stage.sampled)
        key = cell_domain * strata + stage.stratum[unit]
        new = np.concatenate([[True], key[1:] != key[:-1]]) if len(key) else key == 0
        slot_domain, slot_stratum = np.divmod(key[new], strata)
        return cls(row, cell, np.cumsum(new) - 1, slot_stratum, slot_domain, domains)

    def sums(self, values: Floats) -> Floats:
        """(K,) sums of the rows' values (N,) over each cell."""
        return _sums(self.cell, values[self.row], len(self.slot))

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
    design: Design, influence: Floats, domain: Integers, domains: int
) -> Floats:
    """(D,) variance of the sum of `influence` (N,), weights included, in each domain.

    Where the weights were calibrated, influences are first freed of what their margins
    explain; this reaches rows outside the domain, so domains are then done one by one.
    """
    if not design.margins:
        return _by_stage(design, influence, domain, domains)
    found = np.empty(domains)
    whole = np.zeros(len(design), dtype=np.int64)
    for place in range(domains):
        own = np.where(domain == place, influence, 0.0)
        freed = residuals(design, own)
        found[place] = _by_stage(design, freed, whole, 1)[0]
    return found


def _by_stage(
    design: Design, influence: Floats, domain: Integers, domains: int
) -> Floats:
    total = np.zeros(domains)
    for stage in design.stages:
        if stage.reach.any():
            cells = Cells.of(stage, domain, domains)
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
    sizes = [int(margin.max()) + 1 for margin in design.margins]
    starts = np.cumsum([0, *sizes[:-1]])
    columns = [
        margin + start for margin, start in zip(design.margins, starts, strict=True)
    ]
    width = sum(sizes)
    cross = np.zeros((width, width))
    right = np.zeros(width)
    for column in columns:
        right += _sums(column, before * value, width)
        for other in columns:
            pairs = _sums(column * width + other, before, width * width)
            cross += pairs.reshape(width, width)
    # The margins share their total, so the system is singular by design.
    slope = np.linalg.lstsq(cross, right, rcond=1e-12)[0]
    fitted = sum(slope[column] for column in columns)
    return np.asarray(design.weight * (value - fitted))


def _distinct(keys: Integers, size: int) -> tuple[Integers, Integers]:
    """The sorted distinct keys, and the place of each key among them."""
    if size > 8 * len(keys) + 1024:
        found, place = np.unique(keys, return_inverse=True)
        return found, place
    seen = np.zeros(size, dtype=np.bool_)
    seen[keys] = True
    found = np.flatnonzero(seen)
    places = np.empty(size, dtype=np.int64)
    places[found] = np.arange(len(found))
    return found, places[keys]


def _sums(index: Integers, values: Floats, size: int) -> Floats:
    return np.bincount(index, weights=values, minlength=size).astype(np.float64)

"""The mean of a number in zones and the town, with its error and interval.

Arithmetic is that of the shares, with the position of a value between its limits in the
place of 0 and 1: a mean is a ratio, and its error does not depend on the unit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from layers.indicators import maths
from layers.indicators.definitions.means import MeanIndicator
from layers.indicators.estimation.intervals import symmetric
from layers.indicators.estimation.summary import LARGEST_VARIATION
from layers.indicators.estimator import Estimator
from layers.indicators.samples.sample import Sample

TAIL = 0.025


@dataclass(frozen=True)
class Estimated:
    """(zones + 1,) each, the town last; in the unit, not rounded."""

    estimate: maths.Floats
    se: maths.Floats
    low: maths.Floats
    high: maths.Floats
    df: maths.Integers
    deff: maths.Floats
    population: maths.Floats
    n: maths.Integers
    households: maths.Integers

    @property
    def reliable(self) -> maths.Booleans:
        """50 children, 8 degrees of freedom, and an error of at most 30 % of the mean."""
        with np.errstate(invalid="ignore"):
            exact = self.se <= LARGEST_VARIATION * np.abs(self.estimate)
        return (self.n >= 50) & (self.df >= 8) & exact


@dataclass(frozen=True)
class Counted:
    """The children that count, M of N: their places, weights and positions."""

    index: maths.Integers
    weight: maths.Floats
    position: maths.Floats

    @classmethod
    def of(cls, estimator: Estimator, indicator: MeanIndicator) -> Counted:
        sample = estimator.sample
        position = indicator.positions(sample.columns)
        factor = indicator.population.factor(sample.columns)
        weight = estimator.child_weight
        if factor is not None:
            weight = weight * np.nan_to_num(factor)
        index = np.flatnonzero(~np.isnan(position) & (weight > 0))
        return cls(index, weight[index], position[index])


def estimated(
    estimator: Estimator, indicator: MeanIndicator, counted: Counted
) -> Estimated:
    sample, size = estimator.sample, estimator.domains
    cell = estimator.child_cell[counted.index]
    totals = _totals(counted, cell, len(estimator.cells))
    town = totals.gathered(estimator.town_cell, len(estimator.town))
    domain = sample.unit_zone[sample.child_unit]
    found = maths.Ratios.joined(
        [
            _ratios(estimator, estimator.cells, totals, counted, domain),
            _ratios(estimator, estimator.town, town, counted, np.zeros_like(domain)),
        ],
        axis=1,
    )
    place = domain[counted.index]
    population = _by_zone(counted.weight, place, size)
    position, error = found.estimate[0], found.se[0]
    low, high = symmetric(estimate=position, se=error, df=found.df[0], tail=TAIL)
    bounded = (found.df[0] > 0) & ~np.isnan(error)
    ends = [np.where(bounded, np.clip(part, 0.0, 1.0), np.nan) for part in (low, high)]
    scaled = [indicator.least + indicator.width * part for part in (position, *ends)]
    return Estimated(
        estimate=scaled[0],
        se=indicator.width * error,
        low=scaled[1],
        high=scaled[2],
        df=found.df[0],
        deff=_design_effect(found, counted, place, population),
        population=population,
        n=found.count[0],
        households=_households(sample, counted, size),
    )


def _totals(counted: Counted, cell: maths.Integers, cells: int) -> maths.Totals:
    def total(weights: maths.Floats | None) -> maths.Floats:
        found = np.bincount(cell, weights=weights, minlength=cells)
        return found.astype(np.float64)[None]

    # A mean has no count of children in need.
    return maths.Totals(
        total(counted.weight * counted.position),
        total(counted.weight),
        np.zeros((1, cells)),
        total(None),
    )


def _ratios(
    estimator: Estimator,
    cells: maths.Cells,
    totals: maths.Totals,
    counted: Counted,
    domain: maths.Integers,
) -> maths.Ratios:
    """`domain` (N,) among those of the cells."""
    sample, calibration = estimator.sample, estimator.sample.calibration
    found = maths.ratios(totals, cells, sample.design)
    if calibration is None:
        return found
    scale = np.zeros(len(sample.child_unit))
    scale[counted.index] = counted.weight / estimator.child_weight[counted.index]
    valued = scale.copy()
    valued[counted.index] *= counted.position
    base, amount = (
        calibration.explained(
            at=domain, size=cells.domains, scale=each, counted=scale > 0
        )[None]
        for each in (scale, valued)
    )
    variance = calibration.variance(
        totals=totals, cells=cells, numerator=amount, denominator=base
    )
    return replace(found, variance=variance)


def _by_zone(
    values: maths.Floats | None, place: maths.Integers, size: int
) -> maths.Floats:
    """(zones + 1,) sums of values (M,), or how many, by place (M,) and in all."""
    found = np.bincount(place, weights=values, minlength=size).astype(np.float64)
    return np.append(found, found.sum())


def _design_effect(
    found: maths.Ratios,
    counted: Counted,
    place: maths.Integers,
    population: maths.Floats,
) -> maths.Floats:
    """Variance over that of a simple random sample drawn with replacement; NaN where all
    values are alike.
    """
    position, count = found.estimate[0], found.count[0]
    squares = np.append(
        _by_zone(
            counted.weight * (counted.position - position[place]) ** 2,
            place,
            len(count) - 1,
        )[:-1],
        (counted.weight * (counted.position - position[-1]) ** 2).sum(),
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        simple = squares / population / (count - 1)
        known = (count > 1) & (squares > 1e-18 * population)
        return np.where(known, found.variance[0] / simple, np.nan)


def _households(sample: Sample, counted: Counted, size: int) -> maths.Integers:
    unit = np.unique(sample.child_unit[counted.index])
    return _by_zone(None, sample.unit_zone[unit], size).astype(np.int64)

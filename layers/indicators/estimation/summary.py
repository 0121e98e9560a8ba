"""What is said beside an estimate: its bounds, and how far it may be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from layers.indicators.estimation import intervals
from layers.indicators.estimation.design import Booleans, Floats
from layers.indicators.estimation.intervals import SMALLEST_EFFECTIVE_SAMPLE, Interval
from layers.indicators.estimation.statistics import Estimates

SMALLEST_COUNT, SMALLEST_RELIABLE = 25, 50
"""MICS and DHS print an asterisk below 25 and brackets below 50."""
SMALLEST_DF = 8
WIDEST_INTERVAL = 0.30
"""Of a share at 95 %. Parker and others, Vital and Health Statistics 2 (175), 2017."""
LONGEST = f"<U{max(len(each) for each in Interval)}"
LARGEST_VARIATION = 0.30
"""Standard error over estimate, of means, totals and other ratios."""


class Flag(StrEnum):
    RELIABLE = "reliable"
    UNCERTAIN = "uncertain"
    FEW = "few"
    NO_DATA = "no_data"


@dataclass(frozen=True)
class Bounds:
    """(D,) each; NaN without degrees of freedom. `method` names how each was found."""

    low: Floats
    high: Floats
    method: NDArray[np.str_]


def plain_bounds(found: Estimates, level: float) -> Bounds:
    """With t, or the median's own."""
    low, high = found.bounds or intervals.symmetric(
        estimate=found.estimate, se=found.se, df=found.df, tail=(1.0 - level) / 2.0
    )
    method = "woodruff" if found.bounds else "t"
    return _known(found, low, high, np.full(len(low), method))


def share_bounds(
    found: Estimates, method: Interval, level: float, effect: float = 1.0
) -> Bounds:
    """Of shares by `method`; at 0 and 1 of a sample of n over the design effect `effect`.

    `effect` is that of a wider domain, against a sample drawn with replacement. Where the
    error is zero though the share is neither 0 nor 1, as in a census, and at 0 and 1, the
    logit has no bounds: Korn-Graubard's and Clopper-Pearson's stand there.
    """
    if method == Interval.T:
        return plain_bounds(found, level)
    tail = (1.0 - level) / 2.0
    size = effective_size(found, effect)
    edge = (found.estimate <= 0.0) | (found.estimate >= 1.0)
    names = np.full(len(edge), str(method), dtype=LONGEST)
    if method == Interval.AUTO:
        small = (size < SMALLEST_EFFECTIVE_SAMPLE) | edge
        names[:] = np.where(small, Interval.KORN_GRAUBARD, Interval.LOGIT)
    logit = names == Interval.LOGIT
    names[logit & edge] = Interval.CLOPPER_PEARSON
    names[logit & ~edge & (found.variance <= 0)] = Interval.KORN_GRAUBARD
    low, high = np.full(len(edge), np.nan), np.full(len(edge), np.nan)
    for name in np.unique(names):
        own = names == name
        bounds = _by_method(found, Interval(str(name)), size, tail)
        low[own], high[own] = bounds[0][own], bounds[1][own]
    return _known(found, low, high, names)


def _by_method(
    found: Estimates, method: Interval, size: Floats, tail: float
) -> tuple[Floats, Floats]:
    share = found.estimate
    if method == Interval.LOGIT:
        return intervals.logit(estimate=share, se=found.se, df=found.df, tail=tail)
    if method == Interval.KORN_GRAUBARD:
        return intervals.korn_graubard(
            estimate=share, size=size, count=found.n, df=found.df, tail=tail
        )
    capped = np.minimum(size, found.n)
    if method == Interval.WILSON:
        return intervals.wilson(estimate=share, size=capped, tail=tail)
    return intervals.clopper_pearson(estimate=share, size=capped, tail=tail)


def _known(
    found: Estimates, low: Floats, high: Floats, method: NDArray[np.str_]
) -> Bounds:
    unknown = np.isnan(found.estimate) | (found.df < 1) | np.isnan(found.variance)
    return Bounds(
        np.where(unknown, np.nan, low),
        np.where(unknown, np.nan, high),
        np.where(unknown, "", method),
    )


def effective_size(found: Estimates, effect: float = 1.0) -> Floats:
    """(D,) rows of a simple random sample as exact as this one, for shares; not capped."""
    share = found.estimate * (1.0 - found.estimate)
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.where(found.variance > 0, share / found.variance, np.inf)
    edge = (found.estimate <= 0.0) | (found.estimate >= 1.0)
    return np.where(edge, found.n / max(effect, 1.0), size)


def share_flags(found: Estimates, at_95: Bounds, effect: float = 1.0) -> list[Flag]:
    """Of shares, (D,); `at_95` are their bounds at 95 %."""
    size = np.minimum(effective_size(found, effect), found.n)
    exact = (size >= SMALLEST_EFFECTIVE_SAMPLE) & (
        at_95.high - at_95.low <= WIDEST_INTERVAL
    )
    return _flags(found, exact)


def plain_flags(found: Estimates) -> list[Flag]:
    """Of means, totals, ratios and medians, (D,)."""
    return _flags(found, found.se <= LARGEST_VARIATION * np.abs(found.estimate))


def _flags(found: Estimates, exact: Booleans) -> list[Flag]:
    exact = exact & (found.n >= SMALLEST_RELIABLE) & (found.df >= SMALLEST_DF)
    flags = np.where(exact, Flag.RELIABLE, Flag.UNCERTAIN)
    flags = np.where(found.n < SMALLEST_COUNT, Flag.FEW, flags)
    flags = np.where(np.isnan(found.estimate), Flag.NO_DATA, flags)
    return [Flag(str(flag)) for flag in flags]

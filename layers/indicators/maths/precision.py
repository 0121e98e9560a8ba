"""How exact a share is: design effect, effective size, interval, and whether it will do."""

import numpy as np

from layers.indicators.estimation.intervals import (
    SMALLEST_EFFECTIVE_SAMPLE,
    korn_graubard,
    logit,
)
from layers.indicators.maths.ratios import Ratios
from layers.indicators.maths.totals import Booleans, Floats


def design_effect(found: Ratios) -> Floats:
    """Variance over that of a simple random sample drawn with replacement, (B, D).

    NaN where the estimate is 0 or 1 or rests on fewer than two children.
    """
    share = found.estimate * (1.0 - found.estimate)
    with np.errstate(invalid="ignore", divide="ignore"):
        effect = found.variance * (found.count - 1) / share
    return np.where((share > 0) & (found.count > 1), effect, np.nan)


def effective_size(found: Ratios) -> Floats:
    """Children of a simple random sample that would be as exact, at most the real count."""
    return np.minimum(_uncapped_size(found), found.count)


def _uncapped_size(found: Ratios) -> Floats:
    share = found.estimate * (1.0 - found.estimate)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(found.variance > 0, share / found.variance, np.inf)


def intervals(
    found: Ratios, *, level: float = 0.95, pooled_effect: Floats | float = 1.0
) -> tuple[Floats, Floats]:
    """Lower and upper bounds (B, D), inside [0, 1] and never symmetric by force.

    Logit with t(df) where 0 < p < 1 and the effective size is at least 30; Korn-Graubard with
    the effective size capped at the real count where it is smaller or the variance is zero;
    at 0 and 1 Clopper-Pearson on the count divided by `pooled_effect`, the design effect of a
    wider domain, broadcast against (B, D). NaN where there are no degrees of freedom.
    """
    size, tail = _uncapped_size(found), (1.0 - level) / 2.0
    edge = (found.estimate <= 0.0) | (found.estimate >= 1.0)
    few = np.minimum(size, found.count) < SMALLEST_EFFECTIVE_SAMPLE
    small = few | (found.variance <= 0) | edge
    known = ~np.isnan(found.estimate) & (found.df >= 1)
    pooled = np.maximum(np.nan_to_num(pooled_effect, nan=1.0), 1.0)
    size = np.where(edge, found.count / pooled, size)
    low, high = np.full((2, *small.shape), np.nan)
    # The quantiles cost far more than all else, so each figure gets only its own.
    exact, usual = known & small, known & ~small
    low[exact], high[exact] = korn_graubard(
        estimate=found.estimate[exact],
        size=size[exact],
        count=found.count[exact],
        df=found.df[exact],
        tail=tail,
    )
    low[usual], high[usual] = logit(
        estimate=found.estimate[usual],
        se=found.se[usual],
        df=found.df[usual],
        tail=tail,
    )
    return low, high


def reliable(found: Ratios, low: Floats, high: Floats) -> Booleans:
    """Whether each figure (B, D) is exact enough to be shown without a warning.

    At least 50 children (MICS and DHS put fewer in brackets) and 30 effective ones,
    8 degrees of freedom, and an interval of at most 30 points (Parker and others).
    """
    exact = (found.count >= 50) & (effective_size(found) >= SMALLEST_EFFECTIVE_SAMPLE)
    return exact & (found.df >= 8) & (high - low <= 0.30)

"""Confidence intervals of shares, means and totals; arrays of one shape throughout.

`tail` is the probability left out on each side. None of those for shares leaves [0, 1].

Sources: Korn and Graubard, Survey Methodology 24 (1998) for small proportions; Parker and
others, Vital and Health Statistics 2 (175), 2017 for the cap of the effective sample size;
Wilson, Journal of the American Statistical Association 22 (1927); Clopper and Pearson,
Biometrika 26 (1934).
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri, stdtrit

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SMALLEST_EFFECTIVE_SAMPLE = 30.0
"""Below this effective sample size the logit interval covers too little."""


class Interval(StrEnum):
    """How an estimate is bounded."""

    LOGIT = "logit"
    KORN_GRAUBARD = "korn_graubard"
    WILSON = "wilson"
    CLOPPER_PEARSON = "clopper_pearson"
    AUTO = "auto"
    """Logit where the effective sample is 30 or more, else Korn-Graubard."""
    T = "t"
    """Symmetric, for means and ratios that are no shares."""


def symmetric(
    *, estimate: Floats, se: Floats, df: Integers, tail: float
) -> tuple[Floats, Floats]:
    """Estimate -/+ t(df) standard errors, for means and totals."""
    half = stdtrit(np.maximum(df, 1), 1.0 - tail) * se
    return estimate - half, estimate + half


def logit(
    *, estimate: Floats, se: Floats, df: Integers, tail: float
) -> tuple[Floats, Floats]:
    """Symmetric with t(df) on the scale of log odds; meaningless at 0 and 1."""
    share = estimate * (1.0 - estimate)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.log(estimate / (1.0 - estimate))
        half = stdtrit(np.maximum(df, 1), 1.0 - tail) * se / share
        return 1.0 / (1.0 + np.exp(half - centre)), 1.0 / (1.0 + np.exp(-half - centre))


def korn_graubard(
    *, estimate: Floats, size: Floats, count: Integers, df: Integers, tail: float
) -> tuple[Floats, Floats]:
    """Clopper-Pearson bounds on the effective `size`, corrected for `df` and capped at `count`."""
    with np.errstate(invalid="ignore", divide="ignore"):
        by_count = stdtrit(np.maximum(count - 1, 1), 1.0 - tail)
        by_df = stdtrit(np.maximum(df, 1), 1.0 - tail)
        kept = np.where(count > 1, size * (by_count / by_df) ** 2, size)
    return clopper_pearson(estimate=estimate, size=np.minimum(kept, count), tail=tail)


def clopper_pearson(
    *, estimate: Floats, size: Floats, tail: float
) -> tuple[Floats, Floats]:
    """The exact binomial bounds of `estimate` successes in each of `size` tries."""
    with np.errstate(invalid="ignore", divide="ignore"):
        hits = size * estimate
        low = betaincinv(np.where(hits > 0, hits, 1.0), size - hits + 1.0, tail)
        misses = size - hits
        high = betaincinv(hits + 1.0, np.where(misses > 0, misses, 1.0), 1.0 - tail)
    return np.where(hits > 0, low, 0.0), np.where(misses > 0, high, 1.0)


def wilson(*, estimate: Floats, size: Floats, tail: float) -> tuple[Floats, Floats]:
    """The score bounds of a share of `size` tries, with the normal quantile."""
    score = ndtri(1.0 - tail) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = (estimate + score / (2.0 * size)) / (1.0 + score / size)
        spread = estimate * (1.0 - estimate) / size + score / (4.0 * size**2)
        half = np.sqrt(score * spread) / (1.0 + score / size)
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)

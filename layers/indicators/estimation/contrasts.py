"""Differences between two estimates of one sample, as between rounds, and what they say.

Rows of both rounds stand in one sample. Where a household that answered twice is one unit of
the first stage, what its two answers share is in the covariance; where rounds share no unit,
the covariance is zero and the variances add up. Two domains of one round work alike.

Sources: Kish, Survey Sampling (1965), 12.4 for overlapping samples; Benjamini and Hochberg,
Journal of the Royal Statistical Society B 57 (1995).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from layers.indicators.estimation.design import Booleans, Design, Floats, Integers
from layers.indicators.estimation.errors import StatisticError
from layers.indicators.estimation.intervals import symmetric
from layers.indicators.estimation.statistics import Estimates
from layers.indicators.estimation.summary import Flag
from layers.indicators.estimation.variance import variances

ROUNDING = 1e-12
"""Standard errors below this share of the estimates are rounding noise, hence zero."""


class Verdict(StrEnum):
    BETTER = "better"
    WORSE = "worse"
    NO_EVIDENCE = "no_evidence"
    REFUSED = "refused"


class Refusal(StrEnum):
    """Why a difference is not judged."""

    NO_DATA = "no_data"
    FEW = "few"
    DEFINITION = "definition"
    ZERO_VARIANCE = "zero_variance"
    NO_DEGREES = "no_degrees"


@dataclass(frozen=True)
class Differences:
    """Second less first, of Z pairs of domains; (Z,) each."""

    difference: Floats
    variance: Floats
    covariance: Floats
    """Of the two estimates; 0 where they share no unit."""
    df: Integers
    """Units of the first stage less strata, counted where either domain has a row."""
    t: Floats
    p: Floats
    """Two-sided; NaN where the error is zero or there are no degrees of freedom."""
    low: Floats
    high: Floats

    @property
    def se(self) -> Floats:
        return np.sqrt(np.maximum(self.variance, 0.0))


def differences(
    design: Design,
    found: Estimates,
    first: Integers,
    second: Integers,
    *,
    level: float = 0.95,
) -> Differences:
    """Between the domains `first` (Z,) and `second` (Z,) of one set of estimates.

    Raises StatisticError if a domain occurs twice.
    """
    if len({*first.tolist(), *second.tolist()}) < len(first) + len(second):
        raise StatisticError("a difference needs two domains that are not the same")
    pairs, domains = len(first), len(found.estimate)
    pair, sign = np.full(domains, -1), np.zeros(domains)
    pair[first], pair[second] = np.arange(pairs), np.arange(pairs)
    sign[first], sign[second] = -1.0, 1.0
    together, kept = found.rows.regrouped(pair, pairs)
    influence = (sign[found.rows.code] * found.influence)[kept]
    variance, df = variances(design, together, influence)
    difference = found.estimate[second] - found.estimate[first]
    known = ~np.isnan(difference)
    variance = np.where(known, variance, np.nan)
    own = found.variance[first] + found.variance[second]
    sure = known & (df > 0)
    size = np.abs(found.estimate[first]) + np.abs(found.estimate[second])
    se = np.sqrt(np.maximum(variance, 0.0))
    low, high = symmetric(estimate=difference, se=se, df=df, tail=(1.0 - level) / 2.0)
    t, p = _tested(difference, se, df, sure & (se > ROUNDING * size))
    return Differences(
        difference=difference,
        variance=variance,
        covariance=(own - variance) / 2.0,
        df=df,
        t=t,
        p=p,
        low=np.where(sure, low, np.nan),
        high=np.where(sure, high, np.nan),
    )


def _tested(
    difference: Floats, se: Floats, df: Integers, sense: Booleans
) -> tuple[Floats, Floats]:
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.where(sense, difference / se, np.nan)
        return t, 2.0 * stdtr(np.maximum(df, 1), -np.abs(t))


def benjamini_hochberg(p: Floats) -> Floats:
    """Adjusted p (Z,): the false discovery rate at which each would be believed.

    NaN stays NaN and does not count among the tests.
    """
    adjusted = np.full(len(p), np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    falling = tested[np.argsort(-p[tested], kind="stable")]
    ranks = np.arange(len(tested), 0, -1)
    least = np.minimum.accumulate(p[falling] * len(tested) / ranks)
    adjusted[falling] = np.minimum(least, 1.0)
    return adjusted


@dataclass(frozen=True)
class Judgement:
    """(Z,) each; `refusal` is empty where a verdict was given."""

    verdict: NDArray[np.str_]
    refusal: NDArray[np.str_]
    p_adjusted: Floats


def judge(
    found: Differences,
    first: Sequence[Flag],
    second: Sequence[Flag],
    *,
    same_definition: Booleans | None = None,
    rate: float = 0.05,
    higher_is_worse: bool = True,
) -> Judgement:
    """What Z differences say, corrected for being Z; `first` and `second` are their flags.

    Refused are pairs with a side that has no data or too few, of two versions of a
    definition, without error or without degrees of freedom. They do not count in the
    correction. An uncertain side is judged: its error is in the test.
    """
    if same_definition is None:
        same_definition = np.ones(len(first), dtype=np.bool_)
    refusal = np.full(len(first), "", dtype="<U13")
    refusal[np.isnan(found.p)] = Refusal.ZERO_VARIANCE
    refusal[found.df < 1] = Refusal.NO_DEGREES
    for reason, flag in ((Refusal.FEW, Flag.FEW), (Refusal.NO_DATA, Flag.NO_DATA)):
        refusal[[flag in pair for pair in zip(first, second, strict=True)]] = reason
    refusal[~same_definition] = Refusal.DEFINITION
    adjusted = benjamini_hochberg(np.where(refusal == "", found.p, np.nan))
    worse = (found.difference > 0) == higher_is_worse
    verdict = np.where(worse, Verdict.WORSE, Verdict.BETTER)
    verdict = np.where(adjusted < rate, verdict, Verdict.NO_EVIDENCE)
    verdict = np.where(refusal == "", verdict, Verdict.REFUSED)
    return Judgement(verdict, refusal, adjusted)

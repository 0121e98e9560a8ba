"""Means, totals, ratios, shares and medians of many domains, with linearised variance.

N rows, D domains. The domains part the rows; a row of domain -1 is in none of them and still
holds its unit in the design. A row whose value isn't known (NaN) adds to no estimate; degrees
of freedom count its unit, as R's `degf` does.

Sources: Särndal, Swensson, Wretman, Model Assisted Survey Sampling (1992), 5.5 and 5.7 for
ratios, 5.11 for medians; Woodruff, Journal of the American Statistical Association 47 (1952).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from layers.indicators.estimation.design import Booleans, Design, Floats, Integers
from layers.indicators.estimation.errors import StatisticError
from layers.indicators.estimation.intervals import symmetric
from layers.indicators.estimation.variance import Cells, variances


class Statistic(StrEnum):
    MEAN = "mean"
    TOTAL = "total"
    RATIO = "ratio"
    PROPORTION = "proportion"
    MEDIAN = "median"


class Yardstick(StrEnum):
    """The simple random sample of the same size that a design effect compares with."""

    SRS = "srs"
    """Drawn without replacement from as many as the weights add up to."""
    REPLACE = "replace"
    """Drawn with replacement."""


@dataclass(frozen=True)
class Estimates:
    """Of each domain, (D,); NaN where it holds nothing to estimate from."""

    estimate: Floats
    variance: Floats
    n: Integers
    """Rows used."""
    df: Integers
    """Units of the first stage less strata, counted where the domain has a row."""
    deff: Floats
    domain: Integers
    """(N,) the domain of each row with a weight, -1 for others."""
    influence: Floats
    """(N,) what each row, with its weight, adds to the estimate's linear part."""
    bounds: tuple[Floats, Floats] | None = None
    """Of a median, which has bounds of its own."""

    @property
    def se(self) -> Floats:
        return np.sqrt(np.maximum(self.variance, 0.0))


@dataclass(frozen=True)
class Sums:
    """Σw, Σwy and Σwx of each domain, and the rows they are sums of."""

    member: Integers
    """(N,) the domain of each row with a weight, -1 for others."""
    domain: Integers
    """(N,) the domain of each row used, whose values are known besides."""
    weight: Floats
    numerator: Floats
    denominator: Floats
    n: Integers


def ratio(
    design: Design,
    numerator: Floats,
    denominator: Floats,
    domain: Integers,
    domains: int,
    *,
    yardstick: Yardstick = Yardstick.SRS,
) -> Estimates:
    """R = Σwy / Σwx of the rows (N,). Raises StatisticError if Σwx is 0 everywhere."""
    sums = _sums(design, numerator, denominator, domain, domains)
    if not sums.denominator.any():
        raise StatisticError("the denominator is zero in every row")
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = sums.numerator / sums.denominator
        scale = 1.0 / sums.denominator
    known = sums.denominator != 0
    at = np.where(sums.domain >= 0, sums.domain, 0)
    share, scale = np.where(known, estimate, 0.0)[at], np.where(known, scale, 0.0)[at]
    part = np.nan_to_num(numerator) - share * np.nan_to_num(denominator)
    part = np.where(sums.domain >= 0, part * scale, 0.0)
    return _estimates(design, sums, np.where(known, estimate, np.nan), part, yardstick)


def mean(
    design: Design,
    values: Floats,
    domain: Integers,
    domains: int,
    *,
    yardstick: Yardstick = Yardstick.SRS,
) -> Estimates:
    """Of the rows (N,) whose value is known; of 0 and 1 it is a share."""
    ones = np.ones(len(values))
    return ratio(design, values, ones, domain, domains, yardstick=yardstick)


def total(
    design: Design,
    values: Floats,
    domain: Integers,
    domains: int,
    *,
    yardstick: Yardstick = Yardstick.SRS,
) -> Estimates:
    """Σwy of the rows (N,)."""
    sums = _sums(design, values, np.ones(len(values)), domain, domains)
    part = np.where(sums.domain >= 0, np.nan_to_num(values), 0.0)
    estimate = np.where(sums.n > 0, sums.numerator, np.nan)
    return _estimates(design, sums, estimate, part, yardstick)


def median(
    design: Design,
    values: Floats,
    domain: Integers,
    domains: int,
    *,
    level: float = 0.95,
) -> Estimates:
    """The smallest value (N,) that half the weight does not exceed, with Woodruff's bounds.

    The bounds are the values at the bounds of the share that lies at or below the median;
    the error is their distance over two quantiles of t, at 95 %.
    """
    sums = _sums(design, values, np.ones(len(values)), domain, domains)
    rows = _ordered(values, sums.domain, domains)
    estimate = np.full(domains, np.nan)
    for place, own in enumerate(rows):
        if own.size:
            estimate[place] = _quantile(values[own], design.weight[own], 0.5)
    at = np.where(sums.domain >= 0, sums.domain, 0)
    below = np.where(sums.domain >= 0, values <= estimate[at], np.nan).astype(
        np.float64
    )
    share = mean(design, below, domain, domains)

    def bounds(tail: float) -> tuple[Floats, Floats]:
        at_share = symmetric(
            estimate=share.estimate, se=share.se, df=share.df, tail=tail
        )
        return _inverse(design, values, rows, at_share)

    return _woodruff(share, estimate, bounds, (1.0 - level) / 2.0)


def _woodruff(
    share: Estimates,
    estimate: Floats,
    bounds: Callable[[float], tuple[Floats, Floats]],
    tail: float,
) -> Estimates:
    low, high = bounds(0.025)
    _, unit = symmetric(
        estimate=np.zeros_like(estimate),
        se=np.ones_like(estimate),
        df=share.df,
        tail=0.025,
    )
    se = np.where(share.df > 0, (high - low) / (2.0 * unit), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.where(share.se > 0, se / share.se, 0.0)
    at = np.where(share.domain >= 0, share.domain, 0)
    return Estimates(
        estimate=estimate,
        variance=se**2,
        n=share.n,
        df=share.df,
        deff=np.full_like(estimate, np.nan),
        domain=share.domain,
        influence=-share.influence * np.nan_to_num(slope)[at],
        bounds=bounds(tail),
    )


def _sums(
    design: Design,
    numerator: Floats,
    denominator: Floats,
    domain: Integers,
    domains: int,
) -> Sums:
    member = np.where(design.weight > 0, domain, -1)
    used = (member >= 0) & ~(np.isnan(numerator) | np.isnan(denominator))
    row = np.flatnonzero(used)
    code, weight = domain[row], design.weight[row]

    def summed(values: Floats | None) -> Floats:
        return np.bincount(code, weights=values, minlength=domains).astype(np.float64)

    return Sums(
        member=member,
        domain=np.where(used, domain, -1),
        weight=summed(weight),
        numerator=summed(weight * numerator[row]),
        denominator=summed(weight * denominator[row]),
        n=summed(None).astype(np.int64),
    )


def _estimates(
    design: Design,
    sums: Sums,
    estimate: Floats,
    part: Floats,
    yardstick: Yardstick,
) -> Estimates:
    """`part` (N,) is the linear part of a row before its weight."""
    domains = len(estimate)
    influence = part * design.weight
    variance = variances(design, influence, sums.domain, domains)
    cells = Cells.of(design.stages[0], sums.member, domains)
    return Estimates(
        estimate=estimate,
        variance=np.where(np.isnan(estimate), np.nan, variance),
        n=sums.n,
        df=cells.degrees(),
        deff=_design_effect(design, sums, part, variance, yardstick),
        domain=sums.member,
        influence=influence,
    )


def _design_effect(
    design: Design, sums: Sums, part: Floats, variance: Floats, yardstick: Yardstick
) -> Floats:
    """(D,); NaN where the simple random sample would have no error, or no sense."""
    row = np.flatnonzero(sums.domain >= 0)
    code, weight = sums.domain[row], design.weight[row]
    with np.errstate(invalid="ignore", divide="ignore"):
        summed = np.bincount(code, weights=weight * part[row], minlength=len(sums.n))
        spread = part[row] - (summed / sums.weight)[code]
        squares = np.bincount(code, weights=weight * spread**2, minlength=len(sums.n))
        simple = squares * sums.weight / (sums.n - 1.0)
        if yardstick == Yardstick.SRS:
            simple *= (sums.weight - sums.n) / sums.weight
        sense = (sums.n > 1) & (simple > 0) & _spreads(part[row], code, len(sums.n))
        return np.where(sense, variance / simple, np.nan)


def _spreads(values: Floats, code: Integers, domains: int) -> Booleans:
    """(D,) whether the values of a domain differ at all."""
    low, high = np.full(domains, np.inf), np.full(domains, -np.inf)
    np.minimum.at(low, code, values)
    np.maximum.at(high, code, values)
    return np.asarray(high > low)


def _ordered(values: Floats, domain: Integers, domains: int) -> list[Integers]:
    """The rows of each domain by rising value."""
    order = np.lexsort((values, domain))
    edges = np.searchsorted(domain[order], np.arange(domains + 1))
    return [order[edges[each] : edges[each + 1]] for each in range(domains)]


def _inverse(
    design: Design,
    values: Floats,
    rows: list[Integers],
    shares: tuple[Floats, Floats],
) -> tuple[Floats, Floats]:
    """The values at two shares of each domain's weight, (D,) each; NaN outside 0 to 1."""
    found = np.full((2, len(rows)), np.nan)
    for side, at in enumerate(shares):
        for place, own in enumerate(rows):
            if own.size and 0.0 <= at[place] <= 1.0:
                found[side, place] = _quantile(
                    values[own], design.weight[own], float(at[place])
                )
    return found[0], found[1]


def _quantile(values: Floats, weight: Floats, share: float) -> float:
    """The smallest of the rising values at which `share` of the weight is reached."""
    reached = np.cumsum(weight)
    # Sums of the same weights in another order differ in the last bits.
    sought = share * reached[-1] * (1.0 - 1e-13)
    return float(values[min(np.searchsorted(reached, sought), len(values) - 1)])

"""Means, totals, ratios, shares and medians of many domains, with linearised variance.

N rows, D domains. The domains part the rows; a row of domain -1 is in none of them and still
holds its unit in the design. A row whose value isn't known (NaN) adds to no estimate; degrees
of freedom count its unit, as R's `degf` does.

Sources: Särndal, Swensson, Wretman, Model Assisted Survey Sampling (1992), 5.5 and 5.7 for
ratios, 5.11 for medians; Woodruff, Journal of the American Statistical Association 47 (1952).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from layers.indicators.estimation.design import Design, Floats, Integers
from layers.indicators.estimation.errors import StatisticError
from layers.indicators.estimation.intervals import symmetric
from layers.indicators.estimation.variance import Rows, variances

ROUNDING = 1e-22
"""Squares below this share of the values' own are rounding noise."""


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
    rows: Rows
    linear: Floats
    """(R,) what each row, with its weight, adds to the estimate, but for `scale`."""
    scale: Floats
    bounds: tuple[Floats, Floats] | None = None
    """Of a median, which has bounds of its own."""

    @property
    def se(self) -> Floats:
        return np.sqrt(np.maximum(self.variance, 0.0))

    @property
    def influence(self) -> Floats:
        """(R,) what each row, with its weight, adds to the estimate's linear part."""
        return self.linear * self.scale[self.rows.code]


@dataclass(frozen=True)
class Values:
    """The R rows of domains: 0 with weight 0 where a value isn't known; and their sums (D,)."""

    rows: Rows
    weight: Floats
    numerator: Floats
    denominator: Floats | None
    """None for 1 in every row."""
    of_weight: Floats
    of_numerator: Floats
    of_denominator: Floats
    n: Integers

    @classmethod
    def of(
        cls, design: Design, rows: Rows, numerator: Floats, denominator: Floats | None
    ) -> Values:
        """`numerator` and `denominator` (N,)."""
        weight, numerator = rows.pick(design.weight), rows.pick(numerator)
        unknown = np.isnan(numerator)
        if denominator is not None:
            denominator = rows.pick(denominator)
            unknown |= np.isnan(denominator)
        known = None
        if unknown.any():
            known = (~unknown).astype(np.float64)
            weight = weight * known
            numerator = np.where(unknown, 0.0, numerator)
            if denominator is not None:
                denominator = np.where(unknown, 0.0, denominator)
        of_weight = rows.sums(weight)
        return cls(
            rows=rows,
            weight=weight,
            numerator=numerator,
            denominator=denominator,
            of_weight=of_weight,
            of_numerator=rows.sums(weight * numerator),
            of_denominator=(
                of_weight if denominator is None else rows.sums(weight * denominator)
            ),
            n=rows.sums(known).astype(np.int64),
        )


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
    rows = Rows.of(design, domain, domains)
    values = Values.of(design, rows, numerator, denominator)
    if not values.of_denominator.any():
        raise StatisticError("the denominator is zero in every row")
    return _ratio(design, values, yardstick)


def mean(
    design: Design,
    values: Floats,
    domain: Integers,
    domains: int,
    *,
    yardstick: Yardstick = Yardstick.SRS,
) -> Estimates:
    """Of the rows (N,) whose value is known; of 0 and 1 it is a share."""
    rows = Rows.of(design, domain, domains)
    return _ratio(design, Values.of(design, rows, values, None), yardstick)


def _ratio(design: Design, values: Values, yardstick: Yardstick) -> Estimates:
    known = values.of_denominator != 0
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = values.of_numerator / values.of_denominator
        scale = np.where(known, 1.0 / values.of_denominator, 0.0)
    fitted = np.where(known, estimate, 0.0)[values.rows.code]
    if values.denominator is not None:
        fitted *= values.denominator
    residual = np.subtract(values.numerator, fitted, out=fitted)
    linear = values.weight * residual
    variance, df = variances(design, values.rows, linear)
    # Arrays are used again where they can be: new memory costs more than the arithmetic.
    # The residuals of a domain add up to 0, so their spread is their squares'.
    squares = np.multiply(linear, residual, out=residual)
    squares = _clean(values, values.rows.sums(squares))
    variance = np.where(squares > 0, variance, 0.0) if not design.margins else variance
    return Estimates(
        estimate=np.where(known, estimate, np.nan),
        variance=np.where(known, variance * scale**2, np.nan),
        n=values.n,
        df=df,
        deff=_design_effect(values, squares, variance, yardstick),
        rows=values.rows,
        linear=linear,
        scale=scale,
    )


def total(
    design: Design,
    values: Floats,
    domain: Integers,
    domains: int,
    *,
    yardstick: Yardstick = Yardstick.SRS,
) -> Estimates:
    """Σwy of the rows (N,)."""
    rows = Rows.of(design, domain, domains)
    found = Values.of(design, rows, values, None)
    linear = found.weight * found.numerator
    variance, df = variances(design, rows, linear)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.nan_to_num(found.of_numerator / found.of_weight)
    spread = (found.numerator - centre[rows.code]) ** 2
    squares = _clean(found, rows.sums(found.weight * spread))
    return Estimates(
        estimate=np.where(found.n > 0, found.of_numerator, np.nan),
        variance=np.where(found.n > 0, variance, np.nan),
        n=found.n,
        df=df,
        deff=_design_effect(found, squares, variance, yardstick),
        rows=rows,
        linear=linear,
        scale=np.ones(domains),
    )


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
    used = (domain >= 0) & (design.weight > 0) & ~np.isnan(values)
    rows = _ordered(values, np.where(used, domain, -1), domains)
    estimate = np.full(domains, np.nan)
    for place, own in enumerate(rows):
        if own.size:
            estimate[place] = _quantile(values[own], design.weight[own], 0.5)
    at = np.where(used, domain, 0)
    below = np.where(used, values <= estimate[at], np.nan).astype(np.float64)
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
    return replace(
        share,
        estimate=estimate,
        variance=se**2,
        deff=np.full_like(estimate, np.nan),
        scale=-np.nan_to_num(slope) * share.scale,
        bounds=bounds(tail),
    )


def _clean(values: Values, squares: Floats) -> Floats:
    """(D,) squares without what rounding leaves where all values are alike."""
    with np.errstate(invalid="ignore", divide="ignore"):
        size = values.of_numerator**2 / values.of_weight
    return np.where(squares > ROUNDING * np.nan_to_num(size), squares, 0.0)


def _design_effect(
    values: Values, squares: Floats, variance: Floats, yardstick: Yardstick
) -> Floats:
    """(D,); NaN where the simple random sample would have no error, or no sense.

    `squares` are Σw(r - mean r)² of what the `variance` is the variance of the sum of.
    """
    weight, n = values.of_weight, values.n
    with np.errstate(invalid="ignore", divide="ignore"):
        simple = squares * weight / (n - 1.0)
        if yardstick == Yardstick.SRS:
            simple *= (weight - n) / weight
        return np.where((n > 1) & (simple > 0), variance / simple, np.nan)


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

"""Shares of domains with their linearised variance, from sums that add up.

Source: Särndal, Swensson, Wretman, Model Assisted Survey Sampling (1992), 5.5 and 5.7.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from layers.indicators.maths.totals import (
    Cells,
    Design,
    Floats,
    Integers,
    Totals,
    summed,
    whole,
)

ROUNDING = 1e-13
"""What is left of a difference of equal sums of squares, relative to them."""
AT_ONCE = 20_000
"""Cells times breakdowns that are squared together."""


@dataclass(frozen=True)
class Ratios:
    """Estimates per breakdown and domain, each of shape (B, D); NaN where nobody is eligible."""

    estimate: Floats
    variance: Floats
    count: Integers
    """Eligible children, unweighted."""
    affected: Integers
    """Children in need, unweighted."""
    df: Integers
    """PSUs less strata, counting those with an eligible child in the domain."""

    @property
    def se(self) -> Floats:
        return np.sqrt(self.variance)

    def of(self, domains: Sequence[int]) -> "Ratios":
        """Of these columns alone."""
        return Ratios(*(getattr(self, each.name)[:, domains] for each in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence["Ratios"], axis: int) -> "Ratios":
        """Breakdowns below each other (axis 0), or domains side by side (axis 1)."""
        columns = [
            np.concatenate([getattr(part, each.name) for part in parts], axis=axis)
            for each in fields(cls)
        ]
        return cls(*columns)


@dataclass(frozen=True)
class Slots:
    """Where the sums of S slots belong; a slot is a stratum's part of a domain."""

    domain: Integers
    """(S,)"""
    domains: int
    psus: Integers
    """(S,) responding PSUs of the slot's whole stratum."""
    fraction: Floats
    """(S,) sampled share of the stratum's PSUs."""

    @classmethod
    def of(cls, cells: Cells, design: Design) -> "Slots":
        stratum = cells.slot_stratum
        psus, fraction = design.psus[stratum], design.fraction[stratum]
        return cls(cells.slot_domain, cells.domains, psus, fraction)

    def sums(self, values: Floats) -> Floats:
        """Sums over the slots (B, S) of each domain: (B, D)."""
        return summed(values, self.domain, self.domains)


@dataclass(frozen=True)
class SlotSums:
    """Sums over the PSUs of a slot, per breakdown: (B, S) each. They add up.

    With n and d a PSU's weighted children in need and asked, these are all that an
    estimate and its variance need.
    """

    numerator: Floats
    denominator: Floats
    numerator_squares: Floats
    products: Floats
    denominator_squares: Floats
    affected: Floats
    count: Floats
    active: Floats
    """PSUs with an eligible child."""

    @classmethod
    def of(cls, totals: Totals, cells: Cells, membership: Floats) -> "SlotSums":
        """Of the breakdowns in the rows of `membership` (B, G).

        What is linear is summed by group first; only the squares need the breakdowns
        of each PSU. Of many cells one breakdown at a time: it stays in the processor's
        cache.
        """
        n, d, affected, count = (
            membership @ cells.slot_sums(part) for part in totals.parts
        )
        size = max(1, AT_ONCE // max(1, len(cells)))
        blocks = [
            _curved(totals, membership[at : at + size], cells)
            for at in range(0, len(membership), size)
        ]
        nn, nd, dd, active = np.concatenate(blocks, axis=1)
        return cls(n, d, nn, nd, dd, affected, count, active)

    @property
    def parts(self) -> list[Floats]:
        return [getattr(self, each.name) for each in fields(self)]


def ratios(
    totals: Totals, cells: Cells, design: Design, membership: Floats | None = None
) -> Ratios:
    """Ratio R = sum wy / sum wx per breakdown and domain, with its linearised variance.

    The breakdowns are the rows of `membership` (B, G), or the groups themselves.
    """
    if membership is None:
        membership = np.eye(len(totals.count))
    return ratios_of(SlotSums.of(totals, cells, membership), Slots.of(cells, design))


def _curved(totals: Totals, membership: Floats, cells: Cells) -> Floats:
    """(4, B, S): squares, products, squares of denominators, active PSUs."""
    n, d, count = (
        _grouped(part, membership)
        for part in (totals.numerator, totals.denominator, totals.count)
    )
    active = np.minimum(count, 1.0)
    return np.stack([cells.slot_sums(each) for each in (n * n, n * d, d * d, active)])


def _grouped(part: Floats, membership: Floats) -> Floats:
    """(B, K) of (G, K)."""
    if len(membership) > 1:
        return membership @ part
    # Faster than a matrix product of this shape, which waits for BLAS threads.
    rows = np.flatnonzero(membership[0])
    if len(rows) == 1:
        return part[rows[0] : rows[0] + 1]
    found = np.zeros(part.shape[1])
    for row in rows:
        found += part[row]
    return found[None]


def ratios_of(sums: SlotSums, slots: Slots) -> Ratios:
    """Estimates from the sums of slots.

    With u = (n - R d) / sum d per PSU, n and d weighted,
    V = sum over strata of (1 - f) m / (m - 1) sum (u - mean u)^2,
    where m counts all responding PSUs: those without an eligible child count as zeros.
    A stratum with a single PSU is centred at the grand mean of u, which is zero for a
    ratio.
    """
    numerator, denominator, affected, count = (
        slots.sums(part)
        for part in (sums.numerator, sums.denominator, sums.affected, sums.count)
    )
    missing = ~(count > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = np.clip(numerator / denominator, 0.0, 1.0)
        scaled = 1.0 / denominator
    # Sums of the same weights in another order may differ in the last bit.
    estimate[(affected == count) & ~missing] = 1.0
    estimate[missing] = np.nan
    with np.errstate(invalid="ignore"):
        spread = slots.sums(_squares(sums, slots, np.nan_to_num(estimate)))
        variance = spread * scaled**2
    variance[missing] = np.nan
    df = slots.sums(np.maximum(sums.active - 1.0, 0.0))
    return Ratios(estimate, variance, whole(count), whole(affected), whole(df))


def _squares(sums: SlotSums, slots: Slots, estimate: Floats) -> Floats:
    """(B, S) each slot's part of the variance, before it is divided by the square of
    the denominator.
    """
    ratio = estimate[:, slots.domain]
    squares = (
        sums.numerator_squares
        - 2.0 * ratio * sums.products
        + ratio**2 * sums.denominator_squares
    )
    # The difference of what is equal leaves a rest in the last bits.
    scale = sums.numerator_squares + ratio**2 * sums.denominator_squares
    alone = slots.psus == 1
    mean = np.where(alone, 0.0, sums.numerator - ratio * sums.denominator)
    centred = squares - mean**2 / slots.psus
    centred[centred <= ROUNDING * scale] = 0.0
    factor = (1.0 - slots.fraction) * slots.psus / np.maximum(slots.psus - 1, 1)
    return np.asarray(factor * centred)

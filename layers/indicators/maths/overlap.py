"""What the figures of two rounds share because the same units answered in both.

The rows of both rounds are taken as one sample: a PSU that is in both is one unit, one that
is in a single round counts as zero in the other. Shapes as in `totals`, with K1 and K2 cells
of the rounds, and S slots and D domains that stand for both.

Source: Kish, Survey Sampling (1965), 12.4.
"""

from dataclasses import dataclass

import numpy as np

from layers.indicators.maths.totals import Floats, Integers, Totals, summed


@dataclass(frozen=True)
class Side:
    """The cells of one round, named alike in both."""

    cell: Integers
    """(K,) the pair of domain and PSU."""
    slot: Integers
    """(K,) the domain's part of a stratum."""


@dataclass(frozen=True)
class Shared:
    """The slots of both rounds."""

    domain: Integers
    """(S,)"""
    domains: int
    psus: Integers
    """(S,) PSUs of the slot's whole stratum in either round."""
    fraction: Floats
    """(S,) the greater share of the stratum's PSUs that a round has sampled."""


def residuals(
    totals: Totals, membership: Floats, domain: Integers, domains: int
) -> Floats:
    """(B, K) a PSU's part in what a share of its domain differs from the truth: with n and
    d its weighted children in need and asked, (n - R d) / sum d.
    """
    parts = totals.regrouped(membership)
    whole = summed(parts.denominator, domain, domains)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = summed(parts.numerator, domain, domains) / whole
        found = (parts.numerator - share[:, domain] * parts.denominator) / whole[
            :, domain
        ]
    return np.nan_to_num(found)


def covariances(
    first: Floats, second: Floats, sides: tuple[Side, Side], shared: Shared
) -> Floats:
    """(B, D) of the shares whose residuals are `first` (B, K1) and `second` (B, K2).

    A stratum with a single PSU is centred at zero, as in `ratios`.
    """
    slots = len(shared.domain)
    _cells, here, there = np.intersect1d(
        sides[0].cell, sides[1].cell, assume_unique=True, return_indices=True
    )
    products = summed(
        first[:, here] * second[:, there], sides[0].slot[here], slots
    ) - np.where(
        shared.psus == 1,
        0.0,
        summed(first, sides[0].slot, slots)
        * summed(second, sides[1].slot, slots)
        / shared.psus,
    )
    factor = (1.0 - shared.fraction) * shared.psus / np.maximum(shared.psus - 1, 1)
    return summed(factor * products, shared.domain, shared.domains)

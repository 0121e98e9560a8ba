"""The wealth of households from what they own: an index and its fifths.

The first principal component of standardised assets, households weighted by their
members, as the DHS and MICS wealth index. Relative within one round: the poorest fifth
of one town or year may own more than the middle fifth of another.

Shapes: H households, A assets.

Source: Filmer and Pritchett, Demography 38 (2001); Rutstein and Johnson, The DHS Wealth
Index (2004).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FIFTHS = 5
FEWEST_ASSETS = 3
"""Fewer assets that differ between households make no index."""


def scores(assets: Floats, weight: Floats) -> Floats:
    """(H,) the index: more assets, higher; NaN for a household of which any is unknown.

    `assets` (H, A) are numbers of which more is richer, `weight` (H,) is above zero. All
    NaN where fewer than three assets differ between the households.
    """
    found = np.full(len(assets), np.nan)
    known = ~np.isnan(assets).any(axis=1)
    if known.sum() < 2:
        return found
    values, share = assets[known], weight[known] / weight[known].sum()
    centred = values - share @ values
    spread = np.sqrt(share @ centred**2)
    telling = spread > 1e-9
    if telling.sum() < FEWEST_ASSETS:
        return found
    standard = centred[:, telling] / spread[telling]
    correlation = (standard * share[:, None]).T @ standard
    _sizes, directions = np.linalg.eigh(correlation)
    first = directions[:, -1]
    # A direction and its opposite are the same component: the sum of assets decides.
    sign = 1.0 if first.sum() >= 0 else -1.0
    found[known] = standard @ (sign * first)
    return found


def fifths(score: Floats, weight: Floats) -> Integers:
    """(H,) 1 for the poorest fifth of the weight to 5 for the richest; 0 for no score.

    Households of one score are in one fifth: that in which their middle lies.
    """
    fifth = np.zeros(len(score), dtype=np.int64)
    known = np.flatnonzero(~np.isnan(score))
    if not known.size:
        return fifth
    # What differs in the last bits is one score.
    _levels, level = np.unique(np.round(score[known], 9), return_inverse=True)
    mass = np.bincount(level, weights=weight[known])
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    fifth[known] = np.minimum((middle * FIFTHS).astype(np.int64), FIFTHS - 1)[level] + 1
    return fifth

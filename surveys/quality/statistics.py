"""The arithmetic of the checks: numpy in, numpy out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chisquare, false_discovery_control

Floats = NDArray[np.float64]


def fences(values: Floats, spread: float) -> tuple[float, float]:
    """Tukey's fences: `spread` interquartile ranges beyond the quartiles. Positive
    values with a long tail are judged by their logarithms, where the tail is no news.

    values (n,). Where half of them are equal there is no range: nothing is outside.
    """
    positive = bool((values > 0).all())
    scaled = np.log(values) if positive and _is_skewed(values) else values
    low, high = np.percentile(scaled, [25, 75])
    if high == low:
        return -np.inf, np.inf
    reach = spread * (high - low)
    bounds = np.array([low - reach, high + reach])
    below, above = np.exp(bounds) if scaled is not values else bounds
    return float(below), float(above)


def _is_skewed(values: Floats) -> bool:
    low, middle, high = np.percentile(values, [10, 50, 90])
    return bool(high - middle > 2 * (middle - low))


def last_digits(values: Floats) -> NDArray[np.int64]:
    """How often each last digit occurs (10,), among whole numbers of two digits or more:
    of smaller ones the last digit is the number itself.
    """
    whole = values[(values >= 10) & (values == np.floor(values))].astype(np.int64)
    return np.bincount(whole % 10, minlength=10)


def digit_preference(counts: NDArray[np.int64]) -> float:
    """Probability that last digits as uneven come by chance: Pearson's chi-square
    against equal shares. counts (10,).
    """
    if counts.sum() == 0:
        return 1.0
    return float(chisquare(counts).pvalue)


def adjusted(p_values: Sequence[float]) -> Floats:
    """Benjamini-Hochberg over all that were tested at once."""
    if not p_values:
        return np.array([])
    return np.asarray(false_discovery_control(np.asarray(p_values)), dtype=np.float64)

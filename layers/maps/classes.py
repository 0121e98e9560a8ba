"""Five classes of a choropleth, and how sure the map is of them. Knows no Django."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from math import erf, inf, sqrt

import jenkspy

CLASSES = 5
# Half the width of a 95 % interval in standard errors.
Z_95 = 1.959964


def breaks(values: Iterable[int], classes: int = CLASSES) -> list[int]:
    """Upper ends of the classes, whole numbers of 100, by Jenks' natural breaks.

    The last class ends with the largest value. Few distinct values make fewer
    classes: each value is then a class of its own.
    """
    known = sorted(values)
    distinct = sorted(set(known))
    if len(distinct) <= classes:
        return distinct
    found = jenkspy.jenks_breaks(known, n_classes=classes)
    return [round(end) for end in found[1:]]


def class_of(value: int, ends: Sequence[int]) -> int:
    """0 for the lowest class. A value on an end belongs below it."""
    return min(bisect_left(ends, value), len(ends) - 1)


def doubtful(figures: Iterable[tuple[float, float, float]], ends: Sequence[int]) -> int:
    """How many zones, as an expectation, truly belong to another class.

    `figures` are value, low and high in 100; the sampling error is taken as normal,
    with the standard error that the 95 % interval implies.
    """
    return round(sum(_outside(value, low, high, ends) for value, low, high in figures))


def _outside(value: float, low: float, high: float, ends: Sequence[int]) -> float:
    error = (high - low) / (2 * Z_95)
    if error <= 0:
        return 0.0
    place = class_of(round(value), ends)
    # Values are shown as whole numbers, so a class reaches half a point further.
    bottom = ends[place - 1] + 0.5 if place else -inf
    top = ends[place] + 0.5 if place < len(ends) - 1 else inf
    return 1 - (_below((top - value) / error) - _below((bottom - value) / error))


def _below(deviations: float) -> float:
    return (1 + erf(deviations / sqrt(2))) / 2

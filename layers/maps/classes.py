"""Classes of a choropleth, and how sure the map is of them. Knows no Django.

Values are whole numbers; a class is named by its upper end, which belongs to it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from math import erf, inf, sqrt
from statistics import fmean, pstdev

import jenkspy

CLASSES = 5
FEWEST, MOST = 2, 7
HIGHEST = 100
# Half the width of a 95 % interval in standard errors.
Z_95 = 1.959964


def breaks(
    values: Iterable[int], classes: int = CLASSES, method: str = "jenks"
) -> list[int]:
    """Upper ends of the classes; the last class ends with the largest value.

    Few distinct values make fewer classes: each value is then a class of its own.
    """
    known = sorted(values)
    distinct = sorted(set(known))
    if len(distinct) <= classes:
        return distinct
    ends = METHODS[method](known, classes)
    return sorted({*(end for end in ends if known[0] <= end < known[-1]), known[-1]})


def _jenks(known: list[int], classes: int) -> list[int]:
    """Natural breaks: least variance within the classes (Jenks, Fisher)."""
    return [round(end) for end in jenkspy.jenks_breaks(known, n_classes=classes)[1:]]


def _quantile(known: list[int], classes: int) -> list[int]:
    """As many zones in each class as ties allow."""
    size = len(known)
    return [known[-(-size * place // classes) - 1] for place in range(1, classes)]


def _equal(known: list[int], classes: int) -> list[int]:
    """Classes of one width between the least and the greatest value."""
    width = (known[-1] - known[0]) / classes
    return [round(known[0] + width * place) for place in range(1, classes)]


def _deviation(known: list[int], classes: int) -> list[int]:
    """Classes one standard deviation wide, laid symmetrically about the mean."""
    mean, deviation = fmean(known), pstdev(known)
    return [
        round(mean + deviation * (place - classes / 2)) for place in range(1, classes)
    ]


METHODS: dict[str, Callable[[list[int], int], list[int]]] = {
    "jenks": _jenks,
    "quantile": _quantile,
    "equal": _equal,
    "deviation": _deviation,
}


def class_of(value: int, ends: Sequence[int]) -> int:
    """0 for the lowest class. A value on an end belongs below it."""
    return min(bisect_left(ends, value), len(ends) - 1)


def doubtful(figures: Iterable[tuple[float, float]], ends: Sequence[int]) -> int:
    """How many zones, as an expectation, truly belong to another class.

    `figures` are values and standard errors in 100; the sampling error is taken as
    normal.
    """
    return round(sum(_outside(value, error, ends) for value, error in figures))


def _outside(value: float, error: float, ends: Sequence[int]) -> float:
    if error <= 0:
        return 0.0
    place = class_of(round(value), ends)
    # Values are shown as whole numbers, so a class reaches half a point further.
    bottom = ends[place - 1] + 0.5 if place else -inf
    top = ends[place] + 0.5 if place < len(ends) - 1 else inf
    return 1 - (_below((top - value) / error) - _below((bottom - value) / error))


def _below(deviations: float) -> float:
    return (1 + erf(deviations / sqrt(2))) / 2


def certainty(value: float, error: float) -> int:
    """2 for a coefficient of variation up to 12 %, 1 up to 40 %, 0 beyond.

    Thresholds of Esri's and the US Census's reliability marks.
    """
    if error <= 0:
        return 2
    variation = error / value if value > 0 else inf
    return (variation <= 0.12) + (variation <= 0.40)

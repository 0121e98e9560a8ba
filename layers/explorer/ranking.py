"""Ranks that know their doubt, and where things lie on an axis. Knows no Django.

A rank is a range. A zone stands certainly behind those whose interval begins above the
end of its own, and certainly before those whose interval ends below; between the two
lies every rank it may have. Two intervals that do not overlap show a difference; two
that do may still differ, so the ranges are rather too wide than too narrow.
"""

from __future__ import annotations

from collections.abc import Sequence

MORE, TIED, LESS = "more", "tied", "less"

Interval = tuple[float, float]

STEPS = (1, 2, 5, 10, 20, 25)
MOST_TICKS = 6


def rank_ranges(intervals: Sequence[Interval]) -> list[tuple[int, int]]:
    """Best and worst rank of each; 1 is the greatest."""
    return [
        (
            1 + sum(other[0] > high for other in intervals),
            len(intervals) - sum(other[1] < low for other in intervals),
        )
        for low, high in intervals
    ]


def beside(interval: Interval, reference: Interval) -> str:
    """MORE or LESS where the intervals do not touch, TIED where they overlap."""
    if interval[0] > reference[1]:
        return MORE
    return LESS if interval[1] < reference[0] else TIED


def ticks(top: float) -> list[int]:
    """Whole numbers from 0 to the first step at or above `top`, at most six of them."""
    for step in STEPS:
        end = max(-(-top // step), 1) * step
        if end / step < MOST_TICKS:
            return list(range(0, int(end) + 1, step))
    return [0, 25, 50, 75, 100]


def both_ways(reach: float) -> list[int]:
    """Ticks for changes, with zero in the middle."""
    half = ticks(reach)
    # Five ticks on each side would be too many for a phone.
    half = half if len(half) < 4 else [half[0], half[-1]]
    return [-each for each in reversed(half[1:])] + half


class Axis:
    """Places from 0 to 100 along a line; from the right where one reads so."""

    def __init__(self, numbers: Sequence[int], *, rtl: bool) -> None:
        self.first, self.last, self.rtl = numbers[0], numbers[-1], rtl
        self.numbers = list(numbers)

    def at(self, value: float) -> float:
        inside = min(max(value, self.first), self.last)
        place = 100 * (inside - self.first) / (self.last - self.first)
        return 100 - place if self.rtl else place

    def span(self, low: float, high: float) -> tuple[float, float]:
        """Left edge and width."""
        ends = sorted((self.at(low), self.at(high)))
        return ends[0], ends[1] - ends[0]

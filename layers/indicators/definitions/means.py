"""A municipality's own mean of a number: minutes on the way, rooms, money spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from math import floor, log10
from typing import Any

import numpy as np

from layers.indicators.definitions.indicator import (
    Dimension,
    Population,
    Standard,
    Titled,
    population_of,
    spoken_language,
    three_texts,
)
from layers.indicators.definitions.rules import BASICS, Columns, Floats
from layers.indicators.samples.observations import VARIABLES, Variable

MEAN = "mean"
"""What `content["statistic"]` of such a definition says."""
PARTS = 100
"""A mean is rounded to no less than this part of the width between its limits."""
CODES_SPAN = 5
"""Canonical variables that span no more are codes of answers or yes and no."""


class Worse(StrEnum):
    """Which end of the scale is the need."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True)
class MeanIndicator(Titled):
    """The mean of a variable over children whose answer lies between two limits.

    What lies outside `least` to `most`, both included, counts as not known: so no answer
    can move a mean by more than the width between them.
    """

    code: str
    version: int
    dimension: Dimension
    sensitive: bool
    titles: Mapping[str, str]
    descriptions: Mapping[str, str]
    population: Population
    number: str
    """The variable."""
    least: float
    most: float
    units: Mapping[str, str]
    worse: Worse

    own = True

    @property
    def standard(self) -> Standard:
        return Standard("", "", "", "", {}, own=True)

    @property
    def unit(self) -> str:
        return self.units[spoken_language()]

    @property
    def variables(self) -> frozenset[str]:
        return frozenset({self.number})

    @property
    def width(self) -> float:
        return self.most - self.least

    @cached_property
    def step(self) -> float:
        """The largest of 1, 2 and 5 times a power of ten within a hundredth of the width."""
        part = self.width / PARTS * (1 + 1e-9)
        power = floor(log10(part))
        first = next(each for each in (5, 2, 1) if each * 10.0**power <= part)
        return float(f"{first}e{power}")

    @property
    def digits(self) -> int:
        """Decimal places of a published mean."""
        return max(0, -floor(log10(self.step)))

    def rounded(self, value: float) -> float:
        return round(round(value / self.step) * self.step, self.digits)

    def positions(self, columns: Columns) -> Floats:
        """(children,) 0 at `least` to 1 at `most`; NaN for a child that does not count."""
        value = columns[self.number]
        with np.errstate(invalid="ignore"):
            inside = (value >= self.least) & (value <= self.most)
        counts = self.population.holds(columns) & inside
        return np.where(counts, (value - self.least) / self.width, np.nan)


def is_mean(content: Mapping[str, Any]) -> bool:
    return content.get("statistic") == MEAN


def build_mean(
    source: Mapping[str, Any], *, extra: frozenset[str] = frozenset()
) -> MeanIndicator:
    """From the data of a definition, which may speak of the variables in `extra`.

    Raises KeyError for what is missing, ValueError or TypeError for what is wrong.
    """
    said = source["mean"]
    found = MeanIndicator(
        code=source["code"],
        version=int(source["version"]),
        dimension=Dimension(source["dimension"]),
        sensitive=bool(source["sensitive"]),
        titles=three_texts(source["title"]),
        descriptions=three_texts(source["description"]),
        population=population_of(source["population"], {}, extra),
        number=said["of"],
        least=float(said["least"]),
        most=float(said["most"]),
        units=three_texts(said["unit"]),
        worse=Worse(said["worse"]),
    )
    if found.number not in {*VARIABLES, *extra} or found.number in BASICS:
        raise ValueError(f'there is no variable "{found.number}"')
    if not found.least < found.most:
        raise ValueError("the lower limit is not below the upper one")
    return found


def numbers_among(known: Mapping[str, Variable]) -> list[str]:
    """Of these variables those whose mean says something: no codes, no yes and no."""
    return [
        name
        for name, each in known.items()
        if each.largest - each.smallest > (CODES_SPAN if name in VARIABLES else 1)
    ]


def overlapping(first: MeanIndicator, second: MeanIndicator) -> bool:
    """Whether two means are of one number and ages in common, so that whoever subtracts
    them knows the children between. The age at the school year is up to a year less.
    """
    (start, end), (other_start, other_end) = (
        (
            low,
            high + 12 * (each.population.moment == "school_year"),
        )
        for each in (first, second)
        for low, high in [each.population.months]
    )
    return first.number == second.number and start < other_end and other_start < end

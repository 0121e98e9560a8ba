"""Conditions over the canonical variables, decided for all children at once.

Logic has three values, as in SQL: a comparison with a missing value is unknown, "any" is
true as soon as one part is, "all" is false as soon as one part is. What is compared is a
number per child: a variable, a weighted sum, a count of conditions or the worst of
several steps. The grammar that gives these objects is in `grammar.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Columns = Mapping[str, Floats]

AGES = ("age_months", "age_years")
# What is known of every child: its age and, 1 or 0, whether it is a girl.
BASICS = (*AGES, "girl")
BOUNDS = ("is", "at_least", "above", "at_most", "below")
Bounds = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Verdict:
    """(children,) each; where `known` is false, `true` is false too."""

    true: Booleans
    known: Booleans


@dataclass(frozen=True)
class Interval:
    """(children,) the smallest and the largest value that the answers allow."""

    low: Floats
    high: Floats


@dataclass(frozen=True)
class Value:
    """A variable; where it is missing it may be anything."""

    name: str

    @property
    def variables(self) -> frozenset[str]:
        return frozenset({self.name})

    def measure(self, columns: Columns) -> Interval:
        value = columns[self.name]
        unknown = np.isnan(value)
        return Interval(
            np.where(unknown, -np.inf, value), np.where(unknown, np.inf, value)
        )


@dataclass(frozen=True)
class Sum:
    """Parts times their weights; unknown where one part is."""

    parts: tuple[tuple["Number", float], ...]

    @property
    def variables(self) -> frozenset[str]:
        return frozenset().union(*(part.variables for part, _times in self.parts))

    def measure(self, columns: Columns) -> Interval:
        found = [(part.measure(columns), times) for part, times in self.parts]
        lows = [each.low * times for each, times in found]
        highs = [each.high * times for each, times in found]
        return Interval(np.stack(lows).sum(axis=0), np.stack(highs).sum(axis=0))


@dataclass(frozen=True)
class Count:
    """How many of the conditions are met.

    With `unknown_is_not_met` an answer that is not known counts as one that is not met,
    provided that one of them is known: a module that nobody answered says nothing.
    """

    conditions: tuple["Condition", ...]
    unknown_is_not_met: bool = False

    @property
    def variables(self) -> frozenset[str]:
        return frozenset().union(*(each.variables for each in self.conditions))

    def measure(self, columns: Columns) -> Interval:
        verdicts = [each.decide(columns) for each in self.conditions]
        met = _how_many([each.true for each in verdicts])
        known = _how_many([each.known for each in verdicts])
        high = met + len(verdicts) - known
        if self.unknown_is_not_met:
            high = np.where(known > 0, met, high)
        return Interval(met, high)


@dataclass(frozen=True)
class Worst:
    """The highest score of a condition that is met, 0 where none is."""

    steps: tuple[tuple[float, "Condition"], ...]

    @property
    def variables(self) -> frozenset[str]:
        return frozenset().union(*(each.variables for _score, each in self.steps))

    def measure(self, columns: Columns) -> Interval:
        found = [(score, each.decide(columns)) for score, each in self.steps]
        lows = [np.where(each.true, score, 0.0) for score, each in found]
        highs = [np.where(each.true | ~each.known, score, 0.0) for score, each in found]
        return Interval(np.max(lows, axis=0), np.max(highs, axis=0))


Number = Value | Sum | Count | Worst


@dataclass(frozen=True)
class Band:
    """Bounds for an age band, both ends included, in completed months or years."""

    first: int
    last: int
    bounds: Bounds


@dataclass(frozen=True)
class Comparison:
    """A number against bounds that must all hold.

    With `per`, it is compared per one of a variable: persons per sleeping room above 3
    means persons > 3 x rooms, also where there is no room.
    """

    number: Number
    bounds: Bounds
    per: str | None = None

    @property
    def variables(self) -> frozenset[str]:
        return self.number.variables | (frozenset({self.per}) if self.per else set())

    def decide(self, columns: Columns) -> Verdict:
        found = self.number.measure(columns)
        unit = columns[self.per] if self.per else np.ones_like(found.low)
        verdicts = [_compare(name, found, bound * unit) for name, bound in self.bounds]
        unit_known = ~np.isnan(unit)
        true = np.logical_and.reduce([each.true for each in verdicts]) & unit_known
        false = np.logical_or.reduce([each.known & ~each.true for each in verdicts])
        return Verdict(true, true | (false & unit_known))


@dataclass(frozen=True)
class ByAge:
    """A number against the bounds of the child's age band; false outside all bands."""

    number: Number
    age: str
    bands: tuple[Band, ...]

    @property
    def variables(self) -> frozenset[str]:
        return self.number.variables | frozenset({self.age})

    def decide(self, columns: Columns) -> Verdict:
        age = columns[self.age]
        true = np.zeros(len(age), dtype=bool)
        known = ~np.isnan(age)
        for band in self.bands:
            with np.errstate(invalid="ignore"):
                inside = (age >= band.first) & (age <= band.last)
            verdict = Comparison(self.number, band.bounds).decide(columns)
            true |= inside & verdict.true
            known &= ~inside | verdict.known
        return Verdict(true & known, known)


@dataclass(frozen=True)
class All:
    parts: tuple["Condition", ...]

    @property
    def variables(self) -> frozenset[str]:
        return frozenset().union(*(part.variables for part in self.parts))

    def decide(self, columns: Columns) -> Verdict:
        verdicts = [part.decide(columns) for part in self.parts]
        true = np.logical_and.reduce([each.true for each in verdicts])
        false = np.logical_or.reduce([each.known & ~each.true for each in verdicts])
        return Verdict(true, true | false)


@dataclass(frozen=True)
class Any_:
    parts: tuple["Condition", ...]

    @property
    def variables(self) -> frozenset[str]:
        return frozenset().union(*(part.variables for part in self.parts))

    def decide(self, columns: Columns) -> Verdict:
        verdicts = [part.decide(columns) for part in self.parts]
        true = np.logical_or.reduce([each.true for each in verdicts])
        known = np.logical_and.reduce([each.known for each in verdicts])
        return Verdict(true, true | known)


Condition = Comparison | ByAge | All | Any_


def _how_many(flags: list[Booleans]) -> Floats:
    return np.asarray(np.stack(flags).sum(axis=0), dtype=np.float64)


def _compare(name: str, found: Interval, bound: Floats) -> Verdict:
    """Decided where both ends of what is possible lie on the same side."""
    low, high = found.low, found.high
    with np.errstate(invalid="ignore"):
        if name == "is":
            true = (low == bound) & (high == bound)
            return Verdict(true, true | (low > bound) | (high < bound))
        if name in ("at_least", "above"):
            true, possible = _holds(name, low, bound), _holds(name, high, bound)
        else:
            true, possible = _holds(name, high, bound), _holds(name, low, bound)
    return Verdict(true, true | ~possible)


def _holds(name: str, value: Floats, bound: Floats) -> Booleans:
    compare = {
        "at_least": np.greater_equal,
        "above": np.greater,
        "at_most": np.less_equal,
        "below": np.less,
    }
    return np.asarray(compare[name](value, bound))

"""Conditions over the canonical variables, decided for all children at once.

Logic has three values, as in SQL: a comparison with a missing value is unknown, "any" is
true as soon as one part is, "all" is false as soon as one part is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers.indicators.observations import VARIABLES

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Columns = Mapping[str, Floats]

AGES = ("age_months", "age_years")
BOUNDS = ("is", "at_least", "above", "at_most", "below")


class RuleError(ValueError):
    """A condition that cannot be read; the message says which part."""


@dataclass(frozen=True)
class Verdict:
    """(children,) each; where `known` is false, `true` is false too."""

    true: Booleans
    known: Booleans


@dataclass(frozen=True)
class Comparison:
    """A variable against bounds that must all hold.

    With `per`, the variable is compared per one of another variable: persons per
    sleeping room above 3 means persons > 3 x rooms, also where there is no room.
    """

    variable: str
    bounds: tuple[tuple[str, float], ...]
    per: str | None = None

    @property
    def variables(self) -> frozenset[str]:
        return frozenset({self.variable} | ({self.per} if self.per else set()))

    def decide(self, columns: Columns) -> Verdict:
        value = columns[self.variable]
        unit = columns[self.per] if self.per else np.ones_like(value)
        known = ~(np.isnan(value) | np.isnan(unit))
        true = known.copy()
        for name, bound in self.bounds:
            true &= _holds(name, value, bound * unit)
        return Verdict(true, known)


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


Condition = Comparison | All | Any_


def _holds(name: str, value: Floats, bound: Floats) -> Booleans:
    compare = {
        "is": np.equal,
        "at_least": np.greater_equal,
        "above": np.greater,
        "at_most": np.less_equal,
        "below": np.less,
    }
    with np.errstate(invalid="ignore"):
        return np.asarray(compare[name](value, bound))


def read_condition(source: Mapping[str, Any]) -> Condition:
    """A condition from its table in the catalogue. Raises RuleError."""
    for word, kind in (("all", All), ("any", Any_)):
        if word in source:
            if len(source) > 1 or not source[word]:
                raise RuleError(f'"{word}" stands alone and holds a list of conditions')
            return kind(tuple(read_condition(part) for part in source[word]))
    return _read_comparison(source)


def _read_comparison(source: Mapping[str, Any]) -> Comparison:
    names = [source.get("variable"), *([source["per"]] if "per" in source else [])]
    for name in names:
        if name not in VARIABLES and name not in AGES:
            raise RuleError(f'"{name}" is no canonical variable')
    strange = set(source) - {"variable", "per", *BOUNDS}
    if strange:
        raise RuleError(f'"{min(strange)}" is no bound; use one of {", ".join(BOUNDS)}')
    bounds = tuple((name, float(source[name])) for name in BOUNDS if name in source)
    if not bounds:
        raise RuleError(f'the comparison of "{source["variable"]}" has no bound')
    return Comparison(str(source["variable"]), bounds, source.get("per"))

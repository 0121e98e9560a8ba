"""From the tables of a definition to the conditions of `rules.py`.

    number    = { variable = NAME } | { term = NAME } | { sum = [NUMBER, ...] }
              | { count = [CONDITION, ...], unknown = "not_met" }
              | { worst = [{ score = 2, CONDITION }, ...] }
    condition = NUMBER with bounds (is, at_least, above, at_most, below), maybe `per`
              | NUMBER with by_age = [{ from = 24, to = 29, below = 7 }, ...]
              | { all = [CONDITION, ...] } | { any = [CONDITION, ...] } | { term = NAME }

A part of a sum has its weight in `times`. `by_age` is in months, or in years with
`age = "age_years"`. `[terms]` gives a number or a condition a name, to be used by others;
a term that leads back to itself is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from layers.indicators.definitions.rules import (
    AGES,
    BASICS,
    BOUNDS,
    All,
    Any_,
    Band,
    Bounds,
    ByAge,
    Comparison,
    Condition,
    Count,
    Number,
    Sum,
    Value,
    Worst,
)
from layers.indicators.samples.observations import CHILDREN, OF_WOMEN, VARIABLES, WOMEN

NUMBERS = ("variable", "term", "sum", "count", "worst")
JOINED: dict[str, type[All] | type[Any_]] = {"all": All, "any": Any_}
DEEPEST = 20
Table = Mapping[str, Any]


class RuleError(ValueError):
    """A condition that cannot be read; the message says which part."""


@dataclass(frozen=True)
class Names:
    """What a rule may speak of; `path` holds the terms being read."""

    variables: frozenset[str]
    terms: Table = field(default_factory=dict)
    path: tuple[str, ...] = ()

    def enter(self, name: str) -> "Names":
        if name in self.path:
            loop = " > ".join([*self.path[self.path.index(name) :], name])
            raise RuleError(f"the terms go round in a loop: {loop}")
        if name not in self.terms:
            raise RuleError(f'there is no term "{name}"')
        return Names(self.variables, self.terms, (*self.path, name))


def read_condition(
    source: Table,
    *,
    terms: Table | None = None,
    extra: frozenset[str] = frozenset(),
    who: str = CHILDREN,
) -> Condition:
    """A condition from its table. `extra` are variables of a municipality's own.

    Of women (`who`) it may speak of their own variables and their age in years alone.

    Raises RuleError: unknown names, loops, no bound, an empty list, nested too deep.
    """
    of_children = frozenset(VARIABLES) | frozenset(BASICS) | extra
    known = frozenset({*OF_WOMEN, "age_years"}) if who == WOMEN else of_children
    names = Names(known, terms or {})
    for name in names.terms:
        _check_term(name, names)
    return _condition(source, names)


def _check_term(name: str, names: Names) -> None:
    """Also a term that nothing uses must be right."""
    inside, source = names.enter(name), names.terms[name]
    if not isinstance(source, Mapping):
        raise RuleError(f'the term "{name}" is no table')
    if _is_number(source, inside):
        _number(source, inside)
    else:
        _condition(source, inside)


def _condition(source: Table, names: Names, depth: int = 0) -> Condition:
    if not isinstance(source, Mapping):
        raise RuleError("a condition is a table such as { variable = ..., is = 1 }")
    if depth > DEEPEST:
        raise RuleError("the conditions are nested too deep")
    for word, kind in JOINED.items():
        if word in source:
            if len(source) > 1 or not isinstance(source[word], list | tuple):
                raise RuleError(f'"{word}" stands alone and holds a list of conditions')
            if not source[word]:
                raise RuleError(f'"{word}" stands alone and holds a list of conditions')
            return kind(
                tuple(_condition(part, names, depth + 1) for part in source[word])
            )
    if set(source) == {"term"}:
        inside = names.enter(str(source["term"]))
        return _condition(names.terms[str(source["term"])], inside, depth + 1)
    return _comparison(source, names, depth)


def _comparison(source: Table, names: Names, depth: int) -> Condition:
    number = _number(source, names, depth)
    known = {*NUMBERS, *BOUNDS, "per", "unknown", "by_age", "age"}
    if strange := set(source) - known:
        raise RuleError(f'"{min(strange)}" is no bound; use one of {", ".join(BOUNDS)}')
    if "by_age" in source:
        if any(bound in source for bound in (*BOUNDS, "per")):
            raise RuleError('"by_age" has the bounds of each age band, and no others')
        return _by_age(number, source)
    bounds = _bounds(source)
    if not bounds:
        raise RuleError(f"the comparison of {_spoken(source)} has no bound")
    per = source.get("per")
    if per is not None and per not in names.variables:
        raise RuleError(f'"{per}" is no canonical variable')
    return Comparison(number, bounds, per)


def _by_age(number: Number, source: Table) -> Condition:
    age = source.get("age", "age_months")
    if age not in AGES:
        raise RuleError(f'"{age}" is no age; use one of {", ".join(AGES)}')
    bands, last = [], -1
    for each in source["by_age"]:
        if {"from", "to"} - set(each) or set(each) - {"from", "to", *BOUNDS}:
            raise RuleError("an age band has from, to and bounds")
        band = Band(int(each["from"]), int(each["to"]), _bounds(each))
        if not band.bounds or not last < band.first <= band.last:
            raise RuleError("age bands ascend, do not overlap, and each has a bound")
        last = band.last
        bands.append(band)
    if not bands:
        raise RuleError('"by_age" holds a list of age bands')
    return ByAge(number, age, tuple(bands))


def _bounds(source: Table) -> Bounds:
    found = []
    for name in BOUNDS:
        if name in source:
            bound = source[name]
            if isinstance(bound, bool) or not isinstance(bound, int | float):
                raise RuleError(f'"{name}" needs a number, not "{bound}"')
            found.append((name, float(bound)))
    return tuple(found)


def _is_number(source: Table, names: Names) -> bool:
    bare = not any(word in source for word in (*BOUNDS, "by_age", *JOINED))
    if bare and set(source) == {"term"}:
        inside = names.enter(str(source["term"]))
        return _is_number(names.terms[str(source["term"])], inside)
    return bare


def _number(source: Table, names: Names, depth: int = 0) -> Number:
    if depth > DEEPEST:
        raise RuleError("the conditions are nested too deep")
    given = [word for word in NUMBERS if word in source]
    if len(given) != 1:
        if not given and "variable" not in source:
            raise RuleError('"None" is no canonical variable')
        raise RuleError(f"a number is one of {', '.join(NUMBERS)}")
    readers = {
        "variable": _variable,
        "term": _term,
        "sum": _sum,
        "count": _count,
        "worst": _worst,
    }
    return readers[given[0]](source, names, depth + 1)


def _variable(source: Table, names: Names, depth: int) -> Number:
    name = source["variable"]
    if name not in names.variables:
        raise RuleError(f'"{name}" is no canonical variable')
    return Value(str(name))


def _term(source: Table, names: Names, depth: int) -> Number:
    name = str(source["term"])
    inside = names.enter(name)
    if not _is_number(names.terms[name], inside):
        raise RuleError(f'the term "{name}" is a condition and cannot be compared')
    return _number(names.terms[name], inside, depth)


def _sum(source: Table, names: Names, depth: int) -> Number:
    parts = []
    for each in _listed(source, "sum"):
        times = each.get("times", 1)
        if isinstance(times, bool) or not isinstance(times, int | float) or times <= 0:
            raise RuleError('"times" is a number above zero')
        parts.append((_number(each, names, depth), float(times)))
    return Sum(tuple(parts))


def _count(source: Table, names: Names, depth: int) -> Number:
    unknown = source.get("unknown", "")
    if unknown not in ("", "not_met"):
        raise RuleError(f'"{unknown}" is nothing to do with unknown answers')
    conditions = _listed(source, "count")
    return Count(
        tuple(_condition(each, names, depth) for each in conditions),
        unknown_is_not_met=unknown == "not_met",
    )


def _worst(source: Table, names: Names, depth: int) -> Number:
    steps, last = [], 0.0
    for each in _listed(source, "worst"):
        score = each.get("score", 0)
        if not isinstance(score, int | float) or score <= last:
            raise RuleError("the scores of the worst ascend from above zero")
        last = float(score)
        rest = {word: part for word, part in each.items() if word != "score"}
        steps.append((last, _condition(rest, names, depth)))
    return Worst(tuple(steps))


def _listed(source: Table, word: str) -> list[Table]:
    listed = source[word]
    if not isinstance(listed, list | tuple) or not listed:
        raise RuleError(f'"{word}" holds a list')
    if not all(isinstance(each, Mapping) for each in listed):
        raise RuleError(f'"{word}" holds a list of tables')
    return list(listed)


def _spoken(source: Table) -> str:
    given = next(word for word in NUMBERS if word in source)
    named = given in ("variable", "term")
    return f'"{source[given]}"' if named else f"a {given}"

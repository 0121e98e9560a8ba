"""The indicators that come with the product: one TOML file each, read and checked once."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

from layers.indicators.definitions.grammar import RuleError
from layers.indicators.definitions.indicator import (
    Dimension,
    Indicator,
    Unknown,
    build_indicator,
)
from layers.indicators.samples.observations import WOMEN


class CatalogueError(ValueError):
    """A catalogue file that cannot be used; the message says which and why."""


@cache
def indicators() -> Mapping[str, Indicator]:
    """Every indicator by its code, in the order of dimension and code."""
    files = resources.files(__name__)
    sources = {
        file.name: file.read_text("utf-8")
        for file in files.iterdir()
        if file.name.endswith(".toml")
    }
    order = {dimension: place for place, dimension in enumerate(Dimension)}
    loaded = [read_indicator(name, text) for name, text in sources.items()]
    check_families(loaded)
    check_parts(loaded)
    loaded.sort(
        key=lambda each: (
            order[each.dimension],
            each.population.months[0],
            each.code,
        )
    )
    return {each.code: each for each in loaded}


def read_indicator(name: str, text: str) -> Indicator:
    """The indicator in a file's text. Raises CatalogueError, which names the file."""
    try:
        source = tomllib.loads(text)
        indicator = build_indicator(source)
    except KeyError as error:
        raise CatalogueError(f"{name}: {error} is missing") from error
    except (ValueError, TypeError) as error:
        raise CatalogueError(f"{name}: {error}") from error
    if name != f"{indicator.code}.toml":
        raise CatalogueError(f'{name}: holds the code "{indicator.code}"')
    return indicator


def check_families(loaded: Iterable[Indicator]) -> None:
    """Raises CatalogueError where members of a family cannot be added up."""
    first: dict[str, Indicator] = {}
    for each in loaded:
        other = first.setdefault(each.family, each)
        if _rule_of(each) != _rule_of(other):
            raise CatalogueError(
                f"{each.code}.toml: differs from {other.code} in more than age, so "
                f'they are no family "{each.family}"'
            )


def check_parts(loaded: Iterable[Indicator]) -> None:
    """Raises CatalogueError where a need lies within one that is of others, or is none."""
    known = {each.code: each for each in loaded}
    for each in known.values():
        whole = known.get(each.within)
        if each.within and (
            whole is None
            or each.population.who != WOMEN
            or whole.within
            or (whole.population, whole.unknown, whole.sensitive)
            != (each.population, each.unknown, each.sensitive)
        ):
            raise CatalogueError(
                f'{each.code}.toml: cannot lie within "{each.within}": that must be an '
                "indicator of the same women, judged alike"
            )


def _rule_of(each: Indicator) -> tuple[object, ...]:
    window = each.population
    return (
        *(each.in_need, each.unknown, each.sensitive),
        *(window.who, window.moment, window.module),
        *(window.module_from, window.where),
    )


__all__ = [
    "CatalogueError",
    "Dimension",
    "Indicator",
    "RuleError",
    "Unknown",
    "check_families",
    "check_parts",
    "indicators",
    "read_indicator",
]

"""The indicators as data: one TOML file each, read and checked once.

All are shown as need: higher is worse. Where the standard counts the opposite, its own
definition stands in `standard.definition`.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from django.db.models import TextChoices
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from layers.indicators.observations import MODULES
from layers.indicators.rules import (
    Booleans,
    Columns,
    Condition,
    Floats,
    RuleError,
    read_condition,
)

LANGUAGES = ("ar", "en", "fr")


class Dimension(TextChoices):
    EDUCATION = "education", _("Education")
    EARLY_CHILDHOOD = "early_childhood", _("Early childhood")
    PROTECTION = "protection", _("Protection")
    WATER_SANITATION = "water_sanitation", _("Water and sanitation")
    HOUSING = "housing", _("Housing")


class Unknown(TextChoices):
    """What becomes of a child for whom the rule cannot be decided."""

    LEFT_OUT = "left_out", _("left out")
    NOT_IN_NEED = "not_in_need", _("counted as not in need")
    IN_NEED = "in_need", _("counted as in need")


class CatalogueError(ValueError):
    """A catalogue file that cannot be used; the message says which and why."""


@dataclass(frozen=True)
class Standard:
    name: str
    code: str
    other: str
    definition: str
    link: str
    own: bool = False
    """Ours, built from parts of the named standard."""

    @property
    def title(self) -> str:
        if self.own:
            return gettext("our own, after %(standard)s") % {"standard": self.name}
        return f"{self.name} {self.code}".strip()


@dataclass(frozen=True)
class Population:
    """An age window, both ends included, in completed months or years."""

    unit: str
    first: int
    last: int
    moment: str
    """"interview", or "school_year": the age at its beginning."""
    module: str

    @property
    def months(self) -> tuple[int, int]:
        """First month inside and first month after the window."""
        size = 12 if self.unit == "years" else 1
        return self.first * size, (self.last + 1) * size

    def holds(self, columns: Columns) -> Booleans:
        """(children,) who belong to it, whatever they answered."""
        age = columns["age_months"]
        if self.moment == "school_year":
            age = columns["school_age"] * 12
        start, end = self.months
        with np.errstate(invalid="ignore"):
            inside = (age >= start) & (age < end)
        return inside & (columns[self.module] > 0) if self.module else inside


@dataclass(frozen=True)
class Indicator:
    code: str
    version: int
    dimension: Dimension
    sensitive: bool
    family: str
    """Indicators of one family share a rule and differ in age: their counts add up."""
    titles: Mapping[str, str]
    descriptions: Mapping[str, str]
    standard: Standard
    population: Population
    unknown: Unknown
    in_need: Condition

    @property
    def title(self) -> str:
        return self.titles[_language()]

    @property
    def description(self) -> str:
        return self.descriptions[_language()]

    def answers(self, columns: Columns) -> Floats:
        """How many are in the population, of how many the rule is decided, and how many
        answered each of its variables, in the order of their names. They add up.
        """
        eligible = self.population.holds(columns)
        known = self.in_need.decide(columns).known[eligible]
        given = [
            ~np.isnan(columns[name][eligible])
            for name in sorted(self.in_need.variables)
        ]
        return np.array([len(known), *(part.sum() for part in (known, *given))], float)

    @staticmethod
    def asked(answers: Floats) -> bool:
        """Whether there can be a figure.

        There is none where a question that the rule needs was put to no child: the
        answers that happen to decide without it are all of one kind.
        """
        population, known, *given = answers
        return bool(known == population or min(given) > 0)

    def decide(self, columns: Columns) -> tuple[Booleans, Booleans]:
        """(children,) eligible and, among them, in need; nobody where it was not asked."""
        if self.asked(self.answers(columns)):
            return self.judge(columns)
        nobody = np.zeros(len(columns["age_months"]), dtype=bool)
        return nobody, nobody

    def judge(self, columns: Columns) -> tuple[Booleans, Booleans]:
        """(children,) eligible and in need, whatever the others were asked."""
        eligible = self.population.holds(columns)
        verdict = self.in_need.decide(columns)
        if self.unknown == Unknown.LEFT_OUT:
            eligible = eligible & verdict.known
        in_need = verdict.true
        if self.unknown == Unknown.IN_NEED:
            in_need = in_need | ~verdict.known
        return eligible, eligible & in_need


def _language() -> str:
    language = (get_language() or "ar")[:2]
    return language if language in LANGUAGES else "ar"


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
        indicator = _build(source)
    except KeyError as error:
        raise CatalogueError(f"{name}: {error} is missing") from error
    except (ValueError, TypeError) as error:
        raise CatalogueError(f"{name}: {error}") from error
    if name != f"{indicator.code}.toml":
        raise CatalogueError(f'{name}: holds the code "{indicator.code}"')
    return indicator


def _build(source: dict[str, Any]) -> Indicator:
    return Indicator(
        code=source["code"],
        version=int(source["version"]),
        dimension=Dimension(source["dimension"]),
        sensitive=bool(source["sensitive"]),
        family=source.get("family", source["code"]),
        titles=_three(source["title"]),
        descriptions=_three(source["description"]),
        standard=Standard(**source["standard"]),
        population=_population(source["population"]),
        unknown=Unknown(source["rule"]["unknown"]),
        in_need=read_condition(source["rule"]["in_need"]),
    )


def _three(texts: Mapping[str, str]) -> dict[str, str]:
    missing = [language for language in LANGUAGES if not texts.get(language)]
    if missing:
        raise ValueError(f"a text has no {', '.join(missing)}")
    return {language: texts[language] for language in LANGUAGES}


def _population(source: Mapping[str, Any]) -> Population:
    found = Population(
        unit=source["unit"],
        first=int(source["from"]),
        last=int(source["to"]),
        moment=source["moment"],
        module=source.get("module", ""),
    )
    if found.unit not in ("months", "years"):
        raise ValueError(f'ages are in months or years, not "{found.unit}"')
    if not 0 <= found.first <= found.last:
        raise ValueError("the age window is empty")
    if found.moment not in ("interview", "school_year"):
        raise ValueError(f'"{found.moment}" is no moment to take the age')
    if found.moment == "school_year" and found.unit != "years":
        raise ValueError("the age at the school year is in years")
    if found.module and found.module not in MODULES:
        raise ValueError(f'"{found.module}" is no module')
    return found


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


def _rule_of(each: Indicator) -> tuple[object, ...]:
    window = each.population
    return (each.in_need, each.unknown, each.sensitive, window.moment, window.module)


__all__ = [
    "CatalogueError",
    "Dimension",
    "Indicator",
    "RuleError",
    "Unknown",
    "check_families",
    "indicators",
    "read_indicator",
]

"""What an indicator is, and how one is read from the data of its definition.

All are shown as need: higher is worse. Where the standard counts the opposite, its own
definition stands in `standard.definition`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from django.db.models import TextChoices
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from layers.indicators.definitions.grammar import RuleError, read_condition
from layers.indicators.definitions.rules import Booleans, Columns, Condition, Floats
from layers.indicators.samples.observations import (
    AGES_OF_WOMEN,
    CHILDREN,
    LANGUAGES,
    MODULES,
    WOMEN,
)


class Dimension(TextChoices):
    EDUCATION = "education", _("Education")
    EARLY_CHILDHOOD = "early_childhood", _("Early childhood")
    HEALTH = "health", _("Health")
    NUTRITION = "nutrition", _("Nutrition")
    FOOD_SECURITY = "food_security", _("Food security")
    PROTECTION = "protection", _("Protection")
    FUNCTIONING = "functioning", _("Functioning and disability")
    WATER_SANITATION = "water_sanitation", _("Water and sanitation")
    HOUSING = "housing", _("Housing")
    SOCIAL_PROTECTION = "social_protection", _("Social protection")


class Unknown(TextChoices):
    """What becomes of a child for whom the rule cannot be decided."""

    LEFT_OUT = "left_out", _("left out")
    NOT_IN_NEED = "not_in_need", _("counted as not in need")
    IN_NEED = "in_need", _("counted as in need")


@dataclass(frozen=True)
class Standard:
    name: str
    code: str
    other: str
    link: str
    definitions: Mapping[str, str]
    """What the standard counts, by language; empty for a municipality's own indicator."""
    own: bool = False
    """Ours, built from parts of the named standard."""

    @property
    def definition(self) -> str:
        return self.definitions.get(spoken_language(), "")

    @property
    def title(self) -> str:
        if self.own and not self.name:
            return gettext("the municipality's own")
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
    module_from: int = 0
    """The age in years from which the module goes to selected children; all younger ones
    are asked."""
    where: Condition | None = None
    """What else a child must be; where that is unknown, it does not belong."""
    who: str = CHILDREN
    """CHILDREN, or WOMEN of AGES_OF_WOMEN: they are no children, and counted apart."""

    @property
    def months(self) -> tuple[int, int]:
        """First month inside and first month after the window."""
        size = 12 if self.unit == "years" else 1
        return self.first * size, (self.last + 1) * size

    def factor(self, columns: Columns) -> Floats | None:
        """(children,) how many each stands for by its module, NaN for one not selected;
        None where all children are asked.
        """
        if not self.module:
            return None
        factor = columns[self.module]
        if not self.module_from:
            return factor
        return np.where(columns["age_months"] < 12 * self.module_from, 1.0, factor)

    def holds(self, columns: Columns) -> Booleans:
        """(children,) who belong to it, whatever they answered."""
        age = columns["age_months"]
        if self.moment == "school_year":
            age = columns["school_age"] * 12
        start, end = self.months
        factor = self.factor(columns)
        with np.errstate(invalid="ignore"):
            inside = (age >= start) & (age < end)
            if factor is not None:
                inside &= factor > 0
        if self.where is not None:
            inside &= self.where.decide(columns).true
        return np.asarray(inside)


class Titled:
    """What has a title and a description in each language."""

    titles: Mapping[str, str]
    descriptions: Mapping[str, str]

    @property
    def title(self) -> str:
        return self.titles[spoken_language()]

    @property
    def description(self) -> str:
        return self.descriptions[spoken_language()]


@dataclass(frozen=True)
class Judgement:
    """An indicator's of N children."""

    eligible: Booleans
    """(N,)"""
    in_need: Booleans
    """(N,) of those that are eligible."""
    told: Booleans
    """(2 + variables, N) who is in the population, for whom of them the rule is decided,
    and who of them answered each of its variables, in the order of their names."""

    @property
    def answers(self) -> Floats:
        """(2 + variables,) how many these are. They add up."""
        return np.count_nonzero(self.told, axis=1).astype(np.float64)

    def of(self, children: slice) -> Self:
        return type(self)(
            self.eligible[children], self.in_need[children], self.told[:, children]
        )


def asked(answers: Floats) -> bool:
    """Whether there can be a figure, from `Judgement.answers`.

    There is none where a question that the rule needs was put to no child: the answers
    that happen to decide without it are all of one kind.
    """
    population, known, *given = answers
    return bool(known == population or min(given) > 0)


@dataclass(frozen=True)
class Indicator(Titled):
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
    notes: Mapping[str, str]
    """Why unknown answers are treated so and what else must be known, by language; may
    be empty.
    """
    own: bool = False
    """A municipality's own, made by a planner."""
    within: str = ""
    """The code of the indicator of women whose need this one's is a part of."""

    @property
    def identity(self) -> tuple[str, int]:
        """Figures are compared only where this is the same."""
        return self.code, self.version

    @property
    def note(self) -> str:
        return self.notes.get(spoken_language(), "")

    @property
    def variables(self) -> frozenset[str]:
        """All that the rule and the population ask for."""
        where = self.population.where
        return self.in_need.variables | (where.variables if where else frozenset())

    def decide(self, columns: Columns) -> tuple[Booleans, Booleans]:
        """(children,) eligible and, among them, in need; nobody where it was not asked."""
        found = self.judge(columns)
        if asked(found.answers):
            return found.eligible, found.in_need
        nobody = np.zeros_like(found.eligible)
        return nobody, nobody

    def judge(self, columns: Columns) -> Judgement:
        """Of each child, whatever the others were asked."""
        population = self.population.holds(columns)
        verdict = self.in_need.decide(columns)
        eligible, in_need = population, verdict.true
        if self.unknown == Unknown.LEFT_OUT:
            eligible = population & verdict.known
        if self.unknown == Unknown.IN_NEED:
            in_need = in_need | ~verdict.known
        given = [~np.isnan(columns[name]) for name in sorted(self.in_need.variables)]
        told = [population & each for each in (verdict.known, *given)]
        return Judgement(eligible, eligible & in_need, np.stack([population, *told]))


def spoken_language() -> str:
    language = (get_language() or "ar")[:2]
    return language if language in LANGUAGES else "ar"


def build_indicator(
    source: Mapping[str, Any],
    *,
    extra: frozenset[str] = frozenset(),
    own: bool = False,
) -> Indicator:
    """From the data of a definition, which may speak of the variables in `extra`.

    Raises KeyError for what is missing, ValueError or TypeError for what is wrong.
    """
    rule, terms = source["rule"], source.get("terms", {})
    population = population_of(source["population"], terms, extra)
    if own and population.who != CHILDREN:
        raise ValueError("a municipality's own indicator is about children")
    return Indicator(
        code=source["code"],
        version=int(source["version"]),
        dimension=Dimension(source["dimension"]),
        sensitive=bool(source["sensitive"]),
        family=source.get("family", source["code"]),
        titles=three_texts(source["title"]),
        descriptions=three_texts(source["description"]),
        standard=_standard(source["standard"], own=own),
        population=population,
        unknown=Unknown(rule["unknown"]),
        in_need=read_condition(
            rule["in_need"], terms=terms, extra=extra, who=population.who
        ),
        notes=three_texts(rule["note"]) if "note" in rule else {},
        own=own,
        within=source.get("within", ""),
    )


def _standard(source: Mapping[str, Any], *, own: bool) -> Standard:
    """A municipality's own indicator has its description alone."""
    said = {name: each for name, each in source.items() if name != "definition"}
    definitions = {} if own else three_texts(source["definition"])
    return Standard(definitions=definitions, **said)


def three_texts(texts: Mapping[str, str]) -> dict[str, str]:
    missing = [language for language in LANGUAGES if not texts.get(language)]
    if missing:
        raise ValueError(f"a text has no {', '.join(missing)}")
    return {language: texts[language] for language in LANGUAGES}


def population_of(
    source: Mapping[str, Any], terms: Mapping[str, Any], extra: frozenset[str]
) -> Population:
    where, who = source.get("where"), source.get("who", CHILDREN)
    found = Population(
        unit=source["unit"],
        first=int(source["from"]),
        last=int(source["to"]),
        moment=source["moment"],
        module=source.get("module", ""),
        module_from=int(source.get("module_from", 0)),
        where=read_condition(where, terms=terms, extra=extra, who=who)
        if where
        else None,
        who=who,
    )
    _check_population(found)
    return found


def _check_population(found: Population) -> None:
    if found.unit not in ("months", "years"):
        raise ValueError(f'ages are in months or years, not "{found.unit}"')
    if not 0 <= found.first <= found.last:
        raise ValueError("the age window is empty")
    _check_who(found)
    if found.moment not in ("interview", "school_year"):
        raise ValueError(f'"{found.moment}" is no moment to take the age')
    if found.moment == "school_year" and found.unit != "years":
        raise ValueError("the age at the school year is in years")
    if found.module and found.module not in MODULES:
        raise ValueError(f'"{found.module}" is no module')
    if found.module_from and not found.module:
        raise ValueError('"module_from" is the age at which a module begins; name it')


def _check_who(found: Population) -> None:
    if found.who not in (CHILDREN, WOMEN):
        raise ValueError(f'"{found.who}" are none that are asked about')
    asked_how = found.unit, found.moment, found.module
    ages = {found.first, found.last}
    if found.who == WOMEN and (
        asked_how != ("years", "interview", "") or not ages <= set(AGES_OF_WOMEN)
    ):
        raise ValueError("women are asked at the interview, at 20 to 24 years")


__all__ = ["Dimension", "Indicator", "Population", "RuleError", "Standard", "Unknown"]

"""A condition in words, from its data and the labels of its variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from layers.indicators.definitions.indicator import Population, spoken_language
from layers.indicators.definitions.means import MeanIndicator, Worse
from layers.indicators.definitions.rules import (
    All,
    Any_,
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
from layers.indicators.samples.observations import DESCRIBED, OF_WOMEN, WOMEN, Variable


class Labels(dict[str, str]):
    """By the variable's name; `yes_or_no` are those of which 1 and 0 are the answers."""

    yes_or_no: frozenset[str] = frozenset({"girl"})


@dataclass(frozen=True)
class Line:
    """A line of words, and what stands indented below it."""

    text: str
    parts: tuple[Line, ...] = ()


def variable_labels(own: Mapping[str, Variable] | None = None) -> Labels:
    """The label of each canonical variable, and of those in `own`, in the reader's
    language.
    """
    known = {**DESCRIBED, **OF_WOMEN, **(own or {})}
    language = spoken_language()
    basics = {
        "age_months": _("Age in months"),
        "age_years": _("Age in years"),
        "girl": _("Girl"),
    }
    labels = Labels(basics)
    labels.update({name: each.labels[language] for name, each in known.items()})
    asked = {name for name, each in known.items() if each.largest == 1}
    labels.yes_or_no = frozenset({"girl", *asked})
    return labels


def condition_words(condition: Condition, labels: Labels) -> Line:
    if isinstance(condition, All | Any_):
        heading = (
            _("All of these:") if isinstance(condition, All) else _("Any of these:")
        )
        return Line(
            heading, tuple(condition_words(part, labels) for part in condition.parts)
        )
    if isinstance(condition, ByAge):
        bands = tuple(
            Line(
                _("at %(ages)s: %(bounds)s")
                % {
                    "ages": _ages(condition.age, band.first, band.last),
                    "bounds": bounds_words(band.bounds),
                }
            )
            for band in condition.bands
        )
        number = number_words(condition.number, labels)
        return Line(number.text, (*bands, *number.parts))
    return _comparison_words(condition, labels)


def _comparison_words(condition: Comparison, labels: Labels) -> Line:
    number, bounds = condition.number, condition.bounds
    if (
        isinstance(number, Value)
        and number.name in labels.yes_or_no
        and bounds[0][0] == "is"
    ):
        answer = _("yes") if bounds[0][1] else _("no")
        return Line(_pair(labels.get(number.name, number.name), answer))
    said = number_words(number, labels)
    text = said.text
    if condition.per:
        text = _("%(first)s, for each of: %(second)s") % {
            "first": text,
            "second": labels.get(condition.per, condition.per),
        }
    return Line(_pair(text, bounds_words(bounds)), said.parts)


def _pair(name: str, value: str) -> str:
    return _("%(name)s: %(value)s") % {"name": name, "value": value}


def number_words(number: Number, labels: Labels) -> Line:
    if isinstance(number, Value):
        return Line(labels.get(number.name, number.name))
    if isinstance(number, Sum):
        return Line(_("Sum"), tuple(_part(*each, labels) for each in number.parts))
    if isinstance(number, Count):
        parts = tuple(condition_words(each, labels) for each in number.conditions)
        return Line(_("How many of these"), parts)
    return Line(_("The worst of these"), _steps(number, labels))


def _steps(number: Worst, labels: Labels) -> tuple[Line, ...]:
    return tuple(
        Line(
            _("counts as %(score)s:") % {"score": _plain(score)},
            (condition_words(each, labels),),
        )
        for score, each in number.steps
    )


def _part(number: Number, times: float, labels: Labels) -> Line:
    said = number_words(number, labels)
    if times == 1:
        return said
    return Line(f"{said.text} × {_plain(times)}", said.parts)


def bounds_words(bounds: Bounds) -> str:
    words = {
        "is": _("exactly %s"),
        "at_least": _("%s or more"),
        "above": _("more than %s"),
        "at_most": _("%s or less"),
        "below": _("less than %s"),
    }
    return ", ".join(words[name] % _plain(bound) for name, bound in bounds)


def _plain(number: float) -> str:
    return str(
        number_format(
            int(number) if number == int(number) else number, force_grouping=True
        )
    )


def _ages(age: str, first: int, last: int) -> str:
    if age == "age_years":
        return years_words(first, last)
    return _("%(first)d to %(last)d months") % {"first": first, "last": last}


def years_words(first: int, last: int) -> str:
    return _("%(first)d to %(last)d years") % {"first": first, "last": last}


def population_words(population: Population) -> str:
    """Which children or women are asked about, without `where`."""
    if population.unit == "months":
        said = _ages("age_months", population.first, population.last)
    else:
        said = years_words(population.first, population.last)
    if population.who == WOMEN:
        return _("Women of %(ages)s") % {"ages": said}
    parts = [_("Children of %(ages)s") % {"ages": said}]
    if population.moment == "school_year":
        parts.append(_("at the beginning of the school year"))
    if population.module:
        parts.append(
            ngettext(
                "from %(age)d year: one selected child of each household, who stands for all of them",
                "from %(age)d years: one selected child of each household, who stands for all of them",
                population.module_from or 5,
            )
            % {"age": population.module_from or 5}
        )
    return "; ".join(parts) if population.module else " ".join(parts)


def number_of(mean: MeanIndicator, value: float, *, more: int = 0) -> str:
    """With the decimals of published means, and `more`."""
    return str(
        number_format(value, decimal_pos=mean.digits + more, force_grouping=True)
    )


def amount_words(mean: MeanIndicator, value: float) -> str:
    """For example: 25 minutes."""
    said = {"number": number_of(mean, value), "unit": mean.unit}
    return _("%(number)s %(unit)s") % said


def between_words(mean: MeanIndicator, low: float, high: float) -> str:
    said = {"low": number_of(mean, low), "high": number_of(mean, high)}
    return _("between %(low)s and %(high)s") % said


def mean_words(mean: MeanIndicator, labels: Labels) -> Line:
    """What is taken the mean of, and which answers count."""
    limits = {
        "least": _plain(mean.least),
        "most": _plain(mean.most),
        "unit": mean.unit,
    }
    counted = _(
        "answers from %(least)s to %(most)s %(unit)s; others count as not known"
    )
    worse = _("a high mean is the need")
    if mean.worse == Worse.LOWER:
        worse = _("a low mean is the need")
    return Line(
        _("Mean of: %s") % labels.get(mean.number, mean.number),
        (Line(counted % limits), Line(worse)),
    )

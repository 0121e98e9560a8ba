"""A figure in the words of maps, tables and legends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import ngettext

from layers.indicators.models import Estimate
from layers.indicators.samples.people import OF_CHILDREN, People

Flag = Estimate.Flag


def out_of_100(share: float | None) -> int | None:
    return None if share is None else round(100 * share)


def steps(ends: Iterable[int]) -> list[dict[str, Any]]:
    """The classes from low to high, each with its own limits."""
    found, start = [], 0
    for end in ends:
        label = str(end) if start >= end else f"{start}–{end}"
        found.append({"from": start, "to": end, "label": label})
        start = end + 1
    return found


def keys(
    figures: Iterable[Mapping[str, Any]], people: People = OF_CHILDREN
) -> list[dict[str, str]]:
    """The signs beside the classes that this map needs, each with its words."""
    there = {each["flag"] for each in figures}
    signs = {
        Flag.UNCERTAIN: people.uncertain,
        Flag.WITHHELD: people.withheld,
        Flag.NO_DATA: people.nobody,
    }
    return [
        {"flag": str(flag), "label": label}
        for flag, label in signs.items()
        if flag in there
    ]


def households_asked(households: int) -> str:
    return ngettext("%(count)s household", "%(count)s households", households) % {
        "count": number_format(households, force_grouping=True)
    }

"""Groups of children that a release has figures for, as the desk lists them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from layers.indicators.groups.breakdowns import DIMENSIONS, dimensions_of, label_of
from layers.indicators.models import Release
from layers.indicators.releases import keys_in


@dataclass(frozen=True)
class Group:
    key: str
    """One of `breakdowns`."""
    title: str
    dimension: str
    """What sets the group apart."""


def groups_in(release: Release) -> list[Group]:
    """The groups that zones have figures of, everybody first."""
    return [group(key) for key in keys_in(release, by_zone=True)]


def group(key: str) -> Group:
    names = [DIMENSIONS[name].label for name in dimensions_of(key)]
    return Group(key, label_of(key), " × ".join(names) or _("everybody"))


def by_dimension(groups: Iterable[Group]) -> dict[str, list[Group]]:
    """For a list to choose from, under headings."""
    found: dict[str, list[Group]] = {}
    for each in groups:
        found.setdefault(str(capfirst(each.dimension)), []).append(each)
    return found

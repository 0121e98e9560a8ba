"""Groups of children that a release has figures for, by what sets them apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from layers.indicators.models import Estimate, Release

EVERYBODY = Estimate.Breakdown.ALL.value
DIMENSIONS = {
    "sex": gettext_lazy("sex"),
    "age": gettext_lazy("age"),
    "wealth": gettext_lazy("wealth"),
    "disability": gettext_lazy("disability"),
    "nationality": gettext_lazy("nationality"),
    "area": gettext_lazy("area"),
}


@dataclass(frozen=True)
class Group:
    """`key` as figures bear it: "all", or parts such as "sex:female" joined by "+"."""

    key: str
    title: str
    dimension: str


def groups_in(release: Release, indicator: str) -> list[Group]:
    """The groups of an indicator, everybody first, then by dimension."""
    rows = Estimate.objects.of_release(release).of_indicator(indicator).of_town()
    keys = rows.order_by().values_list("breakdown", flat=True).distinct()
    return sorted(map(group, keys), key=_order)


def group(key: str) -> Group:
    return Group(key, title(key), dimension(key))


def title(key: str) -> str:
    known = dict(Estimate.Breakdown.choices)
    if key in known:
        return str(known[key])
    return " · ".join(str(known.get(part, _plain(part))) for part in key.split("+"))


def _plain(part: str) -> str:
    name, _colon, value = part.partition(":")
    return f"{DIMENSIONS.get(name, name)} {value}"


def dimension(key: str) -> str:
    """What sets the group apart; two things crossed are named with a sign between."""
    if key == EVERYBODY:
        return _("everybody")
    names = (part.partition(":")[0] for part in key.split("+"))
    return " × ".join(str(DIMENSIONS.get(name, name)) for name in names)


def _order(each: Group) -> tuple[int, str, str]:
    if each.key == EVERYBODY:
        return (0, "", "")
    return (1 + each.key.count("+"), each.key.partition(":")[0], each.key)


def by_dimension(groups: Iterable[Group]) -> dict[str, list[Group]]:
    """For a list to choose from, under headings."""
    found: dict[str, list[Group]] = {}
    for each in groups:
        found.setdefault(str(capfirst(each.dimension)), []).append(each)
    return found

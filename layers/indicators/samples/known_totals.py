"""Known totals of children, from a register or a census, that a round's weights are drawn to.

Two margins: the children of each zone, and those of each sex and age band. Either may be
left out; with one margin the weights are post-stratified, with both they are raked.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from layers.indicators.errors import UnlikeTotals
from layers.indicators.groups.breakdowns import DIMENSIONS, crossed, label_of

ZONE, SEX_AGE = "zone", "sex_age"
MARGINS = (ZONE, SEX_AGE)
KnownTotals = Mapping[str, Mapping[str, float]]
"""By margin: children by the zone's code, or by the key of a sex and age band."""

AGREE = 0.01
"""How far the sums of the two margins may be from each other; the zones' is then taken."""
MOST = 10_000_000
NAMED = 3
"""Categories that an error names, before it counts the others."""
BAND_STARTS = tuple(int(code.split("-")[0]) for code in DIMENSIONS["age"].categories)
"""In completed years."""
SEX_AGE_KEYS = tuple(
    crossed(sex, age)
    for sex in DIMENSIONS["sex"].keys
    for age in DIMENSIONS["age"].keys
)
"""Girls first, each from the youngest band."""


def check_totals(totals: KnownTotals) -> None:
    """Raises UnlikeTotals for a number that is none, a band left out, or different sums."""
    for margin, each in totals.items():
        for key, value in each.items():
            if not (math.isfinite(value) and 0 < value <= MOST):
                raise UnlikeTotals(
                    _("The total of %(name)s must be above zero. Correct it.")
                    % {"name": name_of(margin, key)},
                    code="bad_total",
                )
    if totals.get(SEX_AGE):
        refuse_unlike(SEX_AGE, set(SEX_AGE_KEYS), set(totals[SEX_AGE]))
    sums = [sum(each.values()) for each in totals.values()]
    if len(sums) == len(MARGINS) and abs(sums[1] / sums[0] - 1.0) > AGREE:
        raise UnlikeTotals(
            _(
                "The zones have %(zones)s children together, the sexes and ages "
                "%(ages)s. They may differ by 1 of 100. Correct one of the two tables."
            )
            % {
                "zones": round(sum(totals[ZONE].values())),
                "ages": round(sum(totals[SEX_AGE].values())),
            },
            code="different_sums",
        )


def scaled(totals: KnownTotals) -> dict[str, dict[str, float]]:
    """With the same sum: that of the zones, where both margins are there."""
    named = {margin: dict(totals[margin]) for margin in MARGINS if totals.get(margin)}
    first = sum(next(iter(named.values())).values())
    return {
        margin: {key: value * first / sum(each.values()) for key, value in each.items()}
        for margin, each in named.items()
    }


def refuse_unlike(margin: str, asked: Collection[str], known: Collection[str]) -> None:
    """Raises UnlikeTotals where a category with children has no total, or the reverse."""
    if lost := sorted(set(asked) - set(known)):
        raise UnlikeTotals(
            ngettext(
                "There is no known total for %(names)s. Give one.",
                "There are no known totals for %(names)s. Give one for each.",
                len(lost),
            )
            % {"names": _named(margin, lost)},
            code="total_missing",
        )
    if lost := sorted(set(known) - set(asked)):
        raise UnlikeTotals(
            ngettext(
                "No child of %(names)s was asked, so nobody can stand for its total. "
                "Take this total out, or leave the table out.",
                "No children of %(names)s were asked, so nobody can stand for their "
                "totals. Take these totals out, or leave the table out.",
                len(lost),
            )
            % {"names": _named(margin, lost)},
            code="nobody_asked",
        )


def _named(margin: str, keys: list[str]) -> str:
    shown = ", ".join(name_of(margin, key) for key in keys[:NAMED])
    return f"{shown} (+ {len(keys) - NAMED})" if len(keys) > NAMED else shown


def name_of(margin: str, key: str) -> str:
    """A zone by its code, a group of children in the reader's language."""
    return key if margin == ZONE else label_of(key)


def told_of(totals: KnownTotals) -> dict[str, Any]:
    """What a release says of them: which margins, and how many children in all."""
    if not totals:
        return {}
    named = scaled(totals)
    return {
        "margins": list(named),
        "children": round(sum(next(iter(named.values())).values())),
    }


def sentence(told: Mapping[str, Any]) -> str:
    """For a reader of the figures; empty where they were weighted by no known total."""
    if not told:
        return ""
    margins = {
        (ZONE,): _("by zone"),
        (SEX_AGE,): _("by sex and age"),
        MARGINS: _("by zone, and by sex and age"),
    }
    return _(
        "Weighted to the known number of children %(margins)s, %(children)s in all; "
        "standard errors are those of calibrated estimates."
    ) % {
        "margins": margins[tuple(told["margins"])],
        "children": told["children"],
    }

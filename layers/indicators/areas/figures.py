"""Figures of larger areas, protected in one table with those of zones and the town.

Told of all children, girls and boys. Figures of all children of parents are protected
with the zones, the zones giving way first, unless these would lose more figures than
parents gain. All others are added to the finished table; where one would give a withheld
figure away it is withheld itself, so none costs a zone its figure.

Shapes: M members of a family, B breakdowns, E areas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from layers.indicators import maths
from layers.indicators.areas.levels import Area, Areas, told_of, unit_area
from layers.indicators.definitions.indicator import Indicator
from layers.indicators.disclosure import suppression
from layers.indicators.estimator import BREAKDOWNS, Estimated, Estimator
from layers.indicators.figures import (
    Family,
    Figure,
    family_membership,
    family_table,
    finished,
    members_of,
    rule_of,
    told_figures,
)
from layers.indicators.samples.sample import Sample

Reasons = NDArray[np.str_]


@dataclass(frozen=True)
class Tier:
    """Areas that share no zone, and the members' estimates of them."""

    areas: Sequence[Area]
    unit_area: maths.Integers
    """(U,)"""
    members: list[Estimated]
    """Arrays (B, E + 2): the areas, households in none, and the town."""

    def table(self, zones: int) -> suppression.Table:
        size, indicators = len(self.areas), [each.indicator for each in self.members]
        inside = np.zeros((size, zones), dtype=bool)
        for number, area in enumerate(self.areas):
            inside[number, list(area.places)] = True
        return suppression.area_table(
            groups=family_membership(indicators),
            areas=inside,
            count=np.vstack([each.found.count[:, :size] for each in self.members]),
            affected=np.vstack(
                [each.found.affected[:, :size] for each in self.members]
            ),
            households=np.vstack([each.households[:, :size] for each in self.members]),
        )


@dataclass(frozen=True)
class ToldTier(Tier):
    """And what may be told of them."""

    reasons: np.ndarray
    """(M, B, E)"""

    def figures(self) -> Iterator[tuple[Area, Figure]]:
        # Those in no area and the town are told elsewhere, or not at all.
        columns = (*self.areas, None, None)
        for estimated, reasons in zip(self.members, self.reasons, strict=True):
            row = np.pad(
                reasons, ((0, 0), (0, 2)), constant_values=suppression.PROTECTS_OTHERS
            )
            found = told_figures((None,) * len(columns[1:]), BREAKDOWNS, estimated, row)
            named = zip(cycle(columns), found, strict=False)
            yield from ((area, figure) for area, figure in named if area)


@dataclass
class Estimators:
    """One for each way to cut the sample, kept from one family to the next."""

    sample: Sample
    known: dict[tuple, tuple[maths.Integers, Estimator]] = field(default_factory=dict)

    def tier(self, areas: Sequence[Area], indicators: Sequence[Indicator]) -> Tier:
        key = tuple(each.key for each in areas)
        if key not in self.known:
            place = unit_area(self.sample, areas)
            estimator = Estimator(self.sample, place, len(areas) + 1)
            self.known[key] = place, estimator
        place, estimator = self.known[key]
        members = [estimator.estimate(each) for each in indicators]
        return Tier(areas, place, members)


def families_with_areas(
    sample: Sample, indicators: Iterable[Indicator], areas: Areas
) -> Iterator[Family]:
    estimators = Estimators(sample)
    for members in members_of(sample, indicators):
        yield _family(sample, members, areas, estimators)


def _family(
    sample: Sample, members: list[Estimated], areas: Areas, estimators: Estimators
) -> Family:
    indicators = [each.indicator for each in members]
    tiers = [estimators.tier(level, indicators) for level in areas.parents]
    table, rule = family_table(members), rule_of(members)
    base = len(table.count)
    for tier in tiers:
        table = table.joined(tier.table(len(sample.zones)))
    reasons = _protected(table, base, rule)
    whole = reasons[:base].reshape(len(members), len(BREAKDOWNS), -1)[:, 0, -1] == ""
    town = [each for each, told in zip(members, whole, strict=True) if told]
    counts, shares = (
        np.array([getattr(each.found, name)[0, -1] for each in town])
        for name in ("count", "estimate")
    )
    merged = areas.regions(indicators[0].family, told_of(counts, shares))
    if merged:
        tiers.append(estimators.tier(merged, indicators))
        table = table.joined(tiers[-1].table(len(sample.zones)))
        known = np.arange(len(table.count)) < len(reasons)
        reasons = _added(table, known, reasons, rule)
    return finished(sample, members, table, reasons, _told(tiers, reasons[base:]))


def _protected(table: suppression.Table, base: int, rule: suppression.Rule) -> Reasons:
    """With parents from the start, or, where zones and the town would lose more figures
    than parents gain, added to the finished table; `base` cells are of zones and the town.

    A parent's group of one to four children is kept secret in either way.
    """
    zones = np.arange(len(table.count)) < base
    few = suppression.gives_group_away(table.affected, rule)
    few |= suppression.gives_group_away(table.unaffected, rule)
    all_children = table.breakdown % len(BREAKDOWNS) == 0
    always = zones | (few & (table.count > 0))
    ways = [always | all_children, always] if base < len(zones) else [zones]
    found = [(suppression.withheld(table.part(first), rule), first) for first in ways]
    known, first = max(found, key=lambda way: int((way[0] == "").sum()))
    return _added(table, first, known, rule)


def _added(
    table: suppression.Table,
    first: maths.Booleans,
    known: Reasons,
    rule: suppression.Rule,
) -> Reasons:
    """The reasons of all cells; those of the `first` ones are known and stay.

    What is too rough to be added is a sum of zones, which keep their own secrets: it is
    not told, and not protected either.
    """
    found = suppression.primary(table, rule).astype("<U20")
    rough = ~first & ~np.isin(found, ["", suppression.NO_DATA])
    found[rough] = suppression.PROTECTS_OTHERS
    found[first] = known
    seen = np.isin(found, ["", suppression.NO_DATA])
    hidden = ~seen
    hidden[~rough] = suppression.without_harm(
        table.part(~rough), ~seen[~rough], rule, ~first[~rough]
    )
    found[hidden & seen] = suppression.PROTECTS_OTHERS
    return found


def _told(tiers: Sequence[Tier], reasons: np.ndarray) -> list[ToldTier]:
    """`reasons` of their cells, one tier after another."""
    found = []
    for tier in tiers:
        shape = len(tier.members), len(BREAKDOWNS), len(tier.areas)
        mine = reasons[: np.prod(shape)].reshape(shape)
        found.append(ToldTier(tier.areas, tier.unit_area, tier.members, mine))
        reasons = reasons[np.prod(shape) :]
    return found

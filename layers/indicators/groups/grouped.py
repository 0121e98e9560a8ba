"""Figures of groups: each dimension by zone and for the town, two crossed for the town.

Only what can be said is told: a table of which nothing may be published has no figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from layers.geography.models import Zone
from layers.indicators import maths
from layers.indicators.definitions.indicator import Indicator
from layers.indicators.disclosure.group_counts import SEX, Counted, Pair
from layers.indicators.disclosure.group_differences import Said
from layers.indicators.disclosure.group_parts import WHOLE
from layers.indicators.disclosure.group_protection import Protection
from layers.indicators.estimator import Estimated, Estimator, Grouping
from layers.indicators.figures import Figure, Tier, told_figures
from layers.indicators.groups.breakdowns import BETWEEN, DIMENSIONS, PAIRS, crossed
from layers.indicators.groups.family_children import FamilyChildren, widest_of
from layers.indicators.groups.membership import categories_of, factor_of
from layers.indicators.samples.sample import Sample


@dataclass(frozen=True)
class Groups:
    """The groupings of a sample, made once for all indicators."""

    sample: Sample
    categories: Mapping[str, maths.Integers]
    """(children,) by dimension that tells two groups apart at least."""

    @classmethod
    def of(cls, sample: Sample) -> Groups:
        told = {
            name: group
            for name, group in categories_of(sample).items()
            if len(np.unique(group[group >= 0])) > 1
        }
        return cls(sample, told)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return [pair for pair in PAIRS if set(pair) <= set(self.categories)]

    @cached_property
    def by_dimension(self) -> dict[str, Grouping]:
        return {
            name: Grouping(
                group,
                np.eye(len(DIMENSIONS[name].categories)),
                factor_of(name, self.sample),
            )
            for name, group in self.categories.items()
        }

    def across(self, pair: tuple[str, str]) -> Grouping:
        first, second = (self.categories[name] for name in pair)
        width = len(DIMENSIONS[pair[1]].categories)
        size = len(DIMENSIONS[pair[0]].categories) * width
        both = np.where((first < 0) | (second < 0), -1, first * width + second)
        factors = [factor_of(name, self.sample) for name in pair]
        factor = next((each for each in factors if each is not None), None)
        return Grouping(both, np.eye(size), factor, by_zone=False)


@dataclass(frozen=True)
class GroupTable:
    """What is told of one dimension, or of two crossed; reasons as in `Counted`."""

    indicator: Indicator
    name: str
    """For example "wealth", or "sex+wealth"."""
    keys: tuple[str, ...]
    zones: tuple[Zone, ...]
    """Of the rows but the last, which is the town; none for two crossed."""
    table: Counted
    estimator: Estimator
    grouping: Grouping
    part: int = WHOLE
    """Of the family's parts by age, where it is one of theirs."""

    @property
    def place_in_family(self) -> str:
        """For example "wealth", or "edu_oos_primary/wealth" of a part."""
        own = "" if self.part == WHOLE else f"{self.indicator.code}/"
        return own + self.name

    @property
    def pair(self) -> str | Pair:
        """The dimension, or the two that are crossed."""
        if not self.is_crossed:
            return self.name
        first, second = self.name.split(BETWEEN)
        return first, second

    @cached_property
    def estimated(self) -> Estimated:
        return self.estimator.estimate(self.indicator, self.grouping)

    @property
    def is_crossed(self) -> bool:
        return not self.zones

    def by_key(self, cells: np.ndarray) -> np.ndarray:
        """(keys, zones + 1) of what has the shape of the table's reasons."""
        return cells[:-1].reshape(-1, 1) if self.is_crossed else cells.T

    def figures(self) -> Iterator[Figure]:
        """Of every key, for each zone and the town."""
        reasons = self.by_key(self.table.reasons)
        yield from told_figures(self.zones, self.keys, self.estimated, reasons)

    @property
    def said(self) -> Said:
        table = self.table
        return Said(
            places=tuple(zone.pk for zone in self.zones),
            count=table.count,
            affected=table.affected,
            fresh=table.told[:, :-1],
        )

    def place(self, row: int, column: int) -> dict[str, Any]:
        """Of a cell of the table: its breakdown, and its zone's key (None: the town)."""
        if self.is_crossed:
            key = self.keys[row * self.table.reasons.shape[1] + column]
            return {"breakdown": key, "zone": None}
        zone = self.zones[row].pk if row < len(self.zones) else None
        return {"breakdown": self.keys[column], "zone": zone}


@dataclass(frozen=True)
class GroupedFamily:
    """The tables of one family: of its member that all others are part of, and after
    those the tables of the parts."""

    tables: list[GroupTable]
    protection: Protection | None
    widest: int = 0
    """Which member of the family all others are part of."""
    parts: tuple[int, ...] = ()
    """Which members have tables of their own, the youngest first."""

    def of_whole(self) -> list[GroupTable]:
        return [table for table in self.tables if table.part == WHOLE]

    def of_parts(self, name: str) -> list[GroupTable]:
        """Their tables of that name, the youngest first."""
        return [x for x in self.tables if x.part != WHOLE and x.name == name]

    def given_away(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """By table's place in the family, cells that the finished pattern does not keep
        open: the audit."""
        if self.protection is not None:
            places = {(x.part, x.pair): x.place_in_family for x in self.tables}
            for part, name, row, column in self.protection.closed():
                yield places[part, name], (row, column)


def grouped(
    groups: Groups,
    estimator: Estimator,
    members: Sequence[Estimated],
    reasons: np.ndarray,
    tiers: Sequence[Tier] = (),
) -> GroupedFamily:
    """`reasons` (members, breakdowns, zones + 1) of all children, girls and boys; `tiers`
    are of larger areas.
    """
    widest = widest_of(members)
    if widest is None:
        return GroupedFamily([], None)
    indicator = members[widest].indicator
    if not groups.sample.decide(indicator)[0].any():
        return GroupedFamily([], None)
    family = FamilyChildren(
        groups.sample, groups.categories, members, reasons, widest, tiers
    )
    protection = Protection(family.given())
    protection.run([name for name in groups.categories if name != SEX], groups.pairs)
    making = _Making(groups, estimator)
    tables = list(making.of(indicator, WHOLE, protection.zones, protection.pairs))
    for part, member in enumerate(family.parts):
        rows = {name: each[part] for name, each in protection.parts.rows.items()}
        pairs = {pair: each[part] for pair, each in protection.parts.pairs.items()}
        tables += making.of(members[member].indicator, part, rows, pairs)
    return GroupedFamily(tables, protection, widest, family.parts)


@dataclass(frozen=True)
class _Making:
    groups: Groups
    estimator: Estimator

    def of(
        self,
        indicator: Indicator,
        part: int,
        rows: Mapping[str, Counted],
        pairs: Mapping[Pair, Counted],
    ) -> Iterator[GroupTable]:
        for name, table in rows.items():
            keys = tuple(DIMENSIONS[name].keys)
            zones, by = self.groups.sample.zones, self.groups.by_dimension[name]
            yield GroupTable(
                indicator, name, keys, zones, table, self.estimator, by, part
            )
        for pair, table in pairs.items():
            keys = tuple(
                crossed(one, other)
                for one in DIMENSIONS[pair[0]].keys
                for other in DIMENSIONS[pair[1]].keys
            )
            by = self.groups.across(pair)
            yield GroupTable(
                indicator, crossed(*pair), keys, (), table, self.estimator, by, part
            )

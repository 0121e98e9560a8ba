"""Figures of groups: each dimension by zone and for the town, two crossed for the town.

Only what can be said is told: a table of which nothing may be published has no figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from layers.geography.models import Zone
from layers.indicators import maths
from layers.indicators.breakdowns import DIMENSIONS, PAIRS, crossed
from layers.indicators.definitions.indicator import Indicator
from layers.indicators.disclosure import suppression
from layers.indicators.disclosure.group_counts import (
    BAND,
    COHORT,
    SEX,
    SITE,
    ZONE,
    Counted,
    Given,
    Larger,
)
from layers.indicators.disclosure.group_differences import Said
from layers.indicators.disclosure.group_protection import Protection
from layers.indicators.figures import (
    BREAKDOWNS,
    Estimated,
    Estimator,
    Figure,
    Grouping,
    Tier,
    bands,
    rule_of,
    told_figures,
    windows,
)
from layers.indicators.groups import categories_of, factor_of
from layers.indicators.sample import Sample

UNSAFE = (
    suppression.FEW_CHILDREN,
    suppression.FEW_HOUSEHOLDS,
    suppression.FEW_AFFECTED,
)
TOLD = ("", suppression.NO_DATA)


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
    """The tables of one family: of its member that all others are part of."""

    tables: list[GroupTable]
    protection: Protection | None
    widest: int = 0
    """Which member of the family the tables are of."""

    def given_away(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """By table, cells that the finished pattern does not keep open: the audit."""
        if self.protection is not None:
            for (first, second), cell in self.protection.closed():
                yield second if first == ZONE else crossed(first, second), cell


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
    widest = _widest(members)
    if widest is None:
        return GroupedFamily([], None)
    indicator = members[widest].indicator
    eligible, in_need = groups.sample.decide(indicator)
    if not eligible.any():
        return GroupedFamily([], None)
    given = _given(groups, members, reasons, widest, (eligible, in_need))
    home = groups.sample.child_unit[eligible]
    areas = [tier.unit_area[home] for tier in tiers]
    protection = Protection(_with_areas(given, members, tiers, areas))
    protection.run([name for name in groups.categories if name != SEX], groups.pairs)
    zones = groups.sample.zones
    tables = [
        GroupTable(
            indicator,
            name,
            tuple(DIMENSIONS[name].keys),
            zones,
            table,
            estimator,
            groups.by_dimension[name],
        )
        for name, table in protection.zones.items()
    ]
    tables += [
        GroupTable(
            indicator,
            crossed(*pair),
            tuple(
                crossed(one, other)
                for one in DIMENSIONS[pair[0]].keys
                for other in DIMENSIONS[pair[1]].keys
            ),
            (),
            table,
            estimator,
            groups.across(pair),
        )
        for pair, table in protection.pairs.items()
    ]
    return GroupedFamily(tables, protection, widest)


def _widest(members: Sequence[Estimated]) -> int | None:
    """The member whose ages are those of the whole family; None without one."""
    ages = windows(list(members))
    whole = min(start for start, _end in ages), max(end for _start, end in ages)
    return ages.index(whole) if whole in ages else None


def _given(
    groups: Groups,
    members: Sequence[Estimated],
    reasons: np.ndarray,
    widest: int,
    judged: tuple[maths.Booleans, maths.Booleans],
) -> Given:
    sample, (eligible, in_need) = groups.sample, judged
    chosen = np.flatnonzero(eligible)
    zone = sample.unit_zone[sample.child_unit][chosen]
    all_bands = bands(windows(list(members)))
    band = _band_of(sample, members[widest].indicator, all_bands)[chosen]
    sex = sample.child_group[chosen]
    sizes = {name: len(DIMENSIONS[name].categories) for name in groups.categories}
    told = np.isin(reasons, TOLD)
    rule = rule_of(list(members))
    sex_hidden, sex_secrets = _sexes(members, reasons[..., :-1])
    return Given(
        places={
            **{
                name: np.where(group < 0, sizes[name], group)[chosen]
                for name, group in groups.categories.items()
            },
            ZONE: zone,
            BAND: band,
            SEX: sex,
            COHORT: band * 2 + sex,
            SITE: zone * len(all_bands) + band,
        },
        unit=sample.child_unit[chosen],
        in_need=in_need[chosen],
        sizes={**sizes, SEX: 2, ZONE: len(sample.zones)},
        rules={
            name: suppression.SENSITIVE if DIMENSIONS[name].sensitive else rule
            for name in (*groups.categories, SEX)
        },
        unasked=frozenset(name for name in sizes if DIMENSIONS[name].asked),
        open_rows=np.asarray(told[:, 0].all(axis=0)),
        sex_told=told[widest, 1:].T,
        sex_hidden=sex_hidden,
        sex_secrets=sex_secrets,
    )


def _with_areas(
    given: Given,
    members: Sequence[Estimated],
    tiers: Sequence[Tier],
    areas: Sequence[maths.Integers],
) -> Given:
    """`areas` (tiers, N) are the children's, the last number for those in none."""
    found, places = [], dict(given.places)
    for number, (tier, area) in enumerate(zip(tiers, areas, strict=True)):
        hidden, secrets = _sexes(members, tier.reasons)
        somewhere = np.pad(hidden, ((0, 1), (0, 0), (0, 0)), constant_values=True)
        each = Larger(f"area {number}", f"site {number}", somewhere, secrets)
        places |= {
            each.area: area,
            each.site: area * hidden.shape[1] + given.places[BAND],
        }
        found.append(each)
    return replace(given, places=places, larger=found)


def _sexes(
    members: Sequence[Estimated], reasons: np.ndarray
) -> tuple[np.ndarray, list[tuple[frozenset[int], int, int]]]:
    """(places, bands, 2) where no figure of girls or boys that holds the band is told, by
    `reasons` (members, breakdowns, places); the bands, place and sex of the secret ones.
    """
    ages = windows(list(members))
    holds = np.array(
        [[start <= first < end for first, _ in bands(ages)] for start, end in ages]
    )
    of_sex = reasons[:, 1 : len(BREAKDOWNS)]
    says = np.isin(of_sex, TOLD)[:, None] & holds[:, :, None, None]
    hidden = ~says.any(axis=0).transpose(2, 0, 1)
    secrets = [
        (frozenset(np.flatnonzero(holds[member]).tolist()), int(at), int(row))
        for member, row, at in np.argwhere(np.isin(of_sex, UNSAFE))
    ]
    return hidden, secrets


def _band_of(
    sample: Sample, indicator: Indicator, all_bands: Sequence[tuple[int, int]]
) -> maths.Integers:
    """(children,) in which of the family's age bands; of no meaning outside of them."""
    age = sample.columns["age_months"]
    if indicator.population.moment == "school_year":
        age = sample.columns["school_age"] * 12
    inner = [first for first, _after in all_bands[1:]]
    return np.digitize(age, inner) if inner else np.zeros(len(age), dtype=np.int64)

"""From a sample to the figures that may be published."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from layers.geography.models import Zone
from layers.indicators import maths
from layers.indicators.areas.levels import Area
from layers.indicators.catalogue import Indicator
from layers.indicators.disclosure import suppression
from layers.indicators.disclosure.differencing import Issued
from layers.indicators.estimator import (
    BREAKDOWNS,
    MEMBERSHIP,
    Estimated,
    Estimator,
    tells,
)
from layers.indicators.models import Estimate
from layers.indicators.samples.sample import Sample

FLAG, REASON = Estimate.Flag, Estimate.Reason

Named = Sequence[tuple[Sequence[str], Sequence[int]]]
"""Larger areas, each with its key and the places of its zones."""


@dataclass(frozen=True)
class Figure:
    """What may be said of a zone (None: the town); values are rounded for publication."""

    indicator: str
    version: int
    zone: Zone | None
    breakdown: str
    flag: str
    reason: str
    estimate: float | None = None
    se: float | None = None
    low: float | None = None
    high: float | None = None
    df: int | None = None
    deff: float | None = None
    population: int | None = None
    """Eligible children of the zone, weighted."""
    total: int | None = None
    """Those of them that are in need."""
    n: int | None = None
    households: int | None = None


class Tier(Protocol):
    """What `area_figures` adds to a family."""

    @property
    def areas(self) -> Sequence[Area]: ...

    @property
    def members(self) -> list[Estimated]: ...

    @property
    def unit_area(self) -> maths.Integers: ...

    @property
    def reasons(self) -> np.ndarray: ...

    def figures(self) -> Iterator[tuple[Area, Figure]]: ...


@dataclass(frozen=True)
class Family:
    """Indicators whose ages add up, which are protected together."""

    sample: Sample
    members: list[Estimated]
    reasons: np.ndarray
    """(members, breakdowns, zones + 1), empty where a figure may be shown."""
    table: suppression.Table
    issued: Issued
    tiers: Sequence[Tier] = ()
    """Of larger areas; their cells stand after those of zones and the town."""
    between: Issued | None = None
    """Of a need within another one: who is in that one and not in this."""

    @property
    def within(self) -> str:
        """The family that this one is a part of; empty for none."""
        return self.members[0].indicator.within

    def issued_by(self, reasons: np.ndarray) -> Issued:
        """What these reasons, in the order of the table's cells, publish."""
        flat = reasons.ravel()
        return _issued(self.sample, self.members, self.table, flat, self.tiers)

    @property
    def name(self) -> str:
        return self.members[0].indicator.family

    @property
    def rule(self) -> suppression.Rule:
        return rule_of(self.members)

    def figures(self) -> Iterator[Figure]:
        for estimated, reasons in zip(self.members, self.reasons, strict=True):
            yield from told_figures(self.sample.zones, BREAKDOWNS, estimated, reasons)

    def tells(self, figure: Figure) -> bool:
        """Of women the sums of girls and boys are in the table alone, as 0 and all."""
        return tells(self.members[0].indicator, figure.breakdown)


def families_of(sample: Sample, indicators: Iterable[Indicator]) -> Iterator[Family]:
    for members in members_of(sample, indicators):
        yield finished(sample, members, family_table(members), withheld(members))


def members_of(
    sample: Sample, indicators: Iterable[Indicator]
) -> Iterator[list[Estimated]]:
    """The estimates of zones and the town, family by family."""
    estimator = Estimator(sample)
    families: dict[str, list[Estimated]] = defaultdict(list)
    for indicator in indicators:
        families[indicator.family].append(estimator.estimate(indicator))
    yield from families.values()


def finished(
    sample: Sample,
    members: list[Estimated],
    table: suppression.Table,
    reasons: np.ndarray,
    tiers: Sequence[Tier] = (),
) -> Family:
    """`reasons` in the order of the table's cells."""
    shape = len(members), len(BREAKDOWNS), len(sample.zones) + 1
    flat = reasons.ravel()
    counts = _issued(sample, members, table, flat, tiers)
    base = flat[: np.prod(shape)].reshape(shape)
    return Family(sample, members, base, table, counts, tiers)


def figures_of(sample: Sample, indicators: Iterable[Indicator]) -> Iterator[Figure]:
    """All figures of a round that was never released before."""
    for family in families_of(sample, indicators):
        yield from filter(family.tells, family.figures())


def withheld(members: list[Estimated]) -> np.ndarray:
    """Reasons (members, breakdowns, zones + 1), empty where a figure may be shown."""
    reasons = suppression.withheld(family_table(members), rule_of(members))
    return reasons.reshape(len(members), len(BREAKDOWNS), -1)


def family_table(members: list[Estimated]) -> suppression.Table:
    return suppression.zone_table(
        membership=family_membership([each.indicator for each in members]),
        count=np.vstack([each.found.count for each in members]),
        affected=np.vstack([each.found.affected for each in members]),
        households=np.vstack([each.households for each in members]),
    )


def rule_of(members: list[Estimated]) -> suppression.Rule:
    sensitive = members[0].indicator.sensitive
    return suppression.SENSITIVE if sensitive else suppression.USUAL


def windows(members: list[Estimated]) -> list[tuple[int, int]]:
    return [each.indicator.population.months for each in members]


def family_membership(members: list[Indicator]) -> maths.Floats:
    """(members x breakdowns, age bands x sexes): which smallest groups each row sums."""
    return window_membership([each.population.months for each in members])


def window_membership(windows: list[tuple[int, int]]) -> maths.Floats:
    """The bands are cut wherever an age window, in months, begins or ends."""
    rows = [
        np.kron([float(start <= band[0] < end) for band in bands(windows)], sexes)
        for start, end in windows
        for sexes in MEMBERSHIP
    ]
    return np.array(rows)


def bands(windows: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    return list(pairwise(sorted({edge for window in windows for edge in window})))


def _issued(
    sample: Sample,
    members: list[Estimated],
    table: suppression.Table,
    flat: np.ndarray,
    tiers: Sequence[Tier],
) -> Issued:
    return issued(
        zones=[(zone.pk, zone.code) for zone in sample.zones],
        codes=[each.indicator.code for each in members],
        windows=windows(members),
        tiers=[[(each.key, each.places) for each in tier.areas] for tier in tiers],
        count=table.count,
        affected=table.affected,
        # "No child was asked" says how many there are as well.
        fresh=np.isin(flat, ["", suppression.NO_DATA]),
        secret=~np.isin(flat, ["", suppression.NO_DATA, suppression.PROTECTS_OTHERS]),
    )


def issued(
    *,
    zones: list[tuple[int, str]],
    codes: list[str],
    windows: list[tuple[int, int]],
    tiers: Sequence[Named] = (),
    **counts: Any,
) -> Issued:
    """The counts of a family (`count`, `affected`, `fresh`, `secret`) with their names."""
    rows = window_membership(windows)
    membership = suppression.zone_membership(rows, len(zones))
    larger = [suppression.area_membership(rows, _inside(each, zones)) for each in tiers]
    return Issued(
        atoms=[
            (pk, band, sex)
            for pk, _code in zones
            for band in bands(windows)
            for sex in range(MEMBERSHIP.shape[1])
        ],
        cells=[
            (code, breakdown, zone)
            for code in codes
            for breakdown in BREAKDOWNS
            for zone in (*(code for _pk, code in zones), None)
        ]
        + [
            (code, breakdown, tuple(key))
            for named in tiers
            for code in codes
            for breakdown in BREAKDOWNS
            for key, _places in named
        ],
        membership=np.vstack([membership, *larger]),
        **counts,
    )


def _inside(named: Named, zones: Sequence[object]) -> maths.Booleans:
    """(areas, zones)"""
    found = np.zeros((len(named), len(zones)), dtype=bool)
    for number, (_key, places) in enumerate(named):
        found[number, list(places)] = True
    return found


def told_figures(
    zones: Sequence[Zone | None],
    keys: Sequence[str],
    estimated: Estimated,
    reasons: np.ndarray,
) -> Iterator[Figure]:
    """Figures of the zones and the town; `reasons` (keys, zones + 1) say what is told."""
    indicator, found = estimated.indicator, estimated.found
    solid = maths.reliable(found, estimated.low, estimated.high)
    estimate = suppression.shown_share(found.estimate, found.count)
    population = shown_total(estimated.population)
    columns = {
        "estimate": estimate,
        "se": np.round(found.se, 3),
        "low": suppression.shown_share(estimated.low, found.count),
        "high": suppression.shown_share(estimated.high, found.count),
        "df": found.df,
        "deff": np.round(maths.design_effect(found), 2),
        "population": population,
        # From the share as it is shown: a total that knew more would tell it.
        "total": shown_total(np.nan_to_num(estimate) * population),
        "n": suppression.shown_count(found.count),
        "households": suppression.shown_count(estimated.households),
    }
    for row, breakdown in enumerate(keys):
        for column, zone in enumerate((*zones, None)):
            reason = _told(str(reasons[row, column]))
            at = row, column
            values: dict[str, Any] = {}
            flag = FLAG.NO_DATA if reason == suppression.NO_DATA else FLAG.WITHHELD
            if not reason:
                flag = FLAG.RELIABLE if solid[at] else FLAG.UNCERTAIN
                reason = REASON.NONE if solid[at] else REASON.SMALL_SAMPLE
                values = {name: _plain(part[at]) for name, part in columns.items()}
            yield Figure(
                indicator.code,
                indicator.version,
                zone,
                breakdown,
                flag=str(flag),
                reason=str(reason),
                **values,
            )


def _told(reason: str) -> str:
    """Who knows which figures hide one to four children has bounds to reckon with."""
    untold = reason in {suppression.FEW_AFFECTED, suppression.NEARLY_EQUAL}
    return REASON.PROTECTS_OTHERS if untold else reason


def shown_total(children: maths.Floats) -> maths.Integers:
    """Weighted counts rounded to 10: what is finer would give weights and counts away."""
    return np.rint(children / 10).astype(np.int64) * 10


def _plain(value: Any) -> float | int | None:
    return None if np.isnan(value) else value.item()

"""From a sample to the figures that may be published."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from layers.geography.models import Zone
from layers.indicators import maths, suppression
from layers.indicators.catalogue import Indicator
from layers.indicators.models import Estimate
from layers.indicators.sample import Sample

BREAKDOWNS = tuple(Estimate.Breakdown)
MEMBERSHIP = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
"""Rows as BREAKDOWNS, columns girls and boys."""

FLAG, REASON = Estimate.Flag, Estimate.Reason


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
    n: int | None = None
    households: int | None = None


@dataclass(frozen=True)
class Estimated:
    """One indicator; arrays (breakdowns, zones + 1) with the town in the last column."""

    indicator: Indicator
    found: maths.Ratios
    low: maths.Floats
    high: maths.Floats
    households: maths.Integers


class Estimator:
    """Estimates one indicator after another from one sample, whose cells it keeps."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.cells, unit_cell = maths.Cells.of_units(
            domain=sample.unit_zone,
            psu=sample.unit_psu,
            domains=len(sample.zones),
            design=sample.design,
        )
        self.child_cell = unit_cell[sample.child_unit]
        self.child_weight = sample.unit_weight[sample.child_unit]
        self.town, self.town_cell = self.cells.merged(sample.design)

    def estimate(self, indicator: Indicator) -> Estimated:
        eligible, in_need = indicator.decide(self.sample.columns)
        found = self.ratios(indicator, eligible, in_need)
        whole_town = maths.design_effect(found)[0, -1]
        low, high = maths.intervals(found, pooled_effect=whole_town)
        return Estimated(indicator, found, low, high, self.households(eligible))

    def ratios(
        self, indicator: Indicator, eligible: maths.Booleans, in_need: maths.Booleans
    ) -> maths.Ratios:
        weight = self.child_weight
        factor = indicator.population.factor(self.sample.columns)
        if factor is not None:
            weight = weight * np.nan_to_num(factor)
        totals = maths.psu_totals(
            cell=self.child_cell,
            cells=len(self.cells),
            group=self.sample.child_group,
            groups=MEMBERSHIP.shape[1],
            weight=weight,
            eligible=eligible,
            in_need=in_need,
        )
        design = self.sample.design
        by_zone = maths.ratios(totals, self.cells, design, MEMBERSHIP)
        town = totals.gathered(self.town_cell, len(self.town))
        whole = maths.ratios(town, self.town, design, MEMBERSHIP)
        return maths.Ratios.joined([by_zone, whole], axis=1)

    def households(self, eligible: maths.Booleans) -> maths.Integers:
        sample = self.sample
        domains = (
            (sample.unit_zone, len(sample.zones)),
            (np.zeros_like(sample.unit_zone), 1),
        )
        counted = [
            maths.units_with_children(
                unit=sample.child_unit,
                unit_domain=domain,
                domains=size,
                group=sample.child_group,
                membership=MEMBERSHIP,
                eligible=eligible,
            )
            for domain, size in domains
        ]
        return np.hstack(counted)


def figures_of(sample: Sample, indicators: Iterable[Indicator]) -> Iterator[Figure]:
    """All figures of a release. Families are protected together: their ages add up."""
    estimator = Estimator(sample)
    families: dict[str, list[Estimated]] = defaultdict(list)
    for indicator in indicators:
        families[indicator.family].append(estimator.estimate(indicator))
    for members in families.values():
        reasons = withheld(members)
        for estimated, reason in zip(members, reasons, strict=True):
            yield from _figures(sample, estimated, reason)


def withheld(members: list[Estimated]) -> np.ndarray:
    """Reasons (members, breakdowns, zones + 1), empty where a figure may be shown."""
    table = suppression.zone_table(
        membership=family_membership([each.indicator for each in members]),
        count=np.vstack([each.found.count for each in members]),
        affected=np.vstack([each.found.affected for each in members]),
        households=np.vstack([each.households for each in members]),
    )
    sensitive = members[0].indicator.sensitive
    rule = suppression.SENSITIVE if sensitive else suppression.USUAL
    reasons = suppression.withheld(table, rule)
    return reasons.reshape(len(members), len(BREAKDOWNS), -1)


def family_membership(members: list[Indicator]) -> maths.Floats:
    """(members x breakdowns, age bands x sexes): which smallest groups each row sums.

    The bands are cut wherever the age window of a member begins or ends.
    """
    windows = [each.population.months for each in members]
    cuts = sorted({edge for window in windows for edge in window})
    rows = [
        np.kron([float(start <= cut < end) for cut in cuts[:-1]], sexes)
        for start, end in windows
        for sexes in MEMBERSHIP
    ]
    return np.array(rows)


def _figures(
    sample: Sample, estimated: Estimated, reasons: np.ndarray
) -> Iterator[Figure]:
    indicator, found = estimated.indicator, estimated.found
    solid = maths.reliable(found, estimated.low, estimated.high)
    columns = {
        "estimate": suppression.shown_share(found.estimate, found.count),
        "se": np.round(found.se, 3),
        "low": suppression.shown_share(estimated.low, found.count),
        "high": suppression.shown_share(estimated.high, found.count),
        "n": suppression.shown_count(found.count),
        "households": suppression.shown_count(estimated.households),
    }
    for row, breakdown in enumerate(BREAKDOWNS):
        for column, zone in enumerate((*sample.zones, None)):
            reason = str(reasons[row, column])
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
                breakdown.value,
                flag=str(flag),
                reason=str(reason),
                **values,
            )


def _plain(value: Any) -> float | int | None:
    return None if np.isnan(value) else value.item()

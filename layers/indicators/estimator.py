"""Estimates of one indicator after another from one sample."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from layers.indicators import maths
from layers.indicators.catalogue import Indicator
from layers.indicators.groups.breakdowns import ALL, DIMENSIONS
from layers.indicators.samples.observations import WOMEN
from layers.indicators.samples.sample import Sample

BREAKDOWNS = (ALL, *DIMENSIONS["sex"].keys)
MEMBERSHIP = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
"""Rows as BREAKDOWNS, columns girls and boys."""


def tells(indicator: Indicator, breakdown: str) -> bool:
    """Whether figures of this group are told: of women there are no girls and boys."""
    return breakdown == ALL or indicator.population.who != WOMEN


@dataclass(frozen=True)
class Grouping:
    """How children are told apart: G smallest groups, B breakdowns that are their sums."""

    group: maths.Integers
    """(children,), -1 for a child in none."""
    membership: maths.Floats
    """(B, G)"""
    factor: maths.Floats | None = None
    """(children,) how many each stands for, beside its weight; None for one."""
    by_zone: bool = True
    """Whether zones are told apart as well; else there is the town alone."""


@dataclass(frozen=True)
class Estimated:
    """One indicator; arrays (breakdowns, zones + 1) with the town in the last column."""

    indicator: Indicator
    found: maths.Ratios
    low: maths.Floats
    high: maths.Floats
    households: maths.Integers
    population: maths.Floats
    """Eligible children, weighted."""


class Estimator:
    """Estimates one indicator after another from one sample, whose cells it keeps.

    Those about women from the women of its households. By its zones, or by other `domains` of whole households, `unit_domain` (U,).
    """

    def __init__(
        self,
        sample: Sample,
        unit_domain: maths.Integers | None = None,
        domains: int | None = None,
    ) -> None:
        self.sample = sample
        self.unit_domain = sample.unit_zone if unit_domain is None else unit_domain
        self.domains = len(sample.zones) if domains is None else domains
        self.cells, unit_cell = maths.Cells.of_units(
            domain=self.unit_domain,
            psu=sample.unit_psu,
            domains=self.domains,
            design=sample.design,
        )
        self.child_cell = unit_cell[sample.child_unit]
        self.child_weight = sample.child_weight
        self.town, self.town_cell = self.cells.merged(sample.design)

    def of(self, indicator: Indicator) -> Estimator:
        """That of the indicator's children or women."""
        same = self.sample.of(indicator) is self.sample
        return self if same else self._of_women

    @cached_property
    def _of_women(self) -> Estimator:
        if self.sample.women is None:
            raise ValueError("the sample's women were not read")
        return Estimator(self.sample.women, self.unit_domain, self.domains)

    def estimate(
        self, indicator: Indicator, grouping: Grouping | None = None
    ) -> Estimated:
        """By girls and boys where no other grouping is given; all women are in one."""
        if self.of(indicator) is not self:
            return self.of(indicator).estimate(indicator, grouping)
        by = grouping or Grouping(self.sample.child_group, MEMBERSHIP)
        eligible, in_need = self.sample.decide(indicator)
        found, population = self.ratios(indicator, eligible, in_need, by)
        pooled = maths.design_effect(found)[: 1 if grouping is None else None, -1:]
        low, high = maths.intervals(found, pooled_effect=pooled)
        households = self.households(eligible, by)
        return Estimated(indicator, found, low, high, households, population)

    def ratios(
        self,
        indicator: Indicator,
        eligible: maths.Booleans,
        in_need: maths.Booleans,
        by: Grouping,
    ) -> tuple[maths.Ratios, maths.Floats]:
        """The ratios, and the weighted eligible children beside them."""
        totals = self._totals(indicator, eligible, in_need, by)
        design = self.sample.design
        scale = self._scale(indicator, by)
        judged = eligible, in_need, scale
        if not by.by_zone:
            whole = self._ratios(totals, self.town, by, judged)
            return whole, _weighted(totals, self.town, design, by.membership)
        by_zone = self._ratios(totals, self.cells, by, judged)
        town = totals.gathered(self.town_cell, len(self.town))
        whole = self._ratios(town, self.town, by, judged)
        population = [
            _weighted(totals, self.cells, design, by.membership),
            _weighted(town, self.town, design, by.membership),
        ]
        return maths.Ratios.joined([by_zone, whole], axis=1), np.hstack(population)

    def _ratios(
        self,
        totals: maths.Totals,
        cells: maths.Cells,
        by: Grouping,
        judged: tuple[maths.Booleans, maths.Booleans, maths.Floats | None],
    ) -> maths.Ratios:
        """`judged` (N,): who is eligible and in need, and how many each stands for."""
        sample, calibration = self.sample, self.sample.calibration
        found = maths.ratios(totals, cells, sample.design, by.membership)
        if calibration is None:
            return found
        eligible, in_need, scale = judged
        groups, domains = by.membership.shape[1], cells.domains
        domain = 0 if cells is self.town else self.unit_domain[sample.child_unit]
        base, need = (
            calibration.explained(
                at=by.group * domains + domain,
                size=groups * domains,
                scale=scale,
                counted=counted & (by.group >= 0),
            ).reshape(groups, domains, -1)
            for counted in (eligible, eligible & in_need)
        )
        variance = calibration.variance(
            totals=totals.regrouped(by.membership),
            cells=cells,
            numerator=np.tensordot(by.membership, need, 1),
            denominator=np.tensordot(by.membership, base, 1),
        )
        return replace(found, variance=variance)

    def totals(self, indicator: Indicator, by: Grouping) -> maths.Totals:
        """Of its smallest groups, by zone (where it tells them) and sampling unit."""
        eligible, in_need = self.sample.decide(indicator)
        return self._totals(indicator, eligible, in_need, by)

    def _totals(
        self,
        indicator: Indicator,
        eligible: maths.Booleans,
        in_need: maths.Booleans,
        by: Grouping,
    ) -> maths.Totals:
        weight, factor = self.child_weight, self._scale(indicator, by)
        if factor is not None:
            weight = weight * np.nan_to_num(factor)
        cell = self.child_cell if by.by_zone else self.town_cell[self.child_cell]
        return maths.psu_totals(
            cell=cell,
            cells=len(self.cells if by.by_zone else self.town),
            group=by.group,
            groups=by.membership.shape[1],
            weight=weight,
            eligible=eligible,
            in_need=in_need,
        )

    def _scale(self, indicator: Indicator, by: Grouping) -> maths.Floats | None:
        """(N,) how many children each stands for, beside its weight."""
        factor = indicator.population.factor(self.sample.columns)
        # Both are of the same drawing: a child is not drawn twice.
        return by.factor if factor is None else factor

    def households(self, eligible: maths.Booleans, by: Grouping) -> maths.Integers:
        sample = self.sample
        places = [(np.zeros_like(self.unit_domain), 1)]
        if by.by_zone:
            places.insert(0, (self.unit_domain, self.domains))
        return maths.units_with_children(
            unit=sample.child_unit,
            places=places,
            group=by.group,
            membership=by.membership,
            eligible=eligible,
        )


def _weighted(
    totals: maths.Totals,
    cells: maths.Cells,
    design: maths.Design,
    membership: maths.Floats,
) -> maths.Floats:
    """Weighted eligible children (breakdowns, domains)."""
    sums = cells.slot_sums(totals.regrouped(membership).denominator)
    return maths.Slots.of(cells, design).sums(sums)

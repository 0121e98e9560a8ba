"""How much two rounds have in common: households that were interviewed in both.

What is said of it is coarse: a correlation of two published figures, rounded down to a tenth.
So a change is never called surer than it is, and it tells nothing of single answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, Self

import numpy as np

from layers.indicators import maths
from layers.indicators.definitions.indicator import Indicator
from layers.indicators.estimator import BREAKDOWNS, MEMBERSHIP, Estimator, Grouping
from layers.indicators.groups.breakdowns import DIMENSIONS, crossed
from layers.indicators.groups.grouped import Groups
from layers.indicators.maths.overlap import Shared, Side, covariances, residuals
from layers.indicators.models import ObservationSet, SampleUnit
from layers.indicators.samples.sample import psu_names, read_sample

Place = tuple[str, int | None]
"""A group and the key of a zone, None for the town."""
HIGHEST = 0.9


@dataclass(frozen=True)
class Round:
    estimator: Estimator
    names: list[tuple[str, str]]
    """Stratum and key of each PSU, by the design's index."""
    groups: Groups

    @classmethod
    def of(cls, observation_set: ObservationSet) -> Self:
        sample = read_sample(observation_set)
        return cls(Estimator(sample), psu_names(observation_set), Groups.of(sample))

    def grouping(
        self, dimensions: tuple[str, ...], indicator: Indicator
    ) -> Grouping | None:
        """None where the round does not tell these groups apart."""
        if dimensions in ((), ("sex",)):
            return Grouping(self.estimator.sample.of(indicator).child_group, MEMBERSHIP)
        if not set(dimensions) <= set(self.groups.categories):
            return None
        if len(dimensions) == 1:
            return self.groups.by_dimension[dimensions[0]]
        return self.groups.across((dimensions[0], dimensions[1]))

    @property
    def strata(self) -> tuple[str, ...]:
        return self.estimator.sample.strata


class Overlap:
    """Of two rounds, the former first."""

    def __init__(self, former: Round, latter: Round) -> None:
        self.rounds = former, latter
        self.zones = sorted(
            {zone.pk for each in self.rounds for zone in each.estimator.sample.zones}
        )
        self._units = _places(name for each in self.rounds for name in each.names)
        self._strata = _places(name for each in self.rounds for name in each.strata)

        # What known totals leave of a figure resembles the other round's less than the
        # figure itself, by how much is not computed: then no change is called surer.
        self._calibrated = any(
            each.estimator.sample.known_totals for each in self.rounds
        )

    @classmethod
    def of(cls, former: ObservationSet, latter: ObservationSet) -> Self | None:
        """None where no unit was asked twice."""
        units = SampleUnit.objects.filter(observation_set=former).values("psu")
        asked_twice = SampleUnit.objects.filter(observation_set=latter, psu__in=units)
        if not asked_twice.exists():
            return None
        return cls(Round.of(former), Round.of(latter))

    def correlations(
        self, indicator: Indicator, dimensions: tuple[str, ...] = ()
    ) -> dict[Place, float]:
        """By group and zone, between -1 and 0.9; those that are zero are left out.

        `dimensions` are those of `breakdowns.dimensions_of`. A child may have changed its
        group between the rounds: each round's figure is of those who were in it then.
        """
        former, latter = (each.grouping(dimensions, indicator) for each in self.rounds)
        if former is None or latter is None:
            return {}
        found: dict[Place, float] = {}
        for zones in (self.zones, [None]) if former.by_zone else ([None],):
            table = self._table(indicator, dimensions, zones)
            for row, breakdown in enumerate(keys_of(dimensions)):
                for column, zone in enumerate(zones):
                    if table[row, column]:
                        found[breakdown, zone] = float(table[row, column])
        return found

    def _table(
        self, indicator: Indicator, dimensions: tuple[str, ...], zones: list[Any]
    ) -> maths.Floats:
        """(B, zones), rounded down to a tenth."""
        covariance, *variance = self.covariances(
            indicator, dimensions, town=zones == [None]
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            correlation = covariance / np.sqrt(variance[0] * variance[1])
        coarse = np.floor(10 * np.nan_to_num(correlation)) / 10
        return np.clip(coarse, -1.0, 0.0 if self._calibrated else HIGHEST)

    def covariances(
        self, indicator: Indicator, dimensions: tuple[str, ...] = (), *, town: bool
    ) -> tuple[maths.Floats, maths.Floats, maths.Floats]:
        """(B, D) of the two shares, and of each with itself."""
        left, right = (
            self._parts(each, indicator, dimensions, town) for each in self.rounds
        )
        shared, sides = self._town if town else self._zoned
        return (
            covariances(left, right, sides, shared),
            covariances(left, left, (sides[0], sides[0]), shared),
            covariances(right, right, (sides[1], sides[1]), shared),
        )

    def _parts(
        self,
        each: Round,
        indicator: Indicator,
        dimensions: tuple[str, ...],
        town: bool,
    ) -> maths.Floats:
        by = each.grouping(dimensions, indicator)
        if by is None:
            raise ValueError(dimensions)
        estimator = each.estimator.of(indicator)
        totals = estimator.totals(indicator, by)
        if town:
            cells = estimator.town
            if by.by_zone:
                totals = totals.gathered(estimator.town_cell, len(cells))
            nowhere = np.zeros(len(cells), dtype=np.int64)
            return residuals(totals, by.membership, nowhere, 1)
        domain = self._domain(each)
        return residuals(totals, by.membership, domain, len(self.zones))

    def _domain(self, each: Round) -> maths.Integers:
        """(K,) place of each cell's zone in `zones`."""
        place = {pk: number for number, pk in enumerate(self.zones)}
        of_zone = np.array([place[zone.pk] for zone in each.estimator.sample.zones])
        cells = each.estimator.cells
        sizes = np.diff(np.append(cells.starts, len(cells)))
        return of_zone[np.repeat(cells.slot_domain, sizes)]

    @cached_property
    def _zoned(self) -> tuple[Shared, tuple[Side, Side]]:
        sides = [self._side(each, self._domain(each)) for each in self.rounds]
        return self._shared(len(self.zones)), (sides[0], sides[1])

    @cached_property
    def _town(self) -> tuple[Shared, tuple[Side, Side]]:
        sides = [
            self._side(each, np.zeros(len(each.estimator.town), dtype=np.int64), True)
            for each in self.rounds
        ]
        return self._shared(1), (sides[0], sides[1])

    def _side(self, each: Round, domain: maths.Integers, town: bool = False) -> Side:
        cells = each.estimator.town if town else each.estimator.cells
        unit = np.array([self._units[name] for name in each.names])[cells.psu]
        stratum = self._own_strata(each)[each.estimator.sample.design.psu_stratum]
        return Side(
            cell=domain * len(self._units) + unit,
            slot=domain * len(self._strata) + stratum[cells.psu],
        )

    def _own_strata(self, each: Round) -> maths.Integers:
        return np.array([self._strata[name] for name in each.strata])

    def _shared(self, domains: int) -> Shared:
        strata = len(self._strata)
        fraction = np.zeros(strata)
        for each in self.rounds:
            own = self._own_strata(each)
            sampled = each.estimator.sample.design.fraction
            fraction[own] = np.maximum(fraction[own], sampled)
        in_stratum = np.array([self._strata[stratum] for stratum, _psu in self._units])
        psus = np.bincount(in_stratum, minlength=strata)
        return Shared(
            domain=np.repeat(np.arange(domains), strata),
            domains=domains,
            psus=np.tile(psus, domains),
            fraction=np.tile(fraction, domains),
        )


def keys_of(dimensions: tuple[str, ...]) -> list[str]:
    """The groups of the rows of a grouping; of girls and boys all children as well."""
    if dimensions in ((), ("sex",)):
        return [str(each) for each in BREAKDOWNS]
    keys = [DIMENSIONS[name].keys for name in dimensions]
    return keys[0] if len(keys) == 1 else [crossed(*each) for each in product(*keys)]


def _places(names: Any) -> dict[Any, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(names))}

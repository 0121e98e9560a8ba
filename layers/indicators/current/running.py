"""Sums of a sample that add up: one household more changes two of them, not the town.

Shapes: I indicators, B breakdowns, S slots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Self

import numpy as np

from layers.indicators import maths
from layers.indicators.definitions.indicator import Indicator, Judgement
from layers.indicators.estimator import BREAKDOWNS, MEMBERSHIP
from layers.indicators.samples.sample import Sample

STATISTICS = 9
"""The eight of maths.SlotSums, and households with an eligible child."""
POWERS = np.array([1, 1, 2, 2, 2, 0, 0, 0, 0])
"""With which power of the response class's factor each of them grows."""
AT_ONCE = 200_000
"""Children times indicators that are summed together."""

Key = tuple[int | None, str, str]
"""Zone (None: the town), stratum and response class."""
Place = tuple[int | None, str]
"""Zone (None: the town) and response class."""


@dataclass(frozen=True)
class Part:
    """Of the households of one key."""

    sums: maths.Floats
    """(STATISTICS, I x B), with weights before the factor of the response class."""
    psus: int
    """Responding ones, with or without children."""
    frame: int | None
    """Primary sampling units in the stratum's frame."""

    def plus(self, other: Part) -> Part:
        return Part(self.sums + other.sums, self.psus + other.psus, other.frame)

    def negated(self) -> Part:
        return Part(-self.sums, -self.psus, self.frame)


def judged(
    samples: Sequence[Sample], indicators: Sequence[Indicator]
) -> list[list[Judgement]]:
    """Of each sample, by indicator; their children are judged together, and so are their
    women, which for few of them takes no longer than for those of one.
    """
    together: dict[str, _Together] = {}
    found = []
    for indicator in indicators:
        who = indicator.population.who
        if who not in together:
            together[who] = _Together.of([each.of(indicator) for each in samples])
        found.append(together[who].judged(indicator))
    return [list(of_sample) for of_sample in zip(*found, strict=True)]


@dataclass(frozen=True)
class _Together:
    """The children of several samples, or their women."""

    columns: dict[str, maths.Floats]
    ends: list[int]
    """Where in the columns each sample begins, and the last one ends."""

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Self:
        columns = {
            name: np.concatenate([each.columns[name] for each in samples])
            for name in samples[0].columns
        }
        ends = np.cumsum([0, *(len(each.child_unit) for each in samples)])
        return cls(columns, ends.tolist())

    def judged(self, indicator: Indicator) -> list[Judgement]:
        found = indicator.judge(self.columns)
        return [found.of(slice(start, end)) for start, end in pairwise(self.ends)]


def parts_of(
    sample: Sample, indicators: Sequence[Indicator], judgements: Sequence[Judgement]
) -> dict[Key, Part]:
    """What the households of the sample give to each key."""
    names, unit_class = np.unique(sample.unit_class, return_inverse=True)
    zones: list[Place] = [(z.pk, str(name)) for z in sample.zones for name in names]
    town: list[Place] = [(None, str(name)) for name in names]
    in_zone = sample.unit_zone * len(names) + unit_class
    found: dict[Key, Part] = {}
    for unit_place, places in ((in_zone, zones), (unit_class, town)):
        slotted = _Slotted(sample, unit_place, len(places))
        found |= slotted.parts(slotted.sums(indicators, judgements), places)
    return found


class _Slotted:
    """A sample cut by place (zone and response class) and stratum."""

    def __init__(self, sample: Sample, unit_place: maths.Integers, places: int) -> None:
        self.households = sample
        self.cells, self.unit_cell = maths.Cells.of_units(
            domain=unit_place, psu=sample.unit_psu, domains=places, design=sample.design
        )
        starts = self.cells.starts
        self.unit_slot = np.searchsorted(starts, self.unit_cell, side="right") - 1

    def sums(
        self, indicators: Sequence[Indicator], judgements: Sequence[Judgement]
    ) -> maths.Floats:
        """(STATISTICS, I x B, S)"""
        size = max(1, AT_ONCE // max(1, len(self.households.child_unit)))
        found = []
        # Indicators of children, and of women, that stand beside each other.
        for _who, own in groupby(
            range(len(indicators)), lambda at: indicators[at].population.who
        ):
            places = list(own)
            sample = self.households.of(indicators[places[0]])
            for at in range(0, len(places), size):
                block = slice(places[at], places[at : at + size][-1] + 1)
                found.append(self._block(sample, indicators[block], judgements[block]))
        return np.concatenate(found, axis=1)

    def _block(
        self,
        sample: Sample,
        indicators: Sequence[Indicator],
        judgements: Sequence[Judgement],
    ) -> maths.Floats:
        """The groups of each indicator are groups of their own."""
        many = len(indicators)
        groups = MEMBERSHIP.shape[1]
        first = groups * np.arange(many)[:, None]
        group = np.where(sample.child_group < 0, -1, sample.child_group + first).ravel()
        eligible = np.concatenate([each.eligible for each in judgements])
        membership = np.kron(np.eye(many), MEMBERSHIP)
        totals = maths.psu_totals(
            cell=np.tile(self.unit_cell[sample.child_unit], many),
            cells=len(self.cells),
            group=group,
            groups=groups * many,
            weight=np.concatenate([_weight(sample, each) for each in indicators]),
            eligible=eligible,
            in_need=np.concatenate([each.in_need for each in judgements]),
        )
        households = maths.units_with_children(
            unit=np.tile(sample.child_unit, many),
            places=[(self.unit_slot, len(self.cells.starts))],
            group=group,
            membership=membership,
            eligible=eligible,
        )
        sums = maths.SlotSums.of(totals, self.cells, membership)
        return np.stack([*sums.parts, households.astype(np.float64)])

    def parts(self, sums: maths.Floats, places: Sequence[Place]) -> dict[Key, Part]:
        """`sums` is (STATISTICS, I x B, S)."""
        cells, strata = self.cells, self.households.strata
        psus = np.diff(np.append(cells.starts, len(cells)))
        return {
            (places[place][0], strata[stratum], places[place][1]): Part(
                sums[:, :, slot], int(psus[slot]), self.households.frames[stratum]
            )
            for slot, (place, stratum) in enumerate(
                zip(cells.slot_domain, cells.slot_stratum, strict=True)
            )
        }


def _weight(sample: Sample, indicator: Indicator) -> maths.Floats:
    """(N,) before the factor of the response class."""
    weight = sample.unit_weight[sample.child_unit]
    factor = indicator.population.factor(sample.columns)
    return weight if factor is None else weight * np.nan_to_num(factor)


def estimates_of(
    parts: Mapping[Key, Part],
    zones: Sequence[int],
    factors: Mapping[str, float],
    asked: maths.Booleans,
) -> tuple[maths.Ratios, maths.Integers]:
    """Estimates and households, (I x B, zones + 1) with the town in the last column.

    `asked` (I,) says which indicators can have a figure.
    """
    place = {zone: index for index, zone in enumerate((*zones, None))}
    strata = psus_and_frames(parts)
    share = {
        name: psus / frame if frame else 0.0 for name, (psus, frame) in strata.items()
    }
    slots = maths.Slots(
        domain=np.array([place[zone] for zone, _stratum, _class in parts]),
        domains=len(place),
        psus=np.array([strata[stratum][0] for _zone, stratum, _class in parts]),
        fraction=np.array([share[stratum] for _zone, stratum, _class in parts]),
    )
    scale = np.array([factors.get(of_class, 1.0) for _z, _s, of_class in parts])
    sums = np.stack([part.sums for part in parts.values()], axis=-1)
    sums = sums * (scale ** POWERS[:, None])[:, None, :]
    sums = sums * np.repeat(asked, len(BREAKDOWNS))[None, :, None]
    merged, slots = _merged(sums, slots, list(parts))
    households = np.rint(slots.sums(merged[-1])).astype(np.int64)
    return maths.ratios_of(maths.SlotSums(*merged[:-1]), slots), households


def psus_and_frames(parts: Mapping[Key, Part]) -> dict[str, tuple[int, int | None]]:
    """Of each stratum, over the town's response classes."""
    found: dict[str, tuple[int, int | None]] = {}
    for (zone, stratum, _class), part in parts.items():
        if zone is None:
            found[stratum] = found.get(stratum, (0, None))[0] + part.psus, part.frame
    return found


def _merged(
    sums: maths.Floats, slots: maths.Slots, keys: Sequence[Key]
) -> tuple[maths.Floats, maths.Slots]:
    """Response classes of one zone and stratum together: they are one slot."""
    index: dict[tuple[int | None, str], int] = {}
    at = np.array([index.setdefault(key[:2], len(index)) for key in keys])
    if len(index) == len(keys):
        return sums, slots
    merged = np.zeros((*sums.shape[:-1], len(index)))
    np.add.at(np.moveaxis(merged, -1, 0), at, np.moveaxis(sums, -1, 0))
    first = np.unique(at, return_index=True)[1]
    return merged, maths.Slots(
        slots.domain[first], slots.domains, slots.psus[first], slots.fraction[first]
    )

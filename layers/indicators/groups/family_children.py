"""The children of a family of indicators, as the protection of its groups takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from layers.indicators import maths
from layers.indicators.disclosure import suppression
from layers.indicators.disclosure.group_counts import (
    BAND,
    COHORT,
    SEX,
    SITE,
    ZONE,
    Given,
    Larger,
)
from layers.indicators.estimator import BREAKDOWNS, Estimated
from layers.indicators.figures import Tier, bands, rule_of, windows
from layers.indicators.groups.breakdowns import DIMENSIONS
from layers.indicators.samples.sample import Sample

TOLD = ("", suppression.NO_DATA)
"""That no child was asked says how many there are as well."""
UNSAFE = (
    suppression.FEW_CHILDREN,
    suppression.FEW_HOUSEHOLDS,
    suppression.FEW_AFFECTED,
)


def widest_of(members: Sequence[Estimated]) -> int | None:
    """The member whose ages are those of the whole family; None without one."""
    ages = windows(list(members))
    whole = min(start for start, _end in ages), max(end for _start, end in ages)
    return ages.index(whole) if whole in ages else None


@dataclass(frozen=True)
class FamilyChildren:
    """Who is eligible for the widest member of a family, and what all members publish."""

    sample: Sample
    categories: Mapping[str, maths.Integers]
    """(children,) by dimension, -1 for a child in none."""
    members: Sequence[Estimated]
    reasons: np.ndarray
    """(members, breakdowns, zones + 1) of all children, girls and boys."""
    widest: int
    """The member that all others are part of."""
    tiers: Sequence[Tier] = ()
    """Of larger areas."""

    @cached_property
    def windows(self) -> list[tuple[int, int]]:
        return windows(list(self.members))

    @cached_property
    def bands(self) -> list[tuple[int, int]]:
        return bands(self.windows)

    @cached_property
    def holds(self) -> maths.Booleans:
        """(members, bands)"""
        return np.array(
            [
                [start <= first < end for first, _after in self.bands]
                for start, end in self.windows
            ]
        )

    @cached_property
    def parts(self) -> tuple[int, ...]:
        """The members that cut the widest by age, the youngest first.

        None where they overlap or leave a gap, where one judges otherwise than the widest,
        or where a figure of the town's girls or boys is withheld: it must not be narrowed.
        """
        others = [x for x in range(len(self.members)) if x != self.widest]
        others.sort(key=lambda member: self.windows[member])
        told = np.isin(self.reasons[others, 1:, -1], TOLD).all()
        if [self.windows[member] for member in others] != self.bands or not told:
            return ()
        as_whole = all(
            np.array_equal(own, whole & (self._band == part))
            for part, member in enumerate(others)
            for own, whole in zip(
                self._judged(member), self._judged(self.widest), strict=True
            )
        )
        return tuple(others) if as_whole else ()

    def given(self) -> Given:
        sample, categories = self.sample, self.categories
        eligible, in_need = self._judged(self.widest)
        chosen = np.flatnonzero(eligible)
        zone = sample.unit_zone[sample.child_unit][chosen]
        band, sex = self._band[chosen], sample.child_group[chosen]
        sizes = {name: len(DIMENSIONS[name].categories) for name in categories}
        told = np.isin(self.reasons, TOLD)
        others = [x for x in range(len(self.members)) if x != self.widest]
        in_town = self._silent(self.reasons[..., -1:], others)
        rule = rule_of(list(self.members))
        larger, areas = self._larger(chosen, band)
        return Given(
            places={
                **areas,
                **{
                    name: np.where(group < 0, sizes[name], group)[chosen]
                    for name, group in categories.items()
                },
                ZONE: zone,
                BAND: band,
                SEX: sex,
                COHORT: band * 2 + sex,
                SITE: zone * len(self.bands) + band,
            },
            unit=sample.child_unit[chosen],
            in_need=in_need[chosen],
            sizes={**sizes, SEX: 2, ZONE: len(sample.zones)},
            rules={
                name: suppression.SENSITIVE if DIMENSIONS[name].sensitive else rule
                for name in (*categories, SEX)
            },
            unasked=frozenset(name for name in sizes if DIMENSIONS[name].asked),
            open_rows=np.asarray(told[:, 0].all(axis=0)),
            sex_told=told[self.widest, 1:].T,
            sex_hidden=self._silent(self.reasons[..., :-1]),
            sex_secrets=self._secrets(self.reasons[..., :-1]),
            sex_hidden_in_town=in_town[0],
            larger=larger,
            parts=len(self.parts),
        )

    def _larger(
        self, chosen: maths.Integers, band: maths.Integers
    ) -> tuple[list[Larger], dict[str, maths.Integers]]:
        """What areas publish of the `chosen` children's sexes, and where these live."""
        found, places = [], {}
        home = self.sample.child_unit[chosen]
        for number, tier in enumerate(self.tiers):
            hidden, secrets = self._silent(tier.reasons), self._secrets(tier.reasons)
            somewhere = np.pad(hidden, ((0, 1), (0, 0), (0, 0)), constant_values=True)
            each = Larger(f"area {number}", f"site {number}", somewhere, secrets)
            places[each.area] = tier.unit_area[home]
            places[each.site] = places[each.area] * len(self.bands) + band
            found.append(each)
        return found, places

    def _silent(
        self, reasons: np.ndarray, members: Sequence[int] | None = None
    ) -> maths.Booleans:
        """(places, bands, 2) where no figure of girls or boys that holds the band is told
        of these members, by `reasons` (members, breakdowns, places).
        """
        chosen = range(len(self.members)) if members is None else members
        told = np.isin(reasons[list(chosen), 1 : len(BREAKDOWNS)], TOLD)
        says = told[:, None] & self.holds[list(chosen), :, None, None]
        return np.transpose(~says.any(axis=0), (2, 0, 1))

    def _secrets(self, reasons: np.ndarray) -> list[tuple[frozenset[int], int, int]]:
        """Bands, place and sex of the withheld figures, by the same `reasons`."""
        unsafe = np.isin(reasons[:, 1 : len(BREAKDOWNS)], UNSAFE)
        return [
            (frozenset(np.flatnonzero(self.holds[member]).tolist()), int(at), int(row))
            for member, row, at in np.argwhere(unsafe)
        ]

    def _judged(self, member: int) -> tuple[maths.Booleans, maths.Booleans]:
        """(children,) eligible and in need."""
        return self.sample.decide(self.members[member].indicator)

    @cached_property
    def _band(self) -> maths.Integers:
        """(children,) in which age band; of no meaning outside of them."""
        columns = self.sample.columns
        age = columns["age_months"]
        if self.members[0].indicator.population.moment == "school_year":
            age = columns["school_age"] * 12
        inner = [first for first, _after in self.bands[1:]]
        return np.digitize(age, inner) if inner else np.zeros(len(age), dtype=np.int64)

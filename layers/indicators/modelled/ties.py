"""Which zones of a release cannot be taken as independent of each other.

The linearised figures of two zones have no covariance where each sampling unit lies in one
zone and each zone in one stratum: a zone's influences then add up to zero in its stratum.
A unit that reaches into several zones, two strata that two zones share, and weights drawn
to known totals tie them. How strongly is not kept with a release, so whoever adds tied
figures takes the greatest covariance that there can be, the product of the errors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from layers.indicators.models import Release, SampleUnit


class Why(StrEnum):
    """What ties zones; NONE: nothing does."""

    NONE = ""
    SAMPLE = "sample"
    TOTALS = "totals"
    CHANGED = "changed"
    """The households have changed since the release, so its design is not known."""


@dataclass(frozen=True)
class Ties:
    why: Why
    group: dict[str, int]
    """By zone code: zones of one number are tied."""

    def groups(self, codes: Iterable[str]) -> list[list[str]]:
        """The zones among `codes` that are tied, together."""
        found: dict[int, list[str]] = defaultdict(list)
        for code in codes:
            found[self.group.get(code, -1)].append(code)
        return list(found.values())


def ties_of(release: Release) -> Ties:
    observed = release.observation_set
    if release.calibration:
        return Ties(Why.TOTALS, {})
    if release.digest != observed.digest:
        return Ties(Why.CHANGED, {})
    units: dict[tuple[str, str], set[str]] = defaultdict(set)
    strata: dict[str, set[str]] = defaultdict(set)
    rows = SampleUnit.objects.filter(observation_set=observed)
    for stratum, psu, zone in (
        rows.order_by().values_list("stratum", "psu", "zone__code").distinct()
    ):
        units[stratum, psu].add(zone)
        strata[zone].add(stratum)
    group = {zone: place for place, zone in enumerate(strata)}
    pairs = [pair for zones in units.values() for pair in combinations(zones, 2)]
    # Few zones lie in several strata.
    wide = [zone for zone, found in strata.items() if len(found) > 1]
    pairs += [
        pair
        for pair in combinations(wide, 2)
        if len(strata[pair[0]] & strata[pair[1]]) > 1
    ]
    for one, other in pairs:
        kept, lost = group[one], group[other]
        if kept != lost:
            group = {zone: kept if at == lost else at for zone, at in group.items()}
    return Ties(Why.SAMPLE if pairs else Why.NONE, group)

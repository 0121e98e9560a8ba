"""Larger areas of whole zones, by which a release is told besides its zones.

Parents, such as the quarters of surveyed blocks, and regions of neighbouring zones put
together where a zone alone has too few children. Which zones make a region depends on
borders and on published numbers only, so that the choice tells nothing itself.

Shapes: D zones of a sample, U households.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from layers.geography.models import Zone
from layers.indicators import maths
from layers.indicators.areas import regions
from layers.indicators.disclosure.suppression import shown_count, shown_share
from layers.indicators.modelled.clusters import bordering
from layers.indicators.samples.sample import Sample

MERGED = "merged"
"""The level of regions; that of parents is the kind of their zones."""
CHILDREN = 50
"""Expected in a region: from so many on a figure can be reliable."""
IN_NEED = 10
"""Expected in need, and not in need."""
TENS = 10


@dataclass(frozen=True)
class Area:
    level: str
    codes: tuple[str, ...]
    """Of its zones, ascending."""
    places: tuple[int, ...]
    """Of its zones in the sample."""
    parent: Zone | None = None

    @property
    def key(self) -> tuple[str, str]:
        """An area of other zones is another one, whatever it is called."""
        return self.level, "+".join(self.codes)

    @property
    def code(self) -> str:
        return self.parent.code if self.parent else "+".join(self.codes)


Regions = Sequence[Sequence[str]]
"""The codes of each region's zones."""


@dataclass(frozen=True)
class Told:
    """A family's share of all children, and of them in need, as the town's figures say."""

    count: int
    share: float


@dataclass
class Areas:
    """The larger areas of a sample; `before` are the regions of the last release by
    family, which stay as long as their zones are those of the sample.
    """

    sample: Sample
    before: Mapping[str, Regions] = field(default_factory=dict)

    @cached_property
    def parents(self) -> list[list[Area]]:
        """Level by level from below; each zone is in one area of a level at most."""
        holders = {zone.pk: zone.pk for zone in self.sample.zones}
        found: list[list[Area]] = []
        while True:
            held = Zone.objects.filter(pk__in=set(holders.values()))
            parent = {
                zone.pk: zone.parent_id
                for zone in held.only("parent")
                if zone.parent_id is not None
            }
            holders = {pk: parent[at] for pk, at in holders.items() if at in parent}
            if not holders:
                return found
            found.append(self._of_parents(holders))

    def _of_parents(self, holders: Mapping[int, int]) -> list[Area]:
        zones = self.sample.zones
        members: dict[int, list[int]] = defaultdict(list)
        for place, zone in enumerate(zones):
            if zone.pk in holders:
                members[holders[zone.pk]].append(place)
        rows = Zone.objects.filter(pk__in=members).defer("geometry", "geometry_3857")
        return [
            self._area(members[row.pk], row.kind, row) for row in rows.order_by("code")
        ]

    def _area(
        self, places: Sequence[int], level: str, parent: Zone | None = None
    ) -> Area:
        codes = [(self.sample.zones[place].code, place) for place in places]
        names, order = zip(*sorted(codes), strict=True)
        return Area(level, names, order, parent)

    @cached_property
    def _sizes(self) -> list[int]:
        """(D,) children of each zone to the next ten: what is smaller stays unknown."""
        zone = self.sample.unit_zone[self.sample.child_unit]
        counts = np.bincount(zone, minlength=len(self.sample.zones))
        return (np.rint(counts / TENS) * TENS).astype(int).tolist()

    @cached_property
    def _neighbours(self) -> dict[int, list[int]]:
        pks = [zone.pk for zone in self.sample.zones]
        rows = Zone.objects.filter(pk__in=pks).only("geometry").in_bulk()
        left, right = bordering([rows[pk] for pk in pks])
        found: dict[int, list[int]] = defaultdict(list)
        for one, other in zip(left, right, strict=True):
            if one != other:
                found[one].append(other)
        return found

    def regions(self, family: str, told: Sequence[Told]) -> list[Area]:
        """Of two zones or more; none where zones alone have children enough, where the
        town has no figure, or where all zones make one region.

        `told` are the town's published figures of the family.
        """
        known = self._kept(family)
        if known is None:
            known = list(self._new(told)) if told else []
        return [self._area(places, MERGED) for places in known]

    def _kept(self, family: str) -> list[list[int]] | None:
        place = {zone.code: at for at, zone in enumerate(self.sample.zones)}
        before = self.before.get(family)
        if before is None or not all(code in place for row in before for code in row):
            return None
        return [[place[code] for code in row] for row in before]

    def _new(self, told: Sequence[Told]) -> Iterator[list[int]]:
        everybody = max(int(shown_count(len(self.sample.child_unit))), 1)
        least = np.median([_wanted(each, everybody) for each in told])
        merged = regions.merge(self._sizes, self._neighbours, float(least))
        members: dict[int, list[int]] = defaultdict(list)
        for place, region in enumerate(merged.region):
            members[region].append(place)
        if len(members) > 1:
            yield from (places for places in members.values() if len(places) > 1)


def _wanted(told: Told, everybody: int) -> float:
    """Children of a region, of whatever age, for the figure to say something."""
    rarer = min(told.share, 1 - told.share)
    asked = max(CHILDREN, IN_NEED / rarer if rarer > 0 else 0)
    return asked * everybody / max(told.count, 1)


def unit_area(sample: Sample, areas: Sequence[Area]) -> maths.Integers:
    """(U,) the area of each household; those in none have the number after the last."""
    of_zone = np.full(len(sample.zones), len(areas))
    for number, area in enumerate(areas):
        of_zone[list(area.places)] = number
    return of_zone[sample.unit_zone]


def told_of(count: maths.Integers, estimate: maths.Floats) -> list[Told]:
    """As the release rounds them."""
    shares = shown_share(estimate, count)
    return [
        Told(int(n), float(share))
        for n, share in zip(shown_count(count), shares, strict=True)
    ]

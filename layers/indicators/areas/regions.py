"""Neighbouring zones put together until each has enough children or households."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Merged:
    region: list[int]
    """The region of each zone, numbered from 0 in the order of their first zones."""
    short: list[int]
    """Regions that stay too small because they have no neighbour left."""


def merge(
    sizes: Sequence[float], neighbours: Mapping[int, Sequence[int]], least: float
) -> Merged:
    """Regions of adjacent zones of at least `least`, where that can be reached.

    The smallest region joins its smallest neighbour until none is too small; of equals
    the one that comes first. The same zones give the same regions. `neighbours` may name
    a pair from one side only. Raises ValueError for a negative size or an unknown zone.
    """
    if any(size < 0 for size in sizes):
        raise ValueError("A zone's size is negative.")
    members, size = {each: [each] for each in range(len(sizes))}, dict(enumerate(sizes))
    beside = _both_ways(len(sizes), neighbours)
    while small := [each for each in size if size[each] < least and beside[each]]:
        chosen = min(small, key=lambda each: (size[each], each))
        other = min(beside[chosen], key=lambda each: (size[each], each))
        kept, gone = sorted((chosen, other))
        members[kept] += members.pop(gone)
        size[kept] += size.pop(gone)
        beside[kept] = (beside[kept] | beside.pop(gone)) - {kept, gone}
        for each in beside[kept]:
            beside[each] = (beside[each] - {gone}) | {kept}
    region = [0] * len(sizes)
    for number, first in enumerate(sorted(members)):
        for zone in members[first]:
            region[zone] = number
    short = [n for n, first in enumerate(sorted(members)) if size[first] < least]
    return Merged(region, short)


def _both_ways(
    zones: int, neighbours: Mapping[int, Sequence[int]]
) -> dict[int, set[int]]:
    beside: dict[int, set[int]] = {each: set() for each in range(zones)}
    for zone, others in neighbours.items():
        for other in others:
            if not (0 <= zone < zones and 0 <= other < zones):
                raise ValueError(f"The neighbours {zone} and {other} name no zone.")
            if zone != other:
                beside[zone].add(other)
                beside[other].add(zone)
    return beside

"""Zones that were split, merged or drawn anew between two releases of a round.

Former and present zones over the same ground hold the same children together: whoever has
both releases knows it, so the comparison of releases must know it too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from django.db import connection

from layers.geography.declaration import read_sql
from layers.indicators.disclosure.differencing import Issued

Zones = Sequence[tuple[int, str]]
"""Key and code of each zone of a release."""


@dataclass(frozen=True)
class Kin:
    """Codes of former zones and of the present ones on the same ground."""

    former: frozenset[str]
    present: frozenset[str]


def kin(former: Zones, present: Zones) -> list[Kin]:
    """Groups of zones that are in one release only, by where they lie."""
    old, new = dict(former), dict(present)
    gone, come = list(old.keys() - new.keys()), list(new.keys() - old.keys())
    if not gone or not come:
        return []
    with connection.cursor() as cursor:
        sql = read_sql("layers.indicators", "kin.sql")
        cursor.execute(sql, {"former": gone, "present": come})
        pairs = cursor.fetchall()
    return [
        Kin(
            frozenset(old[pk] for pk in group if pk in old),
            frozenset(new[pk] for pk in group if pk in new),
        )
        for group in _connected(pairs)
    ]


def _connected(pairs: Iterable[tuple[int, int]]) -> list[set[int]]:
    beside: dict[int, set[int]] = defaultdict(set)
    for one, other in pairs:
        beside[one].add(other)
        beside[other].add(one)
    groups = []
    while beside:
        group, ahead = set(), {next(iter(beside))}
        while ahead:
            one = ahead.pop()
            group.add(one)
            ahead |= beside.pop(one) - group
        groups.append(group)
    return groups


def comparable(
    earlier: Sequence[Issued], zones: Sequence[Zones], new: Issued, present: Zones
) -> tuple[list[Issued], Issued]:
    """The releases, each with the sums of its zones on ground that changed hands as cells
    that nobody publishes. They stand after the release's own cells, which keep their place.
    """
    groups = {n: kin(former, present) for n, former in enumerate(zones)}
    here: dict[Hashable, frozenset[str]] = {
        (n, k): each.present for n, kept in groups.items() for k, each in enumerate(kept)
    }  # fmt: skip
    alike = {pk for pk, _code in present}
    told = [
        with_sums(
            release,
            here
            if {pk for pk, _code in zones[n]} == alike
            else {(n, k): each.former for k, each in enumerate(groups[n])},
        )
        for n, release in enumerate(earlier)
    ]
    return told, with_sums(new, here)


def with_sums(release: Issued, groups: Mapping[Hashable, frozenset[str]]) -> Issued:
    """A cell more for each group of zones and each kind of cell; the last part of a cell's
    name is its zone."""
    parts: dict[tuple, list[int]] = defaultdict(list)
    for number, cell in enumerate(release.cells):
        kind, zone = cell[:-1], cell[-1]  # type: ignore[index]
        for name, codes in groups.items():
            if zone in codes:
                parts[(*kind, ("kin", name))].append(number)
    if not parts:
        return release
    rows = list(parts.values())
    none = np.zeros(len(rows), dtype=bool)

    def summed(values: np.ndarray) -> np.ndarray:
        return np.concatenate([values, [values[row].sum(axis=0) for row in rows]])

    return replace(
        release,
        cells=[*release.cells, *parts],
        membership=summed(release.membership),
        count=summed(release.count),
        affected=summed(release.affected),
        fresh=np.concatenate([release.fresh, none]),
        secret=np.concatenate([release.secret, none]),
    )

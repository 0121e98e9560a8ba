"""What a new release of a round may say of the groups of a family's parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from layers.indicators.disclosure.group_differences import Said
from layers.indicators.disclosure.part_differences import Sums, said_anew
from layers.indicators.groups.grouped import GroupedFamily, GroupTable
from layers.indicators.maths import Booleans


@dataclass(frozen=True)
class Earlier:
    """The family's groups in the releases of the round so far."""

    said: Mapping[str, Sequence[Said]]
    """By `GroupTable.place_in_family`."""
    releases: int

    def of(self, tables: Sequence[GroupTable]) -> list[Sequence[Said]] | None:
        """For each table, of every release; None where one did not tell it: then what a
        change is cannot be known."""
        found = [self.said.get(table.place_in_family, []) for table in tables]
        return found if all(len(each) == self.releases for each in found) else None


def parts_anew(
    groups: GroupedFamily,
    anew: Booleans,
    whole: Mapping[str, Said],
    earlier: Earlier,
) -> dict[str, Said]:
    """By `GroupTable.place_in_family`, with what is said anew in `fresh`.

    `anew` (members, 3, zones + 1) are all children, girls and boys; `whole` are its tables.
    """
    margins: list[dict[str, Booleans]] = [
        {"sex": anew[member, 1:, -1]} for member in groups.parts
    ]
    everybody = np.asarray(anew[:, 0].all(axis=0))
    found: dict[str, Said] = {}
    for table in groups.of_whole():
        tables = groups.of_parts(table.name)
        if not tables:
            continue
        said = [each.said for each in tables]
        before = earlier.of(tables)
        if before is None:
            said = [replace(x, fresh=np.zeros_like(x.fresh)) for x in said]
        else:
            sums = [_sums(table, everybody, each) for each in margins]
            said = said_anew(before, said, sums, whole[table.name])
        for margin, each, of_part in zip(margins, said, tables, strict=True):
            found[of_part.place_in_family] = each
            if not table.is_crossed:
                margin[table.name] = each.fresh[-1]
    return found


def _sums(
    table: GroupTable, everybody: Booleans, margins: Mapping[str, Booleans]
) -> Sums:
    if not isinstance(table.pair, tuple):
        return Sums(everybody, np.ones(len(table.keys), dtype=bool))
    first, second = (margins[name] for name in table.pair)
    return Sums(np.append(first, False), second)

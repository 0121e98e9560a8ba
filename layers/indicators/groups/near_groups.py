"""Published figures of groups that count nearly the same children as another figure.

Two indicators may be in need of nearly the same children: those out of school, and those
out of upper secondary school at 15 to 17. Where the one group holds the other and one to
four children more, whoever subtracts the figures knows them. All figures of a release are
looked at, of all indicators and groups, as if nothing were rounded.

Shapes: N children, S groups of children that figures tell.

Candidates come from the smallest of random numbers that the children are given: a group
without four of its children holds one of its five smallest numbers still (Broder, On the
resemblance and containment of documents, 1997). Who is in both is then compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from layers.indicators.areas.figures import families_with_areas
from layers.indicators.areas.levels import Areas
from layers.indicators.definitions.indicator import Indicator
from layers.indicators.disclosure.group_counts import Pair
from layers.indicators.disclosure.group_parts import WHOLE, At
from layers.indicators.disclosure.suppression import SMALLEST_GROUP
from layers.indicators.estimator import Estimator
from layers.indicators.figures import Family, families_of
from layers.indicators.groups.grouped import GroupedFamily, Groups, GroupTable, grouped
from layers.indicators.groups.nested import families_apart
from layers.indicators.maths import Booleans, Integers
from layers.indicators.samples.observations import CHILDREN, WOMEN
from layers.indicators.samples.sample import Sample

KEPT = 16
"""Smallest numbers kept of a group: more than five rule out most that are not alike."""
SHARED = KEPT - SMALLEST_GROUP + 1
SEED = 1

Judged = tuple[Booleans, Booleans]


class Cell(NamedTuple):
    """A figure of a group."""

    family: int
    part: int
    table: str | Pair
    row: int
    column: int


@dataclass(frozen=True)
class Beside:
    """Figures of another kind that the release publishes as well; they stay."""

    cell: Integers
    """(N,) to which of them a child belongs; -1 for none."""
    told: Integers
    """Cells that are published, ascending."""
    inside: Sequence[Booleans]
    """Each (N,)."""


@dataclass(frozen=True)
class _Source:
    """Groups that one table makes of children in need, or not in need."""

    family: int
    table: GroupTable | None
    """None for all children, girls and boys."""
    cell: Integers
    """(N,) to which cell of the table, row by row, a child belongs; -1 for none."""
    columns: int
    inside: Booleans
    """(N,)"""

    def members(self, cell: int) -> Booleans:
        return self.inside & (self.cell == cell)

    def named(self, cell: int) -> Cell | None:
        if self.table is None:
            return None
        row, column = divmod(cell, self.columns)
        return Cell(self.family, self.table.part, self.table.pair, row, column)


Told = tuple[_Source, Integers]
"""And the cells of it that are published, ascending."""


@dataclass(frozen=True)
class _Groups:
    sources: list[_Source]
    source: Integers
    """(S,)"""
    cell: Integers
    """(S,)"""
    size: Integers
    """(S,)"""
    first: Integers
    """(S, KEPT) the smallest numbers, ascending; beyond the group's size more than all."""

    def cell_of(self, group: int) -> Cell | None:
        return self.sources[self.source[group]].named(int(self.cell[group]))

    def members(self, group: int) -> Booleans:
        return self.sources[self.source[group]].members(int(self.cell[group]))


def families_with_groups(
    sample: Sample,
    indicators: Iterable[Indicator],
    beside: Sequence[Beside] = (),
    areas: Areas | None = None,
) -> list[tuple[Family, GroupedFamily]]:
    """What may be published of all families together, those of women last; of larger areas
    where there are some.
    """
    groups, estimator = Groups.of(sample), Estimator(sample)
    chosen = list(indicators)
    of_children = [each for each in chosen if each.population.who == CHILDREN]
    of_women = [each for each in chosen if each.population.who == WOMEN]
    families = (
        families_with_areas(sample, of_children, areas)
        if areas
        else families_of(sample, of_children)
    )
    found = [
        (
            family,
            grouped(groups, estimator, family.members, family.reasons, family.tiers),
        )
        for family in families
    ]
    beside = [*beside, *(part for family, _ in found for part in _of_areas(family))]
    while near := nearly_equal(sample, found, beside):
        for number, (_family, each) in enumerate(found):
            cells = [At(*cell[1:]) for cell in near if cell.family == number]
            if cells and each.protection is not None:
                each.protection.withhold(cells)
    # Women are told for zones and the town: in no group and no larger area, and no figure
    # of children counts them.
    told = families_apart(sample, of_women)
    return [*found, *((family, GroupedFamily([], None)) for family in told)]


def _of_areas(family: Family) -> Iterator[Beside]:
    sample = family.sample
    for tier in family.tiers:
        cell = tier.unit_area[sample.child_unit]
        cell = np.where(cell == len(tier.areas), -1, cell)
        by_sex = np.where(cell < 0, -1, 2 * cell + sample.child_group)
        for estimated, reasons in zip(tier.members, tier.reasons, strict=True):
            asked, in_need = sample.decide(estimated.indicator)
            judged = asked, in_need, asked & ~in_need
            yield Beside(cell, np.flatnonzero(reasons[0] == ""), judged)
            yield Beside(by_sex, np.flatnonzero(reasons[1:].T == ""), judged)


def nearly_equal(
    sample: Sample,
    families: Sequence[tuple[Family, GroupedFamily]],
    beside: Sequence[Beside] = (),
) -> list[Cell]:
    """Published figures of groups, without which no such pair is left among all figures.

    Pairs of all children, girls and boys alone are not looked at.
    """
    sources = [*_beside(beside), *_sources(sample, families)]
    groups = _published(len(sample.child_unit), sources)
    withheld: dict[Cell, None] = {}
    for smaller, larger in _pairs(groups):
        cells = [groups.cell_of(smaller), groups.cell_of(larger)]
        known = [cell for cell in cells if cell is not None]
        if known and not any(cell in withheld for cell in known):
            withheld[max(known, key=_least_missed)] = None
    return list(withheld)


def _least_missed(cell: Cell) -> tuple[bool, bool, int]:
    """Of a part of a family; then what crosses two groups; else always the figure of the
    later indicator."""
    return cell.part != WHOLE, isinstance(cell.table, tuple), cell.family


def _pairs(groups: _Groups) -> Iterator[tuple[int, int]]:
    """A group, and another that holds it and one to four children more."""
    smaller, larger = _candidates(groups)
    shared = [
        len(np.intersect1d(groups.first[a], groups.first[b], assume_unique=True))
        for a, b in zip(smaller, larger, strict=True)
    ]
    alike = np.array(shared) >= np.minimum(groups.size[smaller], SHARED)
    for a, b in zip(smaller[alike].tolist(), larger[alike].tolist(), strict=True):
        if not (groups.members(a) & ~groups.members(b)).any():
            yield a, b


def _candidates(groups: _Groups) -> tuple[Integers, Integers]:
    """Pairs with one to four children's difference in size, whose smaller group has its
    smallest number among the five smallest of the larger.
    """
    span = int(groups.size.max(initial=0)) + 2 * SMALLEST_GROUP
    key = groups.first[:, 0] * span + groups.size
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    pairs = []
    for place in range(SMALLEST_GROUP):
        last = groups.first[:, place] * span + groups.size
        start = np.searchsorted(ordered, last - SMALLEST_GROUP + 1)
        many = np.searchsorted(ordered, last) - start
        larger = np.repeat(np.arange(len(key)), many)
        step = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
        pairs.append((order[start[larger] + step], larger))
    smaller, larger = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return smaller, larger


def _published(children: int, sources: Sequence[Told]) -> _Groups:
    rank = np.random.default_rng(SEED).permutation(children)
    orders: dict[int, tuple[Integers, Integers]] = {}
    parts: list[tuple[Integers, Integers, Integers, Integers]] = []
    for number, (source, told) in enumerate(sources):
        key = id(source.cell)
        if key not in orders:
            order = np.lexsort((rank, source.cell))
            orders[key] = order, source.cell[order]
        cells, size, first = _gathered(source, told, orders[key], rank)
        parts.append((np.full(len(cells), number), cells, size, first))
    joined = [np.concatenate(part) for part in zip(*parts, strict=True)]
    return _Groups([source for source, _told in sources], *joined)


def _gathered(
    source: _Source,
    told: Integers,
    ordered: tuple[Integers, Integers],
    rank: Integers,
) -> tuple[Integers, Integers, Integers]:
    """Of the told cells with a child in them: which, their size and smallest numbers.

    `ordered` (N,) are the children by cell and number, and their cells.
    """
    order, cell = ordered
    among = source.inside[order]
    at, inside = order[among], cell[among]
    start, end = (np.searchsorted(inside, told, side) for side in ("left", "right"))
    some = end > start
    told, start, end = told[some], start[some], end[some]
    places = start[:, None] + np.arange(KEPT)
    known = places < end[:, None]
    # Numbers that no child has, and no two places share.
    first = np.broadcast_to(len(rank) + np.arange(KEPT), places.shape).copy()
    first[known] = rank[at[places[known]]]
    return told, end - start, first


def _beside(others: Iterable[Beside]) -> Iterator[Told]:
    for other in others:
        for inside in other.inside:
            yield _Source(-1, None, other.cell, 1, inside), other.told


def _sources(
    sample: Sample, families: Sequence[tuple[Family, GroupedFamily]]
) -> Iterator[Told]:
    layouts = _Layouts(sample)
    for number, (family, groups) in enumerate(families):
        for member, reasons in zip(family.members, family.reasons, strict=True):
            judged = sample.decide(member.indicator)
            shown = reasons == ""
            for layout, told in layouts.plain(shown):
                yield from _both(number, None, layout, judged, told)
        for table in groups.tables:
            if not table.table.shown.any():
                continue
            judged = sample.decide(table.indicator)
            for layout, told in layouts.of_table(table):
                yield from _both(number, table, layout, judged, told)


def _both(
    family: int,
    table: GroupTable | None,
    layout: tuple[Integers, int],
    judged: Judged,
    told: Integers,
) -> Iterator[Told]:
    cell, columns = layout
    eligible, in_need = judged
    for inside in (eligible, in_need, eligible & ~in_need):
        yield _Source(family, table, cell, columns, inside), told


class _Layouts:
    """Which cell of a table each child belongs to, kept from one indicator to the next."""

    def __init__(self, sample: Sample) -> None:
        self.zone = sample.unit_zone[sample.child_unit]
        self.zones = len(sample.zones)
        self.sex = sample.child_group
        self.kept: dict[str, list[tuple[Integers, int]]] = {}

    def plain(self, shown: Booleans) -> Iterable[tuple[tuple[Integers, int], Integers]]:
        """`shown` (3, zones + 1) of all children, girls and boys."""
        everybody = np.zeros_like(self.sex)
        yield from self._rows("", everybody, shown[:1].T)
        yield from self._rows("sex", self.sex, shown[1:].T)

    def of_table(
        self, table: GroupTable
    ) -> Iterable[tuple[tuple[Integers, int], Integers]]:
        shown, group = table.table.shown, table.grouping.group
        if not table.is_crossed:
            yield from self._rows(table.name, group, shown)
            return
        # The last row has those without a category of the first dimension.
        layout = self.kept.setdefault(table.name, [(group, shown.shape[1])])[0]
        yield layout, np.flatnonzero(shown[:-1])

    def _rows(
        self, name: str, group: Integers, shown: Booleans
    ) -> Iterable[tuple[tuple[Integers, int], Integers]]:
        """Of the zones, and of the town in the last row."""
        columns = shown.shape[1]
        if name not in self.kept:
            self.kept[name] = [
                (np.where(group < 0, -1, row * columns + group), columns)
                for row in (self.zone, np.full_like(self.zone, self.zones))
            ]
        cells = np.flatnonzero(shown)
        inner = self.zones * columns
        parts = cells[cells < inner], cells[cells >= inner]
        return zip(self.kept[name], parts, strict=True)

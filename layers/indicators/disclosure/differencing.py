"""What one release after another gives away, and which figures keep their former value.

Whoever has two releases of a round subtracts them. Where a zone's figure moved by one to
four children, the difference is about these children; and what is withheld in one release
may be published in the other. So the releases of a round are one system of equations: the
atoms (zone, sex and age band) of every release are its unknowns, those that did not change
are the same unknown in both, and the cells that were published are its equations.

Shapes of a release: C cells, A atoms.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from layers.indicators.disclosure.suppression import (
    SMALLEST_GROUP,
    Booleans,
    Floats,
    Integers,
    eliminated,
    rests,
)

OLD_PRICE = 1e-3


@dataclass(frozen=True)
class Issued:
    """The exact counts behind one release of a family, and what of them became known."""

    atoms: Sequence[Hashable]
    """(A,) what an atom is; the same name in two releases is the same group."""
    cells: Sequence[Hashable]
    """(C,) what a cell is: the same name in two releases is compared."""
    membership: Floats
    """(C, A)"""
    count: Integers
    """(C,)"""
    affected: Integers
    """(C,)"""
    fresh: Booleans
    """(C,) published from these counts, neither withheld nor a former figure."""
    secret: Booleans
    """(C,) withheld for its own sake."""

    def measures(self) -> tuple[Integers, ...]:
        return self.count, self.affected, self.count - self.affected


def held_back(earlier: Sequence[Issued], new: Issued) -> Booleans:
    """(C,) cells of the new release that must keep their former figure.

    Those that moved by one to four children since a release that showed or withheld them,
    published now or not; and as many further ones as it takes until no such change and no
    withheld cell is a sum of what all releases publish.
    """
    held = _moved_little(earlier, new)
    fresh = new.fresh & ~held
    while relations := _told(earlier, replace(new, fresh=fresh)):
        for relation in relations:
            if fresh[relation].all():
                fresh[_loosest(earlier, new, relation)] = False
    return held | (new.fresh & ~fresh)


def _told(earlier: Sequence[Issued], new: Issued) -> list[Integers]:
    return found(earlier, new) or list(_small_rests(earlier, new))


def _small_rests(earlier: Sequence[Issued], new: Issued) -> Iterator[Integers]:
    """Cells whose changes, one less the others, are one to four children together."""
    for release in earlier:
        place = {cell: number for number, cell in enumerate(release.cells)}
        if not place.keys() <= set(new.cells):
            continue
        # Of larger areas that the earlier one did not tell nothing has changed.
        old = np.array([place.get(cell, -1) for cell in new.cells])
        shown = (old >= 0) & release.fresh[old] & new.fresh
        changes = [
            np.where(old >= 0, now - before[old], 0)
            for before, now in zip(release.measures(), new.measures(), strict=True)
        ]
        for rest in rests(new.membership, shown):
            cell, parts = rest.cells[0], rest.cells[1:]
            left = [abs(int(x[cell] - x[parts].sum())) for x in changes]
            if any(0 < change < SMALLEST_GROUP for change in left):
                yield rest.cells


def found(earlier: Sequence[Issued], new: Issued) -> list[Integers]:
    """What all releases together give away: cells of the new one that add up to it.

    Empty where nothing is given away. What earlier releases alone say is not found: no
    later one can take it back.
    """
    relations: list[Integers] = []
    for measure in range(3 if earlier else 0):
        system = _System.of([*earlier, new], measure)
        secrets = list(_secrets(system, earlier, new, measure))
        if not secrets or not len(system.known):
            continue
        left = eliminated(system.known, np.array(secrets))
        derived = [
            row for row, more in zip(secrets, left, strict=True) if not more.any()
        ]
        relations += [part for row in derived if (part := system.relation(row)).size]
    return relations


def _moved_little(earlier: Sequence[Issued], new: Issued) -> Booleans:
    held = np.zeros(len(new.cells), dtype=bool)
    place = {cell: number for number, cell in enumerate(new.cells)}
    for release in earlier:
        shared = [x for x, cell in enumerate(release.cells) if cell in place]
        told = np.array(shared, dtype=np.int64)
        told = told[(release.fresh | release.secret)[told]]
        at = np.array([place[release.cells[int(x)]] for x in told], dtype=np.int64)
        for before, now in zip(release.measures(), new.measures(), strict=True):
            change = np.abs(now[at] - before[told])
            held[at[(change > 0) & (change < SMALLEST_GROUP)]] = True
    return held


@dataclass(frozen=True)
class _System:
    """The equations of some releases, the last of them new, in one measure."""

    rows: list[Floats]
    """For each release, its cells (C, U) in terms of all U unknowns."""
    known: Floats
    """(K, U) the cells that were published, those of the new release last."""
    cell: Integers
    """(K,) the cell of the new release, or -1 for what was known before."""

    @classmethod
    def of(cls, releases: Sequence[Issued], measure: int) -> _System:
        places, total = _unknowns(releases, measure)
        rows = []
        for release, place in zip(releases, places, strict=True):
            spread = np.zeros((len(place), total))
            spread[np.arange(len(place)), place] = 1.0
            rows.append(release.membership @ spread)
        known = [row[each.fresh] for row, each in zip(rows, releases, strict=True)]
        same = list(_same_totals(releases, rows, measure))
        before = [*known[:-1], np.array(same).reshape(-1, total)]
        cell = np.concatenate(
            [
                np.full(sum(map(len, before)), -1),
                np.flatnonzero(releases[-1].fresh),
            ]
        )
        return cls(rows, np.vstack([*before, known[-1]]), cell)

    def relation(self, secret: Floats) -> Integers:
        """Cells of the new release in the shortest sum that gives the secret row."""
        price = np.where(self.cell < 0, OLD_PRICE, 1.0)
        solved = linprog(
            np.tile(price, 2),
            A_eq=csr_array(np.hstack([self.known.T, -self.known.T])),
            b_eq=secret,
        )
        if solved.x is None:
            raise RuntimeError(f"The comparison of releases failed: {solved.message}")
        plus, minus = np.split(np.asarray(solved.x), 2)
        used = self.cell[np.abs(plus - minus) > 1e-7]
        return np.unique(used[used >= 0])


def _unknowns(releases: Sequence[Issued], measure: int) -> tuple[list[Integers], int]:
    """For each release the number of the unknown behind each atom.

    An atom is the same unknown as in an earlier release if the smallest cell that holds
    it counts as many.
    """
    numbers: dict[tuple[Hashable, int], int] = {}
    places = []
    total = 0
    for release in releases:
        values = release.measures()[measure]
        place = np.zeros(len(release.atoms), dtype=np.int64)
        for atom, cell in enumerate(_smallest_cells(release)):
            key = release.atoms[atom], int(values[cell])
            if key not in numbers:
                numbers[key] = total
                total += 1
            place[atom] = numbers[key]
        places.append(place)
    return places, total


def _smallest_cells(release: Issued) -> Integers:
    size = release.membership.sum(axis=1)
    holding = np.where(release.membership > 0, size[:, None], np.inf)
    return np.asarray(holding.argmin(axis=0))


def _same_totals(
    releases: Sequence[Issued], rows: list[Floats], measure: int
) -> Iterator[Floats]:
    """A cell that counts as many as before is taken for the same, also where the zones
    that it is made of have new boundaries."""
    new, last = releases[-1], rows[-1]
    place = {cell: number for number, cell in enumerate(new.cells)}
    for release, own in zip(releases[:-1], rows[:-1], strict=True):
        if release.atoms == new.atoms:
            continue
        for number, cell in enumerate(release.cells):
            other = place.get(cell)
            if other is None or release.membership[number].sum() < 2:
                continue
            values = release.measures()[measure], new.measures()[measure]
            if values[0][number] == values[1][other]:
                yield last[other] - own[number]


def _secrets(
    system: _System, earlier: Sequence[Issued], new: Issued, measure: int
) -> Iterator[Floats]:
    """Rows that nobody may get: withheld cells of any release, and small changes."""
    last = system.rows[-1]
    place = {cell: number for number, cell in enumerate(new.cells)}
    now = new.measures()[measure]
    yield from last[new.secret & (now > 0)]
    for release, rows in zip(earlier, system.rows[:-1], strict=True):
        before = release.measures()[measure]
        yield from rows[release.secret & (before > 0)]
        for number, name in enumerate(release.cells):
            cell = place.get(name)
            if cell is not None and (
                0 < abs(int(now[cell]) - int(before[number])) < SMALLEST_GROUP
            ):
                yield last[cell] - rows[number]


def _loosest(earlier: Sequence[Issued], new: Issued, relation: Integers) -> int:
    """The cell that loses least by keeping its former value: that changed least."""
    former = dict(zip(earlier[-1].cells, earlier[-1].count.tolist(), strict=True))
    change = [
        abs(former.get(new.cells[cell], 0) - int(new.count[cell]))
        / max(int(new.count[cell]), 1)
        for cell in relation
    ]
    unchanged = np.array(change) == 0
    return int(relation[np.lexsort([change, unchanged])[0]])

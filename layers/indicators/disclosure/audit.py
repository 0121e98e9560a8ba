"""What someone who can add, subtract and solve equations learns of withheld counts.

A table is linked: every cell, also a total or a total of totals, is the sum of some atoms,
the smallest cells. Whoever holds the published cells knows that the atoms fit them and are
never negative. Between the smallest and the largest value that all such atoms allow lies
what they know of a withheld cell; both are linear programmes.

Shapes: C cells, A atoms.

Source of the method: Hundepool and others, Statistical Disclosure Control (2012), §4.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import csc_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components

from layers.indicators.disclosure.programmes import Programme

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

CLOSE = 1e-6
MOST_SETS = 40
WHOLE_UP_TO = 400
"""Atoms up to which a bound that is no whole number is searched again for whole ones."""


@dataclass(frozen=True)
class LinkedTable:
    """Counts whose sums are published beside them."""

    membership: csr_array
    """(C, A), 1 where the cell counts the atom."""
    count: Floats
    """(C,), each the sum of its atoms: whole numbers, none negative."""
    atoms: Floats
    """(A,)"""

    @classmethod
    def of(cls, membership: csr_array, atoms: Floats) -> LinkedTable:
        rows = csr_array(membership, dtype=np.float64)
        values = np.asarray(atoms, dtype=np.float64)
        return cls(rows, np.asarray(rows @ values), values)


def intervals(
    table: LinkedTable,
    hidden: Booleans,
    wanted: Integers | None = None,
    enough: Floats | None = None,
) -> tuple[Floats, Floats]:
    """(W,) lowest and highest value that the published cells leave to each wanted one.

    Wanted are cell numbers, by default all hidden ones. `enough` (W,) is a width from
    which on a range is not searched further; then the true one is at least as wide.
    Infinite where nothing published bounds a cell from above.
    """
    wanted = np.flatnonzero(hidden) if wanted is None else wanted
    known = _Known.of(table, hidden)
    targets = csr_array(table.membership[wanted])
    low = np.asarray(targets @ known.value)
    high = low.copy()
    high[np.asarray(targets @ known.unbounded.astype(float)) > 0] = np.inf
    free = csc_array(targets)
    width = np.full(len(wanted), np.inf) if enough is None else enough
    for part in known.parts:
        sub = csr_array(free[:, part.atoms])
        touched = np.flatnonzero(np.diff(sub.indptr))
        if not touched.size:
            continue
        search = _Search(part, csr_array(sub[touched]), table.atoms[part.atoms])
        search.run(width[touched] if enough is not None else None)
        low[touched] += search.low
        high[touched] += search.high
    return np.ceil(low - CLOSE), np.floor(high + CLOSE)


@dataclass(frozen=True)
class _Part:
    """Unknown atoms that share equations, and these equations."""

    atoms: Integers
    rows: csr_array
    residual: Floats


@dataclass(frozen=True)
class _Known:
    """What simple subtraction gives, and the parts that it leaves open."""

    value: Floats
    """(A,) of the atoms known by subtraction; 0 for the others."""
    unbounded: Booleans
    """(A,) atoms in no equation."""
    parts: list[_Part]

    @classmethod
    def of(cls, table: LinkedTable, hidden: Booleans) -> _Known:
        rows = csr_array(table.membership[np.flatnonzero(~hidden)])
        residual = table.count[~hidden].copy()
        free = np.ones(rows.shape[1], dtype=bool)
        by_atom = csc_array(rows)
        while True:
            size = np.asarray(rows @ free.astype(float))
            settled = (size > 0) & ((residual < CLOSE) | (size < 1.5))
            touched = np.asarray(by_atom.T @ settled.astype(float)) > 0
            found = np.flatnonzero(free & touched)
            if not found.size:
                break
            # A published nought makes its parts nought, a single part is what is left.
            residual = residual - by_atom[:, found] @ table.atoms[found]
            free[found] = False
        value = np.where(free, 0.0, table.atoms)
        kept = np.flatnonzero(size > 0)
        return cls(
            value, *_split(csr_array(rows[kept]), residual[kept], np.flatnonzero(free))
        )


def _split(
    rows: csr_array, residual: Floats, free: Integers
) -> tuple[Booleans, list[_Part]]:
    """The equations of the `free` atoms, by connected parts."""
    unbounded = np.zeros(rows.shape[1], dtype=bool)
    columns = csr_array(csc_array(rows)[:, free])
    number, label = _labels(columns)
    of_row, of_atom = label[: columns.shape[0]], label[columns.shape[0] :]
    unbounded[free[np.bincount(of_row, minlength=number)[of_atom] == 0]] = True
    atom_order = np.argsort(of_atom, kind="stable")
    row_order = np.argsort(of_row, kind="stable")
    atom_ends = np.cumsum(np.bincount(of_atom, minlength=number))
    row_ends = np.cumsum(np.bincount(of_row, minlength=number))
    parts = []
    for each in range(number):
        here = row_order[row_ends[each - 1] if each else 0 : row_ends[each]]
        atoms = atom_order[atom_ends[each - 1] if each else 0 : atom_ends[each]]
        if len(here):
            own = csr_array(csc_array(columns[here])[:, atoms])
            parts.append(_Part(free[atoms], own, residual[here]))
    return unbounded, parts


def _labels(columns: csr_array) -> tuple[int, NDArray[np.int32]]:
    rows, atoms = columns.shape
    entries = columns.tocoo()
    graph = csr_array(
        (np.ones(entries.nnz), (entries.coords[0], rows + entries.coords[1])),
        shape=(rows + atoms, rows + atoms),
    )
    number, label = connected_components(graph, directed=False)
    return int(number), label


class _Search:
    """The ranges of `targets` (W, atoms of the part) in one part, from within.

    `low` and `high` are always reached by some table that fits, so that a range is never
    said to be wider than it is.
    """

    def __init__(self, part: _Part, targets: csr_array, truth: Floats) -> None:
        self.part, self.targets = part, targets
        self.low = np.asarray(targets @ truth)
        self.high = self.low.copy()
        self.floor, self.ceiling = _outer(part, targets)
        self.random = np.random.default_rng(0)
        self.conflicts = vstack([part.rows @ targets.T], format="csr")

    @cached_property
    def programme(self) -> Programme:
        return Programme(self.part.rows, self.part.residual)

    def run(self, enough: Floats | None) -> None:
        if self.part.rows.shape[0] == 1:
            self.low, self.high = self.floor, self.ceiling
            return
        for _ in range(MOST_SETS):
            before = self._open(enough).sum()
            for sign in (1.0, -1.0):
                self._step_together(enough, sign)
            left = self._open(enough).sum()
            if not left or left > 0.9 * before:
                break
        for sign in (1.0, -1.0):
            for index in np.flatnonzero(self._open(enough)):
                if self._open_ways(enough, sign)[index]:
                    self._step_alone(int(index), sign)

    def _open(self, enough: Floats | None) -> Booleans:
        return np.asarray(self._open_ways(enough, 1.0) | self._open_ways(enough, -1.0))

    def _open_ways(self, enough: Floats | None, sign: float) -> Booleans:
        """Targets of which a further move up (1) or down (-1) may be learnt."""
        if sign > 0:
            unsure = self.high < self.ceiling - CLOSE
        else:
            unsure = self.low > self.floor + CLOSE
        if enough is not None:
            unsure &= self.high - self.low < enough - CLOSE
        return np.asarray(unsure)

    def _step_together(self, enough: Floats | None, sign: float) -> None:
        """One programme for many targets: those that share no equation."""
        unsure = self._open_ways(enough, sign)
        if not unsure.any():
            return
        chance = np.where(unsure, self.random.random(len(unsure)), -1.0)
        best = np.zeros(self.conflicts.shape[0])
        entries = self.conflicts.tocoo()
        np.maximum.at(best, entries.coords[0], chance[entries.coords[1]])
        beaten = np.zeros(len(unsure), dtype=bool)
        loses = chance[entries.coords[1]] < best[entries.coords[0]]
        beaten[entries.coords[1][loses]] = True
        chosen = np.flatnonzero(unsure & ~beaten)
        objective = np.asarray(self.targets[chosen].sum(axis=0)).ravel()
        self._take(self._best(sign * objective))

    def _step_alone(self, index: int, sign: float) -> None:
        objective = sign * self.targets[[index]].toarray().ravel()
        found = self._best(objective)
        self._take(found)
        # The end of this target's range in this direction is reached for certain.
        if sign > 0:
            self.ceiling[index] = self.high[index]
        else:
            self.floor[index] = self.low[index]

    def _take(self, found: Floats) -> None:
        reached = np.asarray(self.targets @ found)
        np.minimum(self.low, reached, out=self.low)
        np.maximum(self.high, reached, out=self.high)

    def _best(self, objective: Floats) -> Floats:
        """Atoms that fit and make the objective largest; whole ones where it matters."""
        part = self.part
        found = self.programme.minimise(-objective)
        if np.abs(found - np.rint(found)).max() < CLOSE or len(found) > WHOLE_UP_TO:
            return found
        whole = milp(
            -objective,
            integrality=np.ones(len(found)),
            constraints=LinearConstraint(part.rows, part.residual, part.residual),
            options={"time_limit": 5.0},
        )
        return found if whole.x is None else np.asarray(whole.x, dtype=np.float64)


def _outer(part: _Part, targets: csr_array) -> tuple[Floats, Floats]:
    """Bounds of the targets that need no programme, at least as wide as the range."""
    rows, residual = part.rows, part.residual
    entries = rows.tocoo()
    top = np.full(rows.shape[1], np.inf)
    np.minimum.at(top, entries.coords[1], residual[entries.coords[0]])
    others = np.asarray(rows @ top)
    bottom = np.zeros(rows.shape[1])
    np.maximum.at(
        bottom,
        entries.coords[1],
        residual[entries.coords[0]]
        - others[entries.coords[0]]
        + top[entries.coords[1]],
    )
    floor, ceiling = np.asarray(targets @ bottom), np.asarray(targets @ top)
    size = np.asarray(targets.sum(axis=1)).ravel()
    shared = (targets @ rows.T).tocoo()
    target, row = shared.coords
    row_size = np.asarray(rows.sum(axis=1)).ravel()
    inside = shared.data > size[target] - 0.5
    np.minimum.at(ceiling, target[inside], residual[row[inside]])
    covers = shared.data > row_size[row] - 0.5
    np.maximum.at(floor, target[covers], residual[row[covers]])
    return floor, ceiling

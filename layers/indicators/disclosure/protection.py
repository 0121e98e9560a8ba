"""Which cells of a linked table are withheld besides the small ones, as few as can be.

A small count is protected if the published cells leave its value a range of a required
width. Cells are withheld along the cheapest change of the whole table that gives a small
count this range and leaves all published cells as they are; then those that turn out to be
unnecessary are published again; then, in small tables, a search by cuts looks for fewer.

Shapes: C cells, A atoms.

Sources of the method: Kelly, Golden and Assad, Cell suppression, Networks 22 (1992), for
the cheapest change; Fischetti and Salazar, Models and algorithms for optimizing cell
suppression in tabular data, JASA 95 (2000), for the cuts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

from layers.indicators.disclosure.audit import (
    CLOSE,
    Booleans,
    Floats,
    Integers,
    LinkedTable,
    intervals,
)

NEAR = 400
"""Atoms among which a change is looked for first, in a large table."""
SEARCHED = 2000
"""Cells up to which fewer are looked for by cuts."""


class Unprotectable(ValueError):
    """The cells that may be withheld are too few; `cell` stays too narrow."""

    def __init__(self, cell: int) -> None:
        super().__init__(cell)
        self.cell = cell


@dataclass(frozen=True)
class Need:
    """What has to be protected, and at what price."""

    primary: Booleans
    """(C,) withheld in any case."""
    width: Floats
    """(C,) required for the range of each primary cell."""
    cost: Floats
    """(C,) of withholding a further cell, above zero."""
    may_hide: Booleans
    """(C,)"""


@dataclass(frozen=True)
class Pattern:
    hidden: Booleans
    at_least: float
    """The cost below which no pattern can lie, as far as it was proved."""


def naive(need: Need) -> Pattern:
    return Pattern(need.primary.copy(), float(need.cost[need.primary].sum()))


def protect(table: LinkedTable, need: Need, seconds: float = 20.0) -> Pattern:
    """The cheapest pattern found in about `seconds`, and in any case one that protects.

    Raises Unprotectable.
    """
    start = time.monotonic()
    found = Pattern(_along_changes(table, need), float(need.cost[need.primary].sum()))
    if len(table.count) <= SEARCHED:
        found = searched(table, need, found.hidden, start + 0.7 * seconds)
    cost = need.cost[found.hidden].sum()
    if found.at_least > cost - CLOSE:
        return found
    tidied = _tidied(table, need, found.hidden, start + seconds)
    return Pattern(tidied, found.at_least)


def too_narrow(
    table: LinkedTable, need: Need, hidden: Booleans, among: Integers | None = None
) -> Integers:
    """Primary cells whose range under this pattern is not wide enough."""
    wanted = np.flatnonzero(need.primary) if among is None else among
    if not len(wanted):
        return wanted
    low, high = intervals(table, hidden, wanted, need.width[wanted])
    return wanted[high - low < need.width[wanted] - CLOSE]


def _along_changes(table: LinkedTable, need: Need) -> Booleans:
    hidden = need.primary.copy()
    left = too_narrow(table, need, hidden)
    # The largest first: what hides them often hides the others as well.
    for cell in left[np.argsort(-table.count[left], kind="stable")]:
        if too_narrow(table, need, hidden, np.array([cell])).size:
            hidden |= _cheapest_change(table, need, hidden, int(cell))
    return hidden


def _cheapest_change(
    table: LinkedTable, need: Need, hidden: Booleans, cell: int
) -> Booleans:
    atoms = _near(table, hidden, cell)
    while True:
        moved = _change_among(table, need, hidden, (cell, atoms))
        if moved is not None:
            return moved
        if len(atoms) == len(table.atoms):
            raise Unprotectable(cell)
        atoms = np.arange(len(table.atoms))


def _near(table: LinkedTable, hidden: Booleans, cell: int) -> Integers:
    """The atoms that stand closest to the cell by the sums they share."""
    if len(table.atoms) <= NEAR:
        return np.arange(len(table.atoms))
    rows = table.membership
    size = np.asarray(rows.sum(axis=1)).ravel()
    own = rows[[cell]].toarray().ravel()
    tie = np.asarray(rows.T @ ((rows @ own) / size**2))
    # Atoms that are withheld already and those of a middling size bend at no great cost.
    alone = np.zeros(len(own))
    single = hidden & (size < 1.5)
    np.maximum.at(alone, rows[single].indices, 1.0)
    first = np.argsort(-(tie * (1 + alone)), kind="stable")[: NEAR // 4]
    spread = np.zeros(len(own))
    spread[first] = 1.0
    tie = np.asarray(rows.T @ ((rows @ spread) / size**2)) + len(own) * spread
    return np.sort(np.argsort(-(tie * (1 + alone)), kind="stable")[:NEAR])


def _change_among(
    table: LinkedTable, need: Need, hidden: Booleans, where: tuple[int, Integers]
) -> Booleans | None:
    """(C,) cells that the cheapest two changes move, one up, one down; None without any.

    Together they move the cell by its width; what is withheld already moves freely.
    """
    cell, atoms = where
    rows = csr_array(table.membership[:, atoms])
    touched = np.flatnonzero((np.diff(rows.indptr) > 0) & ~hidden)
    sub = csr_array(rows[touched])
    one = hstack([sub, -eye_array(len(touched)), eye_array(len(touched))])
    nothing = csr_array(one.shape)
    target = rows[[cell]].toarray().ravel()
    pad = np.zeros(2 * len(touched))
    both = csr_array(np.concatenate([target, pad, -target, pad])[None, :])
    price = np.where(need.may_hide[touched], need.cost[touched], 0.0)
    most = np.where(need.may_hide[touched], np.inf, 0.0)
    bounds = np.concatenate(
        [
            np.column_stack([-table.atoms[atoms], np.full(len(atoms), np.inf)]),
            np.column_stack([np.zeros(2 * len(touched)), np.tile(most, 2)]),
        ]
    )
    solved = linprog(
        np.tile(np.concatenate([np.zeros(len(atoms)), price, price]), 2),
        A_eq=vstack([hstack([one, nothing]), hstack([nothing, one]), both], "csr"),
        b_eq=np.append(np.zeros(2 * len(touched)), need.width[cell]),
        bounds=np.tile(bounds, (2, 1)),
    )
    if solved.x is None:
        return None
    halves = np.asarray(solved.x).reshape(2, -1)[:, len(atoms) :]
    moved = np.zeros_like(hidden)
    moved[touched] = halves.reshape(4, len(touched)).max(axis=0) > CLOSE
    return moved


def _tidied(table: LinkedTable, need: Need, hidden: Booleans, end: float) -> Booleans:
    """Without the cells that need not be withheld, the dearest looked at first."""
    hidden = hidden.copy()
    extra = np.flatnonzero(hidden & ~need.primary)
    for cell in extra[np.argsort(-need.cost[extra], kind="stable")]:
        if time.monotonic() > end:
            break
        hidden[cell] = False
        hidden[cell] = too_narrow(table, need, hidden).size > 0
    return hidden


def searched(table: LinkedTable, need: Need, hidden: Booleans, end: float) -> Pattern:
    """The cheapest pattern by cuts: proposals of an integer programme, refused one by one.

    Each cell left too narrow by a proposal gives an inequality that every protecting
    pattern keeps and this one does not. Stops at `end` with the best pattern so far.
    """
    best, at_least = hidden, float(need.cost[need.primary].sum())
    cuts = _Cuts(table, need)
    while time.monotonic() < end and at_least < need.cost[best].sum() - CLOSE:
        proposal, bound = cuts.propose(end - time.monotonic())
        at_least = max(at_least, bound)
        if proposal is None:
            break
        narrow = too_narrow(table, need, proposal)
        if not narrow.size:
            if need.cost[proposal].sum() < need.cost[best].sum():
                best = proposal
            continue
        if not cuts.refuse(proposal, narrow, end):
            break
    return Pattern(best, min(at_least, float(need.cost[best].sum())))


class _Cuts:
    """The integer programme over patterns, with the inequalities found so far."""

    def __init__(self, table: LinkedTable, need: Need) -> None:
        self.table, self.need = table, need
        self.rows: list[Floats] = []
        self.least: list[float] = []
        self.ceiling = float(table.count.sum()) + 1.0
        # An atom that is a cell is bounded as a cell, which makes the cuts sharper.
        rows = table.membership
        single = rows.indices[
            np.repeat(np.diff(rows.indptr) == 1, np.diff(rows.indptr))
        ]
        self.floor = -table.atoms
        self.floor[single] = -np.inf

    def propose(self, seconds: float) -> tuple[Booleans | None, float]:
        primary, size = self.need.primary, len(self.need.primary)
        solved = milp(
            self.need.cost,
            integrality=np.ones(size),
            bounds=Bounds(primary.astype(float), (primary | self.need.may_hide) * 1.0),
            constraints=[LinearConstraint(csr_array(np.array(self.rows)), self.least)]
            if self.rows
            else [],
            options={"time_limit": max(seconds, 0.1)},
        )
        bound = solved.get("mip_dual_bound")
        known = float(bound) if bound is not None and np.isfinite(bound) else 0.0
        if solved.x is None or solved.status != 0:
            return None, known
        return np.asarray(solved.x) > 0.5, known

    def refuse(self, proposal: Booleans, narrow: Integers, end: float) -> bool:
        """Adds a cut for each narrow cell; whether there was one."""
        added = False
        for cell in narrow:
            if time.monotonic() > end:
                break
            coefficients, least = self._cut(proposal, int(cell))
            if coefficients @ proposal < least - CLOSE:
                self.rows.append(coefficients)
                self.least.append(least)
                added = True
        return added

    def _cut(self, proposal: Booleans, cell: int) -> tuple[Floats, float]:
        """What a cell's range draws on: by duality, width <= sum of coefficient x hidden."""
        table, width = self.table, float(self.need.width[cell])
        rows, target = table.membership, table.membership[[cell]].toarray().ravel()
        room = np.concatenate([np.full(len(proposal), self.ceiling), table.count])
        matrix = vstack([rows, -rows], format="csr")
        found, constant = np.zeros(len(proposal)), 0.0
        for sign in (1.0, -1.0):
            solved = linprog(
                -sign * target,
                A_ub=matrix,
                b_ub=np.where(np.tile(proposal, 2), room, 0.0),
                bounds=np.column_stack([self.floor, np.full(len(target), np.inf)]),
            )
            if solved.x is None:
                raise RuntimeError(f"The search failed: {solved.message}")
            price = -np.asarray(solved.ineqlin.marginals)
            up, down = np.split(price * room, 2)
            found += up + down
            bounded = np.isfinite(self.floor)
            held = np.asarray(solved.lower.marginals)[bounded]
            constant -= float(held @ self.floor[bounded])
        least = width - constant
        return np.minimum(np.where(found > CLOSE, found, 0.0), max(least, 0.0)), least

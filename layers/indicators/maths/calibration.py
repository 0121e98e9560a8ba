"""Weights drawn to known totals of children, and what is left of the variance then.

Sources: Deville and Särndal, Journal of the American Statistical Association 87 (1992), for
calibration within bounds and its variance; Deming and Stephan, Annals of Mathematical
Statistics 11 (1940), for raking, which this is wherever no bound is met.

Shapes: N children, M margins, C categories of all margins, one margin after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from layers.indicators.maths.totals import (
    Booleans,
    Cells,
    Design,
    Floats,
    Integers,
    Totals,
)

BOUNDS = (0.25, 4.0)
"""The least and the most that a child's weight is multiplied with."""
STEPS = 100
HALVINGS = 30
TOLERANCE = 1e-10
"""Relative to each total."""
AT_ONCE = 4_000_000
"""Sampling units times figures whose residuals are held together."""


@dataclass(frozen=True)
class Raked:
    factor: Floats
    """(N,)"""
    worst: float
    """The largest distance from a known total, relative to it."""
    furthest: int
    """The category (among C) of that distance."""

    @property
    def settled(self) -> bool:
        return self.worst <= TOLERANCE


def rake(
    weight: Floats,
    margins: Sequence[Integers],
    known: Floats,
    bounds: tuple[float, float] = BOUNDS,
) -> Raked:
    """Factors within bounds under which the weights (N,) add up to `known` (C,).

    Each of the `margins` (N,) gives a child's category among C. Every category needs a
    child. Newton's steps over the pairs of categories that occur, halved where they lead
    away; where the bounds leave no answer `settled` is false.
    """
    pairs, place = np.unique(np.stack(margins), axis=1, return_inverse=True)
    place = place.ravel()
    mass = np.bincount(place, weights=weight)
    inside = np.zeros((pairs.shape[1], len(known)))
    for categories in pairs:
        inside[np.arange(len(categories)), categories] = 1.0
    at = np.zeros(len(known))

    def away(point: Floats) -> tuple[Floats, Floats]:
        factor = np.clip(np.exp(np.clip(inside @ point, -50, 50)), *bounds)
        return factor, known - inside.T @ (mass * factor)

    factor, rest = away(at)
    for _step in range(STEPS):
        if np.abs(rest / known).max() <= TOLERANCE:
            break
        free = (factor > bounds[0]) & (factor < bounds[1])
        slope = (inside * (mass * factor * free)[:, None]).T @ inside
        # The margins share their total, so the system is singular by design.
        step = np.linalg.lstsq(slope, rest, rcond=1e-12)[0]
        for _half in range(HALVINGS):
            factor, next_rest = away(at + step)
            if np.abs(next_rest / known).sum() < np.abs(rest / known).sum():
                break
            step = step / 2
        else:
            factor, next_rest = away(at)
            break
        at, rest = at + step, next_rest
    distance = np.abs(rest / known)
    furthest = int(np.argmax(distance))
    return Raked(factor[place], float(distance[furthest]), furthest)


@dataclass(frozen=True)
class Calibration:
    """Of a sample: its weights before and after, and what they were drawn to."""

    before: Floats
    """(N,)"""
    after: Floats
    """(N,)"""
    margins: tuple[Integers, ...]
    """(N,) each, the category among C."""
    width: int
    """C"""
    psu: Integers
    """(N,)"""
    design: Design

    @cached_property
    def _inverse(self) -> Floats:
        """(C, C) of the cross products of the categories, with the weights before."""
        cross = np.zeros((self.width, self.width))
        for one in self.margins:
            for other in self.margins:
                pairs = np.bincount(
                    one * self.width + other, self.before, self.width**2
                )
                cross += pairs.reshape(self.width, self.width)
        return np.asarray(
            np.linalg.pinv(cross, rcond=1e-12, hermitian=True), dtype=np.float64
        )

    @cached_property
    def _load(self) -> sparse.csr_array:
        """(P, C) weights after, by sampling unit and category."""
        parts = len(self.margins)
        rows, columns = np.tile(self.psu, parts), np.concatenate(self.margins)
        shape = len(self.design.psu_stratum), self.width
        return sparse.csr_array((np.tile(self.after, parts), (rows, columns)), shape)

    @cached_property
    def _strata(self) -> sparse.csr_array:
        """(H, P)"""
        stratum = self.design.psu_stratum
        ones, place = np.ones(len(stratum)), np.arange(len(stratum))
        shape = len(self.design.fraction), len(stratum)
        return sparse.csr_array((ones, (stratum, place)), shape)

    def explained(
        self, *, at: Integers, size: int, scale: Floats | None, counted: Booleans
    ) -> Floats:
        """(size, C) children `counted` (N,) by place `at` (N,) and category.

        With the weights before, times `scale` (N,).
        """
        rows = np.flatnonzero(counted)
        weight = self.before if scale is None else self.before * np.nan_to_num(scale)
        found = np.zeros(size * self.width)
        for margin in self.margins:
            key = at[rows] * self.width + margin[rows]
            found += np.bincount(key, weight[rows], size * self.width)
        return found.reshape(size, self.width)

    def variance(
        self,
        *,
        totals: Totals,
        cells: Cells,
        numerator: Floats,
        denominator: Floats,
    ) -> Floats:
        """(B, D) of the ratios of `totals` (B, K), whose weights are those after.

        `numerator` and `denominator` (B, D, C) are those of `explained`. The residuals of
        each ratio's influence from its regression on the categories reach children outside
        the domain, so every sampling unit of the town has a part.
        """
        width = np.diff(np.append(cells.starts, len(cells)))
        domain = np.repeat(cells.slot_domain, width)
        edges = np.searchsorted(domain, np.arange(cells.domains + 1))
        found = np.full((len(totals.count), cells.domains), np.nan)
        psus = len(self.design.psu_stratum)
        size = max(1, AT_ONCE // psus)
        for row in range(len(found)):
            for first in range(0, cells.domains, size):
                last = min(first + size, cells.domains)
                part = slice(edges[first], edges[last])
                own = domain[part] - first
                above, below = (
                    each[row, part] for each in (totals.numerator, totals.denominator)
                )
                need = np.bincount(own, above, last - first)
                base = np.bincount(own, below, last - first)
                with np.errstate(invalid="ignore", divide="ignore"):
                    ratio = need / base
                share = np.nan_to_num(ratio)
                scale = np.where(base > 0, base, 1.0)
                influence = np.zeros((psus, last - first))
                influence[cells.psu[part], own] = (above - share[own] * below) / scale[
                    own
                ]
                linear = (
                    numerator[row, first:last]
                    - share[:, None] * denominator[row, first:last]
                ) / scale[:, None]
                residual = influence - self._load @ (linear @ self._inverse).T
                found[row, first:last] = np.where(
                    base > 0, self._spread(residual), np.nan
                )
        return found

    def _spread(self, residual: Floats) -> Floats:
        """(D,) the variance of the sums of residuals (P, D) over a stratified sample."""
        psus = self.design.psus
        sums = self._strata @ residual
        squares = self._strata @ residual**2
        alone = psus == 1
        # A stratum with one unit is centred at the grand mean, zero for residuals.
        mean = np.where(alone[:, None], 0.0, sums)
        centred = squares - mean**2 / psus[:, None]
        factor = (1.0 - self.design.fraction) * psus / np.maximum(psus - 1, 1)
        return np.asarray(factor @ np.maximum(centred, 0.0))

"""Children of a sample cut into domains, and ratios of their totals with variance.

The arithmetic of the variance is that of `estimation`; what is found once for the domains
is kept here for the many shares that are asked of the same children.

Shapes: N rows, D domains.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import stdtrit

from layers.indicators.estimation.design import Booleans, Design, Floats, Integers
from layers.indicators.estimation.variance import Cells, Rows, variances
from layers.indicators.maths import Ratios

NO_SPREAD = 1e-16
"""Variances below it are rounding."""


@dataclass(frozen=True)
class Domains:
    design: Design
    domain: Integers
    """(N,) -1 outside every domain."""
    size: int

    @cached_property
    def row(self) -> Integers:
        """Rows inside a domain."""
        return np.flatnonzero(self.domain >= 0)

    @cached_property
    def merged(self) -> Domains:
        """All of them as one domain."""
        return Domains(self.design, np.where(self.domain >= 0, 0, -1), 1)

    @cached_property
    def count(self) -> Integers:
        """(D,) rows."""
        return np.bincount(self.domain[self.row], minlength=self.size)

    @property
    def df(self) -> Integers:
        """(D,) sampling units less strata, counting those with a row in the domain."""
        return self._cells.degrees()

    @cached_property
    def _rows(self) -> Rows:
        return Rows.of(self.design, self.domain, self.size)

    @cached_property
    def _cells(self) -> Cells:
        return self._rows.cells(self.design.stages[0])

    def totals(self, values: Floats) -> Floats:
        """(D,) weighted sums of values (N,)."""
        return self._rows.sums(self._rows.pick(self.design.weight * values))

    def ratio(self, numerator: Floats, denominator: Floats) -> tuple[Floats, Floats]:
        """Ratios of totals (D,) of values (N,), and their variances; NaN for 0 / 0."""
        rows = self._rows
        above, below = self.totals(numerator), self.totals(denominator)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = np.where(below > 0, above / below, np.nan)
            scale = np.where(below > 0, 1.0 / below, 0.0)
        expected = np.nan_to_num(found)[rows.code] * rows.pick(denominator)
        influence = rows.pick(self.design.weight) * (rows.pick(numerator) - expected)
        variance, _df = variances(
            self.design, rows, influence * scale[rows.code], self._cells
        )
        return found, np.where(np.isnan(found), np.nan, variance)


def as_share(
    domains: Domains, affected: Booleans, estimate: Floats, variance: Floats
) -> Ratios:
    """Ratios (1, D) of `maths`, for its intervals, of a share of rows `affected` (N,)."""
    inside = domains.domain[domains.row]
    hits = np.bincount(inside[affected[domains.row]], minlength=domains.size)
    return Ratios(
        estimate[None],
        variance[None],
        domains.count[None],
        np.asarray(hits)[None],
        domains.df[None],
    )


def logit_interval(
    estimate: Floats, variance: Floats, df: Integers, level: float
) -> tuple[Floats, Floats]:
    """Bounds of a mean of scores between 0 and 1.

    NaN at 0, at 1, without df, and where all sampling units agree: no spread, so no bound.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        share = estimate * (1.0 - estimate)
        centre = np.log(estimate / (1.0 - estimate))
        t = stdtrit(np.maximum(df, 1), (1.0 + level) / 2.0)
        half = t * np.sqrt(variance) / share
        low, high = (1.0 / (1.0 + np.exp(side * half - centre)) for side in (1, -1))
    known = (df >= 1) & (share > 0) & (variance > NO_SPREAD)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)

"""Ratios of a stratified, clustered sample and their linearised variance.

Only the first stage counts, as if later ones added nothing: right without a finite
population correction, and a little too small with one. Source: Särndal, Swensson, Wretman,
Model Assisted Survey Sampling (1992), 5.5 and 5.7.

Shapes: N rows, P primary sampling units (PSUs), H strata, D domains.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from layers.indicators.maths import Ratios

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Texts = NDArray[np.str_]

SINGLE_PSU = ("adjust", "average", "certainty", "fail")
"""What a stratum with one PSU of a larger frame adds: its squared distance from the mean of
all PSUs, the mean of the other strata, nothing; or the design is refused."""


NO_SPREAD = 1e-16
"""Variances below it are rounding."""


@dataclass(frozen=True)
class Design:
    weight: Floats
    """(N,)"""
    psu: Integers
    """(N,) the PSU of each row."""
    stratum: Integers
    """(P,)"""
    fraction: Floats
    """(H,) share of the frame's PSUs that were drawn; 0 for a frame without end."""
    single: str = "adjust"

    @classmethod
    def of(
        cls,
        *,
        weight: Floats,
        strata: Texts | None = None,
        cluster: Texts | None = None,
        frame: Floats | None = None,
        single: str = "adjust",
    ) -> "Design":
        """Columns (N,); without clusters every row is a PSU, without strata all are one.

        `frame` counts the PSUs of the row's stratum. Raises ValueError, naming the stratum
        or cluster, where the columns contradict each other.
        """
        rows = len(weight)
        names, above = np.unique(
            np.zeros(rows, dtype=str) if strata is None else strata, return_inverse=True
        )
        own = np.arange(rows)
        if cluster is not None:
            labels, own = np.unique(cluster, return_inverse=True)
            _refuse_two_strata(labels, own, names, above)
        _, first, psu = np.unique(own, return_index=True, return_inverse=True)
        stratum = above[first]
        fraction = np.zeros(len(names))
        if frame is not None:
            fraction = _fractions(names, above, stratum, frame)
        found = cls(weight, psu, stratum, fraction, single)
        if single == "fail" and (lonely := np.flatnonzero(found.lonely)).size:
            raise ValueError(f"{_named(names, lonely[0])} has a single sampling unit")
        return found

    @property
    def psus(self) -> Integers:
        """(H,)"""
        return np.bincount(self.stratum, minlength=len(self.fraction))

    @property
    def lonely(self) -> Booleans:
        """(H,)"""
        return np.asarray((self.psus == 1) & (self.fraction < 1))


@dataclass(frozen=True)
class Domains:
    """A sample cut into domains, with the pairs of domain and PSU that occur: K cells.

    S slots are the pairs of domain and stratum.
    """

    design: Design
    domain: Integers
    """(N,) -1 outside every domain."""
    size: int
    row: Integers
    """(R,) rows inside a domain."""
    cell: Integers
    """(R,)"""
    slot: Integers
    """(K,)"""
    slot_domain: Integers
    """(S,)"""
    slot_stratum: Integers
    """(S,)"""

    @classmethod
    def of(cls, design: Design, domain: Integers, size: int) -> "Domains":
        row = np.flatnonzero(domain >= 0)
        psus, strata = len(design.stratum), len(design.fraction)
        key = domain[row] * psus + design.psu[row]
        cells, cell = np.unique(key, return_inverse=True)
        cell_domain, psu = np.divmod(cells, psus)
        slots, slot = np.unique(
            cell_domain * strata + design.stratum[psu], return_inverse=True
        )
        return cls(design, domain, size, row, cell, slot, *np.divmod(slots, strata))

    @cached_property
    def merged(self) -> "Domains":
        """All of them as one domain."""
        whole = np.where(self.domain >= 0, 0, -1)
        return Domains.of(self.design, whole, 1)

    @cached_property
    def count(self) -> Integers:
        """(D,) rows."""
        return np.bincount(self.domain[self.row], minlength=self.size)

    @cached_property
    def df(self) -> Integers:
        """(D,) PSUs less strata, counting those with a row in the domain."""
        units = np.bincount(self.slot_domain[self.slot], minlength=self.size)
        return np.asarray(units - np.bincount(self.slot_domain, minlength=self.size))

    def totals(self, values: Floats) -> Floats:
        """(D,) weighted sums of values (N,)."""
        return _sums(
            self.domain[self.row],
            (self.design.weight * values)[self.row],
            self.size,
        )

    def ratio(self, numerator: Floats, denominator: Floats) -> tuple[Floats, Floats]:
        """Ratios of totals (D,) of values (N,), and their variances; NaN for 0 / 0."""
        below = self.totals(denominator)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = np.where(below > 0, self.totals(numerator) / below, np.nan)
            safe, place = np.nan_to_num(found), np.maximum(self.domain, 0)
            residual = numerator - safe[place] * denominator
            influence = self.design.weight * residual / below[place]
        variance = self.variance(np.nan_to_num(influence))
        return found, np.where(np.isnan(found), np.nan, variance)

    def variance(self, influence: Floats) -> Floats:
        """(D,) variance of the sum of `influence` (N,), weights included.

        All PSUs of a stratum count: those without a row in the domain as zeros.
        """
        psus = self.design.psus[self.slot_stratum]
        sums = _sums(self.cell, influence[self.row], len(self.slot))
        slots, width = _sums(self.slot, sums, len(psus)), len(psus)
        centre = slots / psus
        lonely = self.design.lonely[self.slot_stratum]
        if self.design.single == "adjust":
            grand = _sums(self.slot_domain, slots, self.size) / len(self.design.stratum)
            centre = np.where(lonely, grand[self.slot_domain], centre)
        squares = _sums(self.slot, (sums - centre[self.slot]) ** 2, width)
        present = np.bincount(self.slot, minlength=width)
        squares += (psus - present) * centre**2
        kept = 1.0 - self.design.fraction[self.slot_stratum]
        added = kept * psus / np.maximum(psus - 1, 1) * squares
        total = _sums(self.slot_domain, added, self.size)
        if self.design.single == "average":
            return total * self._scale(lonely)
        return total

    def _scale(self, lonely: Booleans) -> Floats:
        """(D,) strata over those with several PSUs; NaN where there is none of these."""
        strata = np.bincount(self.slot_domain, minlength=self.size)
        known = _sums(self.slot_domain, (~lonely).astype(np.float64), self.size)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(known > 0, strata / known, np.nan)


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

    NaN at 0, at 1, without df, and where all PSUs agree: no spread, so no bound.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        share = estimate * (1.0 - estimate)
        centre = np.log(estimate / (1.0 - estimate))
        t = stdtrit(np.maximum(df, 1), (1.0 + level) / 2.0)
        half = t * np.sqrt(variance) / share
        low, high = (1.0 / (1.0 + np.exp(side * half - centre)) for side in (1, -1))
    known = (df >= 1) & (share > 0) & (variance > NO_SPREAD)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def _fractions(
    names: Texts, above: Integers, stratum: Integers, frame: Floats
) -> Floats:
    held = np.full(len(names), np.nan)
    held[above] = frame
    if (other := np.flatnonzero(held[above] != frame)).size:
        raise ValueError(f"{_named(names, above[other[0]])} has two frame counts (fpc)")
    sampled = np.bincount(stratum, minlength=len(names))
    if (short := np.flatnonzero(held < sampled)).size:
        place = int(short[0])
        raise ValueError(
            f"{_named(names, place)} has {sampled[place]} sampled units but a frame "
            f"(fpc) of {held[place]:g}; the frame counts units and is no share"
        )
    return np.asarray(sampled / held)


def _refuse_two_strata(
    labels: Texts, cluster: Integers, names: Texts, above: Integers
) -> None:
    home = np.zeros(len(labels), dtype=np.int64)
    home[cluster] = above
    if (moved := np.flatnonzero(home[cluster] != above)).size:
        label = labels[cluster[moved[0]]]
        raise ValueError(
            f'cluster "{label}" is in two strata; give its parts names of their own'
        )


def _named(names: Texts, place: int) -> str:
    return f'stratum "{names[place]}"' if names[place] else "the sample"


def _sums(index: Integers, values: Floats, size: int) -> Floats:
    return np.bincount(index, weights=values, minlength=size).astype(np.float64)

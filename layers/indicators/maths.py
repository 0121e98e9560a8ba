"""Design-based estimates of proportions for many domains at once.

Everything is computed from totals per primary sampling unit (PSU), which are additive: totals
of two disjoint groups of children add up, a town is the sum of its zones, and a new household
changes one column.

Shapes: G groups of children (a partition, such as girls and boys), B breakdowns (sums of
groups), K cells (the pairs of PSU and domain that occur), D domains (zones), H strata, P PSUs.

Sources: Särndal, Swensson, Wretman, Model Assisted Survey Sampling (1992), 5.5 and 5.7 for the
linearised ratio.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from layers.indicators.estimation.intervals import (
    SMALLEST_EFFECTIVE_SAMPLE,
    korn_graubard,
    logit,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

ROUNDING = 1e-13
"""What is left of a difference of equal sums of squares, relative to them."""


@dataclass(frozen=True)
class Design:
    """Strata and PSUs of a sample, with every responding PSU, eligible children or not."""

    psu_stratum: Integers
    """(P,) stratum index of each PSU."""
    fraction: Floats
    """(H,) share of the stratum's PSUs that were sampled; 0 where the frame is unknown."""

    @classmethod
    def from_frame(cls, psu_stratum: Integers, frame: Floats) -> "Design":
        """`frame` (H,) holds the PSUs in each stratum's frame, NaN where it is unknown.

        Raises ValueError if a stratum has more responding PSUs than its frame.
        """
        sampled = np.bincount(psu_stratum, minlength=len(frame))
        short = np.flatnonzero(sampled > np.nan_to_num(frame, nan=np.inf))
        if short.size:
            raise ValueError(
                f"stratum {short[0]} has more sampling units than its frame"
            )
        return cls(psu_stratum, np.nan_to_num(sampled / frame, nan=0.0))

    @property
    def psus(self) -> Integers:
        """(H,) responding PSUs per stratum."""
        return np.bincount(self.psu_stratum, minlength=len(self.fraction))


@dataclass(frozen=True)
class Cells:
    """The pairs of domain and PSU that occur, sorted by domain, stratum and PSU.

    Cells of one domain and stratum stand side by side; S such slots occur.
    """

    psu: Integers
    """(K,)"""
    starts: Integers
    """(S,) first cell of each slot."""
    slot_domain: Integers
    """(S,)"""
    slot_stratum: Integers
    """(S,)"""
    domains: int

    @classmethod
    def of_units(
        cls, *, domain: Integers, psu: Integers, domains: int, design: Design
    ) -> tuple["Cells", Integers]:
        """Cells of units (households), and the cell index (units,) of each unit."""
        strata, psus = len(design.fraction), len(design.psu_stratum)
        key = (domain * strata + design.psu_stratum[psu]) * psus + psu
        unique, cell = np.unique(key, return_inverse=True)
        slots, starts = np.unique(unique // psus, return_index=True)
        return cls(unique % psus, starts, *np.divmod(slots, strata), domains), cell

    def merged(self, design: Design) -> tuple["Cells", Integers]:
        """The same sample as one domain, and the new cell index (K,) of each cell."""
        nowhere = np.zeros(len(self), dtype=np.int64)
        return Cells.of_units(domain=nowhere, psu=self.psu, domains=1, design=design)

    def __len__(self) -> int:
        return len(self.psu)

    def slot_sums(self, values: Floats) -> Floats:
        """Sums over the cells (B, K) of each slot: (B, S)."""
        return np.asarray(np.add.reduceat(values, self.starts, axis=1))


@dataclass(frozen=True)
class Totals:
    """Sufficient statistics per group (or breakdown) and cell, each of shape (G, K)."""

    numerator: Floats
    """Weighted children in need."""
    denominator: Floats
    """Weighted eligible children."""
    affected: Floats
    """Children in need, unweighted."""
    count: Floats
    """Eligible children, unweighted."""

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            self.numerator + other.numerator,
            self.denominator + other.denominator,
            self.affected + other.affected,
            self.count + other.count,
        )

    def regrouped(self, membership: Floats) -> "Totals":
        """Totals of breakdowns; `membership` (B, G) is 1 where the group belongs."""
        # Faster than a matrix product of this shape, which waits for BLAS threads.
        members = [np.flatnonzero(row) for row in membership]
        return Totals(
            *(
                np.stack([part[rows].sum(axis=0) for rows in members])
                for part in self.parts
            )
        )

    def gathered(self, cell: Integers, cells: int) -> "Totals":
        """Totals over coarser cells; `cell` (K,) names the new cell of each old one."""
        return Totals(*(_sums(part, cell, cells) for part in self.parts))

    @property
    def parts(self) -> tuple[Floats, Floats, Floats, Floats]:
        return self.numerator, self.denominator, self.affected, self.count


@dataclass(frozen=True)
class Ratios:
    """Estimates per breakdown and domain, each of shape (B, D); NaN where nobody is eligible."""

    estimate: Floats
    variance: Floats
    count: Integers
    """Eligible children, unweighted."""
    affected: Integers
    """Children in need, unweighted."""
    df: Integers
    """PSUs less strata, counting those with an eligible child in the domain."""

    @property
    def se(self) -> Floats:
        return np.sqrt(self.variance)

    @classmethod
    def joined(cls, parts: Sequence["Ratios"], axis: int) -> "Ratios":
        """Breakdowns below each other (axis 0), or domains side by side (axis 1)."""
        columns = [
            np.concatenate([getattr(part, each.name) for part in parts], axis=axis)
            for each in fields(cls)
        ]
        return cls(*columns)


def psu_totals(
    *,
    cell: Integers,
    cells: int,
    group: Integers,
    groups: int,
    weight: Floats,
    eligible: Booleans,
    in_need: Booleans,
) -> Totals:
    """Totals (G, K) of children; each argument but `cells` and `groups` has shape (children,).

    One pass over the children per statistic; children outside every group carry group -1.
    """
    kept = np.flatnonzero(eligible & (group >= 0))
    needy = kept[in_need[kept]]

    def total(rows: Integers, weights: Floats | None) -> Floats:
        at = group[rows] * cells + cell[rows]
        summed = np.bincount(at, weights=weights, minlength=groups * cells)
        return summed.astype(np.float64).reshape(groups, cells)

    return Totals(
        total(needy, weight[needy]),
        total(kept, weight[kept]),
        total(needy, None),
        total(kept, None),
    )


@dataclass(frozen=True)
class Slots:
    """Where the sums of S slots belong; a slot is a stratum's part of a domain."""

    domain: Integers
    """(S,)"""
    domains: int
    psus: Integers
    """(S,) responding PSUs of the slot's whole stratum."""
    fraction: Floats
    """(S,) sampled share of the stratum's PSUs."""

    @classmethod
    def of(cls, cells: Cells, design: Design) -> "Slots":
        stratum = cells.slot_stratum
        psus, fraction = design.psus[stratum], design.fraction[stratum]
        return cls(cells.slot_domain, cells.domains, psus, fraction)

    def sums(self, values: Floats) -> Floats:
        """Sums over the slots (B, S) of each domain: (B, D)."""
        return _sums(values, self.domain, self.domains)


@dataclass(frozen=True)
class SlotSums:
    """Sums over the PSUs of a slot, per breakdown: (B, S) each. They add up.

    With n and d a PSU's weighted children in need and asked, these are all that an
    estimate and its variance need.
    """

    numerator: Floats
    denominator: Floats
    numerator_squares: Floats
    products: Floats
    denominator_squares: Floats
    affected: Floats
    count: Floats
    active: Floats
    """PSUs with an eligible child."""

    @classmethod
    def of(cls, totals: Totals, cells: Cells) -> "SlotSums":
        n, d, affected, count = totals.parts
        active = (count > 0).astype(np.float64)
        parts = (n, d, n * n, n * d, d * d, affected, count, active)
        return cls(*(cells.slot_sums(part) for part in parts))

    @property
    def parts(self) -> list[Floats]:
        return [getattr(self, each.name) for each in fields(self)]


def ratios(
    totals: Totals, cells: Cells, design: Design, membership: Floats | None = None
) -> Ratios:
    """Ratio R = sum wy / sum wx per breakdown and domain, with its linearised variance.

    The breakdowns are the rows of `membership` (B, G), or the groups themselves.
    """
    if membership is None:
        membership = np.eye(len(totals.count))
    slots = Slots.of(cells, design)
    # One breakdown at a time: its cells stay in the processor's cache.
    found = [
        ratios_of(SlotSums.of(totals.regrouped(row[None]), cells), slots)
        for row in membership
    ]
    return Ratios.joined(found, axis=0)


def ratios_of(sums: SlotSums, slots: Slots) -> Ratios:
    """Estimates from the sums of slots.

    With u = (n - R d) / sum d per PSU, n and d weighted,
    V = sum over strata of (1 - f) m / (m - 1) sum (u - mean u)^2,
    where m counts all responding PSUs: those without an eligible child count as zeros.
    A stratum with a single PSU is centred at the grand mean of u, which is zero for a
    ratio.
    """
    numerator, denominator, affected, count = (
        slots.sums(part)
        for part in (sums.numerator, sums.denominator, sums.affected, sums.count)
    )
    missing = ~(count > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = np.clip(numerator / denominator, 0.0, 1.0)
        scaled = 1.0 / denominator
    # Sums of the same weights in another order may differ in the last bit.
    estimate[(affected == count) & ~missing] = 1.0
    estimate[missing] = np.nan
    with np.errstate(invalid="ignore"):
        spread = slots.sums(_squares(sums, slots, np.nan_to_num(estimate)))
        variance = spread * scaled**2
    variance[missing] = np.nan
    df = slots.sums(np.maximum(sums.active - 1.0, 0.0))
    return Ratios(estimate, variance, _whole(count), _whole(affected), _whole(df))


def _squares(sums: SlotSums, slots: Slots, estimate: Floats) -> Floats:
    """(B, S) each slot's part of the variance, before it is divided by the square of
    the denominator.
    """
    ratio = estimate[:, slots.domain]
    squares = (
        sums.numerator_squares
        - 2.0 * ratio * sums.products
        + ratio**2 * sums.denominator_squares
    )
    # The difference of what is equal leaves a rest in the last bits.
    scale = sums.numerator_squares + ratio**2 * sums.denominator_squares
    alone = slots.psus == 1
    mean = np.where(alone, 0.0, sums.numerator - ratio * sums.denominator)
    centred = squares - mean**2 / slots.psus
    centred[centred <= ROUNDING * scale] = 0.0
    factor = (1.0 - slots.fraction) * slots.psus / np.maximum(slots.psus - 1, 1)
    return np.asarray(factor * centred)


def design_effect(found: Ratios) -> Floats:
    """Variance over that of a simple random sample drawn with replacement, (B, D).

    NaN where the estimate is 0 or 1 or rests on fewer than two children.
    """
    share = found.estimate * (1.0 - found.estimate)
    with np.errstate(invalid="ignore", divide="ignore"):
        effect = found.variance * (found.count - 1) / share
    return np.where((share > 0) & (found.count > 1), effect, np.nan)


def effective_size(found: Ratios) -> Floats:
    """Children of a simple random sample that would be as exact, at most the real count."""
    return np.minimum(_uncapped_size(found), found.count)


def _uncapped_size(found: Ratios) -> Floats:
    share = found.estimate * (1.0 - found.estimate)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(found.variance > 0, share / found.variance, np.inf)


def intervals(
    found: Ratios, *, level: float = 0.95, pooled_effect: Floats | float = 1.0
) -> tuple[Floats, Floats]:
    """Lower and upper bounds (B, D), inside [0, 1] and never symmetric by force.

    Logit with t(df) where 0 < p < 1 and the effective size is at least 30; Korn-Graubard with
    the effective size capped at the real count where it is smaller or the variance is zero;
    at 0 and 1 Clopper-Pearson on the count divided by `pooled_effect`, the design effect of a
    wider domain, broadcast against (B, D). NaN where there are no degrees of freedom.
    """
    size = effective_size(found)
    tail = (1.0 - level) / 2.0
    edge = (found.estimate <= 0.0) | (found.estimate >= 1.0)
    low, high = logit(estimate=found.estimate, se=found.se, df=found.df, tail=tail)
    small = (size < SMALLEST_EFFECTIVE_SAMPLE) | (found.variance <= 0) | edge
    pooled = np.maximum(np.nan_to_num(pooled_effect, nan=1.0), 1.0)
    exact_low, exact_high = korn_graubard(
        estimate=found.estimate,
        size=np.where(edge, found.count / pooled, _uncapped_size(found)),
        count=found.count,
        df=found.df,
        tail=tail,
    )
    low, high = np.where(small, exact_low, low), np.where(small, exact_high, high)
    unknown = np.isnan(found.estimate) | (found.df < 1)
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def reliable(found: Ratios, low: Floats, high: Floats) -> Booleans:
    """Whether each figure (B, D) is exact enough to be shown without a warning.

    At least 50 children (MICS and DHS put fewer in brackets) and 30 effective ones,
    8 degrees of freedom, and an interval of at most 30 points (Parker and others).
    """
    exact = (found.count >= 50) & (effective_size(found) >= SMALLEST_EFFECTIVE_SAMPLE)
    return exact & (found.df >= 8) & (high - low <= 0.30)


def units_with_children(
    *,
    unit: Integers,
    unit_domain: Integers,
    domains: int,
    group: Integers,
    membership: Floats,
    eligible: Booleans,
) -> Integers:
    """Units (households) with an eligible child, per breakdown and domain, (B, D).

    Not additive over groups: a household with a girl and a boy is one household.
    """
    groups = membership.shape[1]
    kept = np.flatnonzero(eligible & (group >= 0))
    at = group[kept] * len(unit_domain) + unit[kept]
    found = np.bincount(at, minlength=groups * len(unit_domain)).reshape(groups, -1)
    present = (membership @ found) > 0
    return _whole(_sums(present.astype(np.float64), unit_domain, domains))


def _sums(values: Floats, index: Integers, size: int) -> Floats:
    """Sums of the columns of `values` (B, K) by `index` (K,): (B, size)."""
    rows = values.shape[0]
    at = (np.arange(rows)[:, None] * size + index).ravel()
    summed = np.bincount(at, weights=values.ravel(), minlength=rows * size)
    return summed.astype(np.float64).reshape(rows, size)


def _whole(values: Floats) -> Integers:
    return np.rint(values).astype(np.int64)

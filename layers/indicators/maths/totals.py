"""Children summed by primary sampling unit and domain."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


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
        return Totals(*(summed(part, cell, cells) for part in self.parts))

    @property
    def parts(self) -> tuple[Floats, Floats, Floats, Floats]:
        return self.numerator, self.denominator, self.affected, self.count


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
    at, weighted = (group * cells + cell)[kept], weight[kept]
    needy = np.flatnonzero(in_need[kept])
    needy_at = at[needy]

    def total(at: Integers, weights: Floats | None) -> Floats:
        summed = np.bincount(at, weights=weights, minlength=groups * cells)
        return summed.astype(np.float64, copy=False).reshape(groups, cells)

    return Totals(
        total(needy_at, weighted[needy]),
        total(at, weighted),
        total(needy_at, None),
        total(at, None),
    )


def units_with_children(
    *,
    unit: Integers,
    places: Sequence[tuple[Integers, int]],
    group: Integers,
    membership: Floats,
    eligible: Booleans,
) -> Integers:
    """Units (households) with an eligible child, per breakdown and domain, (B, D).

    `places` are the domain (units,) of each unit and how many there are, side by side in
    the result. Not additive over groups: a household with a girl and a boy is one.
    """
    kept = np.flatnonzero(eligible & (group >= 0))
    found = np.zeros((membership.shape[1], len(places[0][0])), dtype=np.bool_)
    found[group[kept], unit[kept]] = True
    rows = []
    for members in membership:
        among = np.flatnonzero(found[members > 0].any(axis=0))
        counted = [
            np.bincount(domain[among], minlength=size) for domain, size in places
        ]
        rows.append(np.concatenate(counted))
    return np.stack(rows)


def summed(values: Floats, index: Integers, size: int) -> Floats:
    """Sums of the columns of `values` (B, K) by `index` (K,): (B, size)."""
    rows = values.shape[0]
    at = (np.arange(rows)[:, None] * size + index).ravel()
    summed = np.bincount(at, weights=values.ravel(), minlength=rows * size)
    return summed.astype(np.float64).reshape(rows, size)


def whole(values: Floats) -> Integers:
    return np.rint(values).astype(np.int64)

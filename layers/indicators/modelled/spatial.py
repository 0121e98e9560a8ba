"""Do neighbouring zones resemble each other: Moran's I, and where.

Moran, Biometrika 37 (1950) 17; moments under randomisation by Cliff and Ord, Spatial
Processes (1981); local statistics by Anselin, Geographical Analysis 27 (1995) 93; many
tests by Benjamini and Hochberg, JRSS B 57 (1995) 289. Shapes: n zones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from layers.indicators.estimation.contrasts import benjamini_hochberg

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

QUADRANTS = ("high-high", "low-high", "low-low", "high-low")
"""Its own value, then its neighbours'; numbered 1 to 4 elsewhere, in this order."""
ISLAND, MISSING, NONE = "island", "missing", ""
LEAST_ZONES = 4


class UnfitPattern(ValueError):
    """The values or neighbours allow no such statistic; the message says why."""


def contiguity(n: int, pairs: Iterable[tuple[int, int]]) -> csr_array:
    """(n, n) 0/1 neighbours; a pair named from one side counts for both."""
    named = np.array([pair for pair in pairs if pair[0] != pair[1]], dtype=np.intp)
    if not len(named):
        raise UnfitPattern("No zone has a neighbour. Check the neighbours given.")
    both = np.concatenate([named, named[:, ::-1]])
    both = np.unique(both, axis=0)
    return csr_array((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(n, n))


def nearest(points: Floats, k: int) -> csr_array:
    """(n, n) 0/1: each zone's `k` nearest others by straight line, in the points' unit.

    Being near is not mutual: row i holds the neighbours of i. Raises UnfitPattern.
    """
    n = len(points)
    if not 1 <= k < n:
        raise UnfitPattern(f"With {n} zones k lies between 1 and {n - 1}.")
    _distance, found = cKDTree(points).query(points, k + 1)
    own = found == np.arange(n)[:, None]
    # Of zones at one place the own index need not come first, or come at all.
    own[~own.any(axis=1), -1] = True
    others = found[~own].reshape(n, k)
    rows = np.repeat(np.arange(n), k)
    return csr_array((np.ones(n * k), (rows, others.ravel())), shape=(n, n))


@dataclass(frozen=True)
class Moran:
    """Of the whole; `p` and `p_normal` are two-sided."""

    i: float
    expected: float
    variance: float
    """Under randomisation."""
    z: float
    p_normal: float
    p: float
    """From permutations: twice the smaller tail, at most 1."""
    p_one_sided: float
    zones: int


@dataclass(frozen=True)
class Local:
    """(n,) each; NaN and "" where a zone has no value or no neighbour."""

    i: Floats
    lag: Floats
    """Mean of the neighbours' values."""
    quadrant: list[str]
    p: Floats
    p_one_sided: Floats
    adjusted: Floats
    cluster: list[str]
    """The quadrant where the adjusted p is at most the level; island, missing or ""."""


@dataclass(frozen=True)
class Pattern:
    moran: Moran
    local: Local
    islands: list[int]


def pattern(
    values: Floats,
    neighbours: csr_array,
    *,
    permutations: int = 999,
    seed: int = 1,
    level: float = 0.05,
) -> Pattern:
    """Moran's I of row-standardised neighbours, and each zone's share in it.

    Zones without a value (NaN), and then those without a neighbour, are left out of the
    means as well; they are named. Raises UnfitPattern for fewer than four zones, equal
    values, or no neighbours.
    """
    used, islands = _used(values, neighbours)
    places = np.flatnonzero(used)
    if len(places) < LEAST_ZONES:
        raise UnfitPattern(
            f"{len(places)} zones have a value and a neighbour; {LEAST_ZONES} are needed."
        )
    y = values[used]
    if np.ptp(y) <= 1e-12 * max(1.0, float(np.abs(y).max())):
        raise UnfitPattern("All zones have the same value, so there is no pattern.")
    part = csr_array(neighbours[places][:, places])
    weights = _row_standardised(part)
    generator = np.random.default_rng(seed)
    z = (y - y.mean()) / y.std()
    whole = _moran(z, weights, generator.spawn(1)[0], permutations)
    local = _local(y, z, part, generator.spawn(1)[0], permutations)
    return Pattern(whole, _spread(local, used, islands, level), islands)


def _used(values: Floats, neighbours: csr_array) -> tuple[Bools, list[int]]:
    """Zones that count, and islands: zones with a value and no neighbour that has one."""
    known = np.isfinite(values)
    degree = np.asarray(neighbours @ known.astype(float))
    if not neighbours.nnz:
        raise UnfitPattern("No zone has a neighbour. Check the neighbours given.")
    used = known & (degree > 0)
    return used, np.flatnonzero(known & (degree == 0)).tolist()


def _row_standardised(neighbours: csr_array) -> csr_array:
    degree = np.diff(neighbours.indptr)
    data = 1 / np.repeat(np.where(degree > 0, degree, 1), degree)
    return csr_array((data, neighbours.indices, neighbours.indptr), neighbours.shape)


def _moran(
    z: Floats, weights: csr_array, generator: np.random.Generator, permutations: int
) -> Moran:
    n = len(z)
    total = float(weights.sum())
    found = n / total * float(z @ (weights @ z)) / n
    expected, variance = _moments(z, weights)
    score = (found - expected) / math.sqrt(variance) if variance > 0 else math.nan
    drawn = np.empty(permutations)
    for each in range(permutations):
        shuffled = generator.permutation(z)
        drawn[each] = float(shuffled @ (weights @ shuffled)) / total
    one_sided = _tail(drawn[:, None], np.array([found]))[0]
    return Moran(
        i=found,
        expected=expected,
        variance=variance,
        z=score,
        p_normal=math.erfc(abs(score) / math.sqrt(2)),
        p=min(1.0, 2 * float(one_sided)),
        p_one_sided=float(one_sided),
        zones=n,
    )


def _moments(z: Floats, weights: csr_array) -> tuple[float, float]:
    """Expectation and variance of I when the values are dealt out at random."""
    n, s0 = len(z), float(weights.sum())
    both = weights + weights.T
    s1 = 0.5 * float((both.data**2).sum())
    s2 = float((np.asarray(weights.sum(axis=1) + weights.sum(axis=0)) ** 2).sum())
    k = float((z**4).mean() / (z**2).mean() ** 2)
    square = n * ((n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2)
    square -= k * ((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
    square /= (n - 1) * (n - 2) * (n - 3) * s0**2
    expected = -1 / (n - 1)
    return expected, square - expected**2


def _local(
    y: Floats,
    z: Floats,
    neighbours: csr_array,
    generator: np.random.Generator,
    permutations: int,
) -> Local:
    """Conditional permutations: a zone keeps its value, its neighbours' are drawn."""
    n = len(z)
    weights = _row_standardised(neighbours)
    lag, degree = weights @ z, np.diff(neighbours.indptr)
    factor = (n - 1) / n
    found = factor * z * lag
    drawn = _drawn(generator, permutations, n - 1, int(degree.max()))
    p = np.full(n, np.nan)
    for zone in np.flatnonzero(degree):
        others = drawn[:, : degree[zone]]
        others = others + (others >= zone)
        simulated = factor * z[zone] * z[others].mean(axis=1)
        p[zone] = _tail(simulated[:, None], found[zone : zone + 1])[0]
    number = np.where(z > 0, np.where(lag > 0, 0, 3), np.where(lag > 0, 1, 2))
    two_sided = np.minimum(1.0, 2 * p)
    return Local(
        i=np.where(degree > 0, found, np.nan),
        lag=np.where(degree > 0, weights @ y, np.nan),
        quadrant=[QUADRANTS[each] for each in number],
        p=two_sided,
        p_one_sided=p,
        adjusted=benjamini_hochberg(two_sided),
        cluster=[],
    )


def _drawn(
    generator: np.random.Generator, permutations: int, others: int, most: int
) -> Ints:
    """(permutations, most) places drawn without replacement from `others`."""
    drawn = np.empty((permutations, most), dtype=np.intp)
    for each in range(permutations):
        drawn[each] = generator.choice(others, most, replace=False)
    return drawn


def _tail(simulated: Floats, found: Floats) -> Floats:
    """The smaller tail, (count + 1) / (permutations + 1), in each column.

    A draw that only differs by rounding counts as equal.
    """
    near = 1e-12 * np.maximum(1.0, np.abs(found))
    above = (simulated >= found - near).sum(axis=0)
    below = (simulated <= found + near).sum(axis=0)
    return np.asarray((np.minimum(above, below) + 1) / (len(simulated) + 1))


def _spread(local: Local, used: Bools, islands: Sequence[int], level: float) -> Local:
    """The answers of the zones used, at their places among all."""
    places = np.flatnonzero(used)

    def wide(part: Floats) -> Floats:
        found = np.full(len(used), np.nan)
        found[places] = part
        return found

    quadrant, cluster = [NONE] * len(used), [MISSING] * len(used)
    for place, name, p in zip(places, local.quadrant, local.adjusted, strict=True):
        quadrant[place] = name
        cluster[place] = name if p <= level else NONE
    for island in islands:
        cluster[island] = ISLAND
    return Local(
        i=wide(local.i),
        lag=wide(local.lag),
        quadrant=quadrant,
        p=wide(local.p),
        p_one_sided=wide(local.p_one_sided),
        adjusted=wide(local.adjusted),
        cluster=cluster,
    )

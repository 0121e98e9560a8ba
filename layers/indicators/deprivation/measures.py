"""Multidimensional deprivation of children: Alkire-Foster measures and MODA.

A child's score is the sum of the weights of the indicators it is deprived in; it is poor
(multidimensionally deprived) if the score reaches the cutoff. Scores are whole points, so
that 1/6 + 1/6 reaches 1/3.

Sources: Alkire and Foster, Journal of Public Economics 95 (2011), 476-487; Alkire and others,
Multidimensional Poverty Measurement and Analysis (2015), 5 and 8; de Neubourg and others,
Step-by-step guidelines to MODA, UNICEF Innocenti working paper 2012-10.

Shapes: N children, J indicators, D domains.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil, lcm

import numpy as np
from numpy.typing import NDArray

from layers.indicators import maths
from layers.indicators.deprivation.domains import Domains, as_share, logit_interval

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

LARGEST_TOTAL = 10**12
"""Points of all indicators together; beyond it the weights are no sensible fractions."""


@dataclass(frozen=True)
class Structure:
    """Dimensions, their indicators, and what each weighs."""

    dimensions: tuple[str, ...]
    indicators: tuple[str, ...]
    dimension: Integers
    """(J,) place of each indicator's dimension."""
    points: Integers
    """(J,) weights times `total`."""
    total: int

    @classmethod
    def of(cls, weights: Mapping[str, Mapping[str, Fraction]]) -> "Structure":
        """Weights by dimension and indicator. Raises ValueError, saying which is at fault."""
        _check(weights)
        pairs = [
            (place, name, weight)
            for place, own in enumerate(weights.values())
            for name, weight in own.items()
        ]
        total = lcm(*(weight.denominator for _, _, weight in pairs))
        if total > LARGEST_TOTAL:
            raise ValueError(
                f"the weights have the common denominator {total}; write plain "
                "fractions, such as 1/6"
            )
        return cls(
            dimensions=tuple(weights),
            indicators=tuple(name for _, name, _ in pairs),
            dimension=np.array([place for place, _, _ in pairs]),
            points=np.array([int(weight * total) for _, _, weight in pairs]),
            total=total,
        )

    @property
    def weights(self) -> list[Fraction]:
        return [Fraction(int(points), self.total) for points in self.points]

    def needed(self, cutoff: Fraction) -> int:
        """Points from which a child is poor. Raises ValueError outside (0, 1]."""
        if not 0 < cutoff <= 1:
            raise ValueError(f"the cutoff {cutoff} is not above 0 and at most 1")
        return ceil(cutoff * self.total)

    def scores(self, deprived: Booleans) -> Integers:
        """(N,) points of children by what they are deprived in (N, J)."""
        return np.asarray(deprived.astype(np.int64) @ self.points)

    def by_dimension(self, deprived: Booleans) -> Booleans:
        """(N, dimensions): deprived in any indicator of the dimension."""
        columns = [
            deprived[:, self.dimension == place].any(axis=1)
            for place in range(len(self.dimensions))
        ]
        return np.stack(columns, axis=1)


@dataclass(frozen=True)
class Figure:
    """An estimate in every domain, each of shape (D,); NaN where there is none."""

    estimate: Floats
    variance: Floats
    low: Floats
    high: Floats

    @property
    def se(self) -> Floats:
        return np.sqrt(self.variance)


@dataclass(frozen=True)
class Measures:
    """At one cutoff."""

    headcount: Figure
    """H, the share of children that are poor."""
    intensity: Figure
    """A, the mean score of the poor."""
    adjusted: Figure
    """M0 = H A, the mean score with that of the others set to 0."""
    censored: tuple[Figure, ...]
    """(J) shares of children that are poor and deprived in the indicator."""
    contributions: tuple[Figure, ...]
    """(J) parts of M0 that come from the indicator; without bounds."""
    by_dimension: tuple[Figure, ...]
    """Parts of M0 that come from each dimension; without bounds."""


def measures(
    structure: Structure,
    deprived: Booleans,
    needed: int,
    domains: Domains,
    level: float = 0.95,
) -> Measures:
    """Of children (N, J) with `needed` points or more; rows outside every domain are ignored.

    Give children with a missing answer the domain -1: what is not known is not "not deprived".
    """
    points = structure.scores(deprived)
    poor = points >= needed
    score = np.where(poor, points / structure.total, 0.0)
    censored = deprived & poor[:, None]
    headcount, intensity, adjusted = three(domains, poor, score, level)
    parts = censored * (structure.points / structure.total)
    sums = [
        parts[:, structure.dimension == place].sum(axis=1)
        for place in range(len(structure.dimensions))
    ]
    return Measures(
        headcount=headcount,
        intensity=intensity,
        adjusted=adjusted,
        censored=tuple(share(domains, column, level) for column in censored.T),
        contributions=tuple(_part(domains, part, score) for part in parts.T),
        by_dimension=tuple(_part(domains, part, score) for part in sums),
    )


def three(
    domains: Domains, poor: Booleans, score: Floats, level: float = 0.95
) -> tuple[Figure, Figure, Figure]:
    """H, A and M0 of children (N,) whose `score` is 0 where they are not poor."""
    headcount = share(domains, poor, level)
    adjusted = _mean(domains, score, np.ones(len(poor)), level)
    intensity = _mean(domains, score, poor.astype(np.float64), level)
    return headcount, intensity, _with_zero(adjusted, headcount)


def share(domains: Domains, affected: Booleans, level: float = 0.95) -> Figure:
    """Share of children (N,) affected, with the interval of shares in `maths`.

    At 0 and 1 that needs a design effect, which is then taken from all domains together.
    """
    found = _share(domains, affected)
    effect = 1.0
    if domains.size > 1 and np.isin(found.estimate, (0.0, 1.0)).any():
        effect = float(maths.design_effect(_share(domains.merged, affected))[0, 0])
    low, high = maths.intervals(found, level=level, pooled_effect=effect)
    return Figure(found.estimate[0], found.variance[0], low[0], high[0])


def _share(domains: Domains, affected: Booleans) -> maths.Ratios:
    ones = np.ones(len(affected))
    estimate, variance = domains.ratio(affected.astype(np.float64), ones)
    return as_share(domains, affected, np.clip(estimate, 0, 1), variance)


def overlaps(
    columns: Booleans, domains: Domains, level: float = 0.95
) -> dict[tuple[int, ...], Figure]:
    """Shares of children deprived in exactly these columns (dimensions) and no other.

    Every combination that a child in a domain has; they add up to 1.
    """
    kinds, kind = np.unique(columns, axis=0, return_inverse=True)
    occurring = np.unique(kind[domains.row])
    return {
        tuple(np.flatnonzero(kinds[place]).tolist()): share(
            domains, kind == place, level
        )
        for place in occurring
    }


def moda(structure: Structure) -> Structure:
    """The same dimensions, each an indicator of its own and all of one weight.

    With `by_dimension`, `measures` then count dimensions: the cutoff k of n is k / n.
    """
    equal = Fraction(1, len(structure.dimensions))
    return Structure.of({name: {name: equal} for name in structure.dimensions})


def alternatives(structure: Structure) -> dict[str, Structure]:
    """Other weights to compare a result with, by what was changed.

    All indicators alike; all dimensions alike; and each dimension in turn at one half, the
    others keeping their proportions (of three dimensions at a third each: 1/2, 1/4, 1/4).
    """
    weights = dict(zip(structure.indicators, structure.weights, strict=True))
    homes = dict(zip(structure.indicators, structure.dimension.tolist(), strict=True))
    size = len(structure.dimensions)
    sums = [Fraction(0)] * size
    for name, weight in weights.items():
        sums[homes[name]] += weight

    def scaled(targets: Sequence[Fraction]) -> Structure:
        return _nested(
            structure,
            {n: w * targets[homes[n]] / sums[homes[n]] for n, w in weights.items()},
        )

    found = {
        "equal indicators": _nested(
            structure, dict.fromkeys(weights, Fraction(1, len(weights)))
        ),
        "equal dimensions": scaled([Fraction(1, size)] * size),
    }
    for heavy in range(size) if size > 1 else ():
        rest = [own / (1 - sums[heavy]) / 2 for own in sums]
        rest[heavy] = Fraction(1, 2)
        found[f"half on {structure.dimensions[heavy]}"] = scaled(rest)
    return found


def by_cutoff(
    structure: Structure, deprived: Booleans, domains: Domains
) -> dict[Fraction, tuple[Floats, Floats]]:
    """H and M0 (D,) at every cutoff that makes a difference: each score that occurs."""
    points = structure.scores(deprived)
    whole = domains.totals(np.ones(len(points)))
    found = {}
    for needed in np.unique(points[domains.row]).tolist():
        poor = points >= needed
        score = np.where(poor, points / structure.total, 0.0)
        sums = domains.totals(poor.astype(np.float64)), domains.totals(score)
        if needed > 0:
            with np.errstate(invalid="ignore"):
                found[Fraction(needed, structure.total)] = (
                    sums[0] / whole,
                    sums[1] / whole,
                )
    return found


def agreement(one: Floats, other: Floats) -> float:
    """Kendall's tau-b of two rankings of domains, NaN where one ranks nothing.

    1: the same order; 0: none in common; -1: reversed.
    """
    known = ~(np.isnan(one) | np.isnan(other))
    left, right = (np.sign(part[known][:, None] - part[known]) for part in (one, other))
    pairs = np.sqrt(np.sum(left**2) * np.sum(right**2))
    return float(np.sum(left * right) / pairs) if pairs else float("nan")


def _mean(domains: Domains, over: Floats, under: Floats, level: float) -> Figure:
    estimate, variance = domains.ratio(over, under)
    return Figure(
        estimate, variance, *logit_interval(estimate, variance, domains.df, level)
    )


def _part(domains: Domains, over: Floats, under: Floats) -> Figure:
    estimate, variance = domains.ratio(over, under)
    nothing = np.full(len(estimate), np.nan)
    return Figure(estimate, variance, nothing, nothing)


def _with_zero(adjusted: Figure, headcount: Figure) -> Figure:
    """Where nobody is poor, M0 = 0 lies under the upper bound of H, as it always does."""
    none = adjusted.estimate == 0
    return Figure(
        adjusted.estimate,
        adjusted.variance,
        np.where(none, headcount.low, adjusted.low),
        np.where(none, headcount.high, adjusted.high),
    )


def _nested(structure: Structure, weights: Mapping[str, Fraction]) -> Structure:
    nested: dict[str, dict[str, Fraction]] = {n: {} for n in structure.dimensions}
    places = zip(structure.indicators, structure.dimension.tolist(), strict=True)
    for name, place in places:
        nested[structure.dimensions[place]][name] = weights[name]
    return Structure.of(nested)


def _check(weights: Mapping[str, Mapping[str, Fraction]]) -> None:
    if not weights:
        raise ValueError("there is no dimension")
    names = sorted(name for own in weights.values() for name in own)
    for dimension, own in weights.items():
        if not own:
            raise ValueError(f'the dimension "{dimension}" has no indicator')
        if bad := [name for name, weight in own.items() if weight <= 0]:
            raise ValueError(f'the weight of "{bad[0]}" is not above 0')
    if twice := [one for one, other in pairwise(names) if one == other]:
        raise ValueError(f'the indicator "{twice[0]}" is in two dimensions')
    total = sum(weight for own in weights.values() for weight in own.values())
    if total != 1:
        raise ValueError(f"the weights add up to {total}, not to 1")

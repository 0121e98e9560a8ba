"""Weights adjusted for non-response and calibrated to known totals.

Sources: Valliant, Dever, Kreuter, Practical Tools for Designing and Weighting Survey Samples
(2018), 13.5 for response classes and 14.2 for post-strata; Deming and Stephan, Annals of
Mathematical Statistics 11 (1940) for raking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from layers.indicators.estimation.design import Booleans, Factor, Floats, Integers
from layers.indicators.estimation.errors import WeightError

SMALLEST_CLASS = 10
"""Respondents a class needs; a factor that rests on fewer is chance."""
ITERATIONS = 200
TOLERANCE = 1e-12
"""Of raking, relative to each total."""


@dataclass(frozen=True)
class ResponseClasses:
    """What a non-response adjustment did."""

    weight: Floats
    """(N,) 0 for those who did not respond."""
    factor: Floats
    """(C,) for each class given."""
    rate: Floats
    """(C,) weighted share that responded."""
    merged: tuple[tuple[str, str], ...]
    """Pairs: a class, and the class it was joined with."""


def adjust_for_nonresponse(
    weight: Floats,
    responded: Booleans,
    classes: Factor,
    *,
    smallest: int = SMALLEST_CLASS,
    merge: bool = False,
) -> ResponseClasses:
    """Weights (N,) times Σw of all over Σw of respondents, within each class.

    A class with fewer respondents than `smallest` is joined with the class of the nearest
    response rate if `merge` says so; otherwise, and where nothing is left to join, WeightError.
    """
    size = len(classes.names)
    of_all = _sums(classes.codes, weight, size)
    of_some = _sums(classes.codes, weight * responded, size)
    count = _sums(classes.codes, responded.astype(np.float64), size)
    group, merged = np.arange(size), []
    while (short := _shortest(group, count, smallest)) is not None:
        others = np.setdiff1d(group, [short])
        if not merge or not others.size:
            respondents = int(count[group == short].sum())
            raise WeightError(
                f'Class "{classes.names[short]}" has {respondents} respondents; '
                f"{smallest} are needed. Join classes, or let them be merged"
            )
        nearest = _nearest(group, short, others, of_some, of_all)
        merged.append((classes.names[short], classes.names[nearest]))
        group[group == short] = nearest
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = (_sums(group, of_all, size) / _sums(group, of_some, size))[group]
        rate = of_some / of_all
    adjusted = np.where(responded, weight * factor[classes.codes], 0.0)
    return ResponseClasses(adjusted, factor, rate, tuple(merged))


def _shortest(group: Integers, count: Floats, smallest: int) -> int | None:
    """The group with the fewest respondents, if these are fewer than `smallest`."""
    respondents = _sums(group, count, len(group))
    groups = np.unique(group)
    fewest = groups[np.argmin(respondents[groups])]
    return int(fewest) if respondents[fewest] < smallest else None


def _nearest(
    group: Integers, short: int, others: Integers, of_some: Floats, of_all: Floats
) -> int:
    some = _sums(group, of_some, len(group))
    rates = some / np.maximum(_sums(group, of_all, len(group)), np.finfo(float).tiny)
    return int(others[np.argmin(np.abs(rates[others] - rates[short]))])


def post_stratify(
    weight: Floats, strata: Factor, totals: Mapping[str, float]
) -> Floats:
    """Weights (N,) scaled within each post-stratum to add up to its known total.

    Raises WeightError for a total that is missing, of nobody, or not above 0.
    """
    known = _known_totals(weight, strata, totals)
    factor = known / _sums(strata.codes, weight, len(known))
    return np.asarray(weight * factor[strata.codes])


def rake(
    weight: Floats,
    margins: Sequence[tuple[Factor, Mapping[str, float]]],
    *,
    iterations: int = ITERATIONS,
    tolerance: float = TOLERANCE,
) -> Floats:
    """Weights (N,) scaled in turns to each margin's known totals until all of them hold.

    Raises WeightError as `post_stratify` does, where margins add up to different totals, and
    where `iterations` rounds did not bring every total within `tolerance`.
    """
    known = [_known_totals(weight, factor, totals) for factor, totals in margins]
    _refuse_different_sums([float(each.sum()) for each in known])
    for _ in range(iterations):
        for (factor, _totals), target in zip(margins, known, strict=True):
            reached = _sums(factor.codes, weight, len(target))
            weight = weight * (target / reached)[factor.codes]
        worst, name = _furthest(weight, margins, known)
        if worst <= tolerance:
            return weight
    raise WeightError(
        f"Raking did not settle in {iterations} rounds: the total of {name} is still "
        f"{worst:.2g} of itself away. Its margins contradict each other in this sample; "
        "join small categories"
    )


def _furthest(
    weight: Floats,
    margins: Sequence[tuple[Factor, Mapping[str, float]]],
    known: Sequence[Floats],
) -> tuple[float, str]:
    """The largest relative distance from a known total, and the category's name."""
    worst, name = 0.0, ""
    for (factor, _totals), target in zip(margins, known, strict=True):
        away = np.abs(_sums(factor.codes, weight, len(target)) / target - 1.0)
        place = int(np.argmax(away))
        if away[place] > worst:
            worst, name = float(away[place]), f'"{factor.names[place]}"'
    return worst, name


def _known_totals(
    weight: Floats, factor: Factor, totals: Mapping[str, float]
) -> Floats:
    """(C,) totals in the order of the factor's names. Raises WeightError."""
    if lost := sorted(set(factor.names) - set(totals)):
        raise WeightError(
            f'There is no known total for "{lost[0]}", which the rows have'
        )
    reached = _sums(factor.codes, weight, len(factor.names))
    empty = {
        name for name, each in zip(factor.names, reached, strict=True) if each <= 0
    }
    if lost := sorted((set(totals) - set(factor.names)) | empty):
        raise WeightError(
            f'"{lost[0]}" has a known total and no row with a weight in the sample; '
            "join it with another category"
        )
    known = np.array([totals[name] for name in factor.names], dtype=np.float64)
    if (bad := np.flatnonzero(~(np.isfinite(known) & (known > 0)))).size:
        raise WeightError(
            f'The known total of "{factor.names[bad[0]]}" is {known[bad[0]]:g}; '
            "it must be above 0"
        )
    return known


def _refuse_different_sums(sums: Sequence[float]) -> None:
    for place, other in enumerate(sums[1:], start=2):
        if abs(other / sums[0] - 1.0) > 1e-9:
            raise WeightError(
                f"The known totals of margin 1 add up to {sums[0]:g}, those of margin "
                f"{place} to {other:g}; all must add up to the same"
            )


def _sums(codes: Integers, values: Floats, size: int) -> Floats:
    return np.bincount(codes, weights=values, minlength=size).astype(np.float64)

"""What became of a town's own means from one round to another, from published figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layers.geography.models import Zone
from layers.indicators.definitions.means import MeanIndicator, Worse
from layers.indicators.models import Change, MeanEstimate, Release
from layers.indicators.rounds import round_differences
from layers.indicators.rounds.changes import why_not

Verdict, Reason = Change.Verdict, Change.Reason


@dataclass(frozen=True)
class MeanChange:
    """In the unit of the mean; `reason` says why nothing is said."""

    zone: Zone | None
    verdict: str
    reason: str = ""
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    """Adjusted for the number of zones."""


def mean_changes(
    former: Release, release: Release, mean: MeanIndicator
) -> list[MeanChange]:
    """Zones, judged together, then the town.

    The samples are taken for independent: where the same households answered in both
    rounds, a change is called less sure than it is.
    """
    known = {_key(row): row for row in _rows(former, mean)}
    rows = _rows(release, mean)
    parts = [[row for row in rows if row.zone], [row for row in rows if not row.zone]]
    return [
        each
        for part in parts
        for each in judged(mean, [(row, known.get(_key(row))) for row in part])
    ]


def _rows(release: Release, mean: MeanIndicator) -> list[MeanEstimate]:
    found = MeanEstimate.objects.of_release(release).of_indicator(mean.code)
    return list(found.order_by("zone__code"))


def _key(row: MeanEstimate) -> str | None:
    return row.zone.code if row.zone else None


def judged(
    mean: MeanIndicator, pairs: Sequence[tuple[MeanEstimate, MeanEstimate | None]]
) -> list[MeanChange]:
    """Of figures and those before them."""
    reasons = [str(why_not(row, before)) for row, before in pairs]
    compared = [
        (row, before)
        for (row, before), reason in zip(pairs, reasons, strict=True)
        if before is not None and not reason
    ]
    found = round_differences.differences(
        _positions(mean, [before for _row, before in compared]),
        _positions(mean, [row for row, _before in compared]),
    )
    place = iter(range(len(compared)))
    return [
        MeanChange(row.zone, str(Verdict.NOT_COMPARABLE), reason)
        if reason
        else _told(mean, row.zone, found, next(place))
        for (row, _before), reason in zip(pairs, reasons, strict=True)
    ]


def _positions(
    mean: MeanIndicator, rows: Sequence[MeanEstimate]
) -> round_differences.Shares:
    """Between the limits, as shares are between 0 and 1."""
    table = [(row.estimate, row.se, row.df) for row in rows]
    estimate, se, df = np.array(table, dtype=np.float64).reshape(len(table), 3).T
    return round_differences.Shares(
        (estimate - mean.least) / mean.width, se / mean.width, df
    )


def _told(
    mean: MeanIndicator,
    zone: Zone | None,
    found: round_differences.Differences,
    place: int,
) -> MeanChange:
    difference, low, high = (
        mean.rounded(mean.width * float(part[place]))
        for part in (found.difference, found.low, found.high)
    )
    verdict = Verdict.NO_EVIDENCE
    if found.changed[place]:
        rose = bool(found.difference[place] > 0)
        worse = rose == (mean.worse == Worse.HIGHER)
        verdict = Verdict.WORSE if worse else Verdict.BETTER
    p = round(float(found.p[place]), 4)
    return MeanChange(zone, str(verdict), "", difference, low, high, p)

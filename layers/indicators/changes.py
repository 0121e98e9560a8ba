"""The changes that a release states: its figures beside those of the round before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from layers.indicators import change
from layers.indicators.definitions import indicators_in
from layers.indicators.figures import BREAKDOWNS
from layers.indicators.models import Change, Estimate, EstimateQuerySet, Release
from layers.indicators.overlap import Overlap, Place

Key = tuple[str, str, str | None]
Pair = tuple[Estimate, Estimate | None]

Reason, Verdict = Change.Reason, Change.Verdict


def release_before(release: Release) -> Release | None:
    """The newest release of the newest round that is older than that of `release`."""
    return (
        Release.objects.of(release.municipality)
        .filter(
            observation_set__reference_date__lt=release.observation_set.reference_date
        )
        .order_by("-observation_set__reference_date", "-number")
        .first()
    )


def changes_of(release: Release) -> Iterator[Change]:
    """Unsaved changes, one for each figure of all children, girls and boys, and for each
    published one of another group; none for the first round of a town.

    They are computed from what both releases say, and from how much the two samples have
    in common in tenths, so they tell no more of children. Zones of one indicator and
    group are judged together, the town by itself.
    """
    former = release_before(release)
    if former is None:
        return
    alike = _Alike(former, release)
    known = {_key(row): row for row in _figures(former)}
    groups: dict[tuple, list[Pair]] = defaultdict(list)
    for row in _figures(release):
        key = _key(row)
        if row.breakdown in BREAKDOWNS or row.estimate is not None:
            groups[(*key[:2], row.zone is None)].append((row, known.get(key)))
    for pairs in groups.values():
        yield from _judged(release, former, pairs, alike)


class _Alike:
    """The correlations of two rounds' figures, by indicator as they are asked for."""

    def __init__(self, former: Release, release: Release) -> None:
        self._overlap = Overlap.of(former.observation_set, release.observation_set)
        self._indicators = indicators_in(release)
        self._known: dict[str, dict[Place, float]] = {}

    def of(self, row: Estimate) -> float:
        """Of groups crossed otherwise than by sex nothing is taken for granted."""
        if self._overlap is None or row.indicator not in self._indicators:
            return 0.0
        if row.indicator not in self._known:
            indicator = self._indicators[row.indicator]
            self._known[row.indicator] = self._overlap.correlations(indicator)
        return self._known[row.indicator].get((row.breakdown, row.zone_id), 0.0)


def changes_between(
    former: Release, release: Release, *, indicator: str, breakdown: str
) -> list[Change]:
    """Unsaved changes of one indicator and group between any two rounds' releases.

    Zones first and judged together, then the town: those that the later release states,
    else computed from published figures alone, as of independent samples.
    """
    wanted = {"indicator": indicator, "breakdown": breakdown}
    stated = Change.objects.of_release(release).filter(former=former, **wanted)
    stated = stated.select_related("zone").order_by("zone__code")
    if found := list(stated.defer("zone__geometry", "zone__geometry_3857")):
        return found
    known = {_key(row): row for row in _figures(former).filter(**wanted)}
    rows = list(_figures(release).filter(**wanted))
    for town in (False, True):
        pairs = [
            (row, known.get(_key(row))) for row in rows if (row.zone is None) == town
        ]
        found += _judged(release, former, pairs)
    return found


def _figures(release: Release) -> EstimateQuerySet:
    rows = Estimate.objects.of_release(release).select_related("zone")
    return rows.defer("zone__geometry", "zone__geometry_3857")


def _key(row: Estimate) -> Key:
    return row.indicator, row.breakdown, row.zone.code if row.zone else None


def _judged(
    release: Release, former: Release, pairs: list[Pair], alike: _Alike | None = None
) -> Iterator[Change]:
    reasons = [why_not(row, before) for row, before in pairs]
    open_pairs = [
        (row, before)
        for (row, before), reason in zip(pairs, reasons, strict=True)
        if before is not None and not reason
    ]
    found = change.differences(
        _shares(before for _row, before in open_pairs),
        _shares(row for row, _before in open_pairs),
        np.array([alike.of(row) if alike else 0.0 for row, _before in open_pairs]),
    )
    place = iter(range(len(open_pairs)))
    for (row, _before), reason in zip(pairs, reasons, strict=True):
        stated = Change(
            municipality=release.municipality,
            release=release,
            former=former,
            indicator=row.indicator,
            zone=row.zone,
            breakdown=row.breakdown,
            verdict=Verdict.NOT_COMPARABLE,
            reason=reason,
        )
        if not reason:
            _state(stated, found, next(place))
        yield stated


def why_not(row: Estimate, before: Estimate | None) -> str:
    """Why a figure cannot be compared with the one before; empty where it can."""
    if before is None or None in (row.estimate, before.estimate):
        return Reason.NOT_PUBLISHED
    if row.definition_version != before.definition_version:
        return Reason.OTHER_DEFINITION
    if row.zone_id != before.zone_id:
        return Reason.OTHER_BOUNDARY
    if not (row.se and before.se):
        return Reason.NO_VARIANCE
    if Estimate.Flag.UNCERTAIN in (row.flag, before.flag):
        return Reason.UNCERTAIN
    return Reason.NONE


def _shares(rows: Iterable[Estimate]) -> change.Shares:
    table = [(row.estimate, row.se, row.df) for row in rows]
    columns = np.array(table, dtype=np.float64).reshape(len(table), 3).T
    return change.Shares(*columns)


def _state(stated: Change, found: change.Differences, place: int) -> None:
    stated.reason = Reason.NONE
    stated.difference = round(float(found.difference[place]), 3)
    stated.se = round(float(found.se[place]), 4)
    stated.low = round(float(found.low[place]), 3)
    stated.high = round(float(found.high[place]), 3)
    stated.p = round(float(found.p[place]), 4)
    stated.verdict = Verdict.NO_EVIDENCE
    if found.changed[place]:
        stated.verdict = Verdict.WORSE if stated.difference > 0 else Verdict.BETTER

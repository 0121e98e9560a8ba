"""The changes that a release states: its figures beside those of the round before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from layers.indicators.definitions.indicator import Indicator
from layers.indicators.estimator import BREAKDOWNS
from layers.indicators.figures import Figure
from layers.indicators.groups.breakdowns import dimensions_of
from layers.indicators.models import (
    AreaEstimate,
    Change,
    Estimate,
    EstimateQuerySet,
    MeanEstimate,
    ObservationSet,
    Release,
)
from layers.indicators.rounds import round_differences
from layers.indicators.rounds.overlap import Overlap, Place

Key = tuple[str, str, str | None]
Row = Estimate | AreaEstimate
Pair = tuple[Row, Row | None]

OLDER_ROUNDS = 4
"""With how many a release is compared; the answers of each are read for it."""

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
    alike = Kept(former, release)
    known = {_key(row): row for row in _figures(former)}
    groups: dict[tuple, list[Pair]] = defaultdict(list)
    for row in _figures(release):
        key = _key(row)
        if row.breakdown in BREAKDOWNS or row.estimate is not None:
            groups[(*key[:2], row.zone is None)].append((row, known.get(key)))
    for pairs in groups.values():
        yield from judged(release, former, pairs, alike)


class _Alike:
    """The correlations of two rounds' figures, by indicator as they are asked for."""

    def __init__(self, former: ObservationSet, latter: ObservationSet) -> None:
        self._overlap = Overlap.of(former, latter)
        self._known: dict[tuple[str, tuple[str, ...]], dict[Place, float]] = {}

    def of(self, figure: Figure, indicator: Indicator) -> float:
        """0 for a group that one of the rounds does not tell apart."""
        if self._overlap is None:
            return 0.0
        dimensions = dimensions_of(figure.breakdown)
        key = figure.indicator, dimensions
        if key not in self._known:
            self._known[key] = self._overlap.correlations(indicator, dimensions)
        zone = figure.zone.pk if figure.zone else None
        return self._known[key].get((figure.breakdown, zone), 0.0)


def likeness_of(
    observation_set: ObservationSet,
    figures: Iterable[Figure],
    catalogue: Mapping[str, Indicator],
) -> dict[str, list[list[Any]]]:
    """By the code of each of the last older rounds, which figures of its resemble
    `figures`: indicator, group, key of the zone (None: the town), correlation in tenths.

    A release keeps them, so that pages compare any two rounds without the answers.
    """
    older = (
        ObservationSet.objects.of(observation_set.municipality)
        .filter(
            reference_date__lt=observation_set.reference_date, releases__isnull=False
        )
        .distinct()
        .order_by("-reference_date")[:OLDER_ROUNDS]
    )
    told = [each for each in figures if each.estimate is not None]
    found: dict[str, list[list[Any]]] = {}
    for former in older:
        alike = _Alike(former, observation_set)
        for each in told:
            if rho := alike.of(each, catalogue[each.indicator]):
                zone = each.zone.pk if each.zone else None
                row = [each.indicator, each.breakdown, zone, rho]
                found.setdefault(former.code, []).append(row)
    return found


class Alike(Protocol):
    """How much two figures of two rounds have in common."""

    def of(self, row: Any) -> float: ...


class Kept:
    """The correlations that the later of two releases keeps, whichever it is."""

    def __init__(self, former: Release, latter: Release) -> None:
        rows = latter.likeness.get(former.observation_set.code)
        rows = rows or former.likeness.get(latter.observation_set.code) or []
        self._known = {tuple(key): rho for *key, rho in rows}

    def of(self, row: Any) -> float:
        return self.known(row.indicator, row.breakdown, row.zone_id)

    def known(self, indicator: str, breakdown: str, zone: int | None = None) -> float:
        return self._known.get((indicator, breakdown, zone), 0.0)


def changes_between(
    former: Release, release: Release, *, indicator: str, breakdown: str
) -> list[Change]:
    """Unsaved changes of one indicator and group between any two rounds' releases.

    Zones first and judged together, then the town: those that the later release states,
    else computed from published figures and what the later release keeps of their likeness.
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
        found += judged(release, former, pairs, Kept(former, release))
    return found


def _figures(release: Release) -> EstimateQuerySet:
    rows = Estimate.objects.of_release(release).select_related("zone")
    return rows.defer("zone__geometry", "zone__geometry_3857")


def _key(row: Estimate) -> Key:
    return row.indicator, row.breakdown, row.zone.code if row.zone else None


def judged(
    release: Release, former: Release, pairs: Sequence[Pair], alike: Alike
) -> Iterator[Change]:
    reasons = [why_not(row, before) for row, before in pairs]
    open_pairs = [
        (row, before)
        for (row, before), reason in zip(pairs, reasons, strict=True)
        if before is not None and not reason
    ]
    found = round_differences.differences(
        _shares(before for _row, before in open_pairs),
        _shares(row for row, _before in open_pairs),
        np.array([alike.of(row) for row, _before in open_pairs]),
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


def why_not(row: Row | MeanEstimate, before: Row | MeanEstimate | None) -> str:
    """Why a figure cannot be compared with the one before; empty where it can."""
    if before is None or None in (row.estimate, before.estimate):
        return Reason.NOT_PUBLISHED
    if row.definition_version != before.definition_version:
        return Reason.OTHER_DEFINITION
    if _ground(row) != _ground(before):
        return Reason.OTHER_BOUNDARY
    if not (row.se and before.se):
        return Reason.NO_VARIANCE
    if Estimate.Flag.UNCERTAIN in (row.flag, before.flag):
        return Reason.UNCERTAIN
    return Reason.NONE


def _ground(row: Row | MeanEstimate) -> list[int | None]:
    """Keys of the zones that it is of: a zone that is drawn anew has another key."""
    if isinstance(row, AreaEstimate):
        return [row.area.zone_id, *sorted(row.area.members)]
    return [row.zone_id]


def _shares(rows: Iterable[Row]) -> round_differences.Shares:
    table = [(row.estimate, row.se, row.df) for row in rows]
    columns = np.array(table, dtype=np.float64).reshape(len(table), 3).T
    return round_differences.Shares(*columns)


def _state(stated: Change, found: round_differences.Differences, place: int) -> None:
    stated.reason = Reason.NONE
    stated.difference = round(float(found.difference[place]), 3)
    stated.se = round(float(found.se[place]), 4)
    stated.low = round(float(found.low[place]), 3)
    stated.high = round(float(found.high[place]), 3)
    stated.p = round(float(found.p[place]), 4)
    stated.verdict = Verdict.NO_EVIDENCE
    if found.changed[place]:
        stated.verdict = Verdict.WORSE if stated.difference > 0 else Verdict.BETTER

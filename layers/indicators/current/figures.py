"""The figures of now: kept in step with each household, for those who check the field.

They are no release: nothing here is published, and no page of the public reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Q

from layers.geography.models import Zone
from layers.geography.tenancy import tenant
from layers.indicators import errors, maths
from layers.indicators.current.running import (
    STATISTICS,
    Key,
    Part,
    estimates_of,
    judged,
    parts_of,
    psus_and_frames,
)
from layers.indicators.definitions.indicator import Indicator, asked
from layers.indicators.definitions.municipal import catalogue_of
from layers.indicators.definitions.own_variables import known_variables
from layers.indicators.disclosure import suppression
from layers.indicators.estimator import BREAKDOWNS, Estimator, tells
from layers.indicators.models import ObservationSet, RunningSum, SampleUnit
from layers.indicators.samples.observations import UnitRow
from layers.indicators.samples.sample import Sample, has_units, read_sample
from layers.indicators.samples.storage import write_units
from layers.indicators.samples.units import check_units, unit_digest, zones_by_code


def put_units(
    *,
    observation_set: ObservationSet,
    units: Mapping[str, UnitRow | None],
    response_factors: Mapping[str, float],
) -> int:
    """Puts households in the place of those with the same keys; None takes one out.

    Tells how many changed. The sums follow by what these sampling units give, less what
    they gave. Raises a ValidationError of `errors` and then changes nothing.
    """
    with tenant(observation_set.municipality):
        locked = ObservationSet.objects.select_for_update().get(pk=observation_set.pk)
        if locked.response_factors != response_factors:
            locked.response_factors = dict(response_factors)
            locked.digest = ""
        zones = zones_by_code(
            locked.municipality, [unit for unit in units.values() if unit]
        )
        changed = _changed(locked, units, zones)
        if changed:
            _check(locked, changed)
            clusters = _clusters(locked, changed)
            before = _households(locked, clusters)
            _replace(locked, changed, zones)
            _follow(locked, before, _households(locked, clusters))
            locked.digest = ""
        locked.save()
    return len(changed)


def _changed(
    observation_set: ObservationSet,
    units: Mapping[str, UnitRow | None],
    zones: Mapping[str, Zone],
) -> dict[str, UnitRow | None]:
    stored = dict(
        SampleUnit.objects.filter(
            observation_set=observation_set, key__in=list(units)
        ).values_list("key", "digest")
    )
    digests = {
        key: unit_digest(unit, zones[unit.zone_code]) if unit else None
        for key, unit in units.items()
    }
    return {key: unit for key, unit in units.items() if digests[key] != stored.get(key)}


def _check(
    observation_set: ObservationSet, units: Mapping[str, UnitRow | None]
) -> None:
    """Against each other, and their frames against what stands there."""
    new = [unit for unit in units.values() if unit]
    check_units(new, known_variables(observation_set.municipality))
    frames = dict(
        RunningSum.objects.filter(observation_set=observation_set, zone=None)
        .filter(stratum__in={unit.stratum for unit in new})
        .values_list("stratum", "stratum_psus")
    )
    for unit in new:
        if frames.get(unit.stratum, unit.stratum_psus) != unit.stratum_psus:
            raise errors.FrameDiffers(unit.stratum)


def _clusters(
    observation_set: ObservationSet, units: Mapping[str, UnitRow | None]
) -> Q:
    """The sampling units that hold one of these households, or will."""
    present = SampleUnit.objects.filter(observation_set=observation_set)
    named = present.filter(key__in=list(units)).values_list("stratum", "psu")
    clusters = {(stratum, psu) for stratum, psu in named}
    clusters |= {(unit.stratum, unit.psu) for unit in units.values() if unit}
    either = Q()
    for stratum, psu in clusters:
        either |= Q(stratum=stratum, psu=psu)
    return either & Q(observation_set=observation_set)


def _households(observation_set: ObservationSet, clusters: Q) -> Sample | None:
    """All households of these sampling units, as they stand."""
    keys = list(SampleUnit.objects.filter(clusters).values_list("pk", flat=True))
    return read_sample(observation_set, units=keys) if keys else None


def _replace(
    observation_set: ObservationSet,
    units: Mapping[str, UnitRow | None],
    zones: Mapping[str, Zone],
) -> None:
    stored = SampleUnit.objects.filter(observation_set=observation_set)
    stored.filter(key__in=list(units)).delete()
    new = [unit for unit in units.values() if unit]
    digests = {unit.key: unit_digest(unit, zones[unit.zone_code]) for unit in new}
    write_units(observation_set, new, zones, digests)


def _follow(
    observation_set: ObservationSet, before: Sample | None, after: Sample | None
) -> None:
    chosen = chosen_of(observation_set)
    if not _made_with(observation_set, chosen):
        rebuild(observation_set)
        return
    signed = [(each, sign) for each, sign in ((before, -1), (after, 1)) if each]
    verdicts = judged([sample for sample, _sign in signed], chosen)
    answers: list[list[float]] = observation_set.running["asked"]
    changes: dict[Key, Part] = {}
    for (sample, sign), judgements in zip(signed, verdicts, strict=True):
        for key, part in parts_of(sample, chosen, judgements).items():
            own = part if sign > 0 else part.negated()
            changes[key] = changes[key].plus(own) if key in changes else own
        counts = [(sign * each.answers).tolist() for each in judgements]
        answers = [
            [old + new for old, new in zip(left, right, strict=True)]
            for left, right in zip(answers, counts, strict=True)
        ]
    _add(observation_set, changes)
    observation_set.running = observation_set.running | {"asked": answers}


def _add(observation_set: ObservationSet, changes: Mapping[Key, Part]) -> None:
    either = Q()
    for zone, stratum, of_class in changes:
        either |= Q(zone=zone, stratum=stratum, response_class=of_class)
    rows = {
        (row.zone_id, row.stratum, row.response_class): row
        for row in RunningSum.objects.filter(either, observation_set=observation_set)
    }
    for key, change in changes.items():
        row = rows.get(key)
        total = _part(row).plus(change) if row else change
        if total.psus:
            _save(observation_set, key, total, row)
        elif row:
            row.delete()


def _save(
    observation_set: ObservationSet, key: Key, part: Part, row: RunningSum | None
) -> None:
    zone, stratum, of_class = key
    kept = row or RunningSum(
        municipality_id=observation_set.municipality_id,
        observation_set=observation_set,
        zone_id=zone,
        stratum=stratum,
        response_class=of_class,
    )
    kept.psus, kept.stratum_psus = part.psus, part.frame
    kept.sums = part.sums.astype("<f8").tobytes()
    kept.save()


def _part(row: RunningSum) -> Part:
    sums = np.frombuffer(row.sums, "<f8").reshape(STATISTICS, -1)
    return Part(sums, row.psus, row.stratum_psus)


def in_step(observation_set: ObservationSet) -> bool:
    """Whether the sums were made with the definitions in force."""
    return _made_with(observation_set, chosen_of(observation_set))


def chosen_of(observation_set: ObservationSet) -> list[Indicator]:
    return list(catalogue_of(observation_set.municipality).values())


def _made_with(observation_set: ObservationSet, chosen: Sequence[Indicator]) -> bool:
    return observation_set.running.get("definitions") == _definitions(chosen)


def _definitions(chosen: Sequence[Indicator]) -> list[list[str | int]]:
    """Code and version, in the order of the sums."""
    return [[each.code, each.version] for each in chosen]


def rebuild(observation_set: ObservationSet) -> None:
    """Makes the sums anew from all observations of the set."""
    RunningSum.objects.filter(observation_set=observation_set).delete()
    chosen = chosen_of(observation_set)
    answers = [[0.0] * (2 + len(each.in_need.variables)) for each in chosen]
    if SampleUnit.objects.filter(observation_set=observation_set).exists():
        sample = read_sample(observation_set)
        (judgements,) = judged([sample], chosen)
        answers = [each.answers.tolist() for each in judgements]
        for key, part in parts_of(sample, chosen, judgements).items():
            _save(observation_set, key, part, None)
    observation_set.running = {"definitions": _definitions(chosen), "asked": answers}
    observation_set.save(update_fields=["running"])


@dataclass(frozen=True)
class Now:
    """An indicator's figure of now; values are rounded as in a release.

    None for the values of a group that a release would withhold by itself.
    """

    indicator: Indicator
    zone: Zone | None
    breakdown: str
    reason: str
    estimate: float | None
    low: float | None
    high: float | None
    n: int | None


def current_figures(
    observation_set: ObservationSet, zones: Sequence[Zone]
) -> list[Now]:
    """Of these zones and of the town (last), for staff who check the field.

    Groups too small by themselves are left out as in a release; what a release withholds
    to protect others is not, so these are for no other eyes. Raises NothingObserved, and
    FrameTooSmall.
    """
    chosen = chosen_of(observation_set)
    found, households = estimates_now(observation_set, zones, chosen)
    return _figures(chosen, [*zones, None], found, households)


def estimates_now(
    observation_set: ObservationSet,
    zones: Sequence[Zone],
    chosen: Sequence[Indicator] | None = None,
) -> tuple[maths.Ratios, maths.Integers]:
    """Estimates of the indicators in force and households, (I x B, zones + 1) with the
    town in the last column.

    Known totals move every weight with each household, so a round that has them is
    computed from all its observations; where they cannot be reached yet, from the sums
    without them.
    """
    if observation_set.known_totals and not why_uncalibrated(observation_set):
        return _in_full(observation_set, zones, chosen or chosen_of(observation_set))
    with tenant(observation_set.municipality):
        if not _made_with(observation_set, chosen or chosen_of(observation_set)):
            rebuild(observation_set)
        rows = RunningSum.objects.filter(observation_set=observation_set)
        parts = {
            (row.zone_id, row.stratum, row.response_class): _part(row)
            for row in rows.filter(Q(zone=None) | Q(zone__in=zones))
        }
    if not parts:
        raise errors.NothingObserved(observation_set.code)
    _check_frames(parts)
    counted = observation_set.running["asked"]
    put = [asked(np.array(counts)) for counts in counted]
    keys = [zone.pk for zone in zones]
    factors = observation_set.response_factors
    return estimates_of(parts, keys, factors, np.array(put))


def why_uncalibrated(observation_set: ObservationSet) -> str:
    """Why its known totals cannot be reached by the households of now; empty if they can,
    or if there are none.
    """
    if not (observation_set.known_totals and has_units(observation_set)):
        return ""
    with tenant(observation_set.municipality):
        sample = read_sample(observation_set, ())
    try:
        _reached = sample.calibration
    except (errors.CannotCalibrate, errors.UnlikeTotals) as refused:
        return " ".join(refused.messages)
    return ""


def _in_full(
    observation_set: ObservationSet,
    zones: Sequence[Zone],
    chosen: Sequence[Indicator],
) -> tuple[maths.Ratios, maths.Integers]:
    with tenant(observation_set.municipality):
        sample = read_sample(observation_set)
    estimator = Estimator(sample)
    found = [estimator.estimate(each) for each in chosen]
    place = {zone.pk: column for column, zone in enumerate(sample.zones)}
    columns = [*(place[zone.pk] for zone in zones), -1]
    joined = maths.Ratios.joined([each.found for each in found], axis=0)
    households = np.vstack([each.households for each in found])
    return joined.of(columns), households[:, columns]


def _check_frames(parts: Mapping[Key, Part]) -> None:
    for stratum, (psus, frame) in psus_and_frames(parts).items():
        if frame is not None and psus > frame:
            raise errors.FrameTooSmall(stratum, psus, frame)


def _figures(
    chosen: Sequence[Indicator],
    places: Sequence[Zone | None],
    found: maths.Ratios,
    households: maths.Integers,
) -> list[Now]:
    town = maths.design_effect(found)[:: len(BREAKDOWNS), -1]
    pooled = np.repeat(town, len(BREAKDOWNS))[:, None]
    low, high = maths.intervals(found, pooled_effect=pooled)
    shown = suppression.shown_share
    columns = {
        "estimate": shown(found.estimate, found.count),
        "low": shown(low, found.count),
        "high": shown(high, found.count),
        "n": suppression.shown_count(found.count),
    }
    reasons = _reasons(chosen, found, households)
    return [
        Now(
            indicator,
            place,
            breakdown,
            str(reasons[at]),
            **{
                name: None if reasons[at] else _plain(values[at])
                for name, values in columns.items()
            },
        )
        for first, indicator in enumerate(chosen)
        for second, breakdown in enumerate(BREAKDOWNS)
        if tells(indicator, breakdown)
        for column, place in enumerate(places)
        for at in [(first * len(BREAKDOWNS) + second, column)]
    ]


def _reasons(
    chosen: Sequence[Indicator], found: maths.Ratios, households: maths.Integers
) -> np.ndarray:
    """(I x B, places) as `suppression.primary` has them."""
    rows = []
    for index, indicator in enumerate(chosen):
        own = slice(index * len(BREAKDOWNS), (index + 1) * len(BREAKDOWNS))
        rule = suppression.SENSITIVE if indicator.sensitive else suppression.USUAL
        table = suppression.Table(
            membership=np.zeros((0, 0)),
            zone=np.zeros(0, dtype=np.int64),
            breakdown=np.zeros(0, dtype=np.int64),
            count=found.count[own],
            affected=found.affected[own],
            households=households[own],
        )
        rows.append(suppression.primary(table, rule))
    return np.vstack(rows)


def _plain(value: Any) -> Any:
    return None if np.isnan(value) else value.item()

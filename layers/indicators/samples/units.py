"""Households as they come: checked, told apart by a digest, given their zone."""

import hashlib
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from layers.geography.models import Municipality, Zone
from layers.indicators import errors
from layers.indicators.samples.observations import (
    AGES_OF_WOMEN,
    DESCRIBED,
    MODULES,
    SEXES,
    ChildRow,
    UnitRow,
    Variable,
    WomanRow,
)

OLDEST_MONTHS = 18 * 12 - 1
Known = Mapping[str, Variable]


def check_units(units: Iterable[UnitRow], known: Known = DESCRIBED) -> None:
    """Raises the first error found in keys, weights, frames or answers.

    `known` are the variables that there are.
    """
    frames: dict[str, set[int | None]] = defaultdict(set)
    sampled: dict[str, set[str]] = defaultdict(set)
    keys: Counter[str] = Counter()
    for unit in units:
        keys[unit.key] += 1
        frames[unit.stratum].add(unit.stratum_psus)
        sampled[unit.stratum].add(unit.psu)
        if not (math.isfinite(unit.weight) and unit.weight > 0):
            raise errors.BadWeight(unit.key)
        _check_home(unit, known)
        for child in unit.children:
            keys[child.key] += 1
            _check_child(child, known)
    if repeated := [key for key, times in keys.items() if times > 1]:
        raise errors.RepeatedKey(repeated[0])
    for stratum, sizes in frames.items():
        if len(sizes) > 1:
            raise errors.FrameDiffers(stratum)
        (size,) = sizes
        if size is not None and size < len(sampled[stratum]):
            raise errors.FrameTooSmall(stratum, len(sampled[stratum]), size)


def _check_home(unit: UnitRow, known: Known) -> None:
    for woman in unit.women:
        _check_woman(unit, woman)
    for name in unit.values:
        if name not in known or known[name].of != "household":
            raise errors.UnknownOfHome(unit.key, name)
    for name, value in _outside(unit.values, known):
        raise errors.BadValueOfHome(unit.key, name, value)


def _check_child(child: ChildRow, known: Known) -> None:
    if child.sex not in SEXES:
        raise errors.BadValue(child.key, "sex", child.sex)
    if not 0 <= child.age_months <= OLDEST_MONTHS:
        raise errors.BadValue(child.key, "age_months", child.age_months)
    for name in child.values:
        if name not in known:
            raise errors.UnknownVariable(child.key, name)
    for name, value in _outside(child.values, known):
        raise errors.BadValue(child.key, name, value)
    for name, factor in child.weight_factors.items():
        if name not in MODULES or not (math.isfinite(factor) and factor >= 1):
            raise errors.BadValue(child.key, name, factor)


def _check_woman(unit: UnitRow, woman: WomanRow) -> None:
    if woman.age_years not in AGES_OF_WOMEN:
        raise errors.BadValueOfHome(unit.key, "age_years", woman.age_years)
    before_15, before_18 = woman.married_before_15, woman.married_before_18
    if (before_15 is None) != (before_18 is None) or (before_15 and not before_18):
        raise errors.BadValueOfHome(unit.key, "married_before_15", before_15)


def _outside(
    values: Mapping[str, float | None], variables: Known
) -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        each = variables[name]
        # Not a number compares as false, so it is refused as well.
        if value is not None and not each.smallest <= value <= each.largest:
            yield name, value


def zones_by_code(
    municipality: Municipality, units: Iterable[UnitRow]
) -> dict[str, Zone]:
    """The zones in force by code; where kinds share a code, quarters come first."""
    kinds = list(Zone.Kind)
    current = sorted(
        Zone.objects.of(municipality).current().only("code", "kind"),
        key=lambda zone: kinds.index(Zone.Kind(zone.kind)),
        reverse=True,
    )
    zones = {zone.code: zone for zone in current}
    if unknown := {unit.zone_code for unit in units} - set(zones):
        raise errors.UnknownZone(list(unknown))
    return zones


def unit_digest(unit: UnitRow, zone: Zone) -> str:
    row: list[object] = [
        unit.key,
        zone.pk,
        unit.stratum,
        unit.psu,
        float(unit.weight),
        unit.response_class,
        unit.stratum_psus,
        sorted(given(unit.values).items()),
        sorted(
            [
                child.key,
                child.sex,
                child.age_months,
                sorted(given(child.values).items()),
                sorted(child.weight_factors.items()),
            ]
            for child in unit.children
        ),
    ]
    # Households of a set from before women were asked keep their digest.
    if unit.women:
        row.append(sorted(json.dumps(vars(woman)) for woman in unit.women))
    return hashlib.sha256(json.dumps(row).encode()).hexdigest()


def set_digest(
    units: Iterable[str],
    factors: Mapping[str, float],
    totals: Mapping[str, Mapping[str, float]],
) -> str:
    """Of the digests of units in any order, of the factors of their classes, and of the
    known totals where there are some.
    """
    content: list[object] = [sorted(units), sorted(factors.items())]
    if totals:
        content.append({name: sorted(each.items()) for name, each in totals.items()})
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def given(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in values.items() if value is not None}

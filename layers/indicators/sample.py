"""The sample of one observation set as arrays."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from layers.geography.models import Zone
from layers.indicators import maths
from layers.indicators.models import ObservationSet, SampleUnit
from layers.indicators.observations import MODULES, VARIABLES

COLUMNS = ("age_months", *MODULES, *VARIABLES)


@dataclass(frozen=True)
class Sample:
    """U households in D zones and N children; `columns` (N,) are NaN where unknown."""

    design: maths.Design
    zones: tuple[Zone, ...]
    unit_zone: maths.Integers
    unit_psu: maths.Integers
    unit_weight: maths.Floats
    """Before the factor of the response class."""
    unit_class: NDArray[np.str_]
    unit_factor: maths.Floats
    """That of the household's response class."""
    strata: tuple[str, ...]
    """By the design's stratum index."""
    frames: tuple[int | None, ...]
    """Primary sampling units in the frame of each stratum."""
    child_unit: maths.Integers
    child_group: maths.Integers
    """0 for girls, 1 for boys."""
    columns: dict[str, maths.Floats]


def read_sample(
    observation_set: ObservationSet, units: Iterable[int] | None = None
) -> Sample:
    """Two queries: households, and children with their answers as typed columns.

    `units` are the keys of the households to read, None: all of them.
    """
    among = None if units is None else list(units)
    rows = _rows("units.sql", observation_set, among)
    ids, zone_ids, strata, psus, weights, classes, frames = zip(*rows, strict=True)
    unit_ids = np.array(ids)
    zones = _zones_of(observation_set, set(zone_ids))
    place = {zone.pk: index for index, zone in enumerate(zones)}
    unit_psu, design = design_of(strata, psus, frames)
    frame_of = dict(zip(strata, frames, strict=True))
    factors = observation_set.response_factors
    child_unit, child_group, columns = _children(observation_set, unit_ids, among)
    return Sample(
        design=design,
        zones=zones,
        unit_zone=np.array([place[pk] for pk in zone_ids]),
        unit_psu=unit_psu,
        unit_weight=np.array(weights, dtype=np.float64),
        unit_class=np.array(classes),
        unit_factor=np.array([factors.get(each, 1.0) for each in classes]),
        strata=tuple(sorted(frame_of)),
        frames=tuple(frame_of[name] for name in sorted(frame_of)),
        child_unit=child_unit,
        child_group=child_group,
        columns=columns,
    )


def design_of(
    strata: tuple[str, ...], psus: tuple[str, ...], frames: tuple[int | None, ...]
) -> tuple[maths.Integers, maths.Design]:
    """The PSU index (U,) of each household and the design; PSU keys nest in strata."""
    names, unit_stratum = np.unique(np.array(strata), return_inverse=True)
    _, key = np.unique(np.array(psus), return_inverse=True)
    _nested, first, unit_psu = np.unique(
        unit_stratum * (key.max() + 1) + key, return_index=True, return_inverse=True
    )
    frame = np.full(len(names), np.nan)
    frame[unit_stratum] = np.array(frames, dtype=np.float64)
    return unit_psu, maths.Design.from_frame(unit_stratum[first], frame)


def _children(
    observation_set: ObservationSet, unit_ids: maths.Integers, among: list[int] | None
) -> tuple[maths.Integers, maths.Integers, dict[str, maths.Floats]]:
    rows = _rows("children.sql", observation_set, among)
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 2 + len(COLUMNS))
    columns = dict(zip(COLUMNS, table[:, 2:].T.copy(), strict=True))
    columns["age_years"] = columns["age_months"] // 12
    child_unit = np.searchsorted(unit_ids, table[:, 0].astype(np.int64))
    return child_unit, table[:, 1].astype(np.int64), columns


def _zones_of(observation_set: ObservationSet, used: set[int]) -> tuple[Zone, ...]:
    """Zones with households, and all others of the same kinds: those have no data."""
    kinds = Zone.objects.filter(pk__in=used).values_list("kind", flat=True).distinct()
    of_town = Zone.objects.of(observation_set.municipality).filter(kind__in=kinds)
    found = of_town.current() | of_town.filter(pk__in=used)
    return tuple(found.only("code").order_by("code", "pk"))


def _rows(
    query: str, observation_set: ObservationSet, among: list[int] | None
) -> list[tuple]:
    asked = {"observation_set": observation_set.pk, "units": among}
    with connection.cursor() as cursor:
        cursor.execute(_sql(query), asked)
        return cursor.fetchall()


@cache
def _sql(name: str) -> str:
    return (resources.files(__package__) / "sql" / name).read_text("utf-8")


def has_units(observation_set: ObservationSet) -> bool:
    return SampleUnit.objects.filter(observation_set=observation_set).exists()

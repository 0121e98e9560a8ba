"""Households and children as the tables hold them: answers in arrays, named by their set.

PostgreSQL refuses `COPY ... FROM` where row security holds, so rows are sent as columns,
which one statement unfolds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from importlib import resources
from typing import Any

from django.db import connection

from layers.geography.models import Zone
from layers.indicators.figures import Figure
from layers.indicators.models import ObservationSet, Release, Woman
from layers.indicators.samples.observations import ChildRow, UnitRow

BATCH = 5000
UNKNOWN = "NaN"


def write_units(
    observation_set: ObservationSet,
    units: Sequence[UnitRow],
    zones: Mapping[str, Zone],
    digests: Mapping[str, str],
) -> None:
    """Adds households, their children and women to the set; both mappings are by code or key.

    The set, which the caller has locked, gets the columns it lacks.
    """
    _widen(observation_set, units)
    ids: dict[str, int] = {}
    for some in _batches(units):
        ids |= _insert_units(observation_set, some, zones, digests)
    children = [(ids[unit.key], child) for unit in units for child in unit.children]
    for some in _batches(children):
        _insert_children(observation_set, some)
    women = [
        Woman(
            municipality_id=observation_set.municipality_id,
            observation_set=observation_set,
            unit_id=ids[unit.key],
            **vars(woman),
        )
        for unit in units
        for woman in unit.women
    ]
    Woman.objects.bulk_create(women, batch_size=BATCH)


def write_figures(release: Release, figures: Sequence[Figure]) -> None:
    """Adds what the release says."""
    names = [each.name for each in fields(Figure)]
    for some in _batches(figures):
        columns = {name: [getattr(each, name) for each in some] for name in names}
        columns["zone"] = [zone.pk if zone else None for zone in columns["zone"]]
        _run(
            "insert_estimates.sql",
            municipality=release.municipality_id,
            release=release.pk,
            **columns,
        )


def _widen(observation_set: ObservationSet, units: Iterable[UnitRow]) -> None:
    of_home: set[str] = set()
    of_child: set[str] = set()
    for unit in units:
        of_home.update(_known(unit.values))
        for child in unit.children:
            of_child.update(_known(child.values), child.weight_factors)
    new_of_home = sorted(of_home.difference(observation_set.unit_columns))
    new_of_child = sorted(of_child.difference(observation_set.child_columns))
    if new_of_home:
        observation_set.unit_columns = observation_set.unit_columns + new_of_home
        _run("widen_units.sql", set=observation_set.pk, width=len(new_of_home))
    if new_of_child:
        observation_set.child_columns = observation_set.child_columns + new_of_child
        _run("widen_children.sql", set=observation_set.pk, width=len(new_of_child))
    observation_set.save(update_fields=["unit_columns", "child_columns"])


def _insert_units(
    observation_set: ObservationSet,
    units: Sequence[UnitRow],
    zones: Mapping[str, Zone],
    digests: Mapping[str, str],
) -> dict[str, int]:
    """Their ids by key."""
    blank = dict.fromkeys(observation_set.unit_columns, UNKNOWN)
    rows = _run(
        "insert_units.sql",
        municipality=observation_set.municipality_id,
        set=observation_set.pk,
        keys=[unit.key for unit in units],
        zones=[zones[unit.zone_code].pk for unit in units],
        strata=[unit.stratum for unit in units],
        psus=[unit.psu for unit in units],
        weights=[unit.weight for unit in units],
        classes=[unit.response_class for unit in units],
        digests=[digests[unit.key] for unit in units],
        frames=[unit.stratum_psus for unit in units],
        answers=[_array(blank, unit.values) for unit in units],
    )
    return dict(rows)


def _insert_children(
    observation_set: ObservationSet, children: Sequence[tuple[int, ChildRow]]
) -> None:
    blank = dict.fromkeys(observation_set.child_columns, UNKNOWN)
    _run(
        "insert_children.sql",
        municipality=observation_set.municipality_id,
        set=observation_set.pk,
        units=[unit for unit, _child in children],
        keys=[child.key for _unit, child in children],
        sexes=[child.sex for _unit, child in children],
        ages=[child.age_months for _unit, child in children],
        answers=[
            _array(blank, {**child.values, **child.weight_factors})
            for _unit, child in children
        ],
    )


def _array(blank: dict[str, str], values: Mapping[str, float | None]) -> str:
    """As PostgreSQL writes an array of numbers, in the order of `blank`."""
    said = {name: str(each) for name, each in values.items() if each is not None}
    return "{" + ",".join((blank | said).values()) + "}"


def _known(values: Mapping[str, float | None]) -> Iterable[str]:
    return (name for name, value in values.items() if value is not None)


def _batches(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))


def _run(name: str, **parameters: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(_sql(name), parameters)
        return cursor.fetchall() if cursor.description else []


@cache
def _sql(name: str) -> str:
    return (resources.files(__package__) / "sql" / name).read_text("utf-8")

"""The sample of one observation set as arrays."""

import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from django.db import connection
from psycopg2 import sql

from layers.geography.models import Zone
from layers.indicators import maths
from layers.indicators.models import ObservationSet, SampleUnit
from layers.indicators.observations import MODULES, VARIABLES

COPY_HEADER, COPY_TRAILER = 19, 2


@dataclass(frozen=True)
class Sample:
    """U households in D zones and N children; `columns` (N,) are NaN where unknown."""

    design: maths.Design
    zones: tuple[Zone, ...]
    unit_zone: maths.Integers
    unit_psu: maths.Integers
    unit_weight: maths.Floats
    child_unit: maths.Integers
    child_group: maths.Integers
    """0 for girls, 1 for boys."""
    columns: dict[str, maths.Floats]


def read_sample(
    observation_set: ObservationSet, wanted: Collection[str] = VARIABLES
) -> Sample:
    """Households, and children with their answers as typed columns.

    `wanted` are the variables to read, all by default.
    """
    units = _rows("units.sql", observation_set)
    ids, zone_ids, strata, psus, weights, frames = zip(*units, strict=True)
    unit_ids = np.array(ids)
    zones = _zones_of(observation_set, set(zone_ids))
    place = {zone.pk: index for index, zone in enumerate(zones)}
    unit_psu, design = design_of(strata, psus, frames)
    child_unit, child_group, columns = _children(observation_set, unit_ids, wanted)
    return Sample(
        design=design,
        zones=zones,
        unit_zone=np.array([place[pk] for pk in zone_ids]),
        unit_psu=unit_psu,
        unit_weight=np.array(weights, dtype=np.float64),
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
    observation_set: ObservationSet, unit_ids: maths.Integers, wanted: Collection[str]
) -> tuple[maths.Integers, maths.Integers, dict[str, maths.Floats]]:
    asked = _asked(observation_set, wanted)
    names = [name for name in wanted if name in asked]
    table = _copied(
        children_query(names), observation_set, 3 + len(MODULES) + len(names)
    )
    child_unit = np.searchsorted(unit_ids, table[0].astype(np.int64))
    columns = dict.fromkeys(wanted, np.full(table.shape[1], np.nan))
    columns |= zip(("age_months", *MODULES, *names), table[2:], strict=True)
    columns["age_years"] = columns["age_months"] // 12
    columns["girl"] = 1 - table[1]
    return child_unit, table[1].astype(np.int64), columns


def _asked(observation_set: ObservationSet, wanted: Collection[str]) -> frozenset[str]:
    """The variables of which anything is known: a round asks a part of them, and a
    column costs time also where it is empty.
    """
    rows = _rows("variables.sql", observation_set, wanted=list(wanted))
    return frozenset(name for (name,) in rows)


def children_query(names: Sequence[str]) -> sql.Composed:
    """`children.sql` with a typed column for each variable.

    Missing is NaN, so that every row of the answer has the same length.
    """
    text = _sql("children.sql")
    missing = sql.SQL("coalesce({}, 'NaN')")
    modules = sql.SQL("coalesce((child.weight_factors ->> {})::float8, 'NaN')")
    return sql.SQL(text).format(
        numbers=sql.SQL(", ").join(
            [modules.format(sql.Literal(module)) for module in MODULES]
            + [missing.format(sql.Identifier("answer", name)) for name in names]
        ),
        typed=sql.SQL(", ").join(
            sql.SQL("{} float8").format(sql.Identifier(name))
            # A record has a column at least.
            for name in names or ["nothing"]
        ),
        observation_set=sql.Placeholder("observation_set"),
    )


def _copied(
    query: sql.Composed, observation_set: ObservationSet, width: int
) -> maths.Floats:
    """(width, rows): PostgreSQL's binary copy of a query whose columns are all float8.

    The format (PostgreSQL manual, COPY): a header of 19 bytes, then per row the number of
    columns and, for each, its length and its bytes, then a trailer of two.
    """
    row = np.dtype(
        [("columns", ">i2"), ("cells", [("length", ">i4"), ("value", ">f8")], width)]
    )
    out = io.BytesIO()
    with connection.cursor() as cursor:
        statement = cursor.mogrify(query, {"observation_set": observation_set.pk})
        cursor.copy_expert(b"COPY (" + statement + b") TO STDOUT (FORMAT BINARY)", out)
    body = out.getbuffer()[COPY_HEADER:-COPY_TRAILER]
    cells = np.frombuffer(body, row)["cells"]["value"]
    return np.ascontiguousarray(cells.T, dtype=np.float64)


def _zones_of(observation_set: ObservationSet, used: set[int]) -> tuple[Zone, ...]:
    """Zones with households, and all others of the same kinds: those have no data."""
    kinds = Zone.objects.filter(pk__in=used).values_list("kind", flat=True).distinct()
    of_town = Zone.objects.of(observation_set.municipality).filter(kind__in=kinds)
    found = of_town.current() | of_town.filter(pk__in=used)
    return tuple(found.only("code").order_by("code", "pk"))


def _rows(query: str, observation_set: ObservationSet, **more: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(_sql(query), {"observation_set": observation_set.pk, **more})
        return cursor.fetchall()


@cache
def _sql(name: str) -> str:
    return (resources.files(__package__) / "sql" / name).read_text("utf-8")


def has_units(observation_set: ObservationSet) -> bool:
    return SampleUnit.objects.filter(observation_set=observation_set).exists()

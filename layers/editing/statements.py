"""The room's SQL; names of tables are the code's own, values are bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.db import connection

from layers.editing.models import Layer
from layers.geography.declaration import read_sql


@cache
def _statement(name: str, layer: Layer | None) -> str:
    text = read_sql("layers.editing", f"{name}.sql")
    if layer is None:
        return text
    table = layer.model._meta.db_table
    scope = "TRUE" if layer.is_parcels else "kind = %(kind)s"
    return text.replace("{table}", table).replace("{scope}", scope)


def rows(name: str, layer: Layer | None = None, **given: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(_statement(name, layer), given)
        return list(cursor.fetchall())


def run(name: str, **given: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_statement(name, None), given)
        return int(cursor.rowcount)


def spots(
    places: Sequence[tuple[float, float]], srid: int
) -> Mapping[int, tuple[float, float]]:
    """Projected positions as longitude and latitude, by their number."""
    found = rows(
        "spots",
        n=list(range(len(places))),
        x=[x for x, _y in places],
        y=[y for _x, y in places],
        srid=srid,
    )
    return {n: (x, y) for n, x, y in found}

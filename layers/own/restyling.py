"""Classes found in the rows of a layer."""

from __future__ import annotations

from dataclasses import replace

from django.db import connection

from layers.geography.declaration import read_sql
from layers.own.models import OwnLayer, by_name
from layers.own.styles import NUMBERS, VALUES, Chosen, ends_of, frequent

CELLS = read_sql("layers.own", "cells.sql")


def refreshed(own: OwnLayer, chosen: Chosen | None = None) -> Chosen:
    """What was chosen, with values and ends as the rows have them now."""
    wanted = chosen or Chosen.of(own.style)
    field = by_name(own.fields).get(wanted.field)
    if wanted.how == VALUES and field:
        found = frequent(_cells(own, wanted.field))
        return replace(wanted, values=tuple(found), also=found, ends=())
    if wanted.how == NUMBERS and field and field["type"] == "number":
        numbers = [float(cell) for cell in _cells(own, wanted.field)]
        ends = ends_of(numbers, wanted.classes, wanted.method)
        return replace(wanted, ends=ends, values=(), also={})
    return replace(wanted, how="one", field="", values=(), also={}, ends=())


def _cells(own: OwnLayer, field: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            CELLS,
            {
                "municipality": own.municipality_id,
                "own_layer": own.pk,
                "field": field,
            },
        )
        return [cell for (cell,) in cursor.fetchall()]

"""Queries that a connection keeps from one time to the next.

A query that is asked thousands of times with other numbers alone, and takes a millisecond
or two, spends a good part of it being read and rewritten. It is planned each time anew: how
to look for a tile depends on where it lies and whose it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg2.extensions import AsIs

KINDS: Mapping[type, str] = {
    bool: "boolean",
    int: "bigint",
    float: "double precision",
    str: "text",
    AsIs: "geometry",
}
PLANNED = "SELECT set_config('plan_cache_mode', 'force_custom_plan', true);"

_known: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
"""What each connection has prepared."""


def execute(
    cursor: CursorWrapper, before: str, query: str, bound: Mapping[str, Any]
) -> None:
    """Executes `query` after `before`, which holds for it alone, in one turn.

    `bound` are by name the values of both, AsIs for a geometry that is an expression. With
    a value of another type than those in KINDS nothing is kept.
    """
    types = tuple(map(type, bound.values()))
    if not KINDS.keys() >= set(types):
        cursor.execute(before + query, bound)
        return
    name, prepare, ask = _form(query, tuple(bound), types)
    known = _known.setdefault(connection.connection, set())
    if name not in known:
        cursor.execute(prepare)
        known.add(name)
    cursor.execute(before + PLANNED + ask, bound)


@lru_cache(maxsize=500)
def _form(
    query: str, names: tuple[str, ...], types: tuple[type, ...]
) -> tuple[str, str, str]:
    """The name of the prepared query, how it is made, and how it is asked."""
    places = {each: f"${number}" for number, each in enumerate(names, start=1)}
    kinds = ", ".join(KINDS[each] for each in types)
    text = query % places
    name = "kept_" + hashlib.sha256(f"{kinds} {text}".encode()).hexdigest()[:24]
    values = ", ".join(f"%({each})s" for each in names)
    return name, f"PREPARE {name} ({kinds}) AS {text}", f"EXECUTE {name} ({values})"

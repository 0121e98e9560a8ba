"""Reads and writes rows by statements whose text is there already.

A QuerySet makes its SQL anew each time it is used. Where single rows are read or written
many times a second, that costs ten times what the row itself does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, TypeVar

from django.contrib.gis.db.models.fields import BaseSpatialField
from django.db import InterfaceError, OperationalError, connection
from django.db.models import Field, Model

BATCH = 1000
Row = TypeVar("Row", bound=Model)
Answer = TypeVar("Answer")


def fetch(model: type[Row], sql: str, given: Any = None) -> list[Row]:
    """Objects from a statement whose columns are the model's, some or all. A field that
    it leaves out is read when it is first asked for.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        order = _order(model, tuple(column.name for column in cursor.description))
        return [
            model.from_db(
                connection.alias,
                [name for name, _place, _converter in order],
                [
                    converter(row[place], None, connection) if converter else row[place]
                    for _name, place, converter in order
                ],
            )
            for row in cursor.fetchall()
        ]


@cache
def _order(
    model: type[Model], columns: tuple[str, ...]
) -> tuple[tuple[str, int, Any], ...]:
    """Field, place among the columns and converter, in the order of the fields."""
    return tuple(
        (
            field.attname,
            columns.index(field.column),
            getattr(field, "from_db_value", None),
        )
        for field in model._meta.concrete_fields
        if field.column in columns
    )


def find(model: type[Row], **wanted: Any) -> Row | None:
    """The row with these values in its columns, such as `round_id`; None means null."""
    return next(iter(find_all(model, **wanted)), None)


def find_all(model: type[Row], **wanted: Any) -> list[Row]:
    """In no order. Geometries are left out: few who look a row up need its shape."""
    nulls = tuple(name for name, value in wanted.items() if value is None)
    return fetch(model, _selection(model, tuple(wanted), nulls), wanted)


@cache
def _selection(
    model: type[Model], columns: tuple[str, ...], nulls: tuple[str, ...]
) -> str:
    """Columns are named by the code, values are bound."""
    quote = connection.ops.quote_name
    read = ", ".join(
        quote(str(field.column))
        for field in model._meta.concrete_fields
        if not (field.generated or isinstance(field, BaseSpatialField))
    )
    terms = " AND ".join(
        f"{quote(name)} IS NULL" if name in nulls else f"{quote(name)} = %({name})s"
        for name in columns
    )
    return f"SELECT {read} FROM {quote(model._meta.db_table)} WHERE {terms}"  # noqa: S608 - names of the code


def at_once(ask: Callable[[], Answer]) -> Answer:
    """What `ask` reads outside a transaction, on a connection of which nobody asks first
    whether it still lives: where it turns out that it doesn't, `ask` is called once more,
    on a new one. The question would be a turn of its own in each request.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return ask()
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return ask()


def next_key(model: type[Model]) -> int:
    """A key for a new row, for what refers to it before it is written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [model._meta.db_table]
        )
        return cursor.fetchone()[0]


def insert(objects: Sequence[Model]) -> None:
    """Writes new rows of one model; each object gets its key, unless all have theirs."""
    for start in range(0, len(objects), BATCH):
        _insert(objects[start : start + BATCH])


def _insert(objects: Sequence[Model]) -> None:
    head, template, fields = _statement(type(objects[0]), objects[0].pk is not None)
    with connection.cursor() as cursor:
        rows = [cursor.mogrify(template, _values(each, fields)) for each in objects]
        cursor.execute(f"{head}{b', '.join(rows).decode()} RETURNING id")
        keys = cursor.fetchall()
    for each, (key,) in zip(objects, keys, strict=True):
        each.pk, each._state.adding, each._state.db = key, False, connection.alias


@cache
def _statement(model: type[Model], keyed: bool) -> tuple[str, str, tuple[Field, ...]]:
    quote = connection.ops.quote_name
    fields = tuple(
        field
        for field in model._meta.concrete_fields
        if not field.generated and (keyed or not field.primary_key)
    )
    columns = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    head = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES "  # noqa: S608 - names of the code
    return head, f"({places})", fields


def _values(each: Model, fields: Iterable[Field]) -> list[Any]:
    return [
        field.get_db_prep_save(field.pre_save(each, add=True), connection)
        for field in fields
    ]

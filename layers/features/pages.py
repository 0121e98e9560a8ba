"""Pages of features, made to GeoJSON by PostgreSQL and continued by key.

The next page begins after the last feature of this one, so that features which come or
go meanwhile neither repeat nor hide others.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from psycopg2 import sql

from layers.features import crs
from layers.features.errors import BadParameter
from layers.features.selection import (
    SELECTING,
    Selection,
    filterable,
    no_others,
    select,
)
from layers.geography.declaration import Field, Layer, read_sql
from layers.geography.models import Municipality

PAGE = read_sql("layers.features", "page.sql")
COUNT = read_sql("layers.features", "count.sql")
EXTENT = read_sql("layers.features", "extent.sql")

USUAL, MOST = 100, 10_000
# As far as the features of a question are counted; beyond it the number is left out.
COUNTED = 10_000
# Sent with a query, for its transaction only: row security's town, because there may be
# no other transaction; and a page is read sooner than another process of the database
# begins to help with it.
SETTINGS = sql.SQL("""SELECT set_config('app.municipality', %(municipality)s::text, true),
       set_config('max_parallel_workers_per_gather', '0', true);
""")
PARAMETERS = ("f", "limit", "crs", "sortby", "after", *SELECTING)
WHOLE = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True)
class Key:
    """A field to sort by; `id` is always the last."""

    name: str
    type: str
    descending: bool = False

    @property
    def column(self) -> sql.Identifier:
        return sql.Identifier("source", self.name)

    @property
    def told(self) -> sql.Composable:
        """As the next address says it."""
        if self.type == "date":
            return sql.SQL("{}::text").format(self.column)
        return self.column

    @property
    def order(self) -> sql.Composable:
        way = "DESC NULLS LAST" if self.descending else "ASC NULLS LAST"
        # Without this the order of `id` would not be that of its index.
        return self.column if self.name == "id" else self.column + sql.SQL(f" {way}")


ID = Key("id", "number")


@dataclass(frozen=True)
class Question:
    """What an address asks of a layer."""

    selection: Selection
    system: crs.System
    limit: int = USUAL
    keys: tuple[Key, ...] = (ID,)
    first: bool = True

    @classmethod
    def read(
        cls, layer: Layer, municipality: Municipality, asked: Mapping[str, str]
    ) -> Question:
        """Raises BadParameter, which names the parameter that can't be answered."""
        named = [each.name for each in filterable(layer)]
        no_others(asked, [*PARAMETERS, *named])
        keys = _keys(layer, asked.get("sortby", ""))
        chosen = select(layer, municipality, asked)
        after = asked.get("after")
        if after:
            chosen = _after(chosen, keys, after)
        return cls(
            chosen,
            crs.asked("crs", asked.get("crs"), municipality),
            _limit(asked.get("limit")),
            keys,
            first=not after,
        )


@dataclass(frozen=True)
class Page:
    """`features` are GeoJSON texts; `matched` None means too many to count."""

    features: list[str]
    matched: int | None
    after: str | None


def read_page(asked: Question) -> Page:
    rows = _rows(asked, asked.limit + 1)
    shown, more = rows[: asked.limit], len(rows) > asked.limit
    if not asked.first:
        matched = None
    else:
        matched = count(asked.selection, COUNTED) if more else len(shown)
    after = _token(shown[-1][1:]) if more else None
    return Page([row[0] for row in shown], matched, after)


def read_feature(
    layer: Layer, municipality: Municipality, pk: int, system: crs.System
) -> str | None:
    """One feature as GeoJSON, without the closing brace's links."""
    chosen = Selection(layer, municipality).narrowed(
        sql.SQL("source.id = %(pk)s"), pk=pk
    )
    rows = _rows(Question(chosen, system), 1)
    return rows[0][0] if rows else None


def count(chosen: Selection, most: int) -> int | None:
    """How many there are; None for more than `most`."""
    query = sql.SQL(COUNT).format(source=chosen.source, conditions=chosen.where)
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS + query, {**chosen.parameters, "rows": most + 1})
        (found,) = cursor.fetchone()
    return None if found > most else found


@dataclass(frozen=True)
class Extent:
    """`box` is west, south, east, north in degrees; `time` the first and the last day."""

    box: list[float] | None
    time: list[str] | None
    count: int


def read_extent(chosen: Selection) -> Extent:
    day = (
        sql.Identifier("source", chosen.layer.time)
        if chosen.layer.time
        else sql.SQL("NULL::date")
    )
    query = sql.SQL(EXTENT).format(
        source=chosen.source, conditions=chosen.where, time=day
    )
    with connection.cursor() as cursor:
        cursor.execute(query, chosen.parameters)
        *box, low, high, found = cursor.fetchone()
    return Extent(
        None if box[0] is None else [round(each, 6) for each in box],
        None if low is None else [low.isoformat(), high.isoformat()],
        found,
    )


def statement(asked: Question) -> sql.Composed:
    """The query of a page; binds the selection's parameters and `rows`."""
    return sql.SQL(PAGE).format(
        shape=shape(asked.system),
        digits=sql.Literal(asked.system.digits),
        properties=_properties(asked.selection.layer.fields),
        keys=sql.SQL(", ").join([key.told for key in asked.keys]),
        source=asked.selection.source,
        conditions=asked.selection.where,
        order=sql.SQL(", ").join([key.order for key in asked.keys]),
    )


def shape(system: crs.System) -> sql.Composable:
    """The geometry in a system, in its order of axes."""
    said: sql.Composable = sql.SQL("source.geometry")
    if system.srid != 4326:
        said = sql.SQL("ST_Transform({}, {})").format(said, sql.Literal(system.srid))
    return sql.SQL("ST_FlipCoordinates({})").format(said) if system.flipped else said


def _rows(asked: Question, most: int) -> list[tuple]:
    with connection.cursor() as cursor:
        bound = {**asked.selection.parameters, "rows": most}
        cursor.execute(SETTINGS + statement(asked), bound)
        return cursor.fetchall()


def _properties(fields: tuple[Field, ...]) -> sql.Composable:
    if not fields:
        return sql.Literal("{}")
    pairs = [
        sql.SQL("{}, {}").format(
            sql.Literal(each.name), sql.Identifier("source", each.name)
        )
        for each in fields
    ]
    return sql.SQL("json_build_object({})::text").format(sql.SQL(", ").join(pairs))


def _limit(said: str | None) -> int:
    """More than the most is answered with the most, as the standard has it."""
    if said is None:
        return USUAL
    if not WHOLE.fullmatch(said) or int(said) < 1:
        raise BadParameter(_("“limit” is a whole number from 1 to %d.") % MOST, "limit")
    return min(int(said), MOST)


def _keys(layer: Layer, said: str) -> tuple[Key, ...]:
    known = {each.name: each for each in filterable(layer)}
    keys: list[Key] = []
    for part in filter(None, said.split(",")):
        # A plus in an address arrives as a space.
        name = part.lstrip("+- ")
        if name not in known or name in {key.name for key in keys}:
            raise BadParameter(
                _(
                    "“sortby” names each field once, with “-” before it for the way down. There are: %s."
                )
                % ", ".join(known),
                "sortby",
            )
        keys.append(Key(name, known[name].type, descending=part.startswith("-")))
    return (*keys, ID)


def _token(values: tuple) -> str:
    said = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(said).decode().rstrip("=")


def _after(chosen: Selection, keys: tuple[Key, ...], token: str) -> Selection:
    """What comes after the values of `token` in the order of `keys`."""
    values = _values(keys, token)
    bound = {f"after_{place}": value for place, value in enumerate(values)}
    ways: list[sql.Composable] = []
    same: list[sql.Composable] = []
    for place, (key, value) in enumerate(zip(keys, values, strict=True)):
        held = sql.Placeholder(f"after_{place}")
        if value is None:
            same.append(sql.SQL("{} IS NULL").format(key.column))
            continue
        sign = sql.SQL("<" if key.descending else ">")
        beyond = sql.SQL("{} {} {}").format(key.column, sign, held)
        if key.name != "id":
            # Those without a value stand at the end.
            beyond = sql.SQL("({} OR {} IS NULL)").format(beyond, key.column)
        ways.append(sql.SQL(" AND ").join([*same, beyond]))
        same.append(sql.SQL("{} = {}").format(key.column, held))
    condition = sql.SQL("({})").format(sql.SQL(" OR ").join(ways))
    return chosen.narrowed(condition, **bound)


def _values(keys: tuple[Key, ...], token: str) -> list[Any]:
    try:
        said = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        values = json.loads(said)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _no_token() from error
    if not isinstance(values, list) or len(values) != len(keys):
        raise _no_token()
    for key, value in zip(keys, values, strict=True):
        if not _fits(key, value):
            raise _no_token()
    return values


def _fits(key: Key, value: Any) -> bool:
    if key.name == "id":
        return type(value) is int and 0 <= value < 2**63
    if value is None:
        return True
    if key.type == "number":
        return type(value) in {int, float} and math.isfinite(value)
    if not isinstance(value, str):
        return False
    return _is_date(value) if key.type == "date" else storable(value)


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def storable(text: str) -> bool:
    """Whether PostgreSQL takes it: neither zero bytes nor halves of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def _no_token() -> BadParameter:
    return BadParameter(
        _("“after” is what a page's own link to the next one says, and nothing else."),
        "after",
    )

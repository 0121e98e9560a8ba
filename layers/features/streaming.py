"""A selection's rows as Arrow batches: never more than one batch in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow
from django.db import connection
from psycopg2 import sql

from layers.features.crs import System
from layers.features.selection import Selection
from layers.geography.declaration import read_sql

ROWS = read_sql("layers.features", "rows.sql")
BATCH = 2000
TYPES = {
    "text": pyarrow.string(),
    "number": pyarrow.float64(),
    "date": pyarrow.date32(),
}


@dataclass(frozen=True)
class Stream:
    """Rows of `id`, the declared fields and the geometry, in the order of `id`.

    Coordinates are easting first, as files have them whatever their system says.
    `tell` hears how many rows more were read.
    """

    selection: Selection
    system: System
    tell: Callable[[int], None] = lambda rows: None

    @property
    def names(self) -> list[str]:
        return [each.name for each in self.selection.layer.fields]

    @property
    def schema(self) -> pyarrow.Schema:
        wkb = {"ARROW:extension:name": "geoarrow.wkb"}
        return pyarrow.schema(
            [
                ("id", pyarrow.int64()),
                *((x.name, TYPES[x.type]) for x in self.selection.layer.fields),
                pyarrow.field("geometry", pyarrow.binary(), metadata=wkb),
            ]
        )

    def reader(self) -> pyarrow.RecordBatchReader:
        return pyarrow.RecordBatchReader.from_batches(self.schema, self._batches())

    def _batches(self) -> Iterator[pyarrow.RecordBatch]:
        schema = self.schema
        for rows in self.pages(sql.SQL("ST_AsBinary({shape})")):
            columns = zip(*rows, strict=True)
            arrays = [
                pyarrow.array(_plain(column), each.type)
                for column, each in zip(columns, schema, strict=True)
            ]
            yield pyarrow.RecordBatch.from_arrays(arrays, schema=schema)

    def rows(self, *shapes: sql.SQL) -> Iterator[tuple]:
        """`shapes` say in SQL what is told of `{shape}`, the geometry in the system."""
        for page in self.pages(*shapes):
            yield from page

    def pages(self, *shapes: sql.SQL) -> Iterator[list[tuple]]:
        query = self._query(sql.SQL(", ").join(shapes))
        with connection.chunked_cursor() as cursor:
            cursor.execute(query, self.selection.parameters)
            while page := cursor.fetchmany(BATCH):
                yield page
                self.tell(len(page))

    def _query(self, shapes: sql.Composed) -> sql.Composed:
        stored: sql.Composable = sql.SQL("source.geometry")
        if self.system.srid != 4326:
            stored = sql.SQL("ST_Transform({}, {})").format(
                stored, sql.Literal(self.system.srid)
            )
        fields = [
            sql.SQL("{}, ").format(sql.Identifier("source", name))
            for name in self.names
        ]
        text = sql.SQL(shapes.as_string(connection.connection)).format(shape=stored)
        return sql.SQL(ROWS).format(
            fields=sql.SQL("").join(fields),
            shape=text,
            source=self.selection.source,
            conditions=self.selection.where,
        )


def _plain(column: tuple[Any, ...]) -> list[Any]:
    return [bytes(x) if isinstance(x, memoryview) else x for x in column]

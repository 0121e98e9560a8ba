"""Numbers out of PostgreSQL by its binary COPY, as columns of one array.

The format (PostgreSQL manual, COPY): a header of 19 bytes, then per row the number of its
columns and, for each, its length and its bytes, then a trailer. An array of float8 has five
numbers of four bytes before its elements, each of which has its length too.
"""

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from psycopg2 import sql

Floats = NDArray[np.float64]

HEADER = 19
ARRAY_HEADER = 20
AT_ONCE = 1 << 24
"""Bytes that are read before they are turned into columns."""


def copied(query: sql.Composable, *, numbers: int, answers: int) -> Floats:
    """(numbers + answers, rows) of a query, which has its parameters in it.

    Its columns are so many float8 and then, where `answers` is not 0, an array of exactly
    so many; nothing is NULL. Raises ValueError where a row has another form.
    """
    reader = _Reader(numbers, answers)
    with connection.cursor() as cursor:
        statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT BINARY)").format(query)
        cursor.copy_expert(statement, reader)
    return reader.columns()


class _Reader:
    """A file to write to, which keeps the columns and never much more."""

    def __init__(self, numbers: int, answers: int) -> None:
        cell = [("length", ">i4"), ("value", ">f8")]
        parts: list[tuple] = [("fields", ">i2"), ("numbers", cell, (numbers,))]
        if answers:
            parts += [("array", f"V{4 + ARRAY_HEADER}"), ("answers", cell, (answers,))]
        self.row = np.dtype(parts)
        self.fields = numbers + bool(answers)
        self.kinds = ("numbers", "answers") if answers else ("numbers",)
        self.waiting = bytearray()
        self.start = HEADER
        self.parts: list[Floats] = [np.empty((numbers + answers, 0))]

    def write(self, data: bytes) -> None:
        self.waiting += data
        if len(self.waiting) > AT_ONCE:
            self._turn()

    def columns(self) -> Floats:
        self._turn()
        return np.concatenate(self.parts, axis=1)

    def _turn(self) -> None:
        size = self.row.itemsize
        rows = (len(self.waiting) - self.start) // size
        if rows <= 0:
            return
        end = self.start + rows * size
        found = np.frombuffer(bytes(self.waiting[self.start : end]), self.row)
        del self.waiting[:end]
        self.start = 0
        if (found["fields"] != self.fields).any():
            raise ValueError("the rows of a copy have different lengths")
        cells = [found[kind]["value"].T for kind in self.kinds]
        self.parts.append(np.concatenate(cells).astype(np.float64))

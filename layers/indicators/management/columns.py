"""Columns of a CSV as the arithmetic wants them: zeros and ones, and codes with names."""

from __future__ import annotations

import numpy as np

from layers.indicators.estimation.design import Factor, Floats, Integers
from layers.indicators.management.data import DataTable

WORDS = {"true": "1", "false": "0", "yes": "1", "no": "0"}


def zeros_and_ones(table: DataTable, name: str) -> Floats:
    """(rows,) of a column; raises DataError for any other value, with its line."""
    texts = [WORDS.get(str(text).lower(), str(text)) for text in table.text(name)]
    column = DataTable({name: np.array(texts)}, table.lines)
    found = column.numbers(name, missing=True)
    if (bad := np.flatnonzero(~np.isnan(found) & (found != 0) & (found != 1))).size:
        raise table.error(int(bad[0]), name, f'"{texts[bad[0]]}" is neither 0 nor 1')
    return found


def factor(table: DataTable, names: list[str]) -> Factor:
    """The column, or several crossed. Raises DataError for an empty cell."""
    for name in names:
        empty = np.flatnonzero(table.text(name) == "")
        if empty.size:
            raise table.error(int(empty[0]), name, "is empty")
    if len(names) == 1:
        return Factor.of(table.text(names[0]))
    parts = [table.text(name).tolist() for name in names]
    return Factor.of([" / ".join(cells) for cells in zip(*parts, strict=True)])


def kept_factor(table: DataTable, names: list[str], rows: Integers) -> Factor:
    """The same of some rows, with the names that occur in them."""
    whole = factor(table, names)
    return Factor.of(np.array(whole.names)[whole.codes[rows]])

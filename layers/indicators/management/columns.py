"""Columns of a CSV as the arithmetic wants them: zeros and ones, and codes with names."""

from __future__ import annotations

import numpy as np

from layers.indicators.estimation.design import Factor, Floats, Integers
from layers.indicators.management.data import MISSING, DataTable

WORDS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
NEITHER = -1.0


def zeros_and_ones(table: DataTable, name: str) -> Floats:
    """(rows,) of a column; raises DataError for any other value, with its line."""
    levels, place = np.unique(table.text(name), return_inverse=True)
    found = np.array([_zero_or_one(str(level).lower()) for level in levels])[place]
    if (bad := np.flatnonzero(found == NEITHER)).size:
        row = int(bad[0])
        raise table.error(row, name, f'"{table.text(name)[row]}" is neither 0 nor 1')
    return found


def _zero_or_one(text: str) -> float:
    if text in MISSING:
        return np.nan
    try:
        value = WORDS[text] if text in WORDS else float("" if "_" in text else text)
    except ValueError:
        return NEITHER
    return value if value in (0.0, 1.0) else NEITHER


def factor(table: DataTable, names: list[str]) -> Factor:
    """The column, or several crossed. Raises DataError for a cell that is not known."""
    for name in names:
        levels, place = np.unique(table.text(name), return_inverse=True)
        unknown = np.array([str(level).lower() in MISSING for level in levels])
        if (rows := np.flatnonzero(unknown[place])).size:
            row = int(rows[0])
            cell = str(levels[place[row]])
            words = f'"{cell}" stands for not known' if cell else "is empty"
            raise table.error(row, name, f"{words}; a name is needed")
    if len(names) == 1:
        return Factor.of(table.text(names[0]))
    parts = [table.text(name).tolist() for name in names]
    return Factor.of([" / ".join(cells) for cells in zip(*parts, strict=True)])


def kept_factor(table: DataTable, names: list[str], rows: Integers) -> Factor:
    """The same of some rows, with the names that occur in them."""
    whole = factor(table, names)
    return Factor.of(np.array(whole.names)[whole.codes[rows]])

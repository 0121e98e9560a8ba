"""From a CSV and a specification to a table of counts with its published totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array, vstack

from layers.indicators.disclosure.audit import Booleans, Floats, Integers, LinkedTable
from layers.indicators.disclosure.protection import Need
from layers.indicators.management.data import DataError, DataTable, Texts

PUBLISH, PRIMARY, COMPLEMENTARY = "publish", "primary", "complementary"
HIDDEN = frozenset({PRIMARY, COMPLEMENTARY})
CHOICES = {
    "zeros": ("publish", "withhold", "known"),
    "small_totals": ("withhold", "publish"),
    "cost": ("cells", "count"),
    "absent": ("refuse", "empty"),
}


@dataclass(frozen=True)
class Layout:
    """What the specification says, checked against the columns of the file."""

    cells: list[str]
    count: str
    threshold: int
    totals: list[list[str]] | None
    """Sets of columns by which counts are added up; None: see `Linked.read`."""
    keep: list[list[str]]
    """Those of the totals that must stay published."""
    mark: str
    """What stands in a column that a total adds up over."""
    pattern: str
    width: float
    zeros: str
    small_totals: str
    cost: str
    absent: str

    @classmethod
    def of(cls, spec: Mapping[str, Any], table: DataTable) -> Self:
        known = set(cls.__dataclass_fields__) - {"mark"} | {"total"}
        if unknown := set(spec) - known:
            raise DataError(
                f'The specification has no "{min(unknown)}". It takes: '
                f"{', '.join(sorted(known))}."
            )
        cells = _columns(spec.get("cells"), "cells", table)
        if not cells:
            raise DataError('"cells" needs one column or more.')
        totals = spec.get("totals")
        if totals is not None:
            totals = _column_sets(totals, "totals", table)
        threshold = _whole(spec.get("threshold"), "threshold", least=1)
        return cls(
            cells=cells,
            count=_column(spec.get("count", "count"), "count", table),
            threshold=threshold,
            totals=totals,
            keep=_column_sets(spec.get("keep", []), "keep", table),
            mark=_text(spec.get("total", "Total"), "total"),
            pattern=_text(spec.get("pattern", "pattern"), "pattern"),
            width=_whole(spec.get("width", max(threshold - 1, 1)), "width", least=1),
            **{name: _choice(spec, name) for name in CHOICES},
        )


def _choice(spec: Mapping[str, Any], name: str) -> str:
    found = spec.get(name, CHOICES[name][0])
    if found not in CHOICES[name]:
        raise DataError(f'"{name}" is one of: {", ".join(CHOICES[name])}.')
    return str(found)


def _column_sets(sets: Any, key: str, table: DataTable) -> list[list[str]]:
    if not isinstance(sets, list):
        raise DataError(f'"{key}" needs lists of columns.')
    return [_columns(each, key, table) for each in sets]


def _columns(names: Any, key: str, table: DataTable) -> list[str]:
    if not isinstance(names, list):
        raise DataError(f'"{key}" needs lists of columns.')
    found = [_column(name, key, table) for name in names]
    if len(set(found)) < len(found):
        raise DataError(f'"{key}" names a column twice.')
    return found


def _column(name: Any, key: str, table: DataTable) -> str:
    table.text(_text(name, key))
    return str(name)


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str) or not value:
        raise DataError(f'"{key}" needs a text.')
    return value


def _whole(value: Any, key: str, *, least: int) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < least:
        raise DataError(f'"{key}" needs a whole number from {least} on.')
    return int(value)


@dataclass(frozen=True)
class Linked:
    """The table with the names of its cells: rows of the file first, then the totals."""

    layout: Layout
    table: LinkedTable
    names: list[str]
    labels: list[Texts]
    """For each of `names`, (C,) the value of the cell, or the mark of a total."""
    base: int
    """The number of cells that are no totals."""
    given: dict[int, int]
    """The row of the file for each cell that has one."""

    @classmethod
    def read(cls, table: DataTable, layout: Layout) -> Self:
        """Raises DataError: see `docs/disclosure.md` for what is refused."""
        counts = _counts(table, layout)
        extra = [name for each in layout.totals or [] for name in each]
        names = list(dict.fromkeys([*layout.cells, *extra]))
        values = np.array([table.text(name) for name in names])
        of_cells = values[: len(layout.cells)]
        base = np.flatnonzero((of_cells != layout.mark).all(axis=0))
        if not len(base):
            raise DataError(f'Every row is a total: "{layout.mark}" is in all of them.')
        _check_names(table, names, values, layout.mark, base)
        _check_cells(table, layout, of_cells[:, base], base)
        sets = _sets(layout, names, np.delete(values, base, axis=1))
        rows, labels = [csr_array(np.eye(1))], [values[:, base]]
        rows = [csr_array((np.ones(len(base)), (np.arange(len(base)),) * 2))]
        for each in sets:
            row, label = _summed(values[:, base], [name in each for name in names])
            rows.append(row)
            labels.append(np.where(label == "", layout.mark, label))
        linked = LinkedTable.of(csr_array(vstack(rows)), counts[base])
        found = cls(
            layout, linked, names, list(np.hstack(labels)), len(base),
            dict(enumerate(base.tolist())),
        )  # fmt: skip
        found._take_totals(table, values, counts)
        return found

    def _take_totals(self, table: DataTable, values: Texts, counts: Floats) -> None:
        """Checks the totals that the file gives itself."""
        place = {
            key: self.base + number
            for number, key in enumerate(
                zip(*(each[self.base :].tolist() for each in self.labels), strict=True)
            )
        }
        for row in sorted(set(range(len(table))) - set(self.given.values())):
            cell = place.get(tuple(values[:, row].tolist()))
            name, said = self.layout.count, int(counts[row])
            if cell is None:
                raise table.error(row, name, "this total has no parts in the file")
            if cell in self.given:
                first = table.lines[self.given[cell]]
                raise table.error(
                    row, name, f"the total of line {first} stands here again"
                )
            true = int(self.table.count[cell])
            if said != true:
                raise table.error(
                    row, name, f"the total is {said}; its parts add up to {true}"
                )
            self.given[cell] = row

    def need(self) -> Need:
        count, layout = self.table.count, self.layout
        low = 0 if layout.zeros == "withhold" else 1
        primary = (count >= low) & (count < layout.threshold)
        if layout.small_totals == "publish":
            primary[self.base :] = False
        cost = np.ones(len(count)) if layout.cost == "cells" else count + 0.01
        free = count > 0 if layout.zeros == "known" else np.ones(len(count), dtype=bool)
        for columns in layout.keep:
            kept = self._over(columns)
            if not kept.any():
                raise DataError(
                    f'"keep" has a total over ({", ".join(columns)}), and none is published.'
                )
            free &= ~kept
            primary &= ~kept
        width = np.full(len(count), layout.width)
        return Need(primary, width, cost, free | primary)

    def _over(self, columns: list[str]) -> Booleans:
        """(C,) totals by these columns and no other."""
        marked = np.array([label == self.layout.mark for label in self.labels])
        wanted = np.array([name not in columns for name in self.names])
        found = (marked == wanted[:, None]).all(axis=0)
        found[: self.base] = False
        return np.asarray(found)

    def pattern(self, table: DataTable) -> Booleans:
        """The file's own pattern; totals that the file does not give are published."""
        hidden = np.zeros(len(self.table.count), dtype=bool)
        said = table.text(self.layout.pattern)
        for cell, row in self.given.items():
            if said[row] not in {*HIDDEN, PUBLISH}:
                raise table.error(
                    row,
                    self.layout.pattern,
                    f'"{said[row]}" is none of publish, primary, complementary',
                )
            hidden[cell] = said[row] in HIDDEN
        return hidden

    def named(self, cell: int) -> dict[str, str]:
        return {
            name: str(label[cell])
            for name, label in zip(self.names, self.labels, strict=True)
        }


def _counts(table: DataTable, layout: Layout) -> Floats:
    counts = table.numbers(layout.count)
    for row in np.flatnonzero((counts < 0) | (counts != np.floor(counts))):
        raise table.error(
            int(row), layout.count, f"{counts[row]:g} is no count of 0, 1, 2 and so on"
        )
    return counts


def _check_names(
    table: DataTable, names: Sequence[str], values: Texts, mark: str, base: Integers
) -> None:
    """A group without a name, or called as totals are, would be taken for a total."""
    for name, cells in zip(names, values, strict=True):
        if (empty := np.flatnonzero(cells == "")).size:
            raise table.error(int(empty[0]), name, "is empty; a name is needed")
        if (marked := base[cells[base] == mark]).size:
            raise table.error(
                int(marked[0]), name, f'"{mark}" stands for totals; this is a cell'
            )


def _check_cells(
    table: DataTable, layout: Layout, values: Texts, base: Integers
) -> None:
    """Each combination of values once."""
    seen: dict[tuple[str, ...], int] = {}
    for row, key in zip(base.tolist(), zip(*values.tolist(), strict=True), strict=True):
        if key in seen:
            raise DataError(
                f"Lines {table.lines[seen[key]]} and {table.lines[row]} are the same "
                f"cell: {_said(layout.cells, key)}. Add them up."
            )
        seen[key] = row
    sizes = [len(set(each.tolist())) for each in values]
    if layout.absent == "refuse" and len(seen) < np.prod(sizes, dtype=float):
        raise DataError(
            f"The cell {_said(layout.cells, _absent(values, seen))} is missing. Add its "
            'row, with 0 where nobody was counted, or say "absent": "empty" where '
            "there is no such cell and everybody knows it."
        )


def _said(names: Sequence[str], key: Sequence[str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(names, key, strict=True))


def _absent(values: Texts, seen: Mapping[tuple[str, ...], int]) -> tuple[str, ...]:
    """The first combination of values that is not there, found column by column."""
    key: tuple[str, ...] = ()
    there = list(seen)
    for place in range(len(values)):
        rest = np.prod([len(set(each.tolist())) for each in values[place + 1 :]])
        for value in dict.fromkeys(values[place].tolist()):
            those = [each for each in there if each[place] == value]
            if len(those) < rest or not those:
                key, there = (*key, value), those
                break
    return key


def _sets(layout: Layout, names: list[str], given: Texts) -> list[list[str]]:
    """Which totals are published: said, or as the file gives them, or all."""
    if layout.totals is not None:
        sets = layout.totals
    elif given.size:
        kept = {tuple(np.array(names)[row != layout.mark].tolist()) for row in given.T}
        sets = [list(each) for each in sorted(kept, key=len, reverse=True)]
    else:
        sets = [
            list(each)
            for size in range(len(layout.cells) - 1, -1, -1)
            for each in combinations(layout.cells, size)
        ]
    whole = set(layout.cells)
    return [each for each in sets if not whole <= set(each)]


def _summed(values: Texts, kept: list[bool]) -> tuple[csr_array, Texts]:
    """The rows of the totals by the kept columns, and their labels (names, totals)."""
    masked = np.where(np.array(kept)[:, None], values, "")
    labels, group = np.unique(masked, axis=1, return_inverse=True)
    group = np.ravel(group)
    rows = csr_array(
        (np.ones(len(group)), (group, np.arange(len(group)))),
        shape=(labels.shape[1], len(group)),
    )
    return rows, labels

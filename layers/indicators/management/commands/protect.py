from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from layers.indicators.disclosure.audit import Booleans, intervals
from layers.indicators.disclosure.protection import Need, Unprotectable, protect
from layers.indicators.management.data import DataCommand, DataError, DataTable
from layers.indicators.management.linked import (
    COMPLEMENTARY,
    PRIMARY,
    PUBLISH,
    Layout,
    Linked,
)


class Command(DataCommand):
    help = (
        "Says which counts of a table to withhold, so that no small one can be worked "
        "out, and what can be worked out of those withheld."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--audit-only",
            action="store_true",
            help="audit the file's own pattern, or the small counts alone without one",
        )
        parser.add_argument(
            "--seconds",
            type=float,
            default=20.0,
            help="how long to look for a pattern that withholds less (default 20)",
        )

    def work(
        self, table: DataTable, spec: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Any]]:
        linked = Linked.read(table, Layout.of(spec, table))
        need = linked.need()
        if options["audit_only"]:
            there = linked.layout.pattern in table
            if "pattern" in spec and not there:
                table.text(linked.layout.pattern)
            hidden = linked.pattern(table) if there else need.primary
            rows = _rows(linked, need, hidden)
            self._report(rows)
            return rows
        try:
            pattern = protect(linked.table, need, options["seconds"])
        except Unprotectable as refused:
            cell = linked.named(refused.cell)
            raise DataError(
                f"The cell {', '.join(map(' '.join, cell.items()))} can't be protected: "
                'all that may be withheld does not suffice. Publish fewer "totals", ask '
                'for less "width", or let more be withheld ("keep", "zeros").'
            ) from refused
        rows = _rows(linked, need, pattern.hidden)
        self._report(rows)
        if linked.layout.cost == "cells":
            self.stderr.write(
                f"No pattern can withhold fewer than {np.ceil(pattern.at_least - 1e-6):.0f}."
            )
        return rows

    def _report(self, rows: Sequence[Mapping[str, Any]]) -> None:
        hidden = [row for row in rows if row["pattern"] != PUBLISH]
        known = sum(row["low"] == row["high"] for row in hidden)
        narrow = sum(row["protected"] == "no" for row in hidden)
        self.stderr.write(
            f"{len(hidden)} of {len(rows)} cells are withheld, "
            f"{sum(row['count'] for row in hidden)} counted in them. {known} of them can "
            f"be worked out exactly; {narrow} are protected too little."
        )


def _rows(linked: Linked, need: Need, hidden: Booleans) -> list[dict[str, Any]]:
    low, high = (np.full(len(hidden), np.nan) for _ in range(2))
    low[hidden], high[hidden] = intervals(linked.table, hidden)
    # A cell that protects others has no secret of its own.
    width = np.where(need.primary, need.width, 1.0)
    return [
        {
            **linked.named(cell),
            "count": int(linked.table.count[cell]),
            "pattern": _pattern(hidden[cell], need.primary[cell]),
            "low": _bound(low[cell]),
            "high": _bound(high[cell]),
            "protected": ""
            if not hidden[cell] and not need.primary[cell]
            else "yes"
            if hidden[cell] and high[cell] - low[cell] >= width[cell]
            else "no",
        }
        for cell in range(len(hidden))
    ]


def _pattern(hidden: bool, primary: bool) -> str:
    if not hidden:
        return PUBLISH
    return PRIMARY if primary else COMPLEMENTARY


def _bound(value: float) -> int | None:
    return int(value) if np.isfinite(value) else None

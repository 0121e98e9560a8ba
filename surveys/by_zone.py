"""Counts by zone, as pages list them."""

from __future__ import annotations

from typing import Any

from layers.geography.models import Zone


def with_names(rows: Any) -> list[dict[str, Any]]:
    """The rows with their zone, those without a place last."""
    named = [dict(row) for row in rows]
    zones = Zone.objects.in_bulk([row["zone"] for row in named if row["zone"]])
    for row in named:
        row["zone"] = zones.get(row["zone"])
    named.sort(key=lambda row: (row["zone"] is None, row["zone"] and row["zone"].code))
    return named

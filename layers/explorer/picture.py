"""The town as a drawing: zones shaded by their need, one of them marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.gis.db.models import Extent
from django.contrib.gis.db.models.functions import (
    AsSVG,
    PointOnSurface,
    Transform,
)
from django.db.models import QuerySet

from layers.explorer.rows import Row, span
from layers.geography.models import Municipality, Zone
from layers.indicators.models import Estimate
from layers.maps import classes
from layers.maps.folium_page import COLOURS, NO_DATA, WITHHELD

__all__ = ["Picture", "draw"]

WIDTH = 1000
LIGHT_INK, DARK_INK = "#ffffff", "#1d2b2a"


@dataclass(frozen=True)
class Picture:
    """Everything a template needs to write one SVG."""

    box: str
    """The viewBox: projected metres, y downwards."""
    unit: float
    """A thousandth of the width, in metres."""
    shapes: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    """Classes from low to high, with their colour."""
    chosen: str
    """The marked zone's outline, or nothing."""

    @property
    def line(self) -> str:
        return self._units(2)

    @property
    def dashes(self) -> str:
        return f"{self._units(5)} {self._units(5)}"

    @property
    def bold(self) -> str:
        return self._units(7)

    @property
    def halo(self) -> str:
        return self._units(13)

    @property
    def hatch(self) -> str:
        return self._units(9)

    @property
    def text(self) -> str:
        return self._units(30)

    def _units(self, number: int) -> str:
        """As text: a template would write the reader's decimal sign."""
        return f"{number * self.unit:.1f}"


def draw(
    municipality: Municipality, zones: QuerySet[Zone], rows: list[Row], code: str
) -> Picture | None:
    """The zones of `rows` in the town's projection; None where there are none.

    `code` names the zone that is marked; empty marks none.
    """
    projected = zones.annotate(shape=Transform("geometry", municipality.srid))
    extent = projected.aggregate(extent=Extent("shape"))["extent"]
    if extent is None:
        return None
    west, south, east, north = extent
    width = east - west
    by_code = {row.code: row for row in rows}
    ends = classes.breaks(row.value for row in rows if row.value is not None)
    shapes = [
        _shape(zone, by_code.get(zone.code), ends)
        for zone in projected.annotate(
            path=AsSVG("shape", precision=0),
            place=PointOnSurface("shape"),
        )
    ]
    margin = width * 0.015
    box = (
        west - margin,
        -north - margin,
        width + 2 * margin,
        north - south + 2 * margin,
    )
    return Picture(
        box=" ".join(f"{part:.0f}" for part in box),
        unit=width / WIDTH,
        shapes=shapes,
        steps=_steps(ends),
        chosen=next((x["path"] for x in shapes if code and x["code"] == code), ""),
    )


def _shape(zone: Any, row: Row | None, ends: list[int]) -> dict[str, Any]:
    place = None
    if row is not None and row.value is not None:
        place = classes.class_of(row.value, ends)
    dark = place is not None and place > 2
    return {
        "code": zone.code,
        "name": zone.name,
        "path": zone.path,
        "x": round(zone.place.x),
        "y": -round(zone.place.y),
        "class": place,
        "fill": _fill(row, place),
        "light": dark,
        "ink": LIGHT_INK if dark else DARK_INK,
        "halo": _fill(row, place),
        "uncertain": bool(row and row.uncertain),
        "blank": place is None,
        "flag": row.figure.flag if row else Estimate.Flag.NO_DATA.value,
        "symbol": row.symbol if row else "–",
        "says": row.says if row else "",
    }


def _fill(row: Row | None, place: int | None) -> str:
    if place is not None:
        return COLOURS[place]
    if row is None or row.figure.flag == Estimate.Flag.NO_DATA:
        return NO_DATA
    return WITHHELD


def _steps(ends: list[int]) -> list[dict[str, Any]]:
    steps, start = [], 0
    for place, end in enumerate(ends):
        label = str(end) if start == end else span(start, end)
        steps.append({"colour": COLOURS[place], "label": label, "class": place + 1})
        start = end + 1
    return steps

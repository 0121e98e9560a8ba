"""One figure for several zones together, from what the release publishes of each.

A reader draws an area or picks zones; only whole zones with a published figure count.
The rule that keeps it from singling out a zone stands in docs/disclosure.md.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from math import sqrt
from typing import Any

from django.contrib.gis.db.models.functions import Area, Intersection
from django.contrib.gis.gdal import GDALException
from django.contrib.gis.geos import GEOSException, GEOSGeometry
from django.db.models import F, FloatField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from layers.indicators.modelled.ties import Ties, Why, ties_of
from layers.indicators.models import Estimate
from layers.maps.classes import Z_95
from layers.maps.desk import View
from layers.maps.errors import UnfitView

FEWEST = 3
# The share of a zone that must lie inside what is drawn.
MOSTLY = 0.5
MOST_CORNERS = 100
CAUTION = {
    Why.SAMPLE: gettext_lazy(
        "Some sampling places reach into several of these zones, so their errors may go together. The range is as wide as that could make it."
    ),
    Why.TOTALS: gettext_lazy(
        "The weights were drawn to known totals of the whole town, so the zones' errors may go together. The range is as wide as that could make it."
    ),
    Why.CHANGED: gettext_lazy(
        "Answers have changed since this release, so it is not known whether the zones' errors go together. The range is as wide as that could make it."
    ),
}


@dataclass(frozen=True)
class Part:
    """A zone as the release publishes it; shares and errors between 0 and 1."""

    code: str
    name: str
    share: float
    error: float
    children: int
    asked: int


@dataclass(frozen=True)
class Together:
    """`zones` are counted; `left` were touched or picked, and have no figure."""

    zones: list[Part]
    left: list[str]
    ties: Ties

    @property
    def share(self) -> float:
        """Each zone counts by its children."""
        return sum(x.share * x.children for x in self.zones) / self._children

    @property
    def error(self) -> float:
        """Errors of tied zones are added, as if they erred together; those of independent
        ones by their squares. So the range is never too narrow.
        """
        errors = {x.code: x.error * x.children for x in self.zones}
        tied = (sum(errors[x] for x in group) for group in self._groups)
        return sqrt(sum(error**2 for error in tied)) / self._children

    @property
    def _groups(self) -> list[list[str]]:
        return self.ties.groups(each.code for each in self.zones)

    @property
    def caution(self) -> str:
        """Why the range is wider than that of independent zones; empty where it is not."""
        if all(len(group) == 1 for group in self._groups):
            return ""
        return str(CAUTION[self.ties.why])

    @property
    def _children(self) -> int:
        return sum(each.children for each in self.zones)


def zones_within(view: View, drawn: str) -> list[str]:
    """Codes of the view's zones that lie mostly inside a polygon (GeoJSON, EPSG:4326).

    Raises UnfitView for what is no polygon.
    """
    shape = _polygon(drawn)
    touched = view.zones.filter(geometry__intersects=shape).annotate(
        inside=Cast(
            Area(Intersection("geometry_3857", shape.transform(3857, clone=True))),
            FloatField(),
        ),
        whole=Cast(Area("geometry_3857"), FloatField()),
    )
    return [each.code for each in touched.filter(inside__gte=F("whole") * MOSTLY)]


def _polygon(drawn: str) -> GEOSGeometry:
    refusal = UnfitView(
        _("Draw an area with at least three corners, whose sides do not cross.")
    )
    try:
        corners = json.loads(drawn)
        ring = [[float(x), float(y)] for x, y in corners]
        if not 3 <= len(ring) <= MOST_CORNERS:
            raise refusal
        shape = GEOSGeometry(
            json.dumps({"type": "Polygon", "coordinates": [[*ring, ring[0]]]}),
            srid=4326,
        )
    except (
        ValueError,
        RecursionError,
        TypeError,
        OverflowError,
        GEOSException,
        GDALException,
    ) as error:
        raise refusal from error
    west, south, east, north = shape.extent
    if not (
        shape.valid and west >= -180 and east <= 180 and south >= -85 and north <= 85
    ):
        raise refusal
    return shape


def together(view: View, codes: Collection[str]) -> Together:
    """Raises UnfitView where the sum is about too few zones, or leaves too few."""
    rows = {
        row.zone.code: (row.zone.name, _part(row))
        for row in Estimate.objects.of_release(view.release)
        .of_indicator(view.indicator.code)
        .of_breakdown(view.breakdown)
        .exclude(zone=None)
        .select_related("zone")
        .defer("zone__geometry", "zone__geometry_3857")
        if row.zone is not None
    }
    wanted = [rows[code] for code in dict.fromkeys(codes) if code in rows]
    counted = [part for _name, part in wanted if part is not None]
    rest = len(rows) - len(counted)
    if len(counted) < FEWEST:
        raise UnfitView(
            _(
                "A sum needs at least %(least)d zones with a published figure; here are %(count)d."
            )
            % {"least": FEWEST, "count": len(counted)}
        )
    if 0 < rest < FEWEST:
        raise UnfitView(
            _(
                "All zones but %(count)d are in it: the rest could be worked out. Leave at least %(least)d zones out."
            )
            % {"count": rest, "least": FEWEST}
        )
    left = [name for name, part in wanted if part is None]
    return Together(counted, left, ties_of(view.release))


def _part(row: Estimate) -> Part | None:
    """None where the figure is withheld, or says of no child."""
    if row.zone is None or row.estimate is None or not row.population:
        return None
    return Part(
        row.zone.code,
        row.zone.name,
        row.estimate,
        row.se or 0.0,
        row.population,
        row.n or 0,
    )


def spoken(view: View, found: Together) -> dict[str, Any]:
    """Words and numbers for the panel."""
    half = Z_95 * found.error
    value, low, high = (
        round(100 * min(max(share, 0), 1))
        for share in (found.share, found.share - half, found.share + half)
    )
    return {
        "codes": [each.code for each in found.zones],
        "names": [each.name for each in found.zones],
        "left": found.left,
        "value": value,
        "low": low,
        "high": high,
        "says": view.people.share(value),
        "range": _("between %(low)d and %(high)d") % {"low": low, "high": high},
        "asked": view.people.asked(sum(each.asked for each in found.zones)),
        "title": view.indicator.title,
        "caution": found.caution,
    }

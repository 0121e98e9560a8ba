"""The coordinate reference systems in which a municipality's features are told.

Stored in degrees, longitude first. A system whose first axis points north, such as
EPSG:4326, is told latitude first, as OGC API – Features part 2 asks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import shapely
from django.utils.translation import gettext as _
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from layers.features.errors import BadParameter
from layers.geography.models import Municipality

OGC = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
# Digits after the point: a tenth of a millimetre either way.
DEGREES, METRES = 9, 4
# A straight edge in metres is a curve in degrees; this many parts follow it closely.
PARTS = 16


@dataclass(frozen=True)
class System:
    """`srid` counts for PostGIS; `flipped` means that the first axis is the northing."""

    uri: str
    srid: int
    flipped: bool

    @property
    def digits(self) -> int:
        return DEGREES if self.srid == 4326 else METRES

    @cached_property
    def to_degrees(self) -> Transformer:
        """Always easting first."""
        return Transformer.from_crs(self.srid, 4326, always_xy=True)

    def stored(self, shape: BaseGeometry) -> BaseGeometry:
        """As it would be stored, from this system's own order of axes.

        Raises BadParameter for coordinates outside the system.
        """
        if self.flipped:
            shape = shapely.transform(shape, lambda at: at[:, ::-1])
        if self.srid != 4326:
            shape = shapely.transform(
                shape,
                lambda at: list(zip(*self.to_degrees.transform(*at.T), strict=True)),
            )
        west, south, east, north = shape.bounds
        if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
            raise BadParameter(
                _("These coordinates lie outside %(crs)s. Check the order of axes.")
                % {"crs": self.uri},
            )
        return shape


@lru_cache(maxsize=256)
def system(srid: int) -> System:
    try:
        axes = CRS.from_epsg(srid).axis_info
    except CRSError as unknown:
        raise BadParameter(_("EPSG:%d is not known here.") % srid, "crs") from unknown
    return System(f"{EPSG}{srid}", srid, axes[0].direction.lower() == "north")


CRS84 = System(OGC, 4326, flipped=False)


def systems(municipality: Municipality) -> list[System]:
    """CRS84 first, in which everything is told unless another one is asked for."""
    own = [municipality.srid] if municipality.srid not in {4326, 3857} else []
    return [CRS84, *(system(srid) for srid in (4326, 3857, *own))]


def asked(name: str, value: str | None, municipality: Municipality) -> System:
    """The system that parameter `name` asks for, by address or as `[EPSG:4326]`."""
    if not value:
        return CRS84
    known = systems(municipality)
    for each in known:
        short = each.uri.removeprefix(EPSG)
        if value in {each.uri, f"[EPSG:{short}]", f"EPSG:{short}"}:
            return each
    if value in {"[OGC:CRS84]", "OGC:CRS84", "CRS84"}:
        return CRS84
    raise BadParameter(
        _(
            "“%(name)s” names an unknown coordinate reference system. Known are: %(all)s."
        )
        % {"name": name, "all": ", ".join(each.uri for each in known)},
        name,
    )


def box(numbers: list[float], crs: System) -> BaseGeometry:
    """The area of a bounding box as it is stored; over the antimeridian, two areas.

    Raises BadParameter where it has no area, or reaches outside the system.
    """
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise BadParameter(
            _("“bbox” has four numbers, or six with heights: %s.")
            % "west,south,east,north",
            "bbox",
        )
    first, second, third, fourth = numbers
    west, south, east, north = (
        (second, first, fourth, third) if crs.flipped else numbers
    )
    if south > north or (west > east and crs.srid != 4326):
        raise BadParameter(
            _("In “bbox” the lower corner comes first, then the upper."), "bbox"
        )
    parts = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    plain = System(crs.uri, crs.srid, flipped=False)
    areas = [
        plain.stored(_edged(left, south, right, north, crs)) for left, right in parts
    ]
    if not all(map(shapely.is_valid, areas)):
        raise BadParameter(_("“bbox” is too large for this system."), "bbox")
    return areas[0] if len(areas) == 1 else shapely.union_all(areas)


def _edged(
    west: float, south: float, east: float, north: float, crs: System
) -> BaseGeometry:
    if west == east and south == north:
        return shapely.Point(west, south)
    if west == east or south == north:
        # A point or a line is a fair question too.
        return shapely.LineString([(west, south), (east, north)])
    if crs.srid == 4326:
        return shapely.box(west, south, east, north)
    corners = np.array(
        [(west, south), (east, south), (east, north), (west, north), (west, south)]
    )
    parts = np.arange(4 * PARTS + 1) / PARTS
    return shapely.Polygon(
        np.column_stack([np.interp(parts, range(5), axis) for axis in corners.T])
    )

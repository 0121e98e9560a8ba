"""Puts what was drawn onto the borders that are there, whatever the browser sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from layers.editing import statements
from layers.editing.borders import DIGITS
from layers.editing.catching import Borders, Points, catch
from layers.editing.drafts import Asked, living, shape_of
from layers.editing.models import Edit
from layers.geography.models import Municipality

# Degrees: no tolerance reaches farther.
AROUND = 2e-5


def joined(municipality: Municipality, asked: Asked) -> Asked:
    """With each point that is within `asked.tolerance` metres of a corner as that corner,
    to the bit, and of a border on that border, on the grid of about 1 mm. Metres are those
    of the municipality's projected system.
    """
    drawn = [shapely.linestrings(line) for line in asked.lines if len(line) > 1]
    shapes = [*drawn, *(shape for _code, shape in asked.pieces)]
    if asked.geometry is not None:
        shapes.append(asked.geometry)
    if not asked.tolerance or not shapes:
        return asked
    given = np.array(shapes, dtype=object)
    points = shapely.get_coordinates(given)
    settled = iter(shapely.set_coordinates(given, _settled(municipality, asked, points)))  # fmt: skip
    lines = tuple(
        tuple(map(tuple, shapely.get_coordinates(next(settled)).tolist()))
        if len(line) > 1
        else line
        for line in asked.lines
    )
    pieces = tuple((code, next(settled)) for code, _shape in asked.pieces)
    return replace(asked, lines=lines, pieces=pieces, geometry=next(settled, None))


def _settled(municipality: Municipality, asked: Asked, points: Points) -> Points:
    west, south = points.min(axis=0) - AROUND
    east, north = points.max(axis=0) + AROUND
    box = shapely.box(west, south, east, north)
    rows = living(municipality, asked.layer).filter(
        geometry__bboverlaps=f"SRID=4326;{box.wkt}"
    )
    found = list(rows.only("code", "geometry"))
    if not found:
        return points
    stored = [shape_of(row) for row in found]
    at, *borders = _projected(municipality, [shapely.multipoints(points), *stored])
    moved = [n for n, row in enumerate(found) if row.code in asked.codes]
    is_reshape = asked.kind == Edit.Kind.RESHAPE and moved
    caught = catch(
        shapely.get_coordinates(at),
        Borders.of(borders),
        asked.tolerance,
        moving=borders[moved[0]] if is_reshape else None,
    )
    corners = Borders.of(stored).corners
    on_corner = caught.corner >= 0
    points = points.copy()
    points[on_corner] = corners[caught.corner[on_corner]]
    on_border = np.flatnonzero(~np.isnan(caught.spot[:, 0]))
    spots = statements.spots([(x, y) for x, y in caught.spot[on_border].tolist()], municipality.srid)  # fmt: skip
    for n, number in enumerate(on_border):
        points[number] = np.round(spots[n], DIGITS)
    return points


def _projected(municipality: Municipality, shapes: list[Any]) -> list[BaseGeometry]:
    found = dict(
        statements.rows(
            "projected",
            municipality=municipality.pk,
            srid=municipality.srid,
            n=list(range(len(shapes))),
            shapes=[shapely.to_wkb(shape) for shape in shapes],
        )
    )
    return [shapely.from_wkb(bytes(found[n])) for n in range(len(shapes))]

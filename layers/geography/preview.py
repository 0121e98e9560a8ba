"""A picture of what an import would do, as paths for an SVG."""

from __future__ import annotations

from typing import Any

from django.db import connection

from layers.geography.files.request import What
from layers.geography.layouts import statement
from layers.geography.models import Municipality

WIDTH = 1000
# Outlines per outcome; what is above is told in words under the picture.
DRAWN = 6000


def draw(
    municipality: Municipality, what: What, kind: str, spots: list[list[float]]
) -> dict[str, Any]:
    """Reads `staged` and `compared` of this transaction. Paths by outcome;
    `spots` are the places of refused rows, in degrees.

    Coordinates are the town's projected metres, scaled to WIDTH, y downwards.
    """
    params = {"municipality": municipality.pk, "srid": municipality.srid, "kind": kind}
    with connection.cursor() as cursor:
        cursor.execute(statement("preview_extent", what), params)
        west, south, east, north = cursor.fetchone()
        if west is None:
            return {}
        margin = max(east - west, north - south, 50) * 0.03
        west, north = west - margin, north + margin
        width, height = east + margin - west, north - (south - margin)
        scale = WIDTH / width
        scaled = {**params, "west": west, "north": north, "scale": scale}
        cursor.execute(
            statement("preview_paths", what),
            {**scaled, "drawn": DRAWN, "grain": 0.8, "dot": what is What.FACILITIES},
        )
        paths = dict(cursor.fetchall())
        cursor.execute(statement("preview_boundary"), {**scaled, "grain": 1.5})
        boundary = cursor.fetchone()
        places = {"x": [x for x, _y in spots], "y": [y for _x, y in spots]}
        cursor.execute(statement("preview_spots"), {**scaled, **places})
        refused = cursor.fetchone()
    return {
        "width": WIDTH,
        "height": round(height * scale),
        "paths": paths,
        "refused": refused[0] if refused else "",
        "boundary": boundary[0] if boundary else "",
        "dots": what is What.FACILITIES,
    }

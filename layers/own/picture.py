"""A picture of a file's places inside the town, as paths for an SVG."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from pyproj import Transformer

from layers.geography.files.exchange import Reading
from layers.geography.models import Municipality

WIDTH, TALLEST = 1000, 900
# Features and corners that a reader can still tell apart.
DRAWN, GRAIN = 3000, 1.0


def draw(municipality: Municipality, reading: Reading) -> dict[str, Any]:
    """Units are the town's projected metres, scaled to WIDTH, y downwards."""
    step = max(-(-len(reading.wkb) // DRAWN), 1)
    shapes = shapely.from_wkb(np.array(reading.wkb[::step], dtype=object))
    spots = shapely.points(np.array(reading.about["refused_points"]).reshape(-1, 2))
    outline = municipality.boundary and shapely.from_wkb(
        bytes(municipality.boundary.wkb)
    )
    move = Transformer.from_crs(4326, municipality.srid, always_xy=True).transform

    def metres(geometry: Any) -> Any:
        return shapely.transform(
            geometry, lambda xy: np.column_stack(move(xy[:, 0], xy[:, 1]))
        )

    shapes, town = metres(shapes), metres(outline) if outline else None
    seen = [each for each in (*shapes, town) if each is not None]
    west, south, east, north = shapely.total_bounds(np.array(seen, dtype=object))
    rim = max(east - west, north - south, 50) * 0.03
    width, height = east - west + 2 * rim, north - south + 2 * rim
    scale = min(WIDTH / width, TALLEST / height)

    def drawn(xy: np.ndarray) -> np.ndarray:
        return (xy - (west - rim, north + rim)) * (scale, -scale)

    fitted = shapely.transform(shapes, drawn)
    crosses = shapely.get_coordinates(shapely.transform(metres(spots), drawn))
    return {
        "width": round(width * scale),
        "height": round(height * scale),
        "rows": " ".join(filter(None, map(_path, shapely.simplify(fitted, GRAIN)))),
        "boundary": _path(shapely.simplify(shapely.transform(town, drawn), GRAIN))
        if town
        else "",
        "refused": " ".join(
            f"M{x - 6:.1f} {y - 6:.1f}l12 12m0-12l-12 12"
            for x, y in crosses.tolist()
            if 0 <= x <= width * scale and 0 <= y <= height * scale
        ),
        "kind": reading.about["kind"],
    }


def _path(shape: Any) -> str:
    said = []
    for part in shapely.get_parts(shapely.get_parts(shape)):
        if part.geom_type == "Point":
            said.append(f"M{part.x:.1f} {part.y:.1f}h0")
        elif part.geom_type == "LineString":
            said.append(_line(part))
        else:
            said += [f"{_line(ring)}z" for ring in (part.exterior, *part.interiors)]
    return "".join(said)


def _line(line: Any) -> str:
    corners = shapely.get_coordinates(line).round(1).tolist()
    return "M" + "L".join(f"{x} {y}" for x, y in corners)

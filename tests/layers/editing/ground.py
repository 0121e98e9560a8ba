"""Places in steps of about 50 m from the south-western corner of a block."""

from django.contrib.gis.geos import MultiPolygon, Polygon

WEST, SOUTH = 35.83, 33.80
STEP_X, STEP_Y = 0.00054, 0.00045
EAST, NORTH = WEST + 3 * STEP_X, SOUTH + 2 * STEP_Y


def at(x: float, y: float) -> tuple[float, float]:
    return round(WEST + x * STEP_X, 8), round(SOUTH + y * STEP_Y, 8)


def area(x0: float, y0: float, x1: float, y1: float) -> MultiPolygon:
    ring = [at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1), at(x0, y0)]
    return MultiPolygon(Polygon(ring), srid=4326)

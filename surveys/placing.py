"""Finds the parcel and the zone of a household."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from django.db import connection

from layers.geography.models import Municipality
from surveys.models import Submission

TOLERANCE_METRES = 30
# A position that may be off by more than this decides no parcel.
VAGUE_METRES = 100
# Phones miss by tens of metres between houses; beyond this the parcel is doubtful.
DOUBTFUL_METRES = 200
SQL = resources.files("surveys.sql")
BY_CODE = SQL.joinpath("place_by_code.sql").read_text()
BY_ALL = SQL.joinpath("place_households.sql").read_text()
PlacedBy = Submission.PlacedBy


@dataclass(frozen=True)
class Spot:
    """What is known of a household's place: degrees (EPSG:4326), metres."""

    parcel_code: str = ""
    longitude: float | None = None
    latitude: float | None = None
    accuracy: float | None = None


@dataclass(frozen=True)
class Place:
    """`metres` from the coordinates to the parcel; None without coordinates."""

    placed_by: PlacedBy
    parcel_id: int | None
    parcel_code: str | None
    zone_id: int | None
    zone_code: str | None
    metres: float | None


UNKNOWN = Spot()
NOWHERE = Place(PlacedBy.NOTHING, None, None, None, None, None)


def place_households(
    municipality: Municipality,
    spots: Sequence[Spot],
    *,
    tolerance: float = TOLERANCE_METRES,
) -> list[Place]:
    """One place per spot, in their order. A position within `tolerance` metres of a
    parcel is on it.
    """
    found = dict.fromkeys(range(len(spots)), NOWHERE)
    left = [n for n, spot in enumerate(spots) if spot != UNKNOWN]
    for sql in (BY_CODE, BY_ALL):
        near = {n: spots[n] for n in left}
        placed = _query(sql, municipality, near, tolerance) if near else {}
        found |= placed
        left = [n for n in left if n not in placed]
    return [found[n] for n in range(len(spots))]


def _query(
    sql: str, municipality: Municipality, spots: Mapping[int, Spot], tolerance: float
) -> dict[int, Place]:
    given: dict[str, Any] = {
        "municipality": municipality.pk,
        "n": list(spots),
        "codes": [spot.parcel_code or None for spot in spots.values()],
        "longitudes": [spot.longitude for spot in spots.values()],
        "latitudes": [spot.latitude for spot in spots.values()],
        "accuracies": [spot.accuracy for spot in spots.values()],
        "tolerance": tolerance,
        "vague": VAGUE_METRES,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return {row[0]: _place(*row[1:]) for row in cursor.fetchall()}


def _place(  # noqa: PLR0917 - the columns of the query
    by_code: bool,
    by_successor: bool,
    parcel_id: int | None,
    parcel_code: str | None,
    metres: float | None,
    zone_id: int | None,
    zone_code: str | None,
) -> Place:
    if by_code:
        placed_by = PlacedBy.PARCEL_CODE
    elif by_successor:
        placed_by = PlacedBy.SUCCESSOR
    elif parcel_id is not None:
        placed_by = PlacedBy.NEAREST if metres else PlacedBy.INSIDE
    elif zone_id is not None:
        placed_by = PlacedBy.ZONE
    else:
        placed_by = PlacedBy.NOTHING
    return Place(placed_by, parcel_id, parcel_code, zone_id, zone_code, metres)

"""Finds the parcel and the zone of a household."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from django.db import connection

from layers.geography.models import Municipality
from surveys.models import Submission
from surveys.problems import Problem
from surveys.rows import HouseholdLine

TOLERANCE_METRES = 30
# A position that may be off by more than this decides no parcel.
VAGUE_METRES = 100
# Phones miss by tens of metres between houses; beyond this the parcel is doubtful.
DOUBTFUL_METRES = 200
SQL = resources.files("surveys.sql").joinpath("place_households.sql").read_text()
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


def place_households(
    municipality: Municipality,
    spots: Sequence[Spot],
    *,
    tolerance: float = TOLERANCE_METRES,
) -> list[Place]:
    """One place per spot, in their order. A position within `tolerance` metres of a
    parcel is on it.
    """
    given: dict[str, Any] = {
        "municipality": municipality.pk,
        "n": list(range(len(spots))),
        "codes": [spot.parcel_code or None for spot in spots],
        "longitudes": [spot.longitude for spot in spots],
        "latitudes": [spot.latitude for spot in spots],
        "accuracies": [spot.accuracy for spot in spots],
        "tolerance": tolerance,
        "vague": VAGUE_METRES,
    }
    with connection.cursor() as cursor:
        cursor.execute(SQL, given)
        return [_place(*row[1:]) for row in cursor.fetchall()]


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


def place_warnings(
    line: HouseholdLine, place: Place, tolerance: float
) -> Iterator[Problem]:
    code = line.cells.get("parcel_code")
    if place.placed_by == PlacedBy.NOTHING:
        column = "parcel_code" if code else "latitude"
        yield Problem("no_place", "households", line.row, column)
    elif place.placed_by == PlacedBy.ZONE:
        params: dict[str, Any] = {"limit": tolerance}
        yield Problem("zone_only", "households", line.row, "latitude", params)
    elif place.placed_by == PlacedBy.PARCEL_CODE:
        if place.metres is not None and place.metres > DOUBTFUL_METRES:
            params = {"value": round(place.metres), "parcel": place.parcel_code}
            yield Problem("far_from_parcel", "households", line.row, "latitude", params)
    elif code:
        yield Problem(
            "parcel_unknown", "households", line.row, "parcel_code", {"value": code}
        )

"""Writes where records stand now, all at once, and each move into the record's history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from django.db import connection
from django.utils import timezone

from layers.geography.models import Municipality
from surveys.models import Submission, SubmissionEvent
from surveys.placing import VAGUE_METRES

SQL = resources.files("surveys.sql")
MOVE = SQL.joinpath("move_records.sql").read_text()
FOLLOW_ZONES = SQL.joinpath("follow_zones.sql").read_text()
FOLLOW = SQL.joinpath("follow_parcels.sql").read_text()
BATCH = 1000


@dataclass(frozen=True)
class Moved:
    """A record, and the parcel and zone that it goes to: keys, and codes for its history.

    `with_household` says whether the household goes to the parcel as well.
    """

    record: Submission
    parcel_id: int | None
    zone_id: int | None
    placed_by: str
    parcel_code: str = ""
    zone_code: str = ""
    with_household: bool = True


def move_records(
    municipality: Municipality, moves: Sequence[Moved], *, by: Any = None
) -> None:
    """Inside the caller's transaction; the records in memory are brought up to date."""
    events = [_event(municipality, move, by) for move in moves]
    for start in range(0, len(moves), BATCH):
        _write(municipality, moves[start : start + BATCH])
    SubmissionEvent.objects.bulk_create(events, batch_size=BATCH)


def follow_parcels(municipality: Municipality) -> int:
    """Puts records into the zones of their parcels; tells how many moved."""
    with connection.cursor() as cursor:
        cursor.execute(FOLLOW, {"municipality": municipality.pk})
        return int(cursor.rowcount)


def follow_zones(municipality: Municipality, *, by: Any = None) -> int:
    """Puts records that have a position and no parcel into the zones that hold them;
    tells how many moved. For changes of zones: parcels are not looked for.
    """
    placed_by = Submission.PlacedBy
    given = {
        "municipality": municipality.pk,
        "doubtful": [placed_by.NOTHING.value, placed_by.ZONE.value],
        "nothing": placed_by.NOTHING.value,
        "zone": placed_by.ZONE.value,
        "vague": VAGUE_METRES,
        "by": by.pk if by else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(FOLLOW_ZONES, given)
        return int(cursor.rowcount)


def _event(municipality: Municipality, move: Moved, by: Any) -> SubmissionEvent:
    record = move.record
    return SubmissionEvent(
        municipality=municipality,
        submission=record,
        by=by,
        kind=SubmissionEvent.Kind.PLACED,
        before={
            "parcel": str(record.parcel or ""),
            "zone": record.zone.code if record.zone else "",
        },
        after={"parcel": move.parcel_code, "zone": move.zone_code},
    )


def _write(municipality: Municipality, moves: Sequence[Moved]) -> None:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            MOVE,
            {
                "municipality": municipality.pk,
                "records": [move.record.pk for move in moves],
                "parcels": [move.parcel_id for move in moves],
                "zones": [move.zone_id for move in moves],
                "placed_by": [str(move.placed_by) for move in moves],
                "households": [move.with_household for move in moves],
                "now": now,
            },
        )
    for move in moves:
        record = move.record
        record.parcel_id, record.zone_id = move.parcel_id, move.zone_id
        record.placed_by, record.changed_at = move.placed_by, now
        record.checked_at = None

"""Keeps households where they are when the map changes: parcels merged, split,
renumbered or moved to another zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.dispatch import receiver
from django.utils import timezone
from django_tasks import task

from layers.geography.events import geography_changed
from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.models import Household, Submission, SubmissionEvent
from surveys.placing import Place, Spot, place_households

BATCH = 1000
PlacedBy = Submission.PlacedBy


@transaction.atomic
def restate_places(*, municipality: Municipality) -> int:
    """Places anew what stands on a parcel or in a zone that is no longer in force, or
    had no parcel. Tells how many records moved; a second time, none.
    """
    moved = 0
    stale = list(
        Submission.objects.of(municipality)
        .filter(
            Q(parcel__valid_until__isnull=False)
            | Q(zone__valid_until__isnull=False)
            | Q(parcel__isnull=False) & ~Q(zone=F("parcel__zone"))
            | Q(placed_by__in=[PlacedBy.NOTHING, PlacedBy.ZONE])
            | Q(zone=None),
            erased_at=None,
        )
        .select_related("parcel", "zone", "version", "round")
        .order_by("round__tolerance", "pk")
    )
    for tolerance, records in groupby(stale, lambda each: each.round.tolerance):
        alike = list(records)
        for start in range(0, len(alike), BATCH):
            moved += _restate(municipality, alike[start : start + BATCH], tolerance)
    return moved


def _restate(
    municipality: Municipality, stale: Sequence[Submission], tolerance: int
) -> int:
    spots = [_spot(each) for each in stale]
    places = place_households(municipality, spots, tolerance=tolerance)
    now = timezone.now()
    moved = []
    for submission, place in zip(stale, places, strict=True):
        former = (submission.parcel_id, submission.zone_id)
        if former == (place.parcel_id, place.zone_id):
            continue
        moved.append(_event(submission, place))
        submission.parcel_id, submission.zone_id = place.parcel_id, place.zone_id
        submission.placed_by, submission.changed_at = place.placed_by, now
        submission.save(
            update_fields=["parcel", "zone", "placed_by", "changed_at", "checked_at"]
        )
        Household.objects.filter(pk=submission.household_id).update(
            parcel=place.parcel_id
        )
    SubmissionEvent.objects.bulk_create(moved, batch_size=BATCH)
    return len(moved)


def _spot(submission: Submission) -> Spot:
    """By the parcel's number where a number or a person placed it, else by position."""
    by_number = {PlacedBy.PARCEL_CODE, PlacedBy.SUCCESSOR, PlacedBy.HAND}
    code = ""
    if submission.parcel and submission.placed_by in by_number:
        code = submission.parcel.code
    point = submission.geometry
    return Spot(
        code,
        point.x if point else None,
        point.y if point else None,
        submission.accuracy,
    )


def _event(submission: Submission, place: Place) -> SubmissionEvent:
    def codes(parcel: Any, zone: Any) -> dict[str, str]:
        return {"parcel": str(parcel or ""), "zone": str(zone or "")}

    former_zone = submission.zone.code if submission.zone else ""
    submission.checked_at = None
    return SubmissionEvent(
        municipality_id=submission.municipality_id,
        submission=submission,
        kind=SubmissionEvent.Kind.PLACED,
        before=codes(submission.parcel, former_zone),
        after=codes(place.parcel_code, place.zone_code),
    )


@task()
def restate_in_background(municipality_id: int) -> None:
    municipality = Municipality.objects.get(pk=municipality_id)
    with tenant(municipality):
        restate_places(municipality=municipality)


@receiver(geography_changed, dispatch_uid="surveys.restate_places")
def follow_the_map(*, municipality: Municipality, what: str, **_more: Any) -> None:
    if what in {"parcels", "zones"}:
        restate_in_background.enqueue(municipality.pk)

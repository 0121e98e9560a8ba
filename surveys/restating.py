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
from surveys.models import Household, Round, Submission, SubmissionEvent, Target
from surveys.placing import Place, Spot, place_households
from surveys.questionnaires.parts import facts_of, find_parts
from surveys.record import Record

BATCH = 1000
PlacedBy = Submission.PlacedBy
BY_NUMBER = {PlacedBy.PARCEL_CODE, PlacedBy.SUCCESSOR, PlacedBy.HAND}
IN_THE_FIELD = (Round.Status.DRAFT, Round.Status.OPEN, Round.Status.CLOSED)


@transaction.atomic
def restate_places(*, municipality: Municipality) -> int:
    """Places anew what stands on a parcel or in a zone that is no longer in force, or
    had no parcel; parcels to visit first, so that records find their place in the sample.
    Tells how many records moved; a second time, none.
    """
    _restate_targets(municipality)
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


def _restate_targets(municipality: Municipality) -> None:
    """Puts what a round visits on the parcels that took the place of others. Of a split
    parcel no part is the place, and of two that were merged one is enough: those stay as
    they are, and the pages say that they are no longer in force.
    """
    gone = list(
        Target.objects.of(municipality)
        .filter(parcel__valid_until__isnull=False, round__status__in=IN_THE_FIELD)
        .select_related("parcel")
        .order_by("pk")
    )
    if not gone:
        return
    spots = [Spot(target.parcel.code) for target in gone]
    rounds = {target.round_id for target in gone}
    taken = set(Target.objects.filter(round__in=rounds).values_list("round", "parcel"))
    moved = []
    for target, place in zip(gone, place_households(municipality, spots), strict=True):
        there = (target.round_id, place.parcel_id or 0)
        if place.parcel_id and there not in taken:
            taken.add(there)
            target.parcel_id = place.parcel_id
            moved.append(target)
    Target.objects.bulk_update(moved, ["parcel"], batch_size=BATCH)


def _restate(
    municipality: Municipality, stale: Sequence[Submission], tolerance: int
) -> int:
    stale = [each for each in stale if not _is_settled(each)]
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


def _is_settled(submission: Submission) -> bool:
    """Whether nothing is known that could place it better than in the zone it has."""
    zone = submission.zone
    in_force = zone is not None and zone.valid_until is None
    return in_force and not submission.geometry and not _number(submission)


def _spot(submission: Submission) -> Spot:
    """By the parcel's number where a number or a person placed it, else by position."""
    point = submission.geometry
    return Spot(
        _number(submission),
        point.x if point else None,
        point.y if point else None,
        submission.accuracy,
    )


def _number(submission: Submission) -> str:
    """Of the parcel; of one that was split, the number that the household gave: without
    it a record would lose the zone as well.
    """
    if submission.parcel:
        return submission.parcel.code if submission.placed_by in BY_NUMBER else ""
    version = submission.version
    if version is None or submission.placed_by != PlacedBy.ZONE:
        return ""
    parts = find_parts(version.structure, version.parts)
    record = Record(answers=submission.answers)
    return facts_of(record, version.structure, parts).parcel


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

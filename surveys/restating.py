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
from django_tasks import task

from layers.geography.events import geography_changed
from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.models import Round, Submission, Target
from surveys.moving import BATCH, Moved, follow_parcels, follow_zones, move_records
from surveys.placing import Spot, place_households
from surveys.questionnaires.parts import facts_of, find_parts
from surveys.record import Record

PlacedBy = Submission.PlacedBy
BY_NUMBER = {PlacedBy.PARCEL_CODE, PlacedBy.SUCCESSOR, PlacedBy.HAND}
# Answers and outlines are long: a town has many records.
NEEDED = (
    "municipality",
    "round",
    "household",
    "geometry",
    "accuracy",
    "placed_by",
    "parcel__code",
    "zone__code",
    "zone__valid_until",
)
IN_THE_FIELD = (Round.Status.DRAFT, Round.Status.OPEN, Round.Status.CLOSED)


@transaction.atomic
def restate_places(
    *, municipality: Municipality, parcels: bool = True, by: Any = None
) -> int:
    """Places anew what stands on a parcel or in a zone that is no longer in force, or
    had no parcel; parcels to visit first, so that records find their place in the sample.
    Where no `parcels` changed, none are looked for again. Tells how many records moved; a
    second time, none.
    """
    _restate_targets(municipality)
    moved = follow_parcels(municipality)
    misplaced = (
        Q(parcel__valid_until__isnull=False)
        | Q(zone__valid_until__isnull=False)
        | Q(parcel__isnull=False) & ~Q(zone=F("parcel__zone"))
        | Q(zone=None)
    )
    if parcels:
        misplaced |= Q(placed_by__in=[PlacedBy.NOTHING, PlacedBy.ZONE])
    else:
        moved += follow_zones(municipality, by=by)
        misplaced &= Q(parcel__isnull=False) | Q(geometry=None)
    stale = list(
        Submission.objects.of(municipality)
        .filter(misplaced, erased_at=None)
        .select_related("parcel", "zone")
        .only(*NEEDED)
        .prefetch_related("round")
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
    numbers = _numbers(stale)
    stale = [each for each in stale if not _is_settled(each, numbers[each.pk])]
    spots = [_spot(each, numbers[each.pk]) for each in stale]
    places = place_households(municipality, spots, tolerance=tolerance)
    moves = [
        Moved(
            record,
            place.parcel_id,
            place.zone_id,
            place.placed_by,
            place.parcel_code or "",
            place.zone_code or "",
        )
        for record, place in zip(stale, places, strict=True)
        if (record.parcel_id, record.zone_id) != (place.parcel_id, place.zone_id)
    ]
    move_records(municipality, moves)
    return len(moves)


def _is_settled(record: Submission, number: str) -> bool:
    """Whether nothing is known that could place it better than in the zone it has."""
    zone = record.zone
    in_force = zone is not None and zone.valid_until is None
    return in_force and not record.geometry and not number


def _spot(record: Submission, number: str) -> Spot:
    """By the parcel's number where a number or a person placed it, else by position."""
    point = record.geometry
    return Spot(
        number,
        point.x if point else None,
        point.y if point else None,
        record.accuracy,
    )


def _numbers(records: Sequence[Submission]) -> dict[int, str]:
    """Of the parcel, by the record's key; of one that was split, the number that the
    household gave: without it a record would lose the zone as well.
    """
    numbers, in_zone = {}, []
    for record in records:
        numbers[record.pk] = ""
        if record.parcel:
            by_number = record.placed_by in BY_NUMBER
            numbers[record.pk] = record.parcel.code if by_number else ""
        elif record.placed_by == PlacedBy.ZONE:
            in_zone.append(record.pk)
    return numbers | _given_numbers(in_zone)


def _given_numbers(keys: Sequence[int]) -> dict[int, str]:
    """As the households answered. Versions of the form are read once each: they are long."""
    given = (
        Submission.objects.filter(pk__in=keys, version__isnull=False)
        .only("answers", "version")
        .prefetch_related("version")
    )
    parts: dict[int, Any] = {}
    numbers = {}
    for record in given:
        version = record.version
        if version is None:
            continue
        if version.pk not in parts:
            parts[version.pk] = find_parts(version.structure, version.parts)
        facts = facts_of(
            Record(answers=record.answers), version.structure, parts[version.pk]
        )
        numbers[record.pk] = facts.parcel
    return numbers


@task()
def restate_in_background(municipality_id: int, parcels: bool = True) -> None:
    municipality = Municipality.objects.get(pk=municipality_id)
    with tenant(municipality):
        restate_places(municipality=municipality, parcels=parcels)


@receiver(geography_changed, dispatch_uid="surveys.restate_places")
def follow_the_map(*, municipality: Municipality, what: str, **_more: Any) -> None:
    if what in {"parcels", "zones"}:
        restate_in_background.enqueue(municipality.pk, what == "parcels")

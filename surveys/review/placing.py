"""Puts a record on a parcel by hand, where neither its number nor its position does."""

from __future__ import annotations

from typing import Any

from django.contrib.gis.geos import GEOSGeometry
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from layers.geography.models import Parcel, Zone
from surveys.errors import PlacingRefused
from surveys.models import Household, Submission, SubmissionEvent, Target
from surveys.outlines import corners
from surveys.quality.tasks import request_checks

Kind, PlacedBy = SubmissionEvent.Kind, Submission.PlacedBy
NEAR_METRES = 200
METRES_OF_A_DEGREE = 111_320
SHOWN = 300
DESIGN = ("stratum", "psu", "weight")


def parcels_around(submission: Submission) -> QuerySet[Parcel]:
    """In force, about the record's position; without one, those of its zone, or of the
    parcel it has.
    """
    found = Parcel.objects.of(submission.municipality).current()
    centre: GEOSGeometry | None = submission.geometry
    if centre is None and submission.parcel is not None:
        centre = submission.parcel.geometry
    if centre is not None:
        # A box in degrees is quick to look up; east and west it is a little narrower.
        box = centre.buffer(NEAR_METRES / METRES_OF_A_DEGREE).envelope
        return found.filter(geometry__intersects=box)[:SHOWN]
    if submission.zone_id is not None:
        return found.filter(zone=submission.zone_id)[:SHOWN]
    return found.none()


def map_of(submission: Submission) -> dict[str, Any]:
    """What the record's map draws; degrees, EPSG:4326, latitude first as forms write."""
    at = submission.geometry
    return {
        "parcels": [
            {
                "value": parcel.code,
                "label": parcel.code,
                "corners": corners(parcel.geometry),
            }
            for parcel in parcels_around(submission)
        ],
        "chosen": submission.parcel.code if submission.parcel else "",
        "position": [at.y, at.x] if at else None,
        "accuracy": submission.accuracy,
    }


@transaction.atomic
def place_by_hand(*, submission: Submission, code: str, by: Any) -> Submission:
    """On the parcel of this number, and so in its zone. Raises PlacingRefused where no
    parcel in force has the number, or the record counts no more.
    """
    record = _locked(submission)
    parcel = (
        Parcel.objects.of(record.municipality)
        .current()
        .filter(code=code.strip())
        .select_related("zone")
        .first()
    )
    if parcel is None:
        raise PlacingRefused(
            _("No parcel in force has the number “%(code)s”."), params={"code": code}
        )
    before = _stored(record)
    record.parcel, record.zone, record.placed_by = parcel, parcel.zone, PlacedBy.HAND
    target = Target.objects.filter(round=record.round_id, parcel=parcel).first()
    if target is not None:
        record.stratum, record.psu = target.stratum, target.psu
        record.weight = target.base_weight
        if target.outcome == Target.Outcome.PENDING and record.back_check_of_id is None:
            target.outcome, target.outcome_at = record.outcome, timezone.now()
            target.save(update_fields=["outcome", "outcome_at"])
    Household.objects.filter(pk=record.household_id).update(parcel=parcel)
    return _moved(record, before, by)


@transaction.atomic
def put_back(*, submission: Submission, by: Any) -> Submission:
    """Undoes the last placing by hand. Raises PlacingRefused where there is none."""
    record = _locked(submission)
    last = record.events.filter(kind=Kind.PLACED).order_by("-pk").first()
    if last is None or record.placed_by != PlacedBy.HAND:
        raise PlacingRefused(_("This record was not placed by hand."))
    former, before = last.before, _stored(record)
    municipality = record.municipality
    record.parcel = (
        Parcel.objects.of(municipality).filter(pk=former["parcel_id"]).first()
    )
    record.zone = Zone.objects.of(municipality).filter(pk=former["zone_id"]).first()
    record.placed_by = former["placed_by"]
    for name in DESIGN:
        setattr(record, name, former[name])
    return _moved(record, before, by)


def _locked(submission: Submission) -> Submission:
    record = Submission.objects.select_for_update(of=("self",)).get(pk=submission.pk)
    if record.withdrawn_at or record.erased_at:
        raise PlacingRefused(_("This record no longer counts."))
    return record


def _stored(record: Submission) -> dict[str, Any]:
    return {
        "parcel": record.parcel.code if record.parcel else "",
        "parcel_id": record.parcel_id,
        "zone_id": record.zone_id,
        "placed_by": record.placed_by,
        **{name: getattr(record, name) for name in DESIGN},
    }


def _moved(record: Submission, before: dict[str, Any], by: Any) -> Submission:
    # The digest stays: the same answers sent again then change nothing.
    record.changed_at, record.checked_at = timezone.now(), None
    record.save(
        update_fields=[
            "parcel",
            "zone",
            "placed_by",
            "changed_at",
            "checked_at",
            *DESIGN,
        ]
    )
    SubmissionEvent.objects.create(
        municipality_id=record.municipality_id,
        submission=record,
        by=by,
        kind=Kind.PLACED,
        before=before,
        after={"parcel": record.parcel.code if record.parcel else ""},
    )
    request_checks(record.round)
    return record

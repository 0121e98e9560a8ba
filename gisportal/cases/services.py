from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources
from zoneinfo import ZoneInfo

from django.contrib.gis.geos import Point
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gisportal.accounts.models import User
from gisportal.cases import workflow
from gisportal.cases.errors import NotYours, PlaceRefused, StepRefused
from gisportal.cases.events import case_changed
from gisportal.cases.models import (
    Case,
    CaseDocument,
    CaseEvent,
    CaseFollower,
)
from layers.geography.files.photo import Photo
from layers.geography.models import Municipality, Parcel, Zone

NEXT_NUMBER = (
    resources.files("gisportal.cases").joinpath("sql/next_number.sql").read_text()
)


@dataclass(frozen=True)
class Place:
    """Where a case is: a point in EPSG:4326, a parcel, words, or several of them."""

    geometry: Point | None = None
    parcel: Parcel | None = None
    zone: Zone | None = None
    address: str = ""


@dataclass(frozen=True)
class Reporter:
    """Who reports: a person with an account, or a name at the front desk."""

    user: User | None = None
    name: str = ""
    phone: str = ""
    language: str = ""


def today_in(municipality: Municipality) -> date:
    return timezone.localdate(timezone=ZoneInfo(municipality.time_zone))


def find_place(
    *,
    municipality: Municipality,
    geometry: Point | None = None,
    parcel_code: str = "",
    address: str = "",
) -> Place:
    """Complete a place: the parcel's point, the point's parcel, and the zone.

    Raises PlaceRefused for a point outside the municipality, for an unknown
    parcel, and where nothing says where it is.
    """
    parcels = Parcel.objects.of(municipality).current()
    parcel = None
    if parcel_code:
        parcel = parcels.filter(code=parcel_code).first()
        if parcel is None:
            raise PlaceRefused(
                _(
                    "Parcel %(code)s is not in the register. Check the number, "
                    "or show the place on the map."
                ),
                code="parcel",
                params={"code": parcel_code},
            )
    if geometry is None and parcel is not None:
        geometry = parcel.geometry.point_on_surface
    if geometry is None and not address:
        raise PlaceRefused(
            _("Say where it is: on the map, by parcel number, or in words.")
        )
    if geometry is None:
        return Place(address=address)
    _refuse_outside(municipality, geometry)
    zones = Zone.objects.of(municipality).current().filter(kind=Zone.Kind.QUARTER)
    return Place(
        geometry=geometry,
        parcel=parcel or parcels.filter(geometry__covers=geometry).first(),
        zone=zones.filter(geometry__covers=geometry).first(),
        address=address,
    )


def _refuse_outside(municipality: Municipality, geometry: Point) -> None:
    boundary = municipality.boundary
    if boundary is not None and not boundary.covers(geometry):
        raise PlaceRefused(
            _(
                "This place lies outside %(name)s. Move the pin into the town, "
                "or write the parcel number."
            ),
            params={"name": municipality.name},
        )


@transaction.atomic
def open_case(
    *,
    municipality: Municipality,
    type: Case.Type,
    channel: Case.Channel,
    title: str,
    place: Place,
    reporter: Reporter,
    by: User | None,
    deadline: date | None = None,
    at: datetime | None = None,
) -> Case:
    at = at or timezone.now()
    case = Case.objects.create(
        municipality=municipality,
        type=type,
        number=_next_number(municipality, at),
        channel=channel,
        title=title,
        reporter=reporter.user,
        reporter_name=reporter.name,
        reporter_phone=reporter.phone,
        language=reporter.language or get_language() or "ar",
        geometry=place.geometry,
        address=place.address,
        parcel=place.parcel,
        zone=place.zone,
        deadline=deadline,
        created_at=at,
    )
    _record(
        case=case,
        by=by,
        kind=CaseEvent.Kind.OPENED,
        to_status=Case.Status.RECEIVED,
        at=at,
    )
    return case


@transaction.atomic
def change_status(
    *, case: Case, to: str, by: User, text: str = "", at: datetime | None = None
) -> CaseEvent:
    """Take a case one step further, with words for the reporter.

    Raises NotYours or StepRefused. The step is judged on the locked row, so two
    officers can't both take it.
    """
    locked = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    step = workflow.step(locked.status, to)
    if step is None:
        raise StepRefused(
            _(
                "A request that is “%(before)s” can't become “%(after)s”. Reload the page."
            ),
            params={
                "before": locked.get_status_display(),
                "after": Case.Status(to).label,
            },
        )
    if not step.actors & locked.actors(by):
        raise NotYours(_("This step belongs to somebody else."))
    if step.needs_text and not text.strip():
        raise StepRefused(_("Write a few words to the resident: this step needs them."))
    before, case.status = locked.status, Case.Status(to)
    case.save(update_fields=["status"])
    return _record(
        case=case,
        by=by,
        kind=CaseEvent.Kind.STATUS_CHANGED,
        from_status=before,
        to_status=to,
        text=text.strip(),
        at=at,
    )


@transaction.atomic
def record_past_step(*, case: Case, to: Case.Status, text: str, at: datetime) -> None:
    """A step that was taken before the case came here; nobody is told about it."""
    before, case.status = case.status, to
    case.save(update_fields=["status"])
    _record(
        case=case,
        by=None,
        kind=CaseEvent.Kind.STATUS_CHANGED,
        from_status=before,
        to_status=to,
        text=text,
        at=at,
    )


@transaction.atomic
def answer_case(
    *, case: Case, by: User, text: str, at: datetime | None = None
) -> CaseEvent:
    """Words to the reporter that leave the status as it is."""
    if workflow.Actor.OFFICER not in case.actors(by):
        raise NotYours(_("Only the case's officers answer it."))
    return _record(
        case=case, by=by, kind=CaseEvent.Kind.ANSWERED, text=_required(text), at=at
    )


@transaction.atomic
def reply_to_case(*, case: Case, by: User, text: str) -> CaseEvent:
    """The reporter's words; a case that waited for them is taken up again."""
    if workflow.Actor.REPORTER not in case.actors(by):
        raise NotYours(_("Only the person who reported it can reply."))
    text = _required(text)
    if case.status == Case.Status.WAITING:
        return change_status(case=case, to=Case.Status.IN_PROGRESS, by=by, text=text)
    return _record(case=case, by=by, kind=CaseEvent.Kind.REPLIED, text=text)


@transaction.atomic
def note_on_case(*, case: Case, by: User, text: str) -> CaseEvent:
    """Words between the staff; the reporter never reads them."""
    if not by.has_perm(Case.VIEW_PERMISSIONS[Case.Type(case.type)], case.municipality):
        raise NotYours(_("Only the staff write notes."))
    return _record(
        case=case,
        by=by,
        kind=CaseEvent.Kind.NOTED,
        text=_required(text),
        public=False,
    )


@transaction.atomic
def add_photo(*, case: Case, by: User | None, photo: Photo) -> CaseDocument:
    document = CaseDocument(
        municipality=case.municipality,
        case=case,
        by=by,
        width=photo.width,
        height=photo.height,
    )
    name = f"cases/{case.municipality.slug}/{uuid.uuid4().hex}.jpg"
    document.file.save(name, ContentFile(photo.content), save=True)
    return document


@transaction.atomic
def follow_case(*, case: Case, user: User) -> None:
    """Idempotent; a reporter needs not follow an own case."""
    if case.reporter_id == user.pk:
        return
    CaseFollower.objects.get_or_create(
        case=case,
        user=user,
        defaults={
            "municipality": case.municipality,
            "language": get_language() or "ar",
        },
    )


def _required(text: str) -> str:
    if not text.strip():
        raise StepRefused(_("Write a few words first."))
    return text.strip()


def _next_number(municipality: Municipality, at: datetime) -> str:
    year = at.astimezone(ZoneInfo(municipality.time_zone)).year
    with connection.cursor() as cursor:
        cursor.execute(NEXT_NUMBER, {"municipality": municipality.pk, "year": year})
        (last,) = cursor.fetchone()
    return f"{year}-{last:05}"


def _record(
    *,
    case: Case,
    by: User | None,
    kind: CaseEvent.Kind,
    from_status: str = "",
    to_status: str = "",
    text: str = "",
    public: bool = True,
    at: datetime | None = None,
) -> CaseEvent:
    event = CaseEvent.objects.create(
        municipality=case.municipality,
        case=case,
        by=by,
        kind=kind,
        from_status=from_status,
        to_status=to_status,
        text=text,
        public=public,
        at=at or timezone.now(),
    )
    case_changed.send(sender=Case, event=event)
    return event

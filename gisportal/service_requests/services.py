from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from gisportal.accounts.models import User
from gisportal.cases.models import Case
from gisportal.cases.services import (
    Place,
    Reporter,
    add_photo,
    find_place,
    open_case,
    record_past_step,
)
from gisportal.service_requests.errors import RowsRefused
from gisportal.service_requests.models import Category, ServiceRequest
from gisportal.service_requests.rows import Row, read_rows
from layers.geography.files.photo import Photo
from layers.geography.models import Municipality

CATEGORIES = resources.files("gisportal.service_requests").joinpath(
    "data/categories.json"
)


@transaction.atomic
def create_categories(*, municipality: Municipality) -> list[Category]:
    """The usual categories; those that a municipality already has stay as they are."""
    return [
        Category.objects.get_or_create(
            municipality=municipality,
            code=entry["code"],
            defaults={**entry, "position": position},
        )[0]
        for position, entry in enumerate(json.loads(CATEGORIES.read_text()))
    ]


@transaction.atomic
def report_request(
    *,
    municipality: Municipality,
    category: Category,
    description: str,
    place: Place,
    reporter: Reporter,
    channel: Case.Channel,
    by: User | None,
    photo: Photo | None = None,
    at: datetime | None = None,
    source_key: str = "",
) -> ServiceRequest:
    """Open a service request; the same `source_key` again gives the first one."""
    own = ServiceRequest.objects.of(municipality)
    if source_key and at is None:
        _wait_for_twin(municipality, source_key)
    if source_key and (known := own.filter(source_key=source_key).first()):
        return known
    at = at or timezone.now()
    day = at.astimezone(ZoneInfo(municipality.time_zone)).date()
    case = open_case(
        municipality=municipality,
        type=Case.Type.SERVICE_REQUEST,
        channel=channel,
        title=Truncator(" ".join(description.split())).chars(120),
        place=place,
        reporter=reporter,
        by=by,
        deadline=day + timedelta(days=category.service_level_days),
        at=at,
    )
    if photo is not None:
        add_photo(case=case, by=by, photo=photo)
    return ServiceRequest.objects.create(
        municipality=municipality,
        case=case,
        category=category,
        description=description,
        source_key=source_key,
    )


def _wait_for_twin(municipality: Municipality, source_key: str) -> None:
    """Until the end of the transaction nobody else sends under the same key: who
    comes second then finds what the first has written.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))",
            [f"service_request {source_key}", municipality.pk],
        )


@dataclass(frozen=True)
class Loaded:
    """How many rows of a file were new, and how many were there before."""

    added: int
    unchanged: int


@transaction.atomic
def load_service_requests(*, municipality: Municipality, file: Path) -> Loaded:
    """Load requests from a CSV file: all of it or nothing, twice changes nothing.

    Columns: category, description, reported_at; and as known reference, latitude,
    longitude, parcel_code, address, status, answer, answered_at, channel,
    reporter_name, reporter_email, reporter_phone, language. Raises RowsRefused.
    """
    categories = {
        category.code: category
        for category in create_categories(municipality=municipality)
    }
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = read_rows(lines, time_zone=municipality.time_zone)
    except (UnicodeDecodeError, csv.Error) as error:
        raise RowsRefused(
            _("This is no CSV file in UTF-8. Save it as “CSV UTF-8” and try again.")
        ) from error
    known = set(
        ServiceRequest.objects.of(municipality)
        .filter(source_key__in=[row.reference for row in rows])
        .values_list("source_key", flat=True)
    )
    added, faults = 0, []
    for row in sorted(rows, key=lambda row: row.reported_at):
        if row.reference in known:
            continue
        try:
            _load(municipality, categories, row)
        except ValidationError as fault:
            faults.append(_fault(row, " ".join(fault.messages)))
        known.add(row.reference)
        added += 1
    if faults:
        raise RowsRefused(faults)
    return Loaded(added=added, unchanged=len(rows) - added)


def _load(
    municipality: Municipality, categories: dict[str, Category], row: Row
) -> None:
    if row.category not in categories:
        raise ValidationError(
            _("“%(code)s” is no category; allowed are: %(allowed)s"),
            params={"code": row.category, "allowed": ", ".join(categories)},
        )
    user = User.objects.filter(email__iexact=row.reporter_email or "-").first()
    request = report_request(
        municipality=municipality,
        category=categories[row.category],
        description=row.description,
        place=find_place(
            municipality=municipality,
            geometry=row.geometry,
            parcel_code=row.parcel_code,
            address=row.address,
        ),
        reporter=Reporter(user, row.reporter_name, row.reporter_phone, row.language),
        channel=Case.Channel(row.channel),
        by=None,
        at=row.reported_at,
        source_key=row.reference,
    )
    if row.status != Case.Status.RECEIVED:
        record_past_step(
            case=request.case,
            to=Case.Status(row.status),
            text=row.answer,
            at=row.answered_at or row.reported_at,
        )


def _fault(row: Row, what: str) -> ValidationError:
    return ValidationError(
        _("Row %(row)s: %(what)s"), params={"row": row.line, "what": what}
    )

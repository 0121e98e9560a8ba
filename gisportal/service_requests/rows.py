"""Rows of a file of service requests, read and checked before anything is written."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TextIO
from zoneinfo import ZoneInfo

from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from gisportal.cases.models import Case
from gisportal.service_requests.errors import RowsRefused

REQUIRED = ("category", "description", "reported_at")
# Words of other systems for the same thing.
SYNONYMS = {"resolved": "done", "closed": "done", "open": "received"}


@dataclass(frozen=True)
class Row:
    """One request of the file. Times carry the municipality's time zone."""

    line: int
    reference: str
    category: str
    description: str
    reported_at: datetime
    geometry: Point | None
    parcel_code: str
    address: str
    status: str
    answer: str
    answered_at: datetime | None
    channel: str
    reporter_name: str
    reporter_email: str
    reporter_phone: str
    language: str


def read_rows(file: TextIO, *, time_zone: str) -> list[Row]:
    """All rows of a CSV file with a header line. Raises RowsRefused."""
    reader = csv.DictReader(file)
    missing = [name for name in REQUIRED if name not in (reader.fieldnames or [])]
    if missing:
        raise RowsRefused(
            _("The file lacks the column %(names)s. Add it to the first line."),
            params={"names": ", ".join(missing)},
        )
    rows, faults = [], []
    for line, cells in enumerate(reader, start=2):
        try:
            rows.append(_row(line, cells, ZoneInfo(time_zone)))
        except ValidationError as fault:
            faults.append(fault)
    if faults:
        raise RowsRefused(faults)
    return rows


def _row(line: int, cells: dict[str, str | None], zone: ZoneInfo) -> Row:
    def cell(name: str) -> str:
        return (cells.get(name) or "").strip()

    if None in cells:
        raise _fault(line, "?", _("has more cells than the first line has names"))
    for name in REQUIRED:
        if not cell(name):
            raise _fault(line, name, _("is empty; write a value"))
    reported_at = _time(line, "reported_at", cell("reported_at"), zone)
    assert reported_at is not None  # noqa: S101 - it is required above
    return Row(
        line=line,
        reference=cell("reference") or _fingerprint(cells),
        category=cell("category"),
        description=cell("description"),
        reported_at=reported_at,
        geometry=_point(line, cell("longitude"), cell("latitude")),
        parcel_code=cell("parcel_code"),
        address=cell("address"),
        status=_choice(
            line,
            "status",
            SYNONYMS.get(cell("status"), cell("status")) or "received",
            Case.Status,
        ),
        answer=cell("answer"),
        answered_at=_time(line, "answered_at", cell("answered_at"), zone),
        channel=_choice(line, "channel", cell("channel") or "web", Case.Channel),
        reporter_name=cell("reporter_name"),
        reporter_email=cell("reporter_email"),
        reporter_phone=cell("reporter_phone"),
        language=cell("language") or "ar",
    )


def _fingerprint(cells: dict[str, str | None]) -> str:
    """What tells a row apart that has no reference: all that is in it but its fate."""
    fate = {"status", "answer", "answered_at"}
    said = sorted((name, text) for name, text in cells.items() if name not in fate)
    return f"row-{sha256(repr(said).encode()).hexdigest()[:32]}"


def _fault(line: int, column: str, what: str) -> ValidationError:
    return ValidationError(
        _("Row %(row)s, column %(column)s: %(what)s."),
        params={"row": line, "column": column, "what": what},
    )


def _time(line: int, column: str, text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    try:
        time = parse_datetime(text if len(text) > 10 else f"{text} 12:00")
    except ValueError:
        time = None
    if time is None:
        raise _fault(line, column, _("is no date; write it like 2026-11-23 14:30"))
    return time if time.tzinfo else time.replace(tzinfo=zone)


def _point(line: int, longitude: str, latitude: str) -> Point | None:
    if not longitude and not latitude:
        return None
    try:
        point = Point(float(longitude), float(latitude), srid=4326)
    except ValueError as error:
        raise _fault(line, "longitude", _("is no number of degrees")) from error
    if not (abs(point.x) <= 180 and abs(point.y) <= 90):
        raise _fault(line, "longitude", _("lies outside the world; check the order"))
    return point


def _choice(line: int, column: str, text: str, choices: type[TextChoices]) -> str:
    if text not in choices.values:
        raise _fault(
            line,
            column,
            _("is “%(text)s”; allowed are: %(allowed)s")
            % {"text": text, "allowed": ", ".join(choices.values)},
        )
    return text

"""What can be done with rounds, files and submissions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

from django.contrib.gis.geos import Point
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from layers.geography.models import Municipality
from surveys.checking import Candidate, Check, News, as_report, check_file
from surveys.errors import AlreadyWithdrawn, FileRefused, RoundExists, UploadNotReady
from surveys.files.services import (
    UNCHANGED,
    WITHDRAWN,
    chunks,
    load_chunk,
    look_into,
    refusal_report,
    remember_mapping,
    report_of,
)
from surveys.models import (
    FormVersion,
    Household,
    RecordRead,
    RepeatRow,
    Round,
    Submission,
    SubmissionEvent,
    Upload,
    content_address,
)
from surveys.questionnaires.services import install_library_form
from surveys.workbook import MAX_BYTES, pack, refuse

Status = Upload.Status
BATCH = 1000
LIBRARY_FORM = "child_needs"
OF_THE_DESIGN = ("stratum", "weight", "frame_households")
OF_THE_POSITION = ("latitude", "longitude")
CONTENT_FIELDS = [
    "upload",
    "interviewed_on",
    "surveyor",
    "head_name",
    "phone",
    "parcel",
    "zone",
    "geometry",
    "placed_by",
    "stratum",
    "weight",
    "frame_households",
    "answers",
    "digest",
    "changed_at",
]


@dataclass(frozen=True)
class Outcome:
    """How many households of the file were added, changed, unchanged, left out."""

    added: int
    changed: int
    unchanged: int
    withdrawn: int
    children: int
    warnings: int


@transaction.atomic
def create_round(
    *,
    municipality: Municipality,
    code: str,
    names: dict[str, str],
    starts_on: date,
    ends_on: date,
    school_year_start: date,
) -> Round:
    """`names` by language. Raises RoundExists for a code that is taken."""
    if Round.objects.of(municipality).filter(code=code).exists():
        raise RoundExists(
            _("There is already a round “%(code)s”. Choose another code."),
            params={"code": code},
        )
    round = Round(
        municipality=municipality,
        code=code,
        starts_on=starts_on,
        ends_on=ends_on,
        school_year_start=school_year_start,
        **{f"name_{language}": name for language, name in names.items()},
    )
    round.full_clean(exclude=["municipality"])
    round.save()
    return round


@transaction.atomic
def store_upload(
    *, round: Round, files: Sequence[tuple[str, bytes]], by: Any
) -> Upload:
    """Keeps the bytes before anything looks into them.

    The same bytes again give the same upload. Raises FileRefused when too large.
    """
    name, content = pack(files)
    if len(content) > MAX_BYTES:
        raise refuse("too_large", limit=MAX_BYTES // 1024**2)
    sha256 = hashlib.sha256(content).hexdigest()
    upload = Upload(
        municipality=round.municipality,
        round=round,
        sha256=sha256,
        size=len(content),
        by=by,
        file_name=_storable_name(name),
    )
    path = content_address(upload, name)
    if not default_storage.exists(path):
        default_storage.save(path, ContentFile(content))
    upload.file.name = path
    Upload.objects.bulk_create([upload], ignore_conflicts=True)
    # One that was erased with a household and comes again begins anew.
    Upload.objects.filter(round=round, sha256=sha256, file_name="").update(
        file_name=upload.file_name, by=by, status=Upload.Status.RECEIVED
    )
    return Upload.objects.get(round=round, sha256=sha256)


def _storable_name(name: str) -> str:
    printable = "".join(sign for sign in name if sign.isprintable())
    return printable.encode(errors="ignore").decode()[-200:] or "file"


def move_upload(*, upload: Upload, start: Status, end: Status) -> bool:
    """Brings an upload into another status; of two clicks only the first does."""
    moved = Upload.objects.filter(pk=upload.pk, status=start).update(
        status=end, status_since=timezone.now()
    )
    if moved:
        upload.refresh_from_db(fields=["status", "status_since"])
    return bool(moved)


def give_up_upload(pk: int) -> None:
    """Says of an upload that its work failed, for a reason that is not in the file."""
    Upload.objects.filter(pk=pk, status__in=[Status.CHECKING, Status.LOADING]).update(
        status=Status.FAILED, status_since=timezone.now()
    )


@transaction.atomic
def check_upload(*, upload: Upload) -> Check:
    """Reads the file and writes into the upload what loading it would do."""
    check = check_file(round=upload.round, content=_bytes(upload))
    upload.report = as_report(check)
    if check.blocked:
        upload.status = Upload.Status.FAULTY
    elif upload.loaded_at and not _has_news(check):
        upload.status = Upload.Status.LOADED
    else:
        upload.status = Upload.Status.READY
    upload.save(update_fields=["report", "status"])
    return check


def follows_its_form(round: Round) -> bool:
    """Whether files have the columns of the round's own questionnaire, not of the
    library's.
    """
    return round.form is not None and round.form.code != LIBRARY_FORM


@transaction.atomic
def preview_upload(*, upload: Upload) -> bool:
    """Writes into the upload what loading it would do; whether it could be loaded
    whole.
    """
    if not follows_its_form(upload.round):
        return not check_upload(upload=upload).blocked
    try:
        look = look_into(upload)
    except FileRefused as error:
        upload.report, upload.status = refusal_report(error), Status.FAULTY
        upload.save(update_fields=["report", "status"])
        return False
    upload.report = report_of(look)
    standing = {each.news for each in look.candidates} <= {UNCHANGED, WITHDRAWN}
    if look.blocked:
        upload.status = Status.FAULTY
    else:
        loaded = upload.loaded_at and standing
        upload.status = Status.LOADED if loaded else Status.READY
    upload.save(update_fields=["report", "status"])
    return not look.blocked


def load_by_form(*, upload: Upload) -> Outcome:
    """Loads the file's records: all or none, or as `upload.mode` says the good ones.

    Nothing is half loaded, whenever a worker is killed. Raises UploadNotReady.
    """
    look = look_into(upload)
    if look.blocked and (upload.mode != "good" or not look.good):
        raise UploadNotReady(
            _("The file was not loaded. Correct what is listed and upload it again."),
        )
    counts: dict[str, int] = {}
    done = 0
    with transaction.atomic():
        for entries in chunks(look.good):
            loaded = load_chunk(upload=upload, version=look.version, entries=entries)
            for news, count in loaded.items():
                counts[news] = counts.get(news, 0) + count
            done += len(entries)
        remember_mapping(version=look.version, upload=upload)
        _finish(upload, report_of(look) | {"loaded": done})
    return Outcome(
        **{news.value: counts.get(news.value, 0) for news in News},
        children=upload.report["children"],
        warnings=upload.report["warnings"],
    )


def _finish(upload: Upload, report: dict[str, Any]) -> None:
    upload.status, upload.loaded_at = Status.LOADED, timezone.now()
    upload.report = report
    upload.save(update_fields=["status", "loaded_at", "report"])


def _has_news(check: Check) -> bool:
    return any(each.news in {News.ADDED, News.CHANGED} for each in check.candidates)


def _bytes(upload: Upload) -> bytes:
    with upload.file.open("rb") as file:
        content: bytes = file.read()
    return content


@transaction.atomic
def load_upload(*, upload: Upload) -> Outcome:
    """Loads the whole file or nothing.

    Checked again under the round's lock, because another file may have been
    loaded since the preview. Raises UploadNotReady when it has errors.
    """
    round = Round.objects.select_for_update().get(pk=upload.round_id)
    upload.round = round
    if follows_its_form(round):
        return load_by_form(upload=upload)
    version = _version(round)
    check = check_upload(upload=upload)
    if check.blocked:
        raise UploadNotReady(
            _("The file was not loaded. Correct what is listed and upload it again."),
        )
    _write(upload, check, version)
    if round.status == Round.Status.DRAFT:
        round.status = Round.Status.OPEN
        round.save(update_fields=["status"])
    upload.status, upload.loaded_at = Upload.Status.LOADED, timezone.now()
    upload.save(update_fields=["status", "loaded_at"])
    counts = upload.report["news"]
    return Outcome(
        **{news.value: counts.get(news.value, 0) for news in News},
        children=upload.report["children"],
        warnings=upload.report["warnings"],
    )


def _version(round: Round) -> FormVersion:
    """What the file's columns answer: the round's questionnaire, else the library's."""
    found = round.form.published() if round.form else None
    if found is None:
        found = install_library_form(
            municipality=round.municipality, code=LIBRARY_FORM, by=None
        )
        round.form = found.form
        round.save(update_fields=["form"])
    return found


def _write(upload: Upload, check: Check, version: FormVersion) -> None:
    now = timezone.now()
    added, changed = check.only(News.ADDED), check.only(News.CHANGED)
    households = _households(upload.municipality, added)
    fresh = [
        Submission(
            municipality=upload.municipality,
            round=upload.round,
            household_id=households[each.line.code],
            version=version,
            instance_id=f"uuid:{uuid4()}",
            state=Submission.State.APPROVED,
            **_content(upload, each, now),
        )
        for each in added
    ]
    Submission.objects.bulk_create(fresh, batch_size=BATCH)
    SubmissionEvent.objects.bulk_create(
        [
            SubmissionEvent(
                municipality=upload.municipality,
                submission=submission,
                by=upload.by,
                kind=SubmissionEvent.Kind.RECEIVED,
                to_state=submission.state,
            )
            for submission in fresh
        ],
        batch_size=BATCH,
    )
    known = Submission.objects.in_bulk([each.submission_id for each in changed])
    renewed = [known[each.submission_id] for each in changed]
    for submission, each in zip(renewed, changed, strict=True):
        for name, value in _content(upload, each, now).items():
            setattr(submission, name, value)
    Submission.objects.bulk_update(renewed, CONTENT_FIELDS, batch_size=BATCH)
    RepeatRow.objects.filter(submission__in=renewed).delete()
    RepeatRow.objects.bulk_create(
        (
            member
            for submission, each in zip(
                [*fresh, *renewed], [*added, *changed], strict=True
            )
            for member in _members(submission, each)
        ),
        batch_size=BATCH,
    )


def _households(
    municipality: Municipality, candidates: Sequence[Candidate]
) -> dict[str, int]:
    """Keys by household number, the missing ones created."""
    codes = [each.line.code for each in candidates]
    Household.objects.bulk_create(
        [Household(municipality=municipality, code=code) for code in codes],
        ignore_conflicts=True,
        batch_size=BATCH,
    )
    found = Household.objects.of(municipality).filter(code__in=codes)
    return dict(found.values_list("code", "pk"))


def _content(upload: Upload, each: Candidate, now: Any) -> dict[str, Any]:
    cells, place = each.line.cells, each.place
    point = None
    if cells.get("longitude") is not None:
        point = Point(cells["longitude"], cells["latitude"], srid=4326)
    return {
        "upload": upload,
        "interviewed_on": cells["interview_date"],
        "surveyor": cells.get("surveyor") or "",
        "head_name": cells.get("head_name") or "",
        "phone": cells.get("phone") or "",
        "parcel_id": place.parcel_id,
        "zone_id": place.zone_id,
        "geometry": point,
        "placed_by": place.placed_by,
        "stratum": cells.get("stratum") or "",
        "weight": cells["weight"],
        "frame_households": cells.get("frame_households"),
        "answers": _answers(cells),
        "digest": each.digest,
        "changed_at": now,
    }


def _answers(cells: dict[str, Any], leave: Sequence[str] = ()) -> dict[str, Any]:
    """The cells as a phone would have sent them; what the design says is left out."""
    answers = {
        key: value.isoformat() if isinstance(value, date) else value
        for key, value in cells.items()
        if value is not None and key not in {*OF_THE_DESIGN, *OF_THE_POSITION, *leave}
    }
    if cells.get("longitude") is not None:
        coordinates = [cells["longitude"], cells["latitude"]]
        answers["location"] = {"type": "Point", "coordinates": coordinates}
    return answers


def _members(submission: Submission, each: Candidate) -> list[RepeatRow]:
    return [
        RepeatRow(
            municipality_id=submission.municipality_id,
            submission=submission,
            round_id=submission.round_id,
            table="children",
            ordinal=ordinal,
            code=child.cells["child_id"],
            name=child.cells.get("name") or "",
            sex=child.cells["sex"],
            birth_date=child.cells["birth_date"],
            answers=_answers(child.cells, leave=("household_id",)),
        )
        for ordinal, child in enumerate(each.line.children, start=1)
    ]


@transaction.atomic
def withdraw_submission(*, submission: Submission, by: Any, reason: str) -> None:
    """The submission no longer counts; its observations go with the next publishing."""
    # The round's lock keeps a publishing that already read the submission from
    # looking newer than its withdrawal.
    Round.objects.select_for_update().get(pk=submission.round_id)
    submission.refresh_from_db(fields=["withdrawn_at"])
    if submission.withdrawn_at is not None:
        raise AlreadyWithdrawn(_("This submission was already withdrawn."))
    now = timezone.now()
    submission.withdrawn_at = submission.changed_at = now
    submission.withdrawn_by, submission.withdrawal_reason = by, reason
    submission.save(
        update_fields=[
            "withdrawn_at",
            "withdrawn_by",
            "withdrawal_reason",
            "changed_at",
        ]
    )


def record_read(*, submission: Submission, reader: Any) -> RecordRead:
    """Remembers who opened the record of a household and its children."""
    return RecordRead.objects.create(
        municipality_id=submission.municipality_id,
        submission=submission,
        reader=reader,
    )

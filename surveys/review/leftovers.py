"""What a household leaves behind besides its record: raw bytes, photos, the files it
came in, and the files that were written with it.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from surveys.files.uploads import parts_sent
from surveys.intake.keeping import kept_path
from surveys.models import (
    Arrival,
    Attachment,
    Export,
    Submission,
    SubmissionEvent,
    Upload,
)
from surveys.questionnaires.parts import find_parts

# A shorter number or name stands in many files by chance.
TELLING = 5
ENCODINGS = ("utf-8", "utf-16-le", "cp1256")
MOST_UNPACKED = 4 * 1024**3
BLOCK, OVERLAP = 1024**2, 4096
# An encrypted part is a RuntimeError to zipfile.
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


def erase_arrivals(record: Submission) -> None:
    """Also those that were refused or quarantined under the record's instance IDs."""
    own = Arrival.objects.filter(submission=record)
    named = {*own.values_list("instance_id", flat=True), record.instance_id} - {""}
    arrivals = Arrival.objects.filter(municipality_id=record.municipality_id).filter(
        Q(submission=record) | Q(instance_id__in=named) | Q(deprecated_id__in=named)
    )
    attachments = Attachment.objects.filter(arrival__in=arrivals)
    contents = set(attachments.exclude(sha256="").values_list("sha256", flat=True))
    attachments.delete()
    arrivals.update(content=None, erased_at=timezone.now())
    still = Attachment.objects.filter(
        municipality_id=record.municipality_id, sha256__in=contents
    )
    shared = set(still.values_list("sha256", flat=True))
    _delete(kept_path(record.municipality_id, each) for each in contents - shared)


def _delete(paths: Iterable[Path]) -> None:
    """Once the transaction holds: what is deleted can't be rolled back."""
    doomed = list(paths)

    def delete() -> None:
        for path in doomed:
            path.unlink(missing_ok=True)

    transaction.on_commit(delete)


def erase_uploads(record: Submission) -> None:
    """The file it came in, and the round's others that name it, go as a whole: rows
    can't be taken out of bytes that are kept as they came. What was loaded from them
    stays.
    """
    words = [each for each in _said(record) if len(each) >= TELLING]
    uploads = Upload.objects.filter(round=record.round_id).exclude(file_name="")
    for upload in uploads:
        if upload.pk == record.upload_id or _tells(upload, words):
            _erase_upload(upload)
    # Whose file is still being sent begins again.
    _delete(parts_sent(record.round))


def _said(record: Submission) -> set[str]:
    """By what a file may name the household, now or in an earlier version."""
    said = {record.household.code, record.head_name, record.phone}
    # A first name alone is many children's.
    said |= {row.name for row in record.rows.all() if " " in row.name}
    if record.version is not None:
        main = find_parts(record.version.structure, record.version.parts).main
        for event in record.events.filter(kind=SubmissionEvent.Kind.EDITED):
            said |= {
                str(event.before.get(main.get(part, ""), ""))
                for part in ("head_name", "phone")
            }
    return said


def _erase_upload(upload: Upload) -> None:
    path = str(upload.file.name)
    upload.report, upload.progress, upload.file_name = {}, {}, ""
    if upload.status != Upload.Status.LOADED:
        upload.status = Upload.Status.FAILED
    upload.save(update_fields=["report", "progress", "file_name", "status"])
    same = Upload.objects.filter(file=path).exclude(file_name="")
    if not same.exists():
        transaction.on_commit(lambda: default_storage.delete(path))


def _tells(upload: Upload, words: Iterable[str]) -> bool:
    """A file that can't be searched to its end counts as one that does."""
    name = str(upload.file.name)
    if not default_storage.exists(name):
        return False
    sought = [
        re.compile(rb"(?<!\w)" + re.escape(each) + rb"(?!\w)")
        for word in words
        for each in _written(word)
    ]
    try:
        with default_storage.open(name, "rb") as file:
            return any(each.search(part) for part in _parts(file) for each in sought)
    except BROKEN_ZIP:
        return True


def _written(word: str) -> set[bytes]:
    """As text files and workbooks hold it."""
    coded = {word.encode(encoding, "ignore") for encoding in ENCODINGS}
    found = coded | {word.encode("ascii", "xmlcharrefreplace")}
    return {each for each in found if len(each) >= TELLING}


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes; of a workbook or archive, those of each file in it."""
    if not zipfile.is_zipfile(file):
        file.seek(0)
        yield from _blocks(file)
        return
    with zipfile.ZipFile(file) as archive:
        if sum(each.file_size for each in archive.infolist()) > MOST_UNPACKED:
            raise zipfile.BadZipFile("unpacks to more than is searched")
        for member in archive.infolist():
            with archive.open(member) as part:
                yield from _blocks(part)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """Each begins with the end of the one before: a name may lie across."""
    end = b""
    while block := file.read(BLOCK):
        yield end + block
        end = block[-OVERLAP:]


def erase_exports(record: Submission) -> None:
    """Files of the round that wait to be fetched; that they were asked for stays."""
    written = Export.objects.filter(round=record.round_id).exclude(file="")
    _delete(Path(settings.MEDIA_ROOT, str(each.file.name)) for each in written)
    written.update(file="", size=0)

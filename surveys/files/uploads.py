"""Files as they come: kept byte for byte before anything looks into them."""

from __future__ import annotations

import fcntl
import hashlib
import io
import re
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from surveys.errors import ChunkRefused
from surveys.files.opening import MEGABYTE, refuse
from surveys.models import Round, Upload, content_address

Status = Upload.Status
BLOCK = 1024 * 1024
# A file that was sent in part is waited for so long.
PATIENCE_SECONDS = 7 * 24 * 3600
MAX_SENDINGS = 5
NAME = re.compile(r"[0-9a-f]{64}")


@transaction.atomic
def store_upload(
    *, round: Round, files: Sequence[tuple[str, IO[bytes]]], by: Any
) -> Upload:
    """The same bytes again give the same upload. Raises FileRefused when too large."""
    with _packed(files) as (name, content):
        size, sha256 = _measured(content)
        if size > settings.SURVEY_FILE_MB * MEGABYTE:
            raise refuse("too_large", limit=settings.SURVEY_FILE_MB)
        upload = Upload(
            municipality=round.municipality,
            round=round,
            sha256=sha256,
            size=size,
            by=by,
            file_name=_storable_name(name),
        )
        path = content_address(upload, name)
        if not default_storage.exists(path):
            content.seek(0)
            default_storage.save(path, File(content, name))
    upload.file.name = path
    Upload.objects.bulk_create([upload], ignore_conflicts=True)
    # One that was erased with a household and comes again begins anew.
    Upload.objects.filter(round=round, sha256=sha256, file_name="").update(
        file_name=upload.file_name, by=by, status=Upload.Status.RECEIVED
    )
    return Upload.objects.get(round=round, sha256=sha256)


@contextmanager
def _packed(
    files: Sequence[tuple[str, IO[bytes]]],
) -> Iterator[tuple[str, IO[bytes]]]:
    """One name and one file for what was uploaded together; several become a zip that
    is the same for the same files.
    """
    if len(files) == 1:
        yield files[0]
        return
    with tempfile.TemporaryFile() as blob:
        ordered = sorted(files, key=lambda each: (each[0], _measured(each[1])[1]))
        with zipfile.ZipFile(blob, "w") as archive:
            for number, (name, content) in enumerate(ordered):
                part = f"{number}-{PurePosixPath(name).name or 'file'}"
                content.seek(0)
                with archive.open(zipfile.ZipInfo(part), "w", force_zip64=True) as out:
                    while block := content.read(BLOCK):
                        out.write(block)
        yield " + ".join(name for name, _ in ordered), blob


def _measured(content: IO[bytes]) -> tuple[int, str]:
    """Its size and SHA-256."""
    content.seek(0)
    size, digest = 0, hashlib.sha256()
    while block := content.read(BLOCK):
        size += len(block)
        digest.update(block)
    return size, digest.hexdigest()


def _storable_name(name: str) -> str:
    printable = "".join(sign for sign in name if sign.isprintable())
    return printable.encode(errors="ignore").decode()[-200:] or "file"


def move_upload(*, upload: Upload, start: Status, end: Status) -> bool:
    """Brings an upload into another status; of two clicks only the first does. What a
    former work had gathered is forgotten.
    """
    moved = Upload.objects.filter(pk=upload.pk, status=start).update(
        status=end, status_since=timezone.now(), progress={}
    )
    if moved:
        upload.refresh_from_db(fields=["status", "status_since", "progress"])
    return bool(moved)


def give_up_upload(pk: int) -> None:
    """Says of an upload that its work failed, for a reason that is not in the file."""
    Upload.objects.filter(pk=pk, status__in=[Status.CHECKING, Status.LOADING]).update(
        status=Status.FAILED, status_since=timezone.now()
    )


# -- bytes over a bad line ---------------------------------------------------------------


def parts_sent(round: Round) -> list[Path]:
    """What has arrived of files that are still on their way into the round."""
    folder = Path(settings.MEDIA_ROOT) / "surveys" / str(round.municipality_id)
    return list((folder / "sending").glob(f"*-{round.pk}/*"))


class Sending:
    """A file of which a part has arrived. It is known by who sends it into which round,
    and by a SHA-256 over its name, size and time that the sender makes; so whoever
    chooses the same file again goes on where the line broke.
    """

    def __init__(self, *, round: Round, by: Any, key: str) -> None:
        if not NAME.fullmatch(key):
            raise ChunkRefused(_("The file can't be told apart. Choose it again."))
        folder = Path(settings.MEDIA_ROOT) / "surveys" / str(round.municipality_id)
        self.folder = folder / "sending" / f"{by.pk}-{round.pk}"
        self.path = self.folder / key

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def take(self, *, offset: int, body: IO[bytes]) -> int:
        """Adds what comes at `offset`, as far as it comes; gives the size reached. Raises
        ChunkRefused for another place than the end, and beyond the limit.
        """
        self._make_folder()
        limit = settings.SURVEY_FILE_MB * MEGABYTE
        with self.path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            size = file.seek(0, io.SEEK_END)
            if offset != size:
                raise ChunkRefused(_("The file goes on at another place."))
            while block := body.read(BLOCK):
                size += len(block)
                if size > limit:
                    raise ChunkRefused(
                        _("The file is larger than %(limit)s MB."),
                        params={"limit": settings.SURVEY_FILE_MB},
                    )
                file.write(block)
        self.path.chmod(settings.FILE_UPLOAD_PERMISSIONS)
        return size

    def _make_folder(self) -> None:
        mode = settings.FILE_UPLOAD_DIRECTORY_PERMISSIONS
        missing = [
            each for each in (self.folder, *self.folder.parents) if not each.exists()
        ]
        for each in reversed(missing):
            each.mkdir(mode=mode, exist_ok=True)
        newest = sorted(self.folder.iterdir(), key=lambda each: -each.stat().st_mtime)
        oldest = time.time() - PATIENCE_SECONDS
        late = [
            each
            for each in self.folder.parent.glob("*/*")
            if each.stat().st_mtime < oldest
        ]
        for former in [*newest[MAX_SENDINGS:], *late]:
            if former != self.path:
                former.unlink(missing_ok=True)

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)

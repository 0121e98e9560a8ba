"""The files that come with a submission: photos, sounds, films, documents."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass

import puremagic
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from layers.geography.files.photo import PhotoRefused, clean_photo
from surveys.intake.keeping import keep
from surveys.models import Arrival, Attachment

MAX_BYTES = 50 * 1024 * 1024
SNIFFED_BYTES = 4096
PHOTOS = {"image/jpeg", "image/png", "image/webp"}
DOCUMENTS = {
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
REFUSALS = {
    "not_named": _("The answers don't mention this file."),
    "too_large": _("The file is larger than 50 MB."),
    "photo": _("The photo can't be opened."),
    "kind": _("This kind of file is not kept."),
}


@dataclass(frozen=True)
class Sent:
    """A file as it came. `name` is what the sender called it, path and all."""

    name: str
    content: bytes

    @property
    def base_name(self) -> str:
        """Without path or control characters. Phones send UTF-8 where the protocol has
        Latin-1: what can be read so is.
        """
        name = self.name
        try:
            name = name.encode("latin-1").decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            name = self.name
        name = name.replace("\\", "/").rsplit("/", 1)[-1]
        return "".join(sign for sign in name if sign.isprintable())[:255]


def attach(
    *,
    arrival: Arrival,
    files: Iterable[Sent],
    named: frozenset[str] | None,
    expected: Iterable[str] = (),
) -> None:
    """Keeps the files that the submission names; the others are refused, and noted.

    `named` None means that the XML could not be read: then nothing is refused for it.
    What is expected and has not come is noted as awaited. Files that are there already
    stay as they are.
    """
    there = {each.name: each for each in arrival.attachments.all()}
    touched = {
        name[:255]: _new(arrival, name[:255])
        for name in expected
        if name and name[:255] not in there
    }
    for sent in files:
        name = sent.base_name
        if not name or (name in there and there[name].sha256):
            continue
        row = touched.setdefault(name, there.get(name) or _new(arrival, name))
        _take(row, sent, named)
    fresh = [row for row in touched.values() if row.pk is None]
    Attachment.objects.bulk_create(fresh)
    for row in touched.values():
        if row not in fresh:
            row.save()


def _new(arrival: Arrival, name: str) -> Attachment:
    return Attachment(
        municipality_id=arrival.municipality_id, arrival=arrival, name=name
    )


def _take(row: Attachment, sent: Sent, named: frozenset[str] | None) -> None:
    row.received_at = timezone.now()
    row.received_sha256 = hashlib.sha256(sent.content).hexdigest()
    if named is not None and row.name not in named:
        row.refused = "not_named"
        return
    row.refused, content, row.content_type = _sifted(sent.content)
    if not row.refused:
        row.sha256 = keep(row.municipality_id, content)
        row.size = len(content)


def _sifted(content: bytes) -> tuple[str, bytes, str]:
    """Why it is refused or nothing, the bytes to keep, and their type by content."""
    if len(content) > MAX_BYTES:
        return "too_large", b"", ""
    kind = _kind(content)
    if kind in PHOTOS:
        try:
            return "", clean_photo(io.BytesIO(content)).content, "image/jpeg"
        except PhotoRefused:
            return "photo", b"", ""
    if kind.startswith(("audio/", "video/")) or kind in DOCUMENTS:
        return "", content, kind
    if _is_text(content):
        return "", content, "text/plain"
    return "kind", b"", ""


def _kind(content: bytes) -> str:
    try:
        found = puremagic.magic_string(content[:SNIFFED_BYTES])
    except (puremagic.PureError, ValueError):
        return ""
    kinds = [match.mime_type for match in found if match.mime_type]
    wanted = ("audio/", "video/", *PHOTOS, *DOCUMENTS)
    return next((kind for kind in kinds if kind.startswith(wanted)), "")


def _is_text(content: bytes) -> bool:
    """The phone's own log of the interview is CSV. Shown as plain text, never as a page."""
    if b"\x00" in content:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True

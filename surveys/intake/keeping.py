"""Files on disk under the SHA-256 of their content, safe before anyone is told so."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from django.conf import settings


def kept_path(municipality_id: int, sha256: str) -> Path:
    folder = Path(settings.MEDIA_ROOT) / "surveys" / str(municipality_id)
    return folder / "kept" / sha256[:2] / sha256


def keep(municipality_id: int, content: bytes) -> str:
    """Writes the bytes so that they outlive a power cut; gives their SHA-256.

    What is there already is not written again.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    path = kept_path(municipality_id, sha256)
    if path.exists():
        return sha256
    _make_folder(path.parent)
    handle, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return sha256


def _make_folder(folder: Path) -> None:
    """For the server alone, with every folder above it that is not there yet."""
    if not folder.exists():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

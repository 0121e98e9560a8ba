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
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
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


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

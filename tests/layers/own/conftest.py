import tempfile
from pathlib import Path

import pytest

from layers.geography.files import reader
from layers.own import reading


@pytest.fixture(autouse=True)
def _read_at_once(monkeypatch):
    """Tables are read in the test's own process, a second faster each; other formats,
    which GDAL opens, in one apart as always.
    """
    real = reading.read_upload

    def read(asked, tell):
        raw = Path(asked.path).read_bytes()
        if raw.startswith((b"{", b"PK", b"SQLite", b"<", b"fgb")):
            return real(asked, tell)
        with tempfile.TemporaryDirectory() as folder:
            monkeypatch.setattr(reader, "tell", tell)
            return reader.reading(asked, Path(folder))

    monkeypatch.setattr(reading, "read_upload", read)

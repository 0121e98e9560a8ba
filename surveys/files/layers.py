"""Layers of a map file as rows: read by GDAL in a process of its own, because GDAL opens
whatever a file tells it to.
"""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from layers.geography.files.refusal import Unreadable
from layers.geography.files.sandbox import run_guarded
from surveys.errors import FileRefused
from surveys.problems import Problem

READER = "surveys.files.layer_reader"
MAX_LAYERS = 50
WORDS = {"reader_limits": "unpacks_too_large", "no_crs": "no_crs"}


def read_layers(path: Path, kind: str) -> list[IO[str]]:
    """An open file for each layer: lines of JSON, the first with the layer's name and
    those of its columns. They have no name any more: nothing of them stays behind.
    """
    with tempfile.TemporaryDirectory(prefix="layers-") as folder, ExitStack() as opened:
        try:
            run_guarded(
                [sys.executable, "-m", READER, str(path.resolve()), kind, folder],
                path,
                lambda _stage, _share: None,
            )
        except Unreadable as error:
            raise _refused(error.code) from error
        failure = Path(folder) / "error.json"
        if failure.exists():
            told = json.loads(failure.read_text())
            raise _refused(told["code"], **told["params"])
        parts = sorted(Path(folder).glob("*.jsonl"))[:MAX_LAYERS]
        files = [opened.enter_context(part.open(encoding="utf-8")) for part in parts]
        opened.pop_all()
    return list(files)


def _refused(code: str, **params: object) -> FileRefused:
    ours = WORDS.get(code, "broken_file")
    return FileRefused(Problem(ours, params=params).message, code=ours, params=params)

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from layers.geography.files import archive
from layers.geography.files.exchange import Reading, load
from layers.geography.files.refusal import Unreadable
from layers.geography.files.request import Request

Progress = Callable[[str, float], None]
ROOT = Path(__file__).resolve().parents[3]
VECTOR = "layers.geography.files.reader"
RASTER = "layers.geography.files.raster"
# Only what native libraries need to find their own data.
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "PROJ_DATA", "PROJ_LIB", "GDAL_DATA", "TMPDIR")
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "PYTHONWARNINGS": "ignore",
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "PROJ_NETWORK": "OFF",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_HTTP_CONNECTTIMEOUT": "1",
    "SHAPE_RESTORE_SHX": "YES",
    "OGR_GEOJSON_MAX_OBJ_SIZE": "50",
}
logger = logging.getLogger(__name__)


def read_upload(request: Request, progress: Progress) -> Reading:
    """Read a file in a process of its own. Raises Unreadable."""
    path = _checked(Path(request.path))
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        asked, result = Path(folder) / "request.json", Path(folder) / "result.npz"
        told = {**asdict(request), "path": str(path.resolve())}
        asked.write_text(json.dumps(told))
        run_guarded(
            [sys.executable, "-m", VECTOR, str(asked), str(result)], path, progress
        )
        _refused(result)
        return load(result)


def optimise_raster(path: Path, target: Path) -> dict[str, Any]:
    """Write a GeoTIFF as a Cloud Optimized one; its width, height, srid, extent, least
    value and sum. Raises Unreadable.
    """
    path = _checked(path)
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        result = Path(folder) / "result.npz"
        command = [sys.executable, "-m", RASTER, str(path.resolve()), str(result)]
        run_guarded(command, path, lambda stage, share: None)
        _refused(result)
        shutil.move(result.with_suffix(".tif"), target)
        return dict(json.loads(result.with_suffix(".json").read_text()))


def _checked(path: Path) -> Path:
    if not path.is_file():
        raise Unreadable("file_absent", path=path.name)
    archive.check_size(path)
    return path


def _refused(result: Path) -> None:
    failure = result.with_suffix(".error")
    if failure.exists():
        error = json.loads(failure.read_text())
        raise Unreadable(error["code"], **error["params"])
    if not result.with_suffix(".json").exists():
        raise Unreadable("reader_failed")


def run_guarded(command: list[str], path: Path, progress: Progress) -> None:
    """Runs a reader of `path` without our secrets; kills it when its time is over, and
    relays what it tells. Raises Unreadable where it fails.
    """
    environment = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
    seconds = 120 + 8 * path.stat().st_size // 1024**2
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(  # noqa: S603 -- our own module, arguments of ours
            command,
            stdout=subprocess.PIPE,
            stderr=complaints,
            stdin=subprocess.DEVNULL,
            env={**environment, **ENVIRONMENT},
            cwd=ROOT,
            text=True,
        ) as process,
    ):
        alarm = threading.Timer(seconds, process.kill)
        alarm.start()
        try:
            for line in process.stdout or ():
                stage, share = line.split()
                progress(stage, float(share))
        finally:
            alarm.cancel()
        if process.wait() != 0:
            complaints.seek(0)
            logger.warning("reader failed: %s", complaints.read()[-2000:])
            raise Unreadable(
                "reader_limits" if process.returncode < 0 else "reader_failed"
            )

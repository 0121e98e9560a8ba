"""An upload's life: received, checked, imported; its states are in workflow.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from layers.geography.errors import ImportRefused
from layers.geography.files.request import Options, What
from layers.geography.models import ImportRun, Municipality
from layers.geography.report import Report
from layers.geography.services import Progress, digest, import_file
from layers.geography.tenancy import tenant
from layers.geography.workflow import may_follow

# Progress is told through the cache: what a transaction writes stays unseen till its end.
PROGRESS_KEY = "geography-import-{}"
STAGES = {
    "reading": (0.0, 0.25),
    "checking": (0.25, 0.2),
    "copying": (0.45, 0.15),
    "writing": (0.6, 0.4),
}


def overall(stage: str, share: float) -> float:
    """The part of the whole import, 0 to 1, that is done at this point of a stage."""
    start, length = STAGES[stage]
    return start + length * min(share, 1.0)


def progress_of(run: ImportRun) -> float:
    return float(cache.get(PROGRESS_KEY.format(run.pk), 0.0))


def _teller(run: ImportRun) -> Progress:
    def tell(stage: str, share: float) -> None:
        cache.set(PROGRESS_KEY.format(run.pk), overall(stage, share), 3600)

    return tell


@transaction.atomic
def receive_upload(
    *,
    municipality: Municipality,
    what: str,
    file: UploadedFile,
    by: Any,
    options: Options,
) -> ImportRun:
    """Keep an upload as it came, unread, waiting to be checked."""
    run = ImportRun(
        municipality=municipality,
        what=what,
        file_name=Path(file.name or "upload").name[:200],
        by=by,
        options=options.as_json(),
    )
    run.file.save(f"{municipality.slug}/upload", file, save=False)
    run.sha256 = digest(Path(run.file.path))
    run.save()
    return run


def _move(run: ImportRun, state: str) -> bool:
    """Bring a run into `state` where it may follow; another process may be faster."""
    with tenant(run.municipality):
        now = ImportRun.objects.select_for_update().get(pk=run.pk)
        if not may_follow(now.state, state):
            return False
        if now.state != state:
            ImportRun.objects.filter(pk=run.pk).update(
                state=state, state_since=timezone.now()
            )
    run.state = state
    return True


@transaction.atomic
def choose_options(*, run: ImportRun, options: Options) -> None:
    """Have a run checked again under other choices."""
    run.options = options.as_json()
    run.save(update_fields=["options"])
    _move(run, ImportRun.State.WAITING)


def check_run(*, run: ImportRun) -> None:
    """Read the file and work out the report and the picture; write nothing else."""
    if not _move(run, ImportRun.State.CHECKING):
        return
    run.report = run.preview = run.refusal = None
    picture: dict[str, Any] = {}
    try:
        report = _import(run, dry_run=True, picture=picture)
        run.report, run.preview = report.as_json(), picture or None
        state = ImportRun.State.READY
    except ImportRefused as error:
        run.refusal = {"code": error.code, "params": error.params}
        state = ImportRun.State.REFUSED
    _keep(run)
    _move(run, state)


def agree(*, run: ImportRun) -> bool:
    """Decide to import what a check has shown; of two clicks only the first does."""
    ready = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.READY)
    if not ready.update(state=ImportRun.State.IMPORTING, state_since=timezone.now()):
        return False
    run.state = ImportRun.State.IMPORTING
    return True


def apply_run(*, run: ImportRun) -> None:
    """Import what a check has shown. Where the town changed since, show that first."""
    if not _move(run, ImportRun.State.IMPORTING):
        return
    try:
        # One transaction, so that the report of what was done can't get lost
        # between the import and its end: once more, nothing would be new.
        with tenant(run.municipality):
            report = _import(run, dry_run=False, picture=None)
            run.report = report.as_json()
            run.finished_at = timezone.now() if report.applied else None
            _keep(run)
            done = report.applied
            _move(run, ImportRun.State.DONE if done else ImportRun.State.READY)
    except ImportRefused as error:
        run.refusal = {"code": error.code, "params": error.params}
        _keep(run)
        _move(run, ImportRun.State.REFUSED)


def give_up(*, municipality: Municipality, run: int) -> None:
    """Say of a run that its work failed, for a reason that is not in the file."""
    state = ImportRun.State
    with tenant(municipality):
        ImportRun.objects.filter(
            pk=run, state__in=[state.WAITING, state.CHECKING, state.IMPORTING]
        ).update(
            state=state.REFUSED,
            state_since=timezone.now(),
            refusal={"code": "work_failed", "params": {}},
        )


def _keep(run: ImportRun) -> None:
    with tenant(run.municipality):
        run.save(update_fields=["report", "preview", "refusal", "finished_at"])


def _import(run: ImportRun, *, dry_run: bool, picture: dict[str, Any] | None) -> Report:
    return import_file(
        municipality=run.municipality,
        what=What(run.what),
        path=Path(run.file.path),
        options=Options.from_json(run.options),
        dry_run=dry_run,
        picture=picture,
        progress=_teller(run),
    )


def record_import(
    *,
    municipality: Municipality,
    what: What,
    path: Path,
    options: Options,
    report: Report,
) -> ImportRun:
    """Put an import made at the command line into the town's history."""
    with tenant(municipality):
        return ImportRun.objects.create(
            municipality=municipality,
            what=what,
            state=ImportRun.State.DONE,
            file_name=path.name[:200],
            sha256=digest(path),
            options=options.as_json(),
            report=report.as_json(),
            finished_at=timezone.now(),
        )

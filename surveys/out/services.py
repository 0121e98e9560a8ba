"""Files of a round's records: asked for, written by the worker, kept for a day."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from layers.geography.models import Municipality
from surveys.errors import ExportRefused
from surveys.models import Export, Round, Submission
from surveys.out.tables import Scope, sheets_of
from surveys.out.writing import FORMATS

# Seconds.
TOLD_EVERY = 1.0
REMEMBERED = 600
ONE_READING = timedelta(hours=1)


@transaction.atomic
def request_export(
    *,
    round: Round,
    kind: str,
    by: Any,
    identifiers: bool = False,
    states: tuple[str, ...] = (),
    language: str = "ar",
) -> Export:
    """Raises ExportRefused where the round has no form or the kind is unknown."""
    if kind not in FORMATS:
        raise ExportRefused(_("This format is not known."), "kind")
    if round.form is None:
        raise ExportRefused(_("This round has no questionnaire."), "form")
    options = {
        "identifiers": identifiers,
        "states": list(states),
        "language": language,
    }
    return Export.objects.create(
        municipality_id=round.municipality_id,
        round=round,
        by=by,
        kind=kind,
        options=options,
    )


def scope_of(export: Export) -> Scope:
    form = export.round.form if export.round else None
    if form is None:
        raise ExportRefused(_("This round has no questionnaire."), "form")
    return Scope(
        form=form,
        round=export.round,
        identifiers=bool(export.options.get("identifiers")),
        states=tuple(export.options.get("states", ())),
    )


def folder_of(municipality_id: int) -> Path:
    return Path(settings.MEDIA_ROOT) / "exports" / str(municipality_id)


def write_export(*, export: Export) -> Export:
    """Writes the file beside its place and moves it there when it is whole."""
    scope, began = scope_of(export), timezone.now()
    made = FORMATS[export.kind]
    folder = folder_of(export.municipality_id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(suffix=made.suffix, prefix="part-", dir=folder)
    os.close(handle)
    part = Path(name)
    part.unlink()
    try:
        with translation.override(export.options.get("language", "ar")):
            sheets = sheets_of(scope, export.options.get("language", "ar"))
            export.total = sum(scope.count(sheet.name) for sheet in sheets)
            made.write(part, scope, sheets, _counter(export))
        target = folder / f"{export.pk}{made.suffix}"
        part.replace(target)
        target.chmod(0o600)
    finally:
        part.unlink(missing_ok=True)
    export.file.name = str(target.relative_to(settings.MEDIA_ROOT))
    export.size = target.stat().st_size
    records = Submission.objects.filter(municipality=export.municipality_id)
    if records.filter(erased_at__gte=began).exists():
        # A household withdrew while its answers were being written.
        export.done = 0
        return write_export(export=export)
    export.state, export.finished_at = Export.State.DONE, timezone.now()
    export.save()
    return export


def _counter(export: Export) -> Callable[[int], None]:
    """Tells the page now and then: what is in the transaction it can't see yet."""
    told = time.monotonic()

    def tell(rows: int) -> None:
        nonlocal told
        export.done += rows
        if time.monotonic() - told > TOLD_EVERY:
            told = time.monotonic()
            cache.set(_progress_key(export), (export.done, export.total), REMEMBERED)

    return tell


def _progress_key(export: Export) -> str:
    return f"export-progress:{export.pk}"


def progress_of(export: Export) -> tuple[int, int]:
    """Rows written and rows in all; none yet known: (0, 0)."""
    if export.state == Export.State.RUNNING:
        done, total = cache.get(_progress_key(export), (0, 0))
        return done, total
    return export.done, export.total


@transaction.atomic
def give_up_export(pk: int) -> None:
    """For one that no worker finishes any more."""
    Export.objects.filter(
        pk=pk, state__in=[Export.State.WAITING, Export.State.RUNNING]
    ).update(state=Export.State.FAILED, finished_at=timezone.now())


@transaction.atomic
def delete_file(*, export: Export) -> None:
    """Before its day is over; that it was asked for stays on record."""
    Path(settings.MEDIA_ROOT, str(export.file.name)).unlink(missing_ok=True)
    export.file.name = ""
    export.save(update_fields=["file"])


def drop_old_exports(*, municipality_id: int) -> int:
    """Removes what is older than a day: files, and parts of a worker that died."""
    before = timezone.now() - Export.KEPT
    old = Export.objects.filter(
        municipality=municipality_id, finished_at__lt=before
    ).exclude(file="")
    dropped = 0
    for export in old:
        delete_file(export=export)
        dropped += 1
    for part in folder_of(municipality_id).glob("part-*"):
        if part.stat().st_mtime < before.timestamp():
            part.unlink(missing_ok=True)
    return dropped


def note_program(
    *,
    municipality: Municipality,
    by: Any,
    kind: str,
    options: dict[str, Any],
    goes_on: bool = False,
) -> None:
    """That a program read or wrote, and what: on the same list as files. The pages that
    follow a first one within an hour are one reading with it.
    """
    notes = Export.objects.of(municipality).filter(by=by, kind=kind, options=options)
    since = timezone.now() - ONE_READING
    if goes_on and notes.filter(asked_at__gt=since).exists():
        return
    Export.objects.create(
        municipality=municipality,
        by=by,
        kind=kind,
        options=options,
        state=Export.State.DONE,
        finished_at=timezone.now(),
    )

"""Files of a round's records: asked for, written by the worker, kept for a day."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from surveys.errors import ExportRefused, TooManyRows
from surveys.models import Export, Round
from surveys.out.tables import Scope, sheets_of
from surveys.out.writing import WRITERS

KEPT = timedelta(days=1)


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
    if kind not in WRITERS:
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
    form = export.round.form
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
    suffix, _media_type, write = WRITERS[export.kind]
    folder = folder_of(export.municipality_id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(suffix=suffix, prefix="part-", dir=folder)
    os.close(handle)
    part = Path(name)
    part.unlink()
    try:
        with translation.override(export.options.get("language", "ar")):
            sheets = sheets_of(scope, export.options.get("language", "ar"))
            export.total = sum(scope.count(sheet.name) for sheet in sheets)

            write(part, scope, sheets, _counter(export))
        target = folder / f"{export.pk}{suffix}"
        part.replace(target)
        target.chmod(0o600)
    except TooManyRows:
        export.state = Export.State.FAILED
        export.options["problem"] = "too_many_rows"
    else:
        export.state = Export.State.DONE
        export.file.name = str(target.relative_to(settings.MEDIA_ROOT))
        export.size = target.stat().st_size
    finally:
        part.unlink(missing_ok=True)
    if export.round.submissions.filter(erased_at__gte=began).exists():
        # A household withdrew while its answers were being written.
        export.done = 0
        return write_export(export=export)
    export.finished_at = timezone.now()
    export.save()
    return export


def _counter(export: Export) -> Callable[[int], None]:
    def tell(rows: int) -> None:
        export.done += rows

    return tell


def drop_old_exports(*, municipality_id: int) -> int:
    """Removes files older than a day; that they were asked for stays on record."""
    old = Export.objects.filter(
        municipality=municipality_id, asked_at__lt=timezone.now() - KEPT
    ).exclude(file="")
    dropped = 0
    for export in old:
        Path(settings.MEDIA_ROOT, str(export.file.name)).unlink(missing_ok=True)
        export.file.name = ""
        export.save(update_fields=["file"])
        dropped += 1
    return dropped


def note_reading(*, round: Round, by: Any, kind: str, options: dict[str, Any]) -> None:
    """That a program read records, and which: on the same list as files."""
    now = timezone.now()
    Export.objects.create(
        municipality_id=round.municipality_id,
        round=round,
        by=by,
        kind=kind,
        options=options,
        state=Export.State.DONE,
        finished_at=now,
    )

"""What can be downloaded about a file: its errors, the marked copy, the template."""

from __future__ import annotations

import io
import tempfile
from typing import IO

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from layers.geography.access import TownRequest, requires
from surveys.errors import FileRefused
from surveys.files.handing_out import (
    marked_copy,
    rows_to_correct,
    write_csv,
    write_problems,
)
from surveys.files.templates import workbook_of
from surveys.files.views import round_of, upload_of, words_of
from surveys.files.working import version_for
from surveys.problems import Problem

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _attachment(file: IO[bytes], kind: str, name: str) -> FileResponse:
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type=kind)


def _scratch() -> IO[bytes]:
    """Without a name, so that nothing of it stays behind; the response closes it."""
    return tempfile.TemporaryFile()


@require_GET
@requires("surveys.upload_round")
def errors(request: TownRequest, municipality: str, pk: int) -> HttpResponseBase:
    found, file = upload_of(request, pk), _scratch()
    out = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    try:
        write_problems(found, out)
    except FileRefused as error:
        write_csv([Problem(error.code or "", params=dict(error.params or {}))], out)
    out.detach()
    return _attachment(file, "text/csv; charset=utf-8", f"errors-{pk}.csv")


@require_GET
@requires("surveys.upload_round")
def marked(request: TownRequest, municipality: str, pk: int) -> HttpResponseBase:
    found, file = upload_of(request, pk), _scratch()
    try:
        marked_copy(found, file)
    except FileRefused as error:
        messages.error(request, words_of(error))
        return redirect("surveys:upload_detail", municipality, pk)
    return _attachment(file, XLSX, f"marked-{pk}.xlsx")


@require_GET
@requires("surveys.upload_round")
def left_out(request: TownRequest, municipality: str, pk: int) -> HttpResponseBase:
    """The rows that were not good, marked, to be corrected and uploaded again."""
    found, file = upload_of(request, pk), _scratch()
    try:
        rows_to_correct(found, file)
    except FileRefused as error:
        messages.error(request, words_of(error))
        return redirect("surveys:upload_detail", municipality, pk)
    return _attachment(file, XLSX, f"rows-to-correct-{pk}.xlsx")


@require_GET
@requires("surveys.upload_round")
def template(request: TownRequest, municipality: str, code: str) -> HttpResponseBase:
    """An empty workbook for the questionnaire of the round."""
    round = round_of(request, code)
    try:
        version = version_for(round)
    except FileRefused as error:
        raise Http404 from error
    content = workbook_of(version.structure, get_language() or "")
    return _attachment(io.BytesIO(content), XLSX, f"{round.code}-template.xlsx")

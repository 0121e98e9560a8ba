"""Pages of uploaded files: preview, loading, and what to correct."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from layers.geography.access import TownRequest, requires
from layers.geography.models import Zone
from surveys.by_zone import with_names
from surveys.checking import check_file
from surveys.errors import FileRefused, UploadNotReady
from surveys.files.services import (
    bad_rows,
    choose_columns,
    columns_of,
    look_into,
    read_upload,
)
from surveys.files.templates import workbook_of
from surveys.forms import UploadForm
from surveys.models import Round, Upload
from surveys.picture import draw_picture
from surveys.problems import Problem
from surveys.services import (
    follows_its_form,
    load_upload,
    move_upload,
    preview_upload,
    store_upload,
)
from surveys.spreadsheets import marked_workbook, problems_csv, template_workbook
from surveys.tasks import check_in_background, load_in_background
from surveys.workbook import Sheet, read

# Beyond this a page would keep its reader waiting: a worker does it.
INLINE_BYTES = 1024 * 1024
Status = Upload.Status
BUSY = {Status.CHECKING, Status.LOADING}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _round(request: TownRequest, code: str) -> Round:
    rounds = Round.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(rounds, code=code)


def _upload(request: TownRequest, pk: int) -> Upload:
    uploads = Upload.objects.of(request.municipality).visible_to(request.user)
    # Of a file that was erased there is nothing to show.
    uploads = uploads.exclude(file_name="")
    return get_object_or_404(uploads.select_related("round__form"), pk=pk)


def _words(error: ValidationError) -> str:
    return " ".join(error.messages)


@require_GET
@requires("surveys.upload_round")
def template(request: TownRequest, municipality: str) -> HttpResponse:
    return _attachment(template_workbook(), XLSX, "survey-template.xlsx")


def _attachment(content: bytes | str, kind: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)


@require_http_methods(["GET", "POST"])
@requires("surveys.upload_round")
def upload(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    """Only keeps the file: it is looked into by the page that follows, so that
    nothing which goes wrong there can lose it.
    """
    round = _round(request, code)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*sent)
    if form.is_valid():
        files = [(each.name, each.read()) for each in form.cleaned_data["answers"]]
        try:
            stored = store_upload(round=round, files=files, by=request.user)
        except FileRefused as error:
            form.add_error("answers", error)
        else:
            _look_again(stored)
            return redirect("surveys:upload_detail", municipality, stored.pk)
    return render(request, "surveys/upload_form.html", {"form": form, "round": round})


def _look_again(upload: Upload) -> None:
    """Has the upload's page check it anew, unless a worker is at it."""
    if upload.status not in BUSY:
        move_upload(upload=upload, start=upload.status, end=Status.RECEIVED)


@require_POST
@requires("surveys.upload_round")
def retry(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    found = _upload(request, pk)
    move_upload(upload=found, start=Status.FAILED, end=Status.RECEIVED)
    return redirect("surveys:upload_detail", municipality, pk)


@require_GET
@requires("surveys.upload_round")
def upload_detail(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    found = _upload(request, pk)
    if found.status == Status.RECEIVED:
        if found.size <= INLINE_BYTES:
            preview_upload(upload=found)
        elif move_upload(upload=found, start=Status.RECEIVED, end=Status.CHECKING):
            check_in_background.enqueue(request.municipality.pk, found.pk)
    report = found.report
    zones = Zone.objects.of(request.municipality).current()
    quarters = list(zones.filter(kind=Zone.Kind.QUARTER))
    names = {zone.pk: zone for zone in zones.filter(pk__in=_zone_keys(report))}
    return render(
        request,
        "surveys/upload_detail.html",
        {
            "upload": found,
            "round": found.round,
            "report": report,
            "problems": [Problem(**each) for each in report.get("problems", [])],
            "zones": with_names(report.get("zones", [])),
            "sample": [
                {**row, "zone": names.get(row["zone"])}
                for row in report.get("sample", [])
            ],
            "new_count": _new_count(report),
            "by_form": follows_its_form(found.round),
            "picture": draw_picture(quarters, report.get("points", [])),
        },
    )


def _zone_keys(report: dict[str, Any]) -> set[int]:
    return {row["zone"] for row in report.get("sample", []) if row["zone"]}


def _new_count(report: dict[str, Any]) -> int:
    news = report.get("news", {})
    return news.get("added", 0) + news.get("changed", 0)


@require_POST
@requires("surveys.upload_round")
def load(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """The whole file, or with `mode=good` its good rows."""
    found = _upload(request, pk)
    start = _loadable(found, request.POST.get("mode", ""))
    if found.size > INLINE_BYTES:
        if move_upload(upload=found, start=start, end=Status.LOADING):
            load_in_background.enqueue(request.municipality.pk, found.pk)
        return redirect("surveys:upload_detail", municipality, pk)
    try:
        outcome = load_upload(upload=found)
    except UploadNotReady as error:
        # The check of the failed loading was rolled back with it.
        preview_upload(upload=found)
        messages.error(request, _words(error))
    else:
        messages.success(
            request,
            _(
                "Loaded: %(added)s households added, %(changed)s changed, "
                "%(unchanged)s unchanged."
            )
            % {
                "added": outcome.added,
                "changed": outcome.changed,
                "unchanged": outcome.unchanged,
            },
        )
    return redirect("surveys:upload_detail", municipality, pk)


def _loadable(upload: Upload, mode: str) -> Status:
    """The status from which the upload may be loaded, its mode kept."""
    good = mode == "good" and follows_its_form(upload.round)
    upload.mode = "good" if good else "all"
    upload.save(update_fields=["mode"])
    return Status.FAULTY if good else Status.READY


def _problems_of(upload: Upload) -> tuple[list[Problem], dict[str, Sheet]]:
    """Raises FileRefused for what can't be read at all."""
    if follows_its_form(upload.round):
        look = look_into(upload)
        tables = look.reading.tables.values()
        return look.problems, {each.sheet.name: each.sheet for each in tables}
    with upload.file.open("rb") as file:
        content = file.read()
    sheets = read(content)
    return check_file(round=upload.round, content=content).problems, sheets


@require_GET
@requires("surveys.upload_round")
def errors(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    found = _upload(request, pk)
    try:
        problems, _sheets = _problems_of(found)
    except FileRefused as error:
        problems = [Problem(error.code or "", params=dict(error.params or {}))]
    content = problems_csv(problems)
    return _attachment(content, "text/csv; charset=utf-8", f"errors-{pk}.csv")


@require_GET
@requires("surveys.upload_round")
def marked(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    found = _upload(request, pk)
    try:
        problems, sheets = _problems_of(found)
    except FileRefused as error:
        messages.error(request, _words(error))
        return redirect("surveys:upload_detail", municipality, pk)
    return _attachment(marked_workbook(sheets, problems), XLSX, f"marked-{pk}.xlsx")


@require_GET
@requires("surveys.upload_round")
def left_out(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """The rows that were not good, marked, to be corrected and uploaded again."""
    found = _upload(request, pk)
    if not follows_its_form(found.round):
        raise Http404
    try:
        _version, reading = read_upload(found)
    except FileRefused as error:
        messages.error(request, _words(error))
        return redirect("surveys:upload_detail", municipality, pk)
    return _attachment(bad_rows(reading), XLSX, f"rows-to-correct-{pk}.xlsx")


@require_http_methods(["GET", "POST"])
@requires("surveys.upload_round")
def columns(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """Which column answers which question; the file is looked into again after."""
    found = _upload(request, pk)
    if found.status not in {Status.FAULTY, Status.READY} or not follows_its_form(
        found.round
    ):
        return redirect("surveys:upload_detail", municipality, pk)
    language = get_language() or ""
    try:
        if request.method == "POST":
            choose_columns(upload=found, chosen=request.POST.dict(), language=language)
            _look_again(found)
            return redirect("surveys:upload_detail", municipality, pk)
        sheets = columns_of(found, language)
    except FileRefused as error:
        messages.error(request, _words(error))
        return redirect("surveys:upload_detail", municipality, pk)
    return render(
        request,
        "surveys/upload_columns.html",
        {"upload": found, "round": found.round, "sheets": sheets},
    )


@require_GET
@requires("surveys.upload_round")
def form_template(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    """An empty workbook for the round's own questionnaire."""
    round = _round(request, code)
    version = round.form.published() if round.form else None
    if version is None:
        raise Http404
    content = workbook_of(version.structure, get_language() or "")
    return _attachment(content, XLSX, f"{round.code}-template.xlsx")

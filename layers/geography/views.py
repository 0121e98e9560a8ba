from __future__ import annotations

import csv
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from layers.geography.access import requires
from layers.geography.errors import ImportRefused
from layers.geography.files.request import Options
from layers.geography.forms import OptionsForm, UploadForm
from layers.geography.models import Facility, ImportRun, Parcel, Raster, Zone
from layers.geography.report import Report
from layers.geography.runs import (
    agree,
    apply_run,
    check_run,
    choose_options,
    progress_of,
    receive_upload,
)
from layers.geography.tasks import apply_upload, check_upload

# Bytes; what is smaller is checked while the reader waits, about two seconds.
AT_ONCE = 1_500_000
LATEST = 30
SHOWN = 50
BUSY = {ImportRun.State.WAITING, ImportRun.State.CHECKING, ImportRun.State.IMPORTING}


@requires("geography.import_data")
@require_safe
def import_list(request: HttpRequest, municipality: str) -> HttpResponse:
    town = request.municipality
    runs = ImportRun.objects.visible_to(request.user).of(town)
    held = [
        (
            kind,
            model._meta.verbose_name_plural,
            model.objects.of(town).current().count(),
        )
        for kind, model in (
            ("parcels", Parcel),
            ("zones", Zone),
            ("facilities", Facility),
            ("", Raster),
        )
    ]
    context = {"held": held, "runs": runs.select_related("by")[:LATEST]}
    return render(request, "geography/importrun_list.html", context)


@requires("geography.import_data")
def import_create(request: HttpRequest, municipality: str) -> HttpResponse:
    initial = {"what": request.GET.get("what", "parcels")}
    form = UploadForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        run = receive_upload(
            municipality=request.municipality,
            what=form.cleaned_data["what"],
            file=form.cleaned_data["file"],
            by=request.user,
            options=Options(),
        )
        _check(run)
        return redirect("geography:detail", municipality, run.pk)
    return render(request, "geography/importrun_create.html", {"form": form})


def _check(run: ImportRun) -> None:
    if run.file.size <= AT_ONCE:
        check_run(run=run)
    else:
        check_upload.enqueue(run.municipality_id, run.pk)


def _run(request: HttpRequest, pk: int) -> ImportRun:
    runs = ImportRun.objects.visible_to(request.user).of(request.municipality)
    return get_object_or_404(runs.select_related("municipality", "by"), pk=pk)


def _columns(run: ImportRun) -> list[str]:
    if run.report:
        return list(run.report["about"]["fields"])
    told = (run.refusal or {}).get("params", {}).get("columns", "")
    return told.split(", ") if told else []


def _form(run: ImportRun, data: Any = None) -> OptionsForm:
    options = Options.from_json(run.options)
    return OptionsForm(data, what=run.what, columns=_columns(run), options=options)


@requires("geography.import_data")
@require_safe
def import_detail(request: HttpRequest, municipality: str, pk: int) -> HttpResponse:
    run = _run(request, pk)
    return render(request, "geography/importrun_detail.html", _context(run))


def _context(run: ImportRun) -> dict[str, Any]:
    report = Report.from_json(run.report) if run.report else None
    refusal = (
        ImportRefused(run.refusal["code"], **run.refusal["params"])
        if run.refusal
        else None
    )
    return {
        "run": run,
        "busy": run.state in BUSY,
        "progress": progress_of(run),
        "report": report,
        "refused": list(report.refused_rows())[:SHOWN] if report else [],
        "refusal": refusal.messages[0] if refusal else "",
        "picture": run.preview,
        "form": None if run.state in BUSY or not run.file else _form(run),
    }


@requires("geography.import_data")
@require_safe
def import_progress(request: HttpRequest, municipality: str, pk: int) -> HttpResponse:
    """The fragment that a waiting page asks for; when all is done, the whole page."""
    run = _run(request, pk)
    if run.state in BUSY:
        template = "geography/importrun_detail.html#progress"
        return render(request, template, {"run": run, "progress": progress_of(run)})
    answer = HttpResponse()
    answer["HX-Refresh"] = "true"
    return answer


@requires("geography.import_data")
@require_POST
def import_check(request: HttpRequest, municipality: str, pk: int) -> HttpResponse:
    run = _run(request, pk)
    form = _form(run, request.POST)
    if not form.is_valid():
        context = {**_context(run), "form": form}
        return render(request, "geography/importrun_detail.html", context, status=422)
    choose_options(run=run, options=form.options())
    _check(run)
    return redirect("geography:detail", municipality, run.pk)


@requires("geography.import_data")
@require_POST
def import_apply(request: HttpRequest, municipality: str, pk: int) -> HttpResponse:
    run = _run(request, pk)
    if agree(run=run):
        if run.file.size <= AT_ONCE:
            apply_run(run=run)
        else:
            apply_upload.enqueue(run.municipality_id, run.pk)
    return redirect("geography:detail", municipality, run.pk)


def _safe_cell(value: object) -> str:
    """Text that a spreadsheet will not run as a formula."""
    text = str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


@requires("geography.import_data")
@require_safe
def import_refused(request: HttpRequest, municipality: str, pk: int) -> HttpResponse:
    run = _run(request, pk)
    report = Report.from_json(run.report or {})
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="refused-{run.pk}.csv"'
    answer.write("\ufeff")
    writer = csv.writer(answer)
    writer.writerow(["row", "value", "reason", "way_out"])
    for one in report.refused_rows():
        writer.writerow([_safe_cell(one[key]) for key in one])
    return answer

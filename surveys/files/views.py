"""Pages of uploaded files: sending, preview, loading, and what to correct."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import (
    HttpResponse,
    JsonResponse,
    UnreadablePostError,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from layers.geography.access import TownRequest, requires
from layers.geography.models import Zone
from surveys.by_zone import with_names
from surveys.errors import ChunkRefused, FileRefused, UploadNotReady
from surveys.files.mapping import choose_columns, columns_of
from surveys.files.uploads import Sending, move_upload, store_upload
from surveys.files.working import (
    check_upload,
    load_upload,
    progress_of,
)
from surveys.forms import UploadForm
from surveys.models import Round, Upload
from surveys.picture import draw_picture
from surveys.problems import Problem
from surveys.review.approving import approve_upload, waiting_of
from surveys.tasks import check_in_background, load_in_background

# Beyond this a page would keep its reader waiting: a worker does it.
INLINE_BYTES = 512 * 1024
Status = Upload.Status
BUSY = {Status.CHECKING, Status.LOADING}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def round_of(request: TownRequest, code: str) -> Round:
    rounds = Round.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(rounds.select_related("form"), code=code)


def upload_of(request: TownRequest, pk: int) -> Upload:
    uploads = Upload.objects.of(request.municipality).visible_to(request.user)
    # Of a file that was erased there is nothing to show.
    uploads = uploads.exclude(file_name="")
    return get_object_or_404(uploads.select_related("round__form"), pk=pk)


def words_of(error: ValidationError) -> str:
    return " ".join(error.messages)


@require_http_methods(["GET", "POST"])
@requires("surveys.upload_round")
def upload(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    """Only keeps the file: it is looked into by the page that follows, so that
    nothing which goes wrong there can lose it.
    """
    round = round_of(request, code)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*sent)
    if form.is_valid():
        try:
            stored = _store(request, round, form)
        except (ChunkRefused, FileRefused) as error:
            form.add_error("answers", error)
        else:
            _look_again(stored)
            return redirect("surveys:upload_detail", municipality, stored.pk)
    context = {"form": form, "round": round, "words": _sending_words()}
    return render(request, "surveys/upload_form.html", context)


def _sending_words() -> dict[str, str]:
    return {
        "progress": _("%(done)s of %(of)s MB are sent"),
        "whole": _("Everything is sent."),
        "broken": _("The line broke. It goes on by itself as soon as it is back."),
        "signed_out": _(
            "You were signed out. Sign in and choose the same file again: it goes on "
            "where it stopped."
        ),
    }


def _store(request: TownRequest, round: Round, form: UploadForm) -> Upload:
    """What came with the form, or before it in pieces."""
    sendings = [
        (name, Sending(round=round, by=request.user, key=key))
        for key, name in form.sent_files()
    ]
    with ExitStack() as opened:
        files = [(each.name, each.file) for each in form.cleaned_data["answers"]]
        for name, sending in sendings:
            if not sending.path.exists():
                raise ChunkRefused(
                    _("“%(name)s” did not arrive whole. Choose it again."),
                    params={"name": name[:100]},
                )
            files.append((name, opened.enter_context(sending.path.open("rb"))))
        stored = store_upload(round=round, files=files, by=request.user)
    for _name, sending in sendings:
        sending.drop()
    return stored


@require_http_methods(["GET", "POST"])
@requires("surveys.upload_round")
def send(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    """Takes a piece of a file, or tells with GET how far the file has come. Which file
    and where the piece belongs stand in the headers `Upload-Key` and `Upload-Offset`.
    """
    try:
        sending = Sending(
            round=round_of(request, code),
            by=request.user,
            key=request.headers.get("Upload-Key", ""),
        )
        size = sending.size
        if request.method == "POST":
            offset = request.headers.get("Upload-Offset", "")
            size = sending.take(
                offset=int(offset) if offset.isdecimal() else -1, body=request
            )
    except ChunkRefused as error:
        return JsonResponse({"error": words_of(error)}, status=409)
    except UnreadablePostError:
        # The line broke: what came of the piece is kept.
        return JsonResponse({"error": ""}, status=400)
    return JsonResponse({"size": size})


def _look_again(upload: Upload) -> None:
    """Has the upload's page check it anew, unless a worker is at it."""
    if upload.status not in BUSY:
        move_upload(upload=upload, start=upload.status, end=Status.RECEIVED)


@require_POST
@requires("surveys.upload_round")
def retry(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    found = upload_of(request, pk)
    move_upload(upload=found, start=Status.FAILED, end=Status.RECEIVED)
    return redirect("surveys:upload_detail", municipality, pk)


@require_GET
@requires("surveys.upload_round")
def upload_detail(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    found = upload_of(request, pk)
    if found.status == Status.RECEIVED:
        if found.size <= INLINE_BYTES:
            check_upload(upload=found)
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
            "progress": progress_of(found),
            "waiting": _waiting(request, found),
            "picture": draw_picture(quarters, report.get("points", [])),
        },
    )


def _waiting(request: TownRequest, upload: Upload) -> int:
    """How many of its records this reader may approve together."""
    may = request.user.has_perm("surveys.review_submission", request.municipality)
    return waiting_of(upload).count() if may and upload.loaded_at else 0


def _zone_keys(report: dict[str, Any]) -> set[int]:
    return {row["zone"] for row in report.get("sample", []) if row["zone"]}


def _new_count(report: dict[str, Any]) -> int:
    news = report.get("news", {})
    return news.get("added", 0) + news.get("changed", 0)


@require_POST
@requires("surveys.upload_round")
def load(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """The whole file, or with `mode=good` its good rows."""
    found = upload_of(request, pk)
    start = _loadable(found, request.POST.get("mode", ""))
    if found.size > INLINE_BYTES:
        if move_upload(upload=found, start=start, end=Status.LOADING):
            load_in_background.enqueue(request.municipality.pk, found.pk)
        return redirect("surveys:upload_detail", municipality, pk)
    try:
        outcome = load_upload(upload=found)
    except UploadNotReady as error:
        # What the loading found was rolled back with it.
        check_upload(upload=upload_of(request, pk))
        messages.error(request, words_of(error))
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
    good = mode == "good"
    upload.mode = "good" if good else "all"
    upload.save(update_fields=["mode"])
    return Status.FAULTY if good else Status.READY


@require_POST
@requires("surveys.review_submission")
def approve(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    count = approve_upload(upload=upload_of(request, pk), by=request.user)
    messages.success(
        request,
        ngettext(
            "%(count)s record is approved. It counts with the next release.",
            "%(count)s records are approved. They count with the next release.",
            count,
        )
        % {"count": count},
    )
    return redirect("surveys:upload_detail", municipality, pk)


@require_http_methods(["GET", "POST"])
@requires("surveys.upload_round")
def columns(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """Which column answers which question; the file is looked into again after."""
    found = upload_of(request, pk)
    if found.status not in {Status.FAULTY, Status.READY}:
        return redirect("surveys:upload_detail", municipality, pk)
    language = get_language() or ""
    try:
        if request.method == "POST":
            choose_columns(upload=found, chosen=request.POST.dict(), language=language)
            _look_again(found)
            return redirect("surveys:upload_detail", municipality, pk)
        sheets = columns_of(found, language)
    except FileRefused as error:
        messages.error(request, words_of(error))
        return redirect("surveys:upload_detail", municipality, pk)
    return render(
        request,
        "surveys/upload_columns.html",
        {"upload": found, "round": found.round, "sheets": sheets},
    )

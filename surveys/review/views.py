"""A record under review: all that is known of it, and the steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from layers.geography.access import TownRequest, requires
from surveys.intake.keeping import kept_path
from surveys.intake.services import stored_record
from surveys.models import Attachment, Finding, Submission
from surveys.review.correction import last_correction
from surveys.review.erasure import erase_submission
from surveys.review.fields import fields_of
from surveys.review.history import told_findings, told_history
from surveys.review.placing import map_of, place_by_hand, put_back
from surveys.review.queue import next_after
from surveys.review.services import (
    Comment,
    comment_on,
    dismiss_finding,
    take_step,
)
from surveys.review.shown import Beside, shown_record
from surveys.review.workflow import possible
from surveys.services import record_read

MOST_CORRECTED = 50
ACTIONS = {
    "approve": gettext_lazy("Approve"),
    "send_back": gettext_lazy("Send back"),
    "reject": gettext_lazy("Reject"),
    "mark": gettext_lazy("Has issues"),
    "reopen": gettext_lazy("Take up again"),
}


MAP_WORDS = {
    "zoomIn": gettext_lazy("Zoom in"),
    "zoomOut": gettext_lazy("Zoom out"),
}


def records_seen(request: TownRequest) -> QuerySet[Submission]:
    return Submission.objects.of(request.municipality).visible_to(request.user)


def record_of(request: TownRequest, pk: int) -> Submission:
    found = records_seen(request).select_related(
        "round", "household", "zone", "parcel", "version", "by", "arrival"
    )
    return get_object_or_404(found, pk=pk)


@require_GET
@requires("surveys.view_submission")
def record(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """`?correct=ADDRESS` turns that answer into a field, `?blank=1` shows the questions
    without an answer as well.
    """
    found = record_of(request, pk)
    asked = request.GET.getlist("correct")[:MOST_CORRECTED]
    given: dict[str, list[str]] = {address.replace("\x00", ""): [] for address in asked}
    return record_page(request, found, given=given)


def record_page(
    request: TownRequest,
    found: Submission,
    *,
    given: Mapping[str, Sequence[str]],
    wrong: Mapping[str, str] | None = None,
) -> HttpResponse:
    """`given` are the answers being corrected, by address, as they were written."""
    record_read(submission=found, reader=request.user)
    may_review = request.user.has_perm(
        "surveys.review_submission", request.municipality
    )
    counts = found.withdrawn_at is None and found.erased_at is None
    may_correct = may_review and counts and found.version is not None
    actions = possible(found.state) if may_review and counts else []
    return render(
        request,
        "surveys/review_record.html",
        {
            "record": found,
            "findings": told_findings(found, get_language() or "ar"),
            "reads": found.record_reads.select_related("reader")[:10],
            "actions": [(each, ACTIONS[each]) for each in ACTIONS if each in actions],
            "may_review": may_review,
            "may_correct": may_correct,
            "undoable": may_correct and last_correction(found) is not None,
            "reason": posted(request, "reason"),
            "seen_at": found.changed_at.isoformat(),
            "map": {**map_of(found), "words": MAP_WORDS},
            "by_hand": found.placed_by == Submission.PlacedBy.HAND,
            "next": _next(request, found) if may_review else None,
            **_answers(request, found, given if may_correct else {}, wrong or {}),
        },
    )


def _answers(
    request: TownRequest,
    found: Submission,
    given: Mapping[str, Sequence[str]],
    wrong: Mapping[str, str],
) -> dict[str, Any]:
    language = get_language() or "ar"
    stored, former = stored_record(found), _former(found)
    fields = {}
    if found.version is not None:
        fields = fields_of(stored, found.version, given, wrong=wrong, language=language)
    files = {each.name: each for each in _files(found)}
    blank = "blank" in request.GET
    beside = Beside(stored_record(former) if former else None, fields, files, blank)
    sections = shown_record(stored, found.version, language, beside)
    shown = {line.file.pk for each in sections for line in each.lines if line.file}
    return {
        "former": former,
        "sections": sections,
        "fields": fields,
        "blank": blank,
        "unplaced_errors": [v for k, v in wrong.items() if k not in fields],
        "files": [each for each in files.values() if each.pk not in shown],
        "events": told_history(found, language),
    }


def _former(found: Submission) -> Submission | None:
    """The household's record of an earlier round."""
    return (
        Submission.objects.filter(household=found.household_id, withdrawn_at=None)
        .exclude(round=found.round_id)
        .filter(interviewed_on__lt=found.interviewed_on, back_check_of=None)
        .select_related("round", "version")
        .order_by("-interviewed_on")
        .first()
    )


def _files(found: Submission) -> QuerySet[Attachment]:
    return Attachment.objects.filter(arrival=found.arrival_id)


def _next(request: TownRequest, found: Submission) -> int | None:
    return next_after(records_seen(request).filter(withdrawn_at=None), found)


@require_GET
@requires("surveys.view_submission")
def attachment(request: TownRequest, municipality: str, pk: int) -> HttpResponseBase:
    """A photo or sound of a record. Opening it counts as reading the record."""
    found = get_object_or_404(
        Attachment.objects.of(request.municipality)
        .visible_to(request.user)
        .exclude(sha256=""),
        pk=pk,
    )
    submission = found.arrival.submission
    if submission is None:
        raise Http404
    record_read(submission=submission, reader=request.user)
    path = kept_path(found.municipality_id, found.sha256)
    response = FileResponse(path.open("rb"), content_type=found.content_type)
    response["Cache-Control"] = "private, no-store"
    if not found.content_type.startswith(("image/", "audio/", "video/")):
        response["Content-Disposition"] = "attachment"
    return response


@require_POST
@requires("surveys.review_submission")
def act(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    found = record_of(request, pk)
    action = request.POST.get("action", "")
    following = _next(request, found)
    try:
        take_step(
            submission=found,
            action=action,
            by=request.user,
            note=posted(request, "note"),
            comments=list(_comments(request)),
            seen_at=parse_datetime(request.POST.get("seen_at", "") or " "),
        )
    except (ValidationError, ValueError) as error:
        words = error.messages if isinstance(error, ValidationError) else [str(error)]
        messages.error(request, " ".join(words))
        return redirect("surveys:submission", municipality, pk)
    messages.success(request, _("Done: %(action)s.") % {"action": ACTIONS[action]})
    if following and "next" in request.POST:
        return redirect("surveys:submission", municipality, following)
    return redirect("surveys:submission", municipality, pk)


def posted(request: TownRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\x00", "")[:2000]


def _comments(request: TownRequest) -> Iterator[Comment]:
    """Fields `about:<address>`, one for each question that was commented on."""
    for name in request.POST:
        if name.startswith("about:") and posted(request, name).strip():
            yield Comment(name.removeprefix("about:")[:300], posted(request, name))


@require_POST
@requires("surveys.review_submission")
def comment(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    found = record_of(request, pk)
    try:
        comment_on(
            submission=found,
            by=request.user,
            comment=Comment(posted(request, "question"), posted(request, "note")),
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("surveys:submission", municipality, pk)


@require_POST
@requires("surveys.review_submission")
def place(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    code = posted(request, "parcel")
    try:
        place_by_hand(submission=record_of(request, pk), code=code, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Placed on parcel %(code)s.") % {"code": code})
    return redirect("surveys:submission", municipality, pk)


@require_POST
@requires("surveys.review_submission")
def unplace(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    try:
        put_back(submission=record_of(request, pk), by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Back where it was."))
    return redirect("surveys:submission", municipality, pk)


@require_POST
@requires("surveys.review_submission")
def dismiss(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    findings = Finding.objects.of(request.municipality).visible_to(request.user)
    found = get_object_or_404(findings, pk=pk)
    dismiss_finding(finding=found, by=request.user)
    return redirect("surveys:submission", municipality, found.submission_id)


@require_http_methods(["GET", "POST"])
@requires("surveys.review_submission")
def erase(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """Asks for the household's number: it can't be undone."""
    found = record_of(request, pk)
    typed = posted(request, "number").strip()
    if request.method == "POST" and typed == found.household.code:
        erase_submission(submission=found, by=request.user)
        messages.success(
            request, _("Erased. Figures that were published are computed anew.")
        )
        return redirect("surveys:review:queue", municipality)
    wrong = request.method == "POST"
    return render(
        request, "surveys/review_erase.html", {"record": found, "wrong": wrong}
    )

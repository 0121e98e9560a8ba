"""Corrections by the office, and the record as it was before them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from layers.geography.access import TownRequest, requires
from surveys.errors import CorrectionRefused, StepRefused
from surveys.intake.services import stored_record
from surveys.models import SubmissionEvent
from surveys.review.correction import correct_answers, undo_correction
from surveys.review.history import record_as_of
from surveys.review.shown import Beside, shown_record
from surveys.review.views import MOST_CORRECTED, posted, record_of, record_page
from surveys.services import record_read

Kind = SubmissionEvent.Kind
FIELD = "to:"


@require_POST
@requires("surveys.review_submission")
def correct(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """Fields `to:<address>`, one for each answer that is corrected. What the form then
    asks as well becomes a field of the answer to this post.
    """
    found = record_of(request, pk)
    names = [name for name in request.POST if name.startswith(FIELD)][:MOST_CORRECTED]
    given = {
        name.removeprefix(FIELD).replace("\x00", "")[:300]: [
            each.replace("\x00", "") for each in request.POST.getlist(name)
        ]
        for name in names
    }
    if another := request.POST.get("more", "").replace("\x00", "")[:300]:
        return record_page(request, found, given={**given, another: []})
    try:
        correct_answers(
            submission=found,
            answers={k: v if len(v) > 1 else v[0] for k, v in given.items()},
            reason=posted(request, "reason"),
            by=request.user,
            seen_at=parse_datetime(request.POST.get("seen_at", "") or " "),
        )
    except CorrectionRefused as error:
        more: dict[str, list[str]] = {
            address: [] for address in error.wrong if address not in given
        }
        return record_page(request, found, given={**given, **more}, wrong=error.wrong)
    except StepRefused as error:
        messages.error(request, " ".join(error.messages))
        return record_page(request, found, given=given)
    messages.success(request, _("Corrected. The record waits to be reviewed anew."))
    return redirect("surveys:submission", municipality, pk)


@require_POST
@requires("surveys.review_submission")
def uncorrect(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    try:
        undo_correction(submission=record_of(request, pk), by=request.user)
    except StepRefused as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The answers are as they were before."))
    return redirect("surveys:submission", municipality, pk)


@require_GET
@requires("surveys.view_submission")
def version(
    request: TownRequest, municipality: str, pk: int, event: int
) -> HttpResponse:
    """The record as that event left it, beside what it is now."""
    found = record_of(request, pk)
    kinds = (Kind.RECEIVED, Kind.EDITED)
    at = get_object_or_404(found.events.select_related("by"), pk=event, kind__in=kinds)
    record_read(submission=found, reader=request.user)
    beside = Beside(stored_record(found))
    language = get_language() or "ar"
    sections = shown_record(record_as_of(found, at), found.version, language, beside)
    return render(
        request,
        "surveys/review_version.html",
        {"record": found, "event": at, "sections": sections},
    )

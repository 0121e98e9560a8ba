"""The queue, and steps with many of its records."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from layers.geography.access import TownRequest, requires
from layers.geography.models import Zone
from surveys.errors import StepRefused
from surveys.models import BulkStep, Round, Submission
from surveys.quality.definitions import CHECKS
from surveys.review.bulk import (
    APPROVED_TWICE,
    AT_ONCE,
    begin_step,
    begin_undoing,
    carry_on,
    last_step,
    records_of,
    undo_on,
)
from surveys.review.queue import (
    COUNTED,
    PAGE_SIZE,
    Asked,
    counts_of,
    matching,
    page_of,
    read_place,
)
from surveys.review.tasks import step_in_background
from surveys.review.views import ACTIONS, posted, records_seen

MAY = "surveys.review_submission"
State = BulkStep.State
AT_WORK = (State.WAITING, State.RUNNING, State.UNDOING)


@require_GET
@requires(MAY)
def queue(request: TownRequest, municipality: str) -> HttpResponse:
    """What waits, the most doubtful first. No names: those are on each record's page."""
    town, asked = request.municipality, Asked.of(request.GET)
    found = matching(records_seen(request), town, asked)
    after = read_place(request.GET.get("after", ""))
    return render(
        request,
        "surveys/review_queue.html",
        {
            "page": page_of(found, asked, after),
            "began": after is None,
            "asked": asked,
            "query": asked.query(),
            "counts": _counts(asked, counts_of(found)),
            "rounds": Round.objects.of(town).visible_to(request.user),
            "zones": Zone.objects.of(town)
            .reporting()
            .defer("geometry", "geometry_3857"),
            "checks": sorted(
                ((code, check.title) for code, check in CHECKS.items()),
                key=lambda each: str(each[1]),
            ),
            "undoable": last_step(municipality=town, by=request.user),
        },
    )


def _counts(asked: Asked, numbers: dict[str, int]) -> list[dict[str, Any]]:
    """How many records are in each state, with the link that shows them."""
    return [
        {
            "label": label,
            "count": min(numbers[state], COUNTED),
            "more": numbers[state] > COUNTED,
            "link": f"?{asked.query(state=state)}",
            "current": asked.state == state,
        }
        for state, label in Submission.State.choices
    ]


@require_POST
@requires(MAY)
def bulk(request: TownRequest, municipality: str) -> HttpResponse:
    """One step for those that are ticked; or for all that match, once their number was
    read and confirmed.
    """
    action, asked = request.POST.get("action", ""), Asked.of(request.POST)
    every = request.POST.get("scope") == "all"
    keys = [
        int(k) for k in request.POST.getlist("record") if k.isdecimal() and len(k) < 19
    ]
    try:
        step = begin_step(
            municipality=request.municipality,
            action=action,
            by=request.user,
            note=posted(request, "note"),
            keys=keys[:PAGE_SIZE],
            asked=asked if every else None,
        )
    except StepRefused as error:
        messages.error(request, " ".join(error.messages))
        return _to_queue(request, asked)
    return _work(request, step, asked)


@require_POST
@requires(MAY)
def confirm(request: TownRequest, municipality: str) -> HttpResponse:
    """Says how many records a step with all that match would move."""
    asked, action = Asked.of(request.POST), request.POST.get("action", "")
    if action not in ACTIONS:
        messages.error(request, _("Choose what to do with the records."))
        return _to_queue(request, asked)
    found = records_of(BulkStep(municipality=request.municipality, asked=vars(asked)))
    return render(
        request,
        "surveys/review_bulk.html",
        {
            "count": found.count(),
            "action": action,
            "label": ACTIONS[action],
            "asked": asked,
            "query": asked.query(),
            "note": posted(request, "note"),
            "needs_note": action in {"send_back", "reject"},
        },
    )


def _work(request: TownRequest, step: BulkStep, asked: Asked) -> HttpResponse:
    """At once where it is quick, else by the worker, with a page that follows."""
    if step.total > AT_ONCE:
        step_in_background.enqueue(step.municipality_id, step.pk)
        return redirect("surveys:review:step", request.municipality.slug, step.pk)
    forward = undo_on if step.state == State.UNDOING else carry_on
    while forward(bulk=step):
        pass
    step.refresh_from_db()
    if step.done:
        messages.success(request, _said(step))
    for words in refusals(step):
        messages.error(request, words)
    return _to_queue(request, asked)


def _said(step: BulkStep) -> str:
    if step.state in {State.UNDOING, State.UNDONE}:
        said = ngettext(
            "%(count)s record undone.", "%(count)s records undone.", step.done
        )
    else:
        said = ngettext(
            "%(count)s record: %(action)s.", "%(count)s records: %(action)s.", step.done
        )
    return said % {"count": step.done, "action": ACTIONS[step.action]}


def refusals(step: BulkStep) -> list[str]:
    """Why some records stayed as they are, and how many."""
    labels = dict(Submission.State.choices)
    told = []
    for reason, count in step.refused.items():
        if reason == APPROVED_TWICE:
            said = ngettext(
                "%(count)s record not: its household has an approved one in this round "
                "already. Reject one of the two.",
                "%(count)s records not: their households have an approved one in this "
                "round already. Reject one of the two.",
                count,
            )
        else:
            said = ngettext(
                "%(count)s record not: it is “%(state)s”.",
                "%(count)s records not: they are “%(state)s”.",
                count,
            )
        told.append(said % {"count": count, "state": labels.get(reason, reason)})
    return told


def _to_queue(request: TownRequest, asked: Asked) -> HttpResponse:
    response = redirect("surveys:review:queue", request.municipality.slug)
    if query := asked.query():
        response["Location"] += f"?{query}"
    return response


def _step(request: TownRequest, pk: int) -> BulkStep:
    own = BulkStep.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(own, pk=pk, by=request.user)


@require_GET
@requires(MAY)
@never_cache
def step(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """How far a step with many records has come."""
    found = _step(request, pk)
    context = {
        "step": found,
        "label": ACTIONS.get(found.action, found.action),
        "waits": found.state in AT_WORK,
        "refusals": refusals(found),
        "undoable": found.state == State.DONE
        and found == last_step(municipality=request.municipality, by=request.user),
    }
    is_part = bool(request.headers.get("HX-Request"))
    part = "review_step_part.html" if is_part else "review_step.html"
    return render(request, f"surveys/{part}", context)


@require_POST
@requires(MAY)
def undo(request: TownRequest, municipality: str) -> HttpResponse:
    """Takes one's last step with many records back."""
    asked = Asked.of(request.POST)
    last = last_step(municipality=request.municipality, by=request.user)
    if last is None:
        messages.error(request, _("There is nothing to undo."))
        return _to_queue(request, asked)
    begin_undoing(bulk=last)
    last.refresh_from_db()
    return _work(request, last, asked)

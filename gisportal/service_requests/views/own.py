"""What a resident sees of requests, and one request for whoever may see it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from gisportal.cases.models import Case, CaseDocument, CaseEvent
from gisportal.cases.services import (
    answer_case,
    change_status,
    note_on_case,
    reply_to_case,
    today_in,
)
from gisportal.cases.workflow import Actor, Status, step
from gisportal.service_requests.forms import AnswerForm, NoteForm, WordsForm
from gisportal.service_requests.models import ServiceRequest
from layers.geography.access import TownRequest, requires


def start(request: TownRequest, municipality: str) -> HttpResponse:
    """The room's door: the staff come to the queue, residents to their own."""
    if request.user.has_perm("service_requests.view_all", request.municipality):
        return redirect("service_requests:queue", municipality)
    if request.user.is_authenticated:
        return mine(request, municipality)
    return render(request, "service_requests/servicerequest_welcome.html")


@login_required
def mine(request: TownRequest, municipality: str) -> HttpResponse:
    requests = ServiceRequest.objects.of(request.municipality).with_case()
    followed = Case.objects.followed_by(request.user).values("pk")
    return render(
        request,
        "service_requests/servicerequest_mine.html",
        {
            "own": requests.filter(case__reporter=request.user)[:100],
            "followed": requests.filter(case__in=followed)[:100],
            "today": today_in(request.municipality),
        },
    )


@login_required
def detail(request: TownRequest, municipality: str, number: str) -> HttpResponse:
    found = _visible(request).filter(case__number=number).first()
    if found is None:
        return _followed(request, number)
    return _render(request, found)


def _visible(request: TownRequest) -> Any:
    return (
        ServiceRequest.objects.of(request.municipality)
        .visible_to(request.user)
        .with_case()
    )


def _followed(request: TownRequest, number: str) -> HttpResponse:
    """A follower reads status and dates: no name, no words, no photo."""
    followed = Case.objects.followed_by(request.user).values("pk")
    found = get_object_or_404(
        ServiceRequest.objects.of(request.municipality).with_case(),
        case__in=followed,
        case__number=number,
    )
    steps = found.case.events.filter(
        public=True,
        kind__in=[CaseEvent.Kind.OPENED, CaseEvent.Kind.STATUS_CHANGED],
    )
    return render(
        request,
        "service_requests/servicerequest_followed.html",
        {"found": found, "case": found.case, "events": steps},
    )


def _render(request: TownRequest, found: ServiceRequest, **forms: Any) -> HttpResponse:
    case = found.case
    actors = case.actors(request.user)
    staff = request.user.has_perm(
        Case.VIEW_PERMISSIONS[Case.Type(case.type)], request.municipality
    )
    events = CaseEvent.objects.of(request.municipality).filter(case=case)
    shown = {
        "found": found,
        "case": case,
        "staff": staff,
        "events": events.visible_to(request.user).select_related("by"),
        "documents": case.documents.all(),
        "today": today_in(request.municipality),
        "overdue": case.is_overdue(today_in(request.municipality)),
        "followers": case.followers.count() if staff else 0,
    }
    if Actor.OFFICER in actors:
        shown["answer_form"] = AnswerForm(case=case, actors=actors)
    if staff:
        shown["note_form"] = NoteForm(prefix="note")
    if Actor.REPORTER in actors and case.is_open:
        shown["reply_form"] = WordsForm(prefix="reply")
        shown["can_withdraw"] = step(case.status, Status.WITHDRAWN) is not None
    return render(
        request, "service_requests/servicerequest_detail.html", {**shown, **forms}
    )


@requires("service_requests.answer")
@require_POST
def answer(request: TownRequest, municipality: str, number: str) -> HttpResponse:
    found = get_object_or_404(_visible(request), case__number=number)
    form = AnswerForm(
        request.POST, case=found.case, actors=found.case.actors(request.user)
    )
    if form.is_valid():
        try:
            _take(found.case, request, form.cleaned_data)
        except ValidationError as refused:
            form.add_error("text", refused)
        else:
            messages.success(request, _("Saved. The resident is told by e-mail."))
            return redirect("service_requests:detail", municipality, number)
    return _render(request, found, answer_form=form)


def _take(case: Case, request: TownRequest, words: dict[str, str]) -> None:
    if words["status"]:
        change_status(
            case=case, to=words["status"], by=request.user, text=words["text"]
        )
    else:
        answer_case(case=case, by=request.user, text=words["text"])


@requires("service_requests.view_all")
@require_POST
def note(request: TownRequest, municipality: str, number: str) -> HttpResponse:
    found = get_object_or_404(_visible(request), case__number=number)
    form = NoteForm(request.POST, prefix="note")
    if not form.is_valid():
        return _render(request, found, note_form=form)
    note_on_case(case=found.case, by=request.user, text=form.cleaned_data["text"])
    return redirect("service_requests:detail", municipality, number)


@login_required
@require_POST
def reply(request: TownRequest, municipality: str, number: str) -> HttpResponse:
    found = get_object_or_404(
        _visible(request), case__number=number, case__reporter=request.user
    )
    form = WordsForm(request.POST, prefix="reply")
    if not form.is_valid():
        return _render(request, found, reply_form=form)
    reply_to_case(case=found.case, by=request.user, text=form.cleaned_data["text"])
    messages.success(request, _("Your reply has arrived."))
    return redirect("service_requests:detail", municipality, number)


@login_required
@require_POST
def withdraw(request: TownRequest, municipality: str, number: str) -> HttpResponse:
    found = get_object_or_404(
        _visible(request), case__number=number, case__reporter=request.user
    )
    try:
        change_status(case=found.case, to=Status.WITHDRAWN, by=request.user)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        messages.success(request, _("Your request is withdrawn."))
    return redirect("service_requests:detail", municipality, number)


@login_required
def photo(request: TownRequest, municipality: str, document: int) -> FileResponse:
    found = get_object_or_404(
        CaseDocument.objects.of(request.municipality).visible_to(request.user),
        pk=document,
    )
    try:
        content = found.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    answer = FileResponse(content, content_type="image/jpeg")
    answer["Cache-Control"] = "private, max-age=3600"
    return answer

"""The part of ODK Central's REST API that programs such as pyodk need.

Source of names and shapes: ODK Central's API documentation, version 2026.1.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from layers.geography.access import TownRequest
from layers.geography.models import Municipality
from surveys.errors import StepRefused
from surveys.intake.keeping import kept_path
from surveys.intake.receiving import Sender, receive
from surveys.models import (
    Arrival,
    Attachment,
    Form,
    FormVersion,
    Submission,
    SubmissionEvent,
)
from surveys.out.access import (
    NOT_FOUND,
    answered,
    close_session,
    for_programs,
    in_project,
    moment,
    open_session,
    problem,
    sign_in,
)
from surveys.out.odata import STATES
from surveys.review.services import Comment, comment_on, take_step
from surveys.services import record_read

EXPORT, REVIEW = "surveys.export_submission", "surveys.review_submission"
STEPS = {
    "approved": "approve",
    "rejected": "reject",
    "hasIssues": "mark",
    None: "reopen",
}
LISTED = 250_000


class BadBody(ValueError):
    pass


def body_of(request: HttpRequest) -> dict[str, Any]:
    try:
        found = json.loads(request.body or b"{}")
    except (ValueError, RecursionError) as error:
        raise BadBody from error
    if not isinstance(found, dict):
        raise BadBody
    return found


UNREADABLE = (400, 400.1, "Could not parse the given data as json.")


# -- sessions and who I am ---------------------------------------------------------------


@csrf_exempt
@require_POST
def sessions(request: HttpRequest) -> HttpResponse:
    try:
        given = body_of(request)
    except BadBody:
        return problem(*UNREADABLE)
    email, password = given.get("email"), given.get("password")
    if not isinstance(email, str) or not isinstance(password, str):
        return problem(400, 400.3, "Required parameters missing: email, password.")
    user = sign_in(request, email, password)
    if user is None:
        return problem(
            401, 401.2, "Could not authenticate with the provided credentials."
        )
    session, token = open_session(user)
    return answered(
        {
            "token": token,
            "createdAt": moment(session.created_at),
            "expiresAt": moment(session.expires_at),
        }
    )


@csrf_exempt
@require_http_methods(["DELETE"])
def session(request: HttpRequest, token: str) -> HttpResponse:
    done = close_session(token)
    return answered({"success": True}) if done else problem(*NOT_FOUND)


@require_GET
@for_programs
def current_user(request: TownRequest) -> HttpResponse:
    user = request.user
    return answered(
        {
            "id": user.pk,
            "type": "user",
            "email": user.email,
            "displayName": str(user),
            "createdAt": moment(user.date_joined),
        }
    )


# -- projects and forms ------------------------------------------------------------------


def _project(town: Municipality) -> dict[str, Any]:
    return {
        "id": town.pk,
        "name": town.name,
        "description": None,
        "archived": False,
        "keyId": None,
        "createdAt": moment(timezone.now()),
        "updatedAt": None,
    }


@require_GET
@for_programs
def projects(request: TownRequest) -> HttpResponse:
    """The municipalities whose records the user may take out."""
    mine = [
        town
        for town in request.user.staffed_municipalities()
        if request.user.has_perm(EXPORT, town)
    ]
    return answered([_project(town) for town in mine])


@require_GET
@in_project(EXPORT)
def project(request: TownRequest) -> HttpResponse:
    return answered(_project(request.municipality))


def _form(form: Form, version: FormVersion | None) -> dict[str, Any]:
    return {
        "projectId": form.municipality_id,
        "xmlFormId": form.code,
        "version": version.version if version else "",
        "hash": version.md5 if version else "",
        "name": form.name,
        "state": "closed" if form.retired_at else "open",
        "enketoId": None,
        "keyId": None,
        "createdAt": moment(form.created_at),
        "updatedAt": moment(form.retired_at),
        "publishedAt": moment(version.published_at) if version else None,
    }


@require_GET
@in_project(EXPORT)
def forms(request: TownRequest) -> HttpResponse:
    found = [(form, form.published()) for form in Form.objects.of(request.municipality)]
    return answered([_form(form, version) for form, version in found if version])


def form_of(request: TownRequest, form: str) -> Form | None:
    forms = Form.objects.of(request.municipality)
    return forms.filter(code=form.replace("\x00", "")).first()


@require_GET
@in_project(EXPORT)
def form(request: TownRequest, form: str) -> HttpResponse:
    found = form_of(request, form)
    return (
        problem(*NOT_FOUND)
        if found is None
        else answered(_form(found, found.published()))
    )


@require_GET
@in_project(EXPORT)
def form_xml(request: TownRequest, form: str) -> HttpResponse:
    found = form_of(request, form)
    version = found.published() if found else None
    if version is None:
        return problem(*NOT_FOUND)
    return HttpResponse(version.xform.encode(), content_type="application/xml")


@require_GET
@in_project(EXPORT)
def form_versions(request: TownRequest, form: str) -> HttpResponse:
    found = form_of(request, form)
    if found is None:
        return problem(*NOT_FOUND)
    versions = found.versions.exclude(state=FormVersion.State.DRAFT)
    return answered(
        [_form(found, version) for version in versions.defer("xform", "source")]
    )


# -- submissions -------------------------------------------------------------------------


def _submission(record: Submission) -> dict[str, Any]:
    return {
        "instanceId": record.instance_id,
        "submitterId": record.by_id or 0,
        "deviceId": record.arrival.device if record.arrival else None,
        "userAgent": None,
        "reviewState": STATES[record.state],
        "createdAt": moment(record.received_at),
        "updatedAt": moment(record.changed_at),
        "instanceName": None,
        "currentVersion": {
            "instanceId": record.instance_id,
            "submitterId": record.by_id or 0,
            "current": True,
            "createdAt": moment(record.changed_at),
        },
    }


def _records(request: TownRequest, form: Form) -> Any:
    return (
        Submission.objects.of(request.municipality)
        .filter(version__form=form, withdrawn_at=None, erased_at=None)
        .select_related("arrival")
        .defer("answers", "arrival__content")
        .order_by("-pk")
    )


@require_http_methods(["GET", "POST"])
@in_project(EXPORT)
def submissions(request: TownRequest, form: str) -> HttpResponse:
    """The list, the newest first; `?limit=` and `?offset=` as in Central. Or one more."""
    found = form_of(request, form)
    if found is None:
        return problem(*NOT_FOUND)
    if request.method == "POST":
        return _receive(request, found)
    limit, offset = (request.GET.get(name, "") for name in ("limit", "offset"))
    start = int(offset) if offset.isdecimal() else 0
    size = min(int(limit), LISTED) if limit.isdecimal() else LISTED
    return answered(
        [_submission(each) for each in _records(request, found)[start : start + size]]
    )


def _receive(request: TownRequest, form: Form) -> HttpResponse:
    sender = Sender(
        municipality=request.municipality,
        by=request.user,
        channel=Arrival.Channel.OTHER,
        device=request.GET.get("deviceID", "") or request.headers.get("User-Agent", ""),
    )
    receipt = receive(sender=sender, content=request.body)
    if receipt.refused:
        return problem(
            409, 409.3, "Another submission has this instanceID and other content."
        )
    record = receipt.arrival.submission
    if record is None:
        return problem(
            400, 400.8, f"Kept in quarantine: {receipt.arrival.get_reason_display()}"
        )
    return answered(_submission(_records(request, form).get(pk=record.pk)))


def _record(request: TownRequest, form: str, instance: str) -> Submission | None:
    found = form_of(request, form)
    if found is None:
        return None
    return (
        _records(request, found)
        .filter(instance_id=instance.replace("\x00", ""))
        .first()
    )


@require_http_methods(["GET", "PATCH"])
@in_project(EXPORT)
def submission(request: TownRequest, form: str, instance: str) -> HttpResponse:
    record = _record(request, form, instance)
    if record is None:
        return problem(*NOT_FOUND)
    if request.method == "PATCH":
        return _review(request, record)
    record_read(submission=record, reader=request.user)
    return answered(_submission(record))


def _review(request: TownRequest, record: Submission) -> HttpResponse:
    if not request.user.has_perm(REVIEW, request.municipality):
        return problem(
            403,
            403.1,
            "The authenticated actor does not have rights to perform that action.",
        )
    try:
        wanted = body_of(request).get("reviewState", "")
    except BadBody:
        return problem(*UNREADABLE)
    if not (wanted is None or isinstance(wanted, str)) or wanted not in STEPS:
        return problem(
            400, 400.8, "reviewState is approved, rejected, hasIssues or null."
        )
    if STATES[record.state] != wanted:
        try:
            with transaction.atomic():
                take_step(
                    submission=record, action=STEPS[wanted], by=request.user, note="/v1"
                )
        except StepRefused as refused:
            return problem(409, 409.1, " ".join(refused.messages))
    record.refresh_from_db(fields=["state", "changed_at"])
    return answered(_submission(record))


@require_GET
@in_project(EXPORT)
def submission_xml(request: TownRequest, form: str, instance: str) -> HttpResponse:
    """As it came, names and all: reading it is remembered."""
    record = _record(request, form, instance)
    arrival = record.arrivals.order_by("-pk").first() if record else None
    if record is None or arrival is None or arrival.content is None:
        return problem(*NOT_FOUND)
    record_read(submission=record, reader=request.user)
    return HttpResponse(bytes(arrival.content), content_type="application/xml")


@require_http_methods(["GET", "POST"])
@in_project(EXPORT)
def comments(request: TownRequest, form: str, instance: str) -> HttpResponse:
    record = _record(request, form, instance)
    if record is None:
        return problem(*NOT_FOUND)
    if request.method == "POST":
        try:
            words = body_of(request).get("body")
        except BadBody:
            return problem(*UNREADABLE)
        if not isinstance(words, str) or not words.strip():
            return problem(400, 400.3, "Required parameters missing: body.")
        comment_on(
            submission=record, by=request.user, comment=Comment("", words[:5000])
        )
    said = (
        SubmissionEvent.objects.filter(submission=record)
        .exclude(note="")
        .order_by("-pk")
    )
    shown = [
        {"body": each.note, "actorId": each.by_id or 0, "createdAt": moment(each.at)}
        for each in said
    ]
    return answered(shown[0] if request.method == "POST" else shown)


@require_GET
@in_project(EXPORT)
def attachments(request: TownRequest, form: str, instance: str) -> HttpResponse:
    record = _record(request, form, instance)
    if record is None:
        return problem(*NOT_FOUND)
    files = Attachment.objects.filter(arrival=record.arrival_id).order_by("name")
    return answered(
        [{"name": each.name, "exists": bool(each.sha256)} for each in files]
    )


@require_GET
@in_project(EXPORT)
def attachment(
    request: TownRequest, form: str, instance: str, name: str
) -> HttpResponseBase:
    record = _record(request, form, instance)
    kept = (
        Attachment.objects.filter(
            arrival=record.arrival_id, name=name.replace("\x00", "")
        )
        .exclude(sha256="")
        .first()
        if record
        else None
    )
    if record is None or kept is None:
        return problem(*NOT_FOUND)
    record_read(submission=record, reader=request.user)
    path = kept_path(request.municipality.pk, kept.sha256)
    response = HttpResponse(path.read_bytes(), content_type=kept.content_type)
    response["Content-Disposition"] = "attachment"
    return response

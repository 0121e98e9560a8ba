from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from layers.geography.access import TownRequest, requires
from layers.geography.models import Zone
from surveys.checking import check_file
from surveys.errors import (
    AlreadyWithdrawn,
    FileRefused,
    RoundExists,
    UploadNotReady,
)
from surveys.forms import RoundForm, UploadForm, WithdrawalForm
from surveys.models import Publication, Round, Submission, Upload
from surveys.picture import draw_picture
from surveys.problems import Problem
from surveys.publish import publish_round, request_publication
from surveys.review.workflow import OPEN
from surveys.services import (
    check_upload,
    create_round,
    load_upload,
    move_upload,
    store_upload,
    withdraw_submission,
)
from surveys.spreadsheets import marked_workbook, problems_csv, template_workbook
from surveys.tasks import (
    check_in_background,
    load_in_background,
    publish_in_background,
)
from surveys.workbook import read

# Beyond these a page would keep its reader waiting: a worker does it.
INLINE_BYTES = 1024 * 1024
INLINE_SUBMISSIONS = 300
Status = Upload.Status
BUSY = {Status.CHECKING, Status.LOADING}
PAGE_SIZE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SORTS = {
    "household": "household__code",
    "zone": "zone__code",
    "date": "interviewed_on",
    "surveyor": "surveyor",
    "children": "child_count",
}
TITLES = {
    "household": gettext_lazy("Household"),
    "zone": gettext_lazy("Zone"),
    "date": gettext_lazy("Interview"),
    "surveyor": gettext_lazy("Surveyor"),
    "children": gettext_lazy("Children"),
}


def _round(request: TownRequest, code: str) -> Round:
    rounds = Round.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(rounds, code=code)


def _upload(request: TownRequest, pk: int) -> Upload:
    uploads = Upload.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(uploads.select_related("round"), pk=pk)


def _submission(request: TownRequest, pk: int) -> Submission:
    submissions = Submission.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(
        submissions.select_related("round", "household", "zone", "parcel"), pk=pk
    )


def _to_round(round: Round) -> HttpResponse:
    return redirect("surveys:detail", round.municipality.slug, round.code)


def _words(error: ValidationError) -> str:
    return " ".join(error.messages)


@require_GET
@requires("surveys.upload_round")
def round_list(request: TownRequest, municipality: str) -> HttpResponse:
    rounds = Round.objects.of(request.municipality).visible_to(request.user)
    return render(
        request,
        "surveys/round_list.html",
        {
            "rounds": rounds.with_counts().order_by("-starts_on", "code"),
            "may": _rights(request),
            "waiting": _waiting(request),
        },
    )


def _waiting(request: TownRequest) -> int:
    """How many records wait for a reviewer."""
    records = Submission.objects.of(request.municipality).visible_to(request.user)
    return records.filter(state__in=OPEN, withdrawn_at=None).count()


def _rights(request: TownRequest) -> dict[str, bool]:
    def may(permission: str) -> bool:
        return request.user.has_perm(permission, request.municipality)

    return {
        "publish": may("surveys.publish_round"),
        "view": may("surveys.view_submission"),
        "manage": may("surveys.manage_round"),
        "review": may("surveys.review_submission"),
        "design": may("surveys.design_form"),
    }


@require_http_methods(["GET", "POST"])
@requires("surveys.publish_round")
def create(request: TownRequest, municipality: str) -> HttpResponse:
    initial = {"school_year_start": _last_september(timezone.localdate())}
    form = RoundForm(
        request.POST if request.method == "POST" else None, initial=initial
    )
    if form.is_valid():
        cleaned = form.cleaned_data
        try:
            round = create_round(
                municipality=request.municipality,
                code=cleaned["code"],
                names={
                    language: cleaned[f"name_{language}"]
                    for language in ("ar", "en", "fr")
                },
                starts_on=cleaned["starts_on"],
                ends_on=cleaned["ends_on"],
                school_year_start=cleaned["school_year_start"],
            )
        except RoundExists as error:
            form.add_error("code", error)
        else:
            return _to_round(round)
    return render(request, "surveys/round_form.html", {"form": form})


def _last_september(today: date) -> date:
    return date(today.year - (today.month < 9), 9, 1)


@require_GET
@requires("surveys.upload_round")
def template(request: TownRequest, municipality: str) -> HttpResponse:
    return _attachment(template_workbook(), XLSX, "survey-template.xlsx")


def _attachment(content: bytes | str, kind: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)


@require_GET
@requires("surveys.upload_round")
def detail(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    round = _round(request, code)
    valid = round.submissions.valid()
    rows = (
        valid.values("zone")
        .annotate(
            households=Count("pk", distinct=True),
            children=Count("rows"),
        )
        .order_by("zone__code")
    )
    zones = _with_names(rows)
    uploads = round.uploads.visible_to(request.user).select_related("by")
    return render(
        request,
        "surveys/round_detail.html",
        {
            "round": round,
            "zones": zones,
            "most": max((row["households"] for row in zones), default=1),
            "households": sum(row["households"] for row in zones),
            "children": sum(row["children"] for row in zones),
            "withdrawn": round.submissions.exclude(withdrawn_at=None).count(),
            "uploads": uploads[:10],
            "publications": round.publications.select_related("by")[:5],
            "publishing": _publishing(round),
            "has_news": round.has_news(),
            "may": _rights(request),
        },
    )


def _with_names(rows: Any) -> list[dict[str, Any]]:
    """The rows with their zone, those without a place last."""
    named = [dict(row) for row in rows]
    zones = Zone.objects.in_bulk([row["zone"] for row in named if row["zone"]])
    for row in named:
        row["zone"] = zones.get(row["zone"])
    named.sort(key=lambda row: (row["zone"] is None, row["zone"] and row["zone"].code))
    return named


def _publishing(round: Round) -> Publication | None:
    state = Publication.State
    open_ones = round.publications.filter(state__in=[state.WAITING, state.RUNNING])
    return open_ones.first()


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
            "zones": _with_names(report.get("zones", [])),
            "sample": [
                {**row, "zone": names.get(row["zone"])}
                for row in report.get("sample", [])
            ],
            "new_count": _new_count(report),
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
    found = _upload(request, pk)
    if found.size > INLINE_BYTES:
        if move_upload(upload=found, start=Status.READY, end=Status.LOADING):
            load_in_background.enqueue(request.municipality.pk, found.pk)
        return redirect("surveys:upload_detail", municipality, pk)
    try:
        outcome = load_upload(upload=found)
    except UploadNotReady as error:
        # The check of the failed loading was rolled back with it.
        check_upload(upload=found)
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


@require_GET
@requires("surveys.upload_round")
def errors(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    found = _upload(request, pk)
    with found.file.open("rb") as file:
        check = check_file(round=found.round, content=file.read())
    content = problems_csv(check.problems)
    return _attachment(content, "text/csv; charset=utf-8", f"errors-{pk}.csv")


@require_GET
@requires("surveys.upload_round")
def marked(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    found = _upload(request, pk)
    with found.file.open("rb") as file:
        content = file.read()
    try:
        sheets = read(content)
    except FileRefused as error:
        messages.error(request, _words(error))
        return redirect("surveys:upload_detail", municipality, pk)
    check = check_file(round=found.round, content=content)
    return _attachment(
        marked_workbook(sheets, check.problems), XLSX, f"marked-{pk}.xlsx"
    )


@require_http_methods(["GET", "POST"])
@requires("surveys.publish_round")
def publish(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    round = _round(request, code)
    if request.method == "POST" and not _publishing(round):
        try:
            _publish(request, round)
        except ValidationError as error:
            messages.error(request, _words(error))
        return _to_round(round)
    return render(
        request,
        "surveys/round_publish.html",
        {
            "round": round,
            "households": round.submissions.approved().placed().count(),
            "unplaced": round.submissions.valid().filter(zone=None).count(),
            "has_news": round.has_news(),
            "publishing": _publishing(round),
        },
    )


def _publish(request: TownRequest, round: Round) -> None:
    count = round.submissions.approved().placed().count()
    if count > INLINE_SUBMISSIONS:
        publication = request_publication(round=round, by=request.user)
        publish_in_background.enqueue(request.municipality.pk, publication.pk)
        return
    release = publish_round(round=round, by=request.user)
    messages.success(
        request,
        ngettext(
            "Published as release %(number)s, from %(count)s household.",
            "Published as release %(number)s, from %(count)s households.",
            count,
        )
        % {"number": release.number, "count": count},
    )


@require_http_methods(["GET", "POST"])
@requires("surveys.view_submission")
def submission_list(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    """Numbers and places only: names are on the page of each record.

    A name or a phone that is searched for is posted, because addresses stay in
    browsers' histories and in the logs of whatever stands in front.
    """
    round = _round(request, code)
    asked = request.POST if request.method == "POST" else request.GET
    words = request.POST.get("q", "").replace("\x00", "")[:100]
    sort = asked.get("sort", "household")
    order = SORTS.get(sort.removeprefix("-"), "household__code")
    found = (
        Submission.objects.of(request.municipality)
        .visible_to(request.user)
        .filter(round=round)
        .matching(words)
        .select_related("household", "zone", "parcel")
        .annotate(child_count=Count("rows"))
        .order_by(f"-{order}" if sort.startswith("-") else order, "pk")
    )
    page = Paginator(found, PAGE_SIZE).get_page(asked.get("page"))
    return render(
        request,
        "surveys/submission_list.html",
        {
            "round": round,
            "page_of": page,
            "words": words,
            "sort": sort,
            "sortable": list(_sortable(sort)),
            "query": f"{urlencode({'sort': sort})}&",
        },
    )


def _sortable(sort: str) -> Iterator[dict[str, Any]]:
    """The heads of the table, each a link that sorts by it, then the other way."""
    for key, title in TITLES.items():
        ordered = {key: "ascending", f"-{key}": "descending"}.get(sort)
        following = f"-{key}" if ordered == "ascending" else key
        yield {
            "title": title,
            "sorted": ordered,
            "number": key == "children",
            "link": "?" + urlencode({"sort": following}),
        }


@require_POST
@requires("surveys.publish_round")
def withdraw(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    submission = _submission(request, pk)
    form = WithdrawalForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Write the reason, so that others understand it."))
        return redirect("surveys:submission", municipality, pk)
    try:
        withdraw_submission(
            submission=submission, by=request.user, reason=form.cleaned_data["reason"]
        )
    except AlreadyWithdrawn as error:
        messages.error(request, _words(error))
    else:
        messages.success(
            request,
            _("Withdrawn. It leaves the published figures with the next release."),
        )
    return redirect("surveys:submission", municipality, pk)

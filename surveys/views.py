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
from layers.indicators.definitions.municipal import catalogue_of
from layers.indicators.errors import FigureGivenAway
from layers.indicators.releases import history
from layers.indicators.succession import given_away
from surveys.by_zone import with_names
from surveys.collect.services import zones_to_visit
from surveys.errors import (
    AlreadyWithdrawn,
    RoundExists,
)
from surveys.forms import RoundForm, WithdrawalForm
from surveys.models import Publication, Round, Submission
from surveys.publish import publish_round, request_publication
from surveys.review.workflow import OPEN
from surveys.rounds.steps import steps_of
from surveys.services import (
    create_round,
    withdraw_submission,
)
from surveys.tasks import (
    publish_in_background,
)

# Beyond these a page would keep its reader waiting: a worker does it.
INLINE_SUBMISSIONS = 300
PAGE_SIZE = 50
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
            "own_zones": zones_to_visit(request.municipality, request.user),
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
    zones = with_names(rows)
    uploads = round.uploads.visible_to(request.user).select_related("by")
    may = _rights(request)
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
            "steps": steps_of(round) if may["manage"] else [],
            "may": may,
        },
    )


def _publishing(round: Round) -> Publication | None:
    state = Publication.State
    open_ones = round.publications.filter(state__in=[state.WAITING, state.RUNNING])
    return open_ones.first()


@require_http_methods(["GET", "POST"])
@requires("surveys.publish_round")
def publish(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    round = _round(request, code)
    if request.method == "POST" and not _publishing(round):
        try:
            _publish(request, round)
        except FigureGivenAway as error:
            messages.error(request, _words(error))
            return redirect("surveys:publish", municipality, code)
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
            "refused": _refusal(round),
            "history": history(request.municipality, round.code),
        },
    )


def _refusal(round: Round) -> str:
    """Why the last publishing was refused, if it was."""
    last = round.publications.first()
    if last is None or last.refusal is None:
        return ""
    if "known_totals" in last.refusal:
        return str(last.refusal["known_totals"])
    known = catalogue_of(round.municipality)
    return _words(given_away(last.refusal, known))


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

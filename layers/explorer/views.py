from __future__ import annotations

import hashlib
import logging
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gisportal.printing import PrintingFailed
from layers.explorer.asking import VIEWS, Question, release_asked
from layers.explorer.deprivation import ALL, Deprived, zone_rows
from layers.explorer.exports import TYPES, release_file
from layers.explorer.means import MeanQuestion, means_page
from layers.explorer.paper import EDITION, profile_pdf
from layers.explorer.profile import Profile
from layers.explorer.rows import Precision
from layers.explorer.sections import (
    axis_for,
    axis_marks,
    drawn,
    precision_rows,
    section,
)
from layers.geography.access import requires
from layers.geography.models import Municipality
from layers.indicators import releases
from layers.indicators.estimator import BREAKDOWNS
from layers.indicators.groups.breakdowns import ALL as EVERYBODY
from layers.indicators.groups.breakdowns import offered
from layers.indicators.models import Release
from layers.indicators.samples.known_totals import sentence
from layers.maps.desk import rounds

logger = logging.getLogger(__name__)


def _waits(request: HttpRequest, municipality: Municipality) -> HttpResponse | None:
    """The page that teaches, before the first round is published."""
    if Release.objects.of(municipality).exists():
        return None
    return render(request, "explorer/empty.html")


@require_safe
@requires("indicators.view_estimates")
def explorer(request: HttpRequest, municipality: str) -> HttpResponse:
    """One indicator by zone, by round, by group or as change; chart and table."""
    town = request.municipality
    if waiting := _waits(request, town):
        return waiting
    question = Question.asked(town, request.GET)
    context = {
        **_choice(question),
        "views": [
            {
                "title": title,
                "current": view == question.view,
                "query": urlencode({**question.query, "view": view}),
            }
            for view, title in VIEWS.items()
        ],
        **section(question, request.GET),
    }
    return render(request, "explorer/list.html", context)


def _groups(question: Question) -> list[dict[str, Any]]:
    """As `breakdowns.offered`; women are in none but their own."""
    if question.people.apart:
        return [{"name": "", "groups": [(EVERYBODY, question.people.everybody)]}]
    areas = question.view == "areas"
    return list(offered(BREAKDOWNS if areas else releases.keys_in(question.release)))


def _choice(question: Question) -> dict[str, Any]:
    return {
        "question": question,
        "release": question.release,
        "round": releases.round_title(question.release.observation_set),
        "groups": _groups(question),
        "query": urlencode(question.query),
    }


@require_safe
@requires("indicators.view_estimates")
def means(request: HttpRequest, municipality: str) -> HttpResponse:
    """A mean of the town's own by zone and round, with its sampling errors."""
    if waiting := _waits(request, request.municipality):
        return waiting
    question = MeanQuestion.asked(request.municipality, request.GET)
    context = {
        **means_page(question),
        "release": question.release,
        "round": releases.round_title(question.release.observation_set),
        "query": urlencode(question.query),
        "weighted": sentence(question.release.calibration),
        "may_define": request.user.has_perm("indicators.define", request.municipality),
    }
    return render(request, "explorer/means.html", context)


@require_safe
@requires("indicators.view_estimates")
def precision(request: HttpRequest, municipality: str) -> HttpResponse:
    """Sampling errors of all indicators for the town or a zone, as MICS prints them."""
    if waiting := _waits(request, request.municipality):
        return waiting
    question = Question.asked(request.municipality, request.GET)
    rows = [Precision(row) for row in precision_rows(question)]
    context = {
        **_choice(question),
        "rows": rows,
        "weighted": sentence(question.release.calibration),
    }
    return render(request, "explorer/errors.html", context)


@require_safe
@requires("indicators.view_estimates")
def deprivation(request: HttpRequest, municipality: str) -> HttpResponse:
    """Multidimensional deprivation of one age band: the town, its zones, its parts."""
    if waiting := _waits(request, request.municipality):
        return waiting
    available = rounds(request.municipality)
    release = release_asked(request.municipality, available, request.GET)
    deprived = Deprived(release, None)
    context: dict[str, Any] = {
        "release": release,
        "round": releases.round_title(release.observation_set),
        "rounds": _titled(available, release),
        "deprived": deprived,
        "may_define": request.user.has_perm("indicators.define", request.municipality),
    }
    if deprived.bands:
        name = request.GET.get("band") or ALL
        context |= {"band": deprived.band(name), **_zones(release, name)}
    return render(request, "explorer/deprivation.html", context)


def _titled(available: list[Release], chosen: Release) -> list[dict[str, Any]]:
    """The newest release of each round; an older one that was asked for as well."""
    listed = available if chosen in available else [chosen, *available]
    return [
        {"release": each, "title": releases.round_title(each.observation_set)}
        for each in listed
    ]


def _zones(release: Release, band: str) -> dict[str, Any]:
    rows = zone_rows(release, band)
    axis = axis_for(each["row"] for each in rows)
    return {
        "zones": [each | drawn(each["row"], axis) for each in rows],
        "axis": axis_marks(axis),
    }


@require_safe
@requires("indicators.view_estimates")
def files(request: HttpRequest, municipality: str) -> HttpResponse:
    """What a release can be taken away as."""
    if waiting := _waits(request, request.municipality):
        return waiting
    release = release_asked(
        request.municipality, rounds(request.municipality), request.GET
    )
    context = {
        "release": release,
        "round": releases.round_title(release.observation_set),
        "releases": [
            {"release": each, "round": releases.round_title(each.observation_set)}
            for each in Release.objects.of(request.municipality)
            .select_related("observation_set")
            .latest_first()
        ],
    }
    return render(request, "explorer/files.html", context)


@require_safe
@requires("indicators.view_estimates")
def download(request: HttpRequest, municipality: str, form: str) -> FileResponse:
    release = release_asked(
        request.municipality, rounds(request.municipality), request.GET
    )
    response = FileResponse(
        release_file(release, form),
        content_type=TYPES[form],
        as_attachment=True,
        filename=f"{municipality}-release-{release.number}-{form}",
    )
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
@requires("indicators.view_estimates")
def town(request: HttpRequest, municipality: str) -> HttpResponse:
    return _profile(request, "")


@require_safe
@requires("indicators.view_estimates")
def zone(request: HttpRequest, municipality: str, code: str) -> HttpResponse:
    return _profile(request, code)


def _profile(request: HttpRequest, code: str) -> HttpResponse:
    if waiting := _waits(request, request.municipality):
        return waiting
    profile = Profile.asked(request.municipality, code, request.GET)
    return render(request, "explorer/profile.html", {"profile": profile})


@require_safe
@requires("indicators.view_estimates")
def town_paper(request: HttpRequest, municipality: str) -> HttpResponse:
    return _paper(request, "")


@require_safe
@requires("indicators.view_estimates")
def zone_paper(request: HttpRequest, municipality: str, code: str) -> HttpResponse:
    return _paper(request, code)


def _paper(request: HttpRequest, code: str) -> HttpResponse:
    """A release is frozen, so a paper that the browser holds stays right."""
    profile = Profile.asked(request.municipality, code, request.GET)
    said = (EDITION, profile.release.pk, code, get_language())
    etag = f'"{hashlib.sha256(repr(said).encode()).hexdigest()[:24]}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        try:
            paper = profile_pdf(profile)
        except PrintingFailed:
            logger.exception("no paper for release %s", profile.release.pk)
            return _unprinted(request, code)
        response = HttpResponse(paper, "application/pdf")
        name = f'inline; filename="{profile.file_name}"'
        response["Content-Disposition"] = name
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


def _unprinted(request: HttpRequest, code: str) -> HttpResponse:
    """Back to the page, which says the same as the paper."""
    messages.error(
        request,
        _(
            "The paper could not be printed. Try again in a minute; this page says the "
            "same and can be printed from the browser."
        ),
    )
    slug = request.municipality.slug
    if code:
        return redirect("explorer:zone", slug, code)
    return redirect("explorer:town", slug)

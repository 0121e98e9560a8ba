"""Pages of a round's checks: what they found, and how strict they are."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from layers.geography.access import TownRequest, requires
from surveys.models import Round
from surveys.quality.forms import ChecksForm
from surveys.quality.overview import by_check, by_day, by_surveyor
from surveys.quality.services import change_setting, check_again
from surveys.quality.tasks import request_checks


def _round(request: TownRequest, code: str) -> Round:
    rounds = Round.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(rounds, code=code)


@require_GET
@requires("surveys.review_submission")
def overview(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    round = _round(request, code)
    context = {
        "round": round,
        "checks": by_check(round),
        "surveyors": by_surveyor(round),
        "days": by_day(round),
        "unchecked": round.submissions.filter(
            checked_at=None, withdrawn_at=None
        ).count(),
    }
    return render(request, "surveys/quality.html", context)


@require_http_methods(["GET", "POST"])
@requires("surveys.manage_round")
def settings(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    """Saving looks at every record again: what a check found stands for its thresholds."""
    round = _round(request, code)
    form = ChecksForm(round, request.POST or None)
    if request.method == "POST" and form.is_valid():
        for check, enabled, thresholds in form.settings():
            change_setting(
                round=round, code=check, enabled=enabled, thresholds=thresholds
            )
        return _again(request, round)
    status = 422 if form.errors else 200
    context = {"round": round, "form": form, "rows": form.rows()}
    return render(request, "surveys/quality_settings.html", context, status=status)


@require_POST
@requires("surveys.review_submission")
def again(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    return _again(request, _round(request, code))


def _again(request: TownRequest, round: Round) -> HttpResponse:
    check_again(round=round)
    request_checks(round)
    messages.success(request, _("The records are being checked again."))
    return redirect("surveys:quality:overview", request.municipality.slug, round.code)

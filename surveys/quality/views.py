"""What the checks of a round found, and which of them look."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from layers.geography.access import TownRequest, requires
from surveys.models import Round
from surveys.quality.definitions import CHECKS, GROUPS, Check
from surveys.quality.explanations import EXPLANATIONS
from surveys.quality.figures import (
    back_checks,
    findings_by_check,
    mismatches,
    productivity,
    surveyors,
    waiting,
)
from surveys.quality.forms import CheckForm
from surveys.quality.services import (
    SERIOUS,
    change_setting,
    check_again,
    reset_settings,
    settings_of,
)
from surveys.quality.tasks import request_checks
from surveys.rounds.progress import overall


def _round(request: TownRequest, code: str) -> Round:
    rounds = Round.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(rounds.select_related("form", "municipality"), code=code)


@require_GET
@requires("surveys.review_submission")
def dashboard(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    """No household is named: the links lead to the queue, where reading is recorded."""
    round = _round(request, code)
    checks = findings_by_check(round)
    context = {
        "round": round,
        "checks": checks,
        "open": sum(each.open for each in checks),
        "most": max((each.open for each in checks), default=0),
        "surveyors": surveyors(round, SERIOUS),
        "productivity": productivity(round),
        "mismatches": mismatches(round, get_language() or "ar"),
        "overall": overall(round),
        "back_checks": back_checks(round),
        "waiting": waiting(round),
        "records": round.submissions.valid().count(),
        "may_manage": request.user.has_perm(
            "surveys.manage_round", request.municipality
        ),
    }
    part = "#waiting" if request.htmx else ""
    return render(request, f"surveys/quality_dashboard.html{part}", context)


@require_GET
@requires("surveys.manage_round")
def settings(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    round = _round(request, code)
    present = settings_of(round)
    counts = {each.check.code: each.open for each in findings_by_check(round)}
    groups = [
        (
            title,
            [
                _shown(CHECKS[each], CheckForm(CHECKS[each], present.get(each)), counts)
                for each in codes
            ],
        )
        for title, codes in GROUPS
    ]
    return render(
        request, "surveys/quality_settings.html", {"round": round, "groups": groups}
    )


def _shown(check: Check, form: CheckForm, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "check": check,
        "form": form,
        "explanation": EXPLANATIONS[check.code],
        "count": counts.get(check.code, 0),
        "serious": check.weight >= SERIOUS,
    }


@require_POST
@requires("surveys.manage_round")
def change(
    request: TownRequest, municipality: str, code: str, check: str
) -> HttpResponse:
    """One check's card, or with `usual` its settings as they come."""
    round = _round(request, code)
    found = CHECKS.get(check)
    if found is None:
        raise Http404
    if "usual" in request.POST:
        reset_settings(round=round, code=check)
        form = CheckForm(found, settings_of(round).get(check))
    else:
        form = CheckForm(found, settings_of(round).get(check), request.POST)
        if form.is_valid():
            change_setting(
                round=round,
                code=check,
                enabled=form.cleaned_data["enabled"],
                thresholds=form.thresholds,
            )
    wrong = form.is_bound and not form.is_valid()
    if not request.htmx and not wrong:
        messages.success(request, _("Saved. It holds from the next run on."))
        return redirect("surveys:quality:settings", municipality, code)
    counts = {each.check.code: each.open for each in findings_by_check(round)}
    each = _shown(found, form, counts)
    context = {"round": round, "each": each, "saved": not wrong}
    if request.htmx:
        return render(request, "surveys/quality_settings.html#card", context)
    groups = [(found.title, [each])]
    return render(
        request, "surveys/quality_settings.html", {**context, "groups": groups}
    )


@require_POST
@requires("surveys.manage_round")
def reset(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    reset_settings(round=_round(request, code))
    messages.success(request, _("Every check is as it comes."))
    return redirect("surveys:quality:settings", municipality, code)


@require_POST
@requires("surveys.review_submission")
def run(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    round = _round(request, code)
    check_again(round=round)
    request_checks(round)
    messages.success(request, _("The checks look at every record again."))
    return redirect("surveys:quality:dashboard", municipality, code)

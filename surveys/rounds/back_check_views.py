"""Interviews that are held again by somebody else."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from layers.geography.access import TownRequest, requires
from surveys.models import BackCheck, Round
from surveys.rounds.back_checks import (
    choose_back_check_form,
    draw_back_checks,
    give_back_checks,
    held,
    results,
    shared_questions,
)
from surveys.rounds.forms import AssignForm, BackCheckForm, DrawAgainForm


def _round(request: TownRequest, code: str) -> Round:
    rounds = Round.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(
        rounds.select_related("form", "back_check_form"), code=code
    )


def _back(request: TownRequest, code: str) -> HttpResponse:
    return redirect("surveys:rounds:back_checks", request.municipality.slug, code)


def _say(request: TownRequest, error: ValidationError) -> None:
    messages.error(request, " ".join(error.messages))


def _shown(
    request: TownRequest, round: Round, draw_form: DrawAgainForm
) -> HttpResponse:
    found = results(round)
    context: dict[str, Any] = {
        "round": round,
        "shared": len(shared_questions(round, round.back_check_form)),
        "choose_form": BackCheckForm(
            request.municipality, initial={"form": round.back_check_form_id}
        ),
        "draw_form": draw_form,
        "assign_form": AssignForm(request.municipality),
        "results": found,
        "done": sum(each.done for each in found),
        "held": held(round).count(),
    }
    return render(request, "surveys/round_back_checks.html", context)


@require_GET
@requires("surveys.manage_round")
def page(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    return _shown(request, _round(request, code), DrawAgainForm(request.municipality))


@require_POST
@requires("surveys.manage_round")
def form(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    given = BackCheckForm(request.municipality, request.POST)
    if not given.is_valid():
        messages.error(request, _("Choose a published questionnaire."))
        return _back(request, code)
    try:
        choose_back_check_form(
            round=_round(request, code), form=given.cleaned_data["form"]
        )
    except ValidationError as error:
        _say(request, error)
    else:
        messages.success(request, _("Saved."))
    return _back(request, code)


@require_POST
@requires("surveys.manage_round")
def draw(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    round = _round(request, code)
    given = DrawAgainForm(request.municipality, request.POST)
    if not given.is_valid():
        return _shown(request, round, given)
    try:
        count = draw_back_checks(
            round=round,
            per_cent=given.cleaned_data["per_cent"],
            seed=given.cleaned_data["seed"],
            people=given.chosen,
        )
    except ValidationError as error:
        _say(request, error)
    else:
        said = ngettext(
            "%(count)s interview drawn.", "%(count)s interviews drawn.", count
        )
        messages.success(request, said % {"count": count})
    return _back(request, code)


@require_POST
@requires("surveys.manage_round")
def give(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    """The ticked ones to another person, or to nobody."""
    round = _round(request, code)
    given = AssignForm(request.municipality, request.POST)
    if not given.is_valid():
        messages.error(request, _("Choose a surveyor from the list."))
        return _back(request, code)
    ticked = [
        int(each)
        for each in request.POST.getlist("drawn")
        if each.isdecimal() and len(each) < 19
    ]
    drawn = BackCheck.objects.filter(round=round, pk__in=ticked)
    try:
        count = give_back_checks(drawn=drawn, surveyor=given.chosen)
    except ValidationError as error:
        _say(request, error)
    else:
        name = given.chosen.full_name if given.chosen else _("nobody")
        said = ngettext(
            "%(count)s back-check given to %(name)s.",
            "%(count)s back-checks given to %(name)s.",
            count,
        )
        messages.success(request, said % {"count": count, "name": name})
    return _back(request, code)

"""A round in the field: questionnaire, sample, who goes where, how far they are."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from layers.geography.access import TownRequest, requires
from layers.geography.models import Zone
from surveys.households.phone_files import MAX_PARCELS
from surveys.models import Round, Target
from surveys.rounds.forms import NOBODY, AssignForm, OpenForm, PlanForm
from surveys.rounds.map_views import remember
from surveys.rounds.nonresponse import classes
from surveys.rounds.progress import by_day, overall, shares
from surveys.rounds.services import (
    assign_targets,
    balance_assignments,
    draw_sample,
    open_round,
    surveyors_of,
)

PAGE_SIZE = 100
FILTERS = ("zone", "surveyor", "outcome")
# The surveyor posted is the new one, not the one that was looked for.
KEPT = ("zone", "outcome")


def _round(request: TownRequest, code: str) -> Round:
    rounds = Round.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(rounds.select_related("form"), code=code)


def _back(request: TownRequest, code: str) -> HttpResponse:
    return redirect("surveys:rounds:field", request.municipality.slug, code)


def _say(request: TownRequest, error: ValidationError) -> None:
    messages.error(request, " ".join(error.messages))


@require_GET
@requires("surveys.manage_round")
def field(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    round = _round(request, code)
    people = {person.pk: person for person in surveyors_of(request.municipality)}
    zones = Zone.objects.of(request.municipality).in_bulk()
    by_surveyor = _named(shares(round, "surveyor"), people, _("nobody"))
    return render(
        request,
        "surveys/round_field.html",
        {
            "round": round,
            "limit": MAX_PARCELS,
            "burdened": [
                str(row["name"])
                for row in by_surveyor
                if row["share"].label and row["share"].total > MAX_PARCELS
            ],
            "open_form": OpenForm(request.municipality),
            "plan_form": PlanForm(request.municipality, initial=_plan_of(round)),
            "overall": overall(round),
            "by_surveyor": by_surveyor,
            "by_zone": _named(shares(round, "parcel__zone"), zones, "–"),
            "by_day": by_day(round),
            "classes": _classes(round, zones),
            "gone": round.targets.filter(parcel__valid_until__isnull=False).count(),
            "people": list(people.values()),
        },
    )


def _plan_of(round: Round) -> dict[str, Any]:
    return {"design": round.design, "zones": round.zones, **round.draw}


def _named(rows: list, names: dict, missing: str) -> list[dict[str, Any]]:
    return [{"name": names.get(row.label, missing), "share": row} for row in rows]


def _classes(round: Round, zones: dict[int, Zone]) -> list[dict[str, Any]]:
    by_zone = round.nonresponse == Round.Nonresponse.ZONE
    return [
        {"name": zones.get(one.label, "–") if by_zone else one.label, "one": one}
        for one in classes(round)
    ]


@require_POST
@requires("surveys.manage_round")
def start(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    round = _round(request, code)
    form = OpenForm(request.municipality, request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a published questionnaire."))
        return _back(request, code)
    try:
        open_round(round=round, form=form.cleaned_data["form"])
    except ValidationError as error:
        _say(request, error)
    else:
        messages.success(
            request, _("Open. Phones get the questionnaire at their next refresh.")
        )
    return _back(request, code)


@require_POST
@requires("surveys.manage_round")
def sample(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    round = _round(request, code)
    form = PlanForm(request.municipality, request.POST)
    if not form.is_valid():
        for name, errors in form.errors.items():
            label = form.fields[name].label if name in form.fields else ""
            messages.error(request, f"{label}: {' '.join(errors)}")
        return _back(request, code)
    try:
        count = draw_sample(round=round, plan=form.plan)
    except ValidationError as error:
        _say(request, error)
    else:
        said = ngettext("%(count)s parcel drawn.", "%(count)s parcels drawn.", count)
        messages.success(request, said % {"count": count})
    return _back(request, code)


def _chosen(request: TownRequest, round: Round, given: Any) -> QuerySet[Target]:
    """The parcels to visit that the filters of the list leave."""
    targets = Target.objects.filter(round=round).visible_to(request.user)
    if given.get("zone"):
        targets = targets.filter(parcel__zone__code=given["zone"].replace("\x00", ""))
    surveyor = given.get("surveyor", "")
    if surveyor == NOBODY:
        targets = targets.filter(surveyor=None)
    elif surveyor.isdecimal() and len(surveyor) < 19:
        targets = targets.filter(surveyor=int(surveyor))
    if given.get("outcome") in Target.Outcome.values:
        targets = targets.filter(outcome=given["outcome"])
    return targets


@require_GET
@requires("surveys.manage_round")
def target_list(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    round = _round(request, code)
    found = _chosen(request, round, request.GET).select_related(
        "parcel__zone", "surveyor"
    )
    kept = {name: request.GET.get(name, "") for name in FILTERS}
    page = Paginator(found.order_by("parcel__code", "pk"), PAGE_SIZE)
    return render(
        request,
        "surveys/target_list.html",
        {
            "round": round,
            "page_of": page.get_page(request.GET.get("page")),
            "kept": kept,
            "query": urlencode({k: v for k, v in kept.items() if v}),
            "zones": Zone.objects.of(request.municipality).reporting(),
            "outcomes": Target.Outcome.choices,
            "assign_form": AssignForm(request.municipality),
            "people": surveyors_of(request.municipality),
        },
    )


@require_POST
@requires("surveys.manage_round")
def assign(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    """Gives the ticked parcels to one surveyor; the list comes back as it was."""
    round = _round(request, code)
    form = AssignForm(request.municipality, request.POST)
    # Ticked in the list, or chosen on the map.
    given = request.POST.getlist("target") + request.POST.get("targets", "").split(",")
    ticked = [each for each in given if each.isdecimal()]
    targets = Target.objects.filter(
        round=round, pk__in=[int(each) for each in ticked if len(each) < 19]
    ).visible_to(request.user)
    if form.is_valid():
        try:
            changed = assign_targets(
                targets=targets, surveyor=form.chosen, by=request.user
            )
        except ValidationError as error:
            _say(request, error)
        else:
            now = form.chosen.pk if form.chosen else None
            remember(request, round, changed, dict.fromkeys(changed, now))
            said = ngettext(
                "%(count)s parcel given to %(name)s.",
                "%(count)s parcels given to %(name)s.",
                len(changed),
            )
            name = form.chosen.full_name if form.chosen else _("nobody")
            messages.success(request, said % {"count": len(changed), "name": name})
    else:
        messages.error(request, _("Choose a surveyor from the list."))
    kept = {name: request.POST[name] for name in KEPT if request.POST.get(name)}
    back = "map" if "targets" in request.POST else "targets"
    response = redirect(f"surveys:rounds:{back}", request.municipality.slug, code)
    if kept:
        response["Location"] += f"?{urlencode(kept)}"
    return response


@require_POST
@requires("surveys.manage_round")
def balance(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    round = _round(request, code)
    wanted = set(request.POST.getlist("person"))
    people = [
        person
        for person in surveyors_of(request.municipality)
        if str(person.pk) in wanted
    ]
    before = dict(round.targets.values_list("pk", "surveyor"))
    try:
        count = balance_assignments(
            round=round,
            surveyors=people,
            by=request.user,
            keep="anew" not in request.POST,
        )
    except ValidationError as error:
        _say(request, error)
    else:
        remember(
            request, round, before, dict(round.targets.values_list("pk", "surveyor"))
        )
        said = ngettext(
            "%(count)s parcel shared out.", "%(count)s parcels shared out.", count
        )
        messages.success(request, said % {"count": count})
    return _back(request, code)

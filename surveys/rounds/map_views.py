"""The sample and the assignment on a map, and taking the last assignment back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from layers.geography.access import TownRequest, requires
from layers.geography.models import Zone
from surveys.models import Round
from surveys.rounds.forms import AssignForm
from surveys.rounds.mapping import SHOWN, targets_on_map
from surveys.rounds.services import surveyors_of, undo_assignment

LAST = "surveys.rounds.last_assignment"


def remember(
    request: TownRequest,
    round: Round,
    before: dict[int, int | None],
    after: dict[int, int | None],
) -> None:
    """For the button that takes it back; the session holds one assignment."""
    changed = {pk: who for pk, who in before.items() if after.get(pk) != who}
    if not changed:
        return
    request.session[LAST] = {
        "round": round.pk,
        "before": changed,
        "after": {pk: after.get(pk) for pk in changed},
    }


def can_undo(request: TownRequest, round: Round) -> bool:
    return bool(request.session.get(LAST, {}).get("round") == round.pk)


@require_GET
@requires("surveys.manage_round")
def field_map(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    rounds = Round.objects.of(request.municipality).visible_to(request.user)
    round = get_object_or_404(rounds, code=code)
    zone = request.GET.get("zone", "").replace("\x00", "")
    people = surveyors_of(request.municipality)
    drawn: dict[str, Any] = targets_on_map(round, zone)
    drawn["people"] = [{"id": each.pk, "name": each.full_name} for each in people]
    drawn["words"] = {
        "zoomIn": _("Zoom in"),
        "zoomOut": _("Zoom out"),
        "nobody": _("nobody"),
        "visited": _("visited"),
        "parcels": _("Parcels"),
        "draw": _("Draw around parcels"),
        "stop": _("Choose what is inside"),
        "chosen": _("%(count)s chosen"),
    }
    return render(
        request,
        "surveys/round_map.html",
        {
            "round": round,
            "drawn": drawn,
            "shown": SHOWN,
            "zone": zone,
            "zones": Zone.objects.of(request.municipality).reporting(),
            "assign_form": AssignForm(request.municipality),
            "can_undo": can_undo(request, round),
        },
    )


@require_POST
@requires("surveys.manage_round")
def undo(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    rounds = Round.objects.of(request.municipality).visible_to(request.user)
    round = get_object_or_404(rounds, code=code)
    count = 0
    if can_undo(request, round):
        last = request.session.pop(LAST)
        before = {int(pk): who for pk, who in last["before"].items()}
        after = {int(pk): who for pk, who in last["after"].items()}
        count = undo_assignment(
            round=round, before=before, after=after, by=request.user
        )
    said = ngettext(
        "%(count)s parcel is back with who had it.",
        "%(count)s parcels are back with who had them.",
        count,
    )
    messages.success(request, said % {"count": count})
    return redirect("surveys:rounds:map", municipality, code)

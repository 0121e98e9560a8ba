"""A round's figures as its approved records have them now, for who checks the field."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from layers.geography.access import TownRequest, requires
from layers.geography.models import Zone
from layers.indicators.current.figures import Now, current_figures, why_uncalibrated
from layers.indicators.models import Estimate, ObservationSet
from surveys.following import far_behind, follow, follow_in_background
from surveys.models import Round


@require_GET
@requires("surveys.review_submission")
def figures(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    """`?zone=` shows a zone instead of the town."""
    rounds = Round.objects.of(request.municipality).visible_to(request.user)
    round = get_object_or_404(rounds, code=code)
    used = Zone.objects.filter(
        pk__in=round.submissions.approved().order_by().values("zone")
    )
    zones = list(used.only("code", "name_ar", "name_en", "name_fr").order_by("code"))
    chosen = next((z for z in zones if z.code == request.GET.get("zone")), None)
    behind = far_behind(round)
    if behind and "waiting" not in request.GET:
        follow_in_background.enqueue(request.municipality.pk, round.pk)
    return render(
        request,
        "surveys/round_figures.html",
        {
            "round": round,
            "zones": zones,
            "chosen": chosen,
            "behind": behind,
            "dimensions": [] if behind else _dimensions(request, round, chosen),
            "uncalibrated": "" if behind else _uncalibrated(round),
        },
    )


def _uncalibrated(round: Round) -> str:
    """Why the figures could not be weighted to the round's known totals."""
    found = ObservationSet.objects.filter(
        municipality_id=round.municipality_id, code=round.code
    ).first()
    return why_uncalibrated(found) if found else ""


def _dimensions(
    request: TownRequest, round: Round, zone: Zone | None
) -> list[dict[str, Any]]:
    try:
        found = follow(round=round)
        rows = _rows(found, zone) if found else []
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return []
    return [
        {
            "title": dimension.label,
            "indicators": [
                {
                    "title": indicator.title,
                    "groups": [_spoken(each) for each in each_of],
                }
                for indicator, each_of in groupby(alike, lambda row: row.indicator)
            ],
        }
        for dimension, alike in groupby(rows, lambda row: row.indicator.dimension)
    ]


def _rows(found: ObservationSet, zone: Zone | None) -> list[Now]:
    rows = current_figures(found, [zone] if zone else [])
    return [row for row in rows if row.zone == zone]


def _spoken(row: Now) -> dict[str, Any]:
    def of_100(share: float | None) -> int | None:
        return None if share is None else round(100 * share)

    return {
        "value": of_100(row.estimate),
        "low": of_100(row.low),
        "high": of_100(row.high),
        "n": row.n,
        "reason": Estimate.Reason(row.reason).label,
    }

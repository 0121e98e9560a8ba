"""Known totals of children: what a round's weights are drawn to."""

from __future__ import annotations

import csv

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from layers.geography.access import TownRequest, requires
from layers.indicators.current.figures import why_uncalibrated
from layers.indicators.maths.calibration import BOUNDS
from layers.indicators.models import ObservationSet
from layers.indicators.samples.known_totals import KnownTotals
from surveys.models import Round
from surveys.rounds.known_totals import (
    FileForm,
    TotalsForm,
    lines_of,
    read_totals,
    set_known_totals,
)


def _round(request: TownRequest, code: str) -> Round:
    rounds = Round.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(rounds.select_related("municipality"), code=code)


@require_http_methods(["GET", "POST"])
@requires("surveys.manage_round")
def totals(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    round = _round(request, code)
    sent = "file" in request.FILES or "upload" in request.POST
    file_form = FileForm(request.POST, request.FILES) if sent else FileForm()
    typed = request.method == "POST" and not sent
    form = TotalsForm(round, request.POST if typed else None)
    if sent and file_form.is_valid():
        try:
            found = read_totals(round, file_form.cleaned_data["file"])
        except ValidationError as error:
            file_form.add_error("file", error)
        else:
            return _kept(request, round, found)
    if typed and form.is_valid():
        return _kept(request, round, form.totals)
    return render(
        request,
        "surveys/round_totals.html",
        {
            "round": round,
            "form": form,
            "file_form": file_form,
            "low": BOUNDS[0],
            "high": int(BOUNDS[1]),
            "refused": _refused(round),
        },
        status=422 if form.errors or file_form.errors else 200,
    )


def _kept(request: TownRequest, round: Round, found: KnownTotals) -> HttpResponse:
    if not set_known_totals(round=round, totals=found):
        messages.info(request, _("Nothing was changed."))
    elif found:
        messages.success(
            request, _("Kept. The next release is weighted to these totals.")
        )
    else:
        messages.success(
            request, _("Taken out. The next release knows of no such totals.")
        )
    return redirect("surveys:rounds:totals", request.municipality.slug, round.code)


def _refused(round: Round) -> str:
    """Why the households that are observed so far cannot be weighted to the totals."""
    observed = ObservationSet.objects.filter(
        municipality_id=round.municipality_id, code=round.code
    ).first()
    if observed is None or not round.known_totals:
        return ""
    observed.known_totals = round.known_totals
    return why_uncalibrated(observed)


@require_GET
@requires("surveys.manage_round")
def totals_file(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    round = _round(request, code)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="totals-{round.code}.csv"'
    csv.writer(response).writerows(lines_of(TotalsForm(round)))
    return response

"""A round changed, closed and opened again: each asks once more, and says what follows."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from layers.geography.access import TownRequest, requires
from surveys.models import Round, Target
from surveys.review.workflow import OPEN
from surveys.rounds.editing import FIELDS, changes_of, edit_round
from surveys.rounds.forms import EditForm
from surveys.rounds.services import close_round, open_round


def _round(request: TownRequest, code: str) -> Round:
    rounds = Round.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(rounds.select_related("form", "municipality"), code=code)


@require_http_methods(["GET", "POST"])
@requires("surveys.manage_round")
def edit(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    """The changes are listed with what follows before they are made."""
    round, shown = _round(request, code), _round(request, code)
    form = EditForm(
        request.POST if request.method == "POST" else None,
        instance=shown,
        initial={"zones": round.zones},
    )
    changes = []
    if form.is_valid():
        wanted = {name: form.cleaned_data[name] for name in FIELDS}
        changes = changes_of(round=round, wanted=wanted)
        if not changes:
            messages.info(request, _("Nothing was changed."))
            return redirect("surveys:detail", municipality, code)
        if "confirmed" in request.POST:
            try:
                edit_round(round=round, wanted=wanted)
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, _("The round is changed."))
                return redirect("surveys:detail", municipality, code)
    return render(
        request,
        "surveys/round_edit.html",
        {"round": round, "form": form, "changes": changes if form.is_valid() else []},
    )


@require_http_methods(["GET", "POST"])
@requires("surveys.manage_round")
def close(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    round = _round(request, code)
    if request.method == "POST":
        close_round(round=round)
        messages.success(
            request, _("Closed. What phones still send waits in quarantine for you.")
        )
        return redirect("surveys:rounds:field", municipality, code)
    pending = round.targets.filter(outcome=Target.Outcome.PENDING)
    return render(
        request,
        "surveys/round_close.html",
        {
            "round": round,
            "pending": pending.count(),
            "open": round.submissions.filter(state__in=OPEN, withdrawn_at=None).count(),
        },
    )


@require_http_methods(["GET", "POST"])
@requires("surveys.manage_round")
def reopen(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    """With the questionnaire it had."""
    round = _round(request, code)
    if round.form is None or round.receiving:
        return redirect("surveys:rounds:field", municipality, code)
    if request.method == "POST":
        try:
            open_round(round=round, form=round.form)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(
                request, _("Open. Phones get the questionnaire at their next refresh.")
            )
        return redirect("surveys:rounds:field", municipality, code)
    return render(request, "surveys/round_reopen.html", {"round": round})

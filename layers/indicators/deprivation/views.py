"""The municipality's scheme of deprivation: read, drafted, tried and put in use."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from layers.geography.access import TownRequest, requires
from layers.indicators.definitions.indicator import Indicator
from layers.indicators.definitions.municipal import catalogue_of
from layers.indicators.deprivation.forms import SchemeForm
from layers.indicators.deprivation.schemes import (
    Scheme,
    SchemeDimension,
    read_scheme,
    save_scheme,
    scheme_of,
    use_scheme,
)
from layers.indicators.deprivation.trial import Trial, try_scheme
from layers.indicators.models import AgeBand, DeprivationScheme, ObservationSet

DEFINE = "indicators.define"
State = DeprivationScheme.State


@require_safe
@requires(DEFINE)
def scheme_detail(request: TownRequest, municipality: str) -> HttpResponse:
    """The list in use, the draft beside it, and what the draft would say."""
    known = catalogue_of(request.municipality)
    rows = DeprivationScheme.objects.of(request.municipality)
    draft = rows.filter(state=State.DRAFT).first()
    chosen = rows.in_use().first()
    scheme = scheme_of(request.municipality)
    context = {
        "used": chosen,
        "scheme": _shown(scheme, known),
        "draft": draft,
        "versions": rows.newest_first().select_related("author"),
        "trials": _trials(request, read_scheme(draft.content, 0) if draft else scheme),
        "round": _rounds(request).first(),
    }
    return render(request, "indicators/scheme_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(DEFINE)
def scheme_change(request: TownRequest, municipality: str) -> HttpResponse:
    """Writes the draft; what is in use stays as it is."""
    form = _form(request)
    if request.method == "POST" and form.is_valid():
        save_scheme(
            municipality=request.municipality,
            scheme=form.scheme,
            known=form.known,
            by=request.user,
        )
        messages.success(request, _("The draft is saved. It changes nothing yet."))
        return redirect("indicators:scheme", request.municipality.slug)
    context = {"form": form, "trials": []}
    return render(request, "indicators/scheme_form.html", context)


@require_POST
@requires(DEFINE)
def scheme_try(request: TownRequest, municipality: str) -> HttpResponse:
    """What the form would say of a round, for the whole town; nothing is stored."""
    form = _form(request)
    context: dict[str, Any] = {"form": form, "trials": []}
    if form.is_valid():
        found = form.cleaned_data.get("round") or _rounds(request).first()
        context["trials"] = _trials(request, form.scheme, found)
    return render(request, "indicators/scheme_form.html#trial", context)


@require_POST
@requires(DEFINE)
def scheme_use(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    rows = DeprivationScheme.objects.of(request.municipality).visible_to(request.user)
    draft = get_object_or_404(rows, pk=pk)
    try:
        use_scheme(scheme=draft, known=catalogue_of(request.municipality))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(
            request,
            _(
                "In use. The next release reckons with it; former ones stay as they are."
            ),
        )
    return redirect("indicators:scheme", request.municipality.slug)


def _form(request: TownRequest) -> SchemeForm:
    """Begins with the draft, else with what is in use."""
    town = request.municipality
    draft = DeprivationScheme.objects.of(town).filter(state=State.DRAFT).first()
    scheme = read_scheme(draft.content, draft.version) if draft else scheme_of(town)
    return SchemeForm(
        request.POST or None,
        known=catalogue_of(town),
        scheme=scheme,
        rounds=_rounds(request),
    )


def _trials(
    request: TownRequest, scheme: Scheme, chosen: ObservationSet | None = None
) -> list[dict[str, Any]]:
    found = chosen or _rounds(request).first()
    if found is None:
        return []
    known = catalogue_of(request.municipality)
    return [
        _said(each, known)
        for each in try_scheme(scheme=scheme, known=known, observation_set=found)
    ]


def _said(trial: Trial, known: dict[str, Indicator]) -> dict[str, Any]:
    """A trial in words and whole percents."""
    return {
        "trial": trial,
        "label": AgeBand(trial.band).label,
        "unasked": [known[code].title for code in trial.unasked],
        "cutoffs": [
            {
                "points": points,
                "headcount": _percent(at.headcount),
                "adjusted": at.adjusted,
                "width": f"{200 * (at.headcount or 0.0):.1f}",
                "current": points == trial.cutoff,
            }
            for points, at in trial.cutoffs
        ],
        "others": [
            {
                "weights": weights_name(each.weights),
                "headcount": _percent(each.at.headcount),
                "adjusted": each.at.adjusted,
                "agreement": each.agreement,
            }
            for each in trial.others
        ],
    }


def weights_name(key: str) -> str:
    """In words, for a key of `deprivation.alternatives`."""
    if key == "equal indicators":
        return _("each thing alike")
    if key == "equal dimensions":
        return _("each dimension alike")
    name = key.removeprefix("half on ")
    return _("half of the points on: %s") % SchemeDimension(name).label


def _percent(share: float | None) -> int | None:
    return None if share is None else round(100 * share)


def _shown(scheme: Scheme, known: dict[str, Indicator]) -> list[dict[str, Any]]:
    return [
        {
            "label": AgeBand(name).label,
            "cutoff": band.cutoff,
            "total": band.total,
            "dimensions": [
                {
                    "name": SchemeDimension(home).label,
                    "parts": [
                        {
                            "title": known[code].title if code in known else code,
                            "weight": band.weights[code],
                        }
                        for code in codes
                    ],
                }
                for home, codes in band.dimensions.items()
            ],
        }
        for name, band in scheme.bands.items()
    ]


def _rounds(request: TownRequest) -> Any:
    return ObservationSet.objects.of(request.municipality).order_by("-reference_date")

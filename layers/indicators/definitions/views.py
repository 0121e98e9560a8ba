"""The catalogue as pages, and a municipality's own indicators."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from layers.geography.access import TownRequest, requires
from layers.indicators.definitions import drafting, wording
from layers.indicators.definitions.forms import DefinitionForm
from layers.indicators.definitions.indicator import Dimension, Indicator
from layers.indicators.definitions.means import MeanIndicator
from layers.indicators.definitions.municipal import (
    catalogue_of,
    means_of_town,
    own_names,
    read_definition,
)
from layers.indicators.definitions.own_variables import variables_of
from layers.indicators.figures import Figure
from layers.indicators.means.figures import MeanFigure
from layers.indicators.models import Definition, Estimate, ObservationSet
from layers.indicators.samples.people import people_of

SHOWN = "indicators.view_estimates"
DEFINE = "indicators.define"


@require_safe
@requires(SHOWN)
def indicator_list(request: TownRequest, municipality: str) -> HttpResponse:
    """The catalogue by dimension; `?q=` searches codes, titles, texts and standards."""
    words = request.GET.get("q", "")[:100].replace("\x00", "")
    found = [each for each in _known(request).values() if _matches(each, words)]
    groups = [
        (dimension.label, members)
        for dimension in Dimension
        if (members := [each for each in found if each.dimension == dimension])
    ]
    context = {
        "groups": groups,
        "count": len(found),
        "q": words,
        "may_define": request.user.has_perm(DEFINE, request.municipality),
    }
    return render(request, "indicators/indicator_list.html", context)


def _known(request: TownRequest) -> dict[str, Indicator | MeanIndicator]:
    town = request.municipality
    return {**catalogue_of(town), **means_of_town(town)}


def _matches(each: Indicator | MeanIndicator, words: str) -> bool:
    text = " ".join(
        [
            each.code,
            *each.titles.values(),
            *each.descriptions.values(),
            each.standard.title,
            each.standard.other,
        ]
    ).casefold()
    return all(word in text for word in words.casefold().split())


@require_safe
@requires(SHOWN)
def indicator_detail(
    request: TownRequest, municipality: str, code: str
) -> HttpResponse:
    each = _known(request).get(code)
    if each is None:
        raise Http404(_("There is no such indicator."))
    context = described(each, _labels(request))
    return render(request, "indicators/indicator_detail.html", context)


def _labels(request: TownRequest) -> wording.Labels:
    return wording.variable_labels(variables_of(request.municipality))


def described(
    each: Indicator | MeanIndicator, labels: wording.Labels
) -> dict[str, Any]:
    """What the page of an indicator says, all of it from its data."""
    if isinstance(each, MeanIndicator):
        return {
            "indicator": each,
            "mean": each,
            "rule": wording.mean_words(each, labels),
            "children": wording.population_words(each.population),
        }
    where = each.population.where
    return {
        "indicator": each,
        "rule": wording.condition_words(each.in_need, labels),
        "children": wording.population_words(each.population),
        "people": people_of(each.code),
        "where": wording.condition_words(where, labels) if where else None,
    }


@require_safe
@requires(DEFINE)
def definition_list(request: TownRequest, municipality: str) -> HttpResponse:
    rows = Definition.objects.of(request.municipality).visible_to(request.user)
    context = {"rows": rows.newest_first().select_related("author")}
    return render(request, "indicators/definition_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(DEFINE)
def definition_create(request: TownRequest, municipality: str) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(DEFINE)
def definition_change(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """A draft is written over; what was decided on gets a next version."""
    return _edit(request, _definition(request, pk))


def _edit(request: TownRequest, former: Definition | None) -> HttpResponse:
    rounds = _rounds(request)
    initial = dict(former.content.get("form", {})) if former else {}
    own = variables_of(request.municipality)
    form = DefinitionForm(request.POST or None, initial=initial, rounds=rounds, own=own)
    if former:
        form.fields["name"].disabled = True
    if request.method == "POST" and form.is_valid():
        try:
            saved = drafting.save_draft(
                municipality=request.municipality,
                name=former.code if former else form.cleaned_data["name"],
                content=form.content,
                by=request.user,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _to(request, saved)
    context = {"form": form, "former": former, "rounds": rounds}
    return render(request, "indicators/definition_form.html", context)


@require_POST
@requires(DEFINE)
def definition_preview(request: TownRequest, municipality: str) -> HttpResponse:
    """What the form would say of a round, for the whole town, as it may be published."""
    own = variables_of(request.municipality)
    form = DefinitionForm(request.POST, rounds=_rounds(request), own=own, trial=True)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        try:
            drafting.count_trial(
                observation_set=form.cleaned_data["round"],
                content=form.content,
                by=request.user,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            context |= _previewed(form, wording.variable_labels(own))
    return render(request, "indicators/definition_form.html#preview", context)


def _previewed(form: DefinitionForm, labels: wording.Labels) -> dict[str, Any]:
    indicator = form.indicator()
    found = drafting.preview(
        indicator=indicator, observation_set=form.cleaned_data["round"]
    )
    figure = found.figure if found else None
    context: dict[str, Any] = {"figure": figure}
    if isinstance(indicator, MeanIndicator):
        context["rule"] = wording.mean_words(indicator, labels)
        if figure and figure.estimate is not None:
            context |= _mean_previewed(indicator, figure)
        return context
    context["rule"] = wording.condition_words(indicator.in_need, labels)
    if figure and figure.estimate is not None:
        # Coarser than a release says it: drafts differ by little, and nobody audits them.
        share = 5 * round(20 * figure.estimate)
        asked = 25 * round((figure.n or 0) / 25)
        in_need = 5 * round(share * asked / 500)
        context |= {"out_of_100": share, "asked": asked, "in_need": in_need}
    return context


def _mean_previewed(mean: MeanIndicator, figure: Figure | MeanFigure) -> dict[str, Any]:
    """As coarse as what is said of a share: five steps of the means of a release."""
    coarse = 5 * mean.step
    value, low, high = (
        part if part is None else coarse * round(part / coarse)
        for part in (figure.estimate, figure.low, figure.high)
    )
    return {
        "amount": wording.amount_words(mean, value or 0.0),
        "between": (
            wording.between_words(mean, low, high)
            if low is not None and high is not None
            else ""
        ),
        "asked": 25 * round((figure.n or 0) / 25),
        "uncertain": figure.flag == Estimate.Flag.UNCERTAIN,
    }


@require_safe
@requires(DEFINE)
def definition_detail(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    definition = _definition(request, pk)
    indicator = read_definition(definition, own_names(request.municipality))
    steps = drafting.STEPS[definition.state]
    context = described(indicator, _labels(request)) | {
        "definition": definition,
        "steps": steps,
        "own": definition.author_id == request.user.pk,
    }
    return render(request, "indicators/definition_detail.html", context)


@require_POST
@requires(DEFINE)
def definition_move(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    definition = _definition(request, pk)
    try:
        drafting.move_definition(
            definition=definition,
            to=request.POST.get("to", "")[:20],
            by=request.user,
            comment=request.POST.get("comment", "")[:500].replace("\x00", ""),
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Saved."))
    return _to(request, definition)


def _to(request: TownRequest, definition: Definition) -> HttpResponse:
    return redirect("indicators:definition", request.municipality.slug, definition.pk)


def _definition(request: TownRequest, pk: int) -> Definition:
    rows = Definition.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(rows, pk=pk)


def _rounds(request: TownRequest) -> Any:
    return ObservationSet.objects.of(request.municipality).order_by("-reference_date")

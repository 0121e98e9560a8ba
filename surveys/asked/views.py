"""Questions of the town's forms that its indicators may ask for. No answers are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from layers.geography.access import TownRequest, requires
from layers.indicators.definitions.drafting import STEPS
from layers.indicators.definitions.municipal import OWN_PREFIX
from layers.indicators.samples.observations import DESCRIBED
from surveys.asked.forms import COUNTS, COUNTS_NOT, QuestionForm
from surveys.asked.services import declare_question, move_question
from surveys.asked.values import questions_to_ask
from surveys.models import Form, FormVersion, TownVariable
from surveys.questionnaires.library import LIBRARY
from surveys.questionnaires.parts import find_parts
from surveys.questionnaires.structure import Question

DEFINE = "indicators.define"


@dataclass(frozen=True)
class Offered:
    """A question of a form's newest version."""

    version: FormVersion
    table: str
    question: Question

    @property
    def address(self) -> str:
        return f"{self.table}/{self.question.key}" if self.table else self.question.key

    @property
    def label(self) -> str:
        found = self.version.structure.in_language(
            self.question.labels, get_language() or "ar"
        )
        return found or self.question.key


@require_safe
@requires(DEFINE)
def question_list(request: TownRequest, municipality: str) -> HttpResponse:
    rows = TownVariable.objects.of(request.municipality).select_related("form")
    context = {"rows": rows.order_by("code")}
    return render(request, "surveys/asked_list.html", context)


@require_safe
@requires(DEFINE)
def question_choose(request: TownRequest, municipality: str) -> HttpResponse:
    """All questions that could be asked for, by form."""
    forms = Form.objects.of(request.municipality).filter(retired_at=None)
    groups = [(form, _offered(form)) for form in forms.order_by("code")]
    context = {"groups": [(form, offered) for form, offered in groups if offered]}
    return render(request, "surveys/asked_choose.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(DEFINE)
def question_create(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """`?question=` names it as `questions_to_ask` has it, with its repeat before it."""
    form = get_object_or_404(Form.objects.of(request.municipality), pk=pk)
    return _edit(request, _one(form, request.GET.get("question", "")), None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(DEFINE)
def question_change(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    draft = _variable(request, pk)
    return _edit(request, _of(draft), draft)


def _edit(
    request: TownRequest, offered: Offered, draft: TownVariable | None
) -> HttpResponse:
    form = QuestionForm(
        request.POST or None,
        initial=_initial(draft, offered) if draft else None,
        structure=offered.version.structure,
        table=offered.table,
        question=offered.question,
        language=get_language() or "ar",
    )
    if request.method == "POST" and form.is_valid():
        try:
            saved = declare_question(
                municipality=request.municipality,
                form=offered.version.form,
                said=form.said,
                by=request.user,
                draft=draft,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _to(request, saved)
    context = {"form": form, "offered": offered, "draft": draft}
    return render(request, "surveys/asked_form.html", context)


@require_safe
@requires(DEFINE)
def question_detail(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    variable = _variable(request, pk)
    offered = _of(variable)
    structure, language = offered.version.structure, get_language() or "ar"

    def labels(values: list[str]) -> list[str]:
        return [
            structure.label_of(offered.question, value, language) for value in values
        ]

    context = {
        "variable": variable,
        "offered": offered,
        "counted": labels(variable.counted),
        "uncounted": labels(variable.uncounted),
        "steps": STEPS[variable.state],
        "own": variable.author_id == request.user.pk,
    }
    return render(request, "surveys/asked_detail.html", context)


@require_POST
@requires(DEFINE)
def question_move(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    variable = _variable(request, pk)
    try:
        move_question(
            variable=variable, to=request.POST.get("to", "")[:20], by=request.user
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Saved."))
    return _to(request, variable)


def _initial(draft: TownVariable, offered: Offered) -> dict[str, Any]:
    structure = offered.version.structure
    meaning = dict.fromkeys(draft.counted, COUNTS)
    meaning |= dict.fromkeys(draft.uncounted, COUNTS_NOT)
    choices = structure.choices.get(offered.question.choices, ())
    return {
        "code": draft.code.removeprefix(OWN_PREFIX),
        **{
            f"name_{each}": getattr(draft, f"name_{each}")
            for each in ("ar", "en", "fr")
        },
        "smallest": draft.smallest,
        "largest": draft.largest,
        **{
            f"choice_{place}": meaning.get(choice.value, "")
            for place, choice in enumerate(choices)
        },
    }


def _offered(form: Form) -> list[Offered]:
    version = form.versions.order_by("-created_at", "-pk").first()
    if version is None:
        return []
    parts = find_parts(version.structure, version.parts)
    # What every town's indicators ask for needs no name of a town's own.
    usual = frozenset(DESCRIBED) if form.code in LIBRARY else frozenset()
    return [
        Offered(version, table, question)
        for table, question in questions_to_ask(version.structure, parts)
        if question.key not in usual
    ]


def _one(form: Form, address: str) -> Offered:
    for each in _offered(form):
        if each.address == address:
            return each
    raise Http404(_("There is no such question."))


def _of(variable: TownVariable) -> Offered:
    """In the newest version that has the question."""
    for version in variable.form.versions.order_by("-created_at", "-pk"):
        table = version.structure.table(variable.table)
        question = table.question(variable.question) if table else None
        if question:
            return Offered(version, variable.table, question)
    raise Http404(_("There is no such question."))


def _to(request: TownRequest, variable: TownVariable) -> HttpResponse:
    return redirect("surveys:asked:detail", request.municipality.slug, variable.pk)


def _variable(request: TownRequest, pk: int) -> TownVariable:
    rows = TownVariable.objects.of(request.municipality).select_related("form")
    return get_object_or_404(rows, pk=pk)

"""The page on which is said which question of a form is what."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from layers.geography.access import TownRequest, requires
from surveys.intake.rereading import read_again, read_again_in_background
from surveys.models import FormVersion
from surveys.questionnaires.library import LIBRARY
from surveys.questionnaires.matching import Line, Matching, match, posted_matching
from surveys.questionnaires.services import say_what_is_what
from surveys.questionnaires.structure import Structure
from surveys.questionnaires.trying import Tried, last_records, try_out

# Beyond these a page would keep its reader waiting: a worker does it.
INLINE_RECORDS = 300


@require_http_methods(["GET", "POST"])
@requires("surveys.design_form")
def meaning(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """Posted without `save` it only shows what would be, with the choices of a question
    that was chosen anew.
    """
    versions = FormVersion.objects.of(request.municipality).visible_to(request.user)
    version = get_object_or_404(versions.select_related("form"), pk=pk)
    language = get_language() or "ar"
    structure = version.structure
    if request.method == "POST":
        found = posted_matching(structure, request.POST, language)
        if "save" in request.POST:
            _save(request, version, found)
            return redirect("surveys:forms:meaning", municipality, pk)
    else:
        found = match(structure, version.parts, version.variables, language)
    records = last_records(version)
    tried = try_out(found, records)
    return render(
        request,
        "surveys/form_meaning.html",
        {
            "version": version,
            "parts": _shown("part", found.lines(found.parts), tried, structure),
            "answers": _shown("answer", found.lines(found.answers), tried, structure),
            "missing": found.missing,
            "records": len(records),
            "said": bool(version.variables),
            "changed": request.method == "POST",
            "from_library": version.form.code in LIBRARY,
        },
    )


def _save(request: TownRequest, version: FormVersion, found: Matching) -> None:
    count = say_what_is_what(version=version, matching=found)
    messages.success(request, _("Saved. It holds for what arrives from now on."))
    if not count:
        return
    if count > INLINE_RECORDS:
        read_again_in_background.enqueue(version.municipality_id, version.pk)
    else:
        read_again(version=version)
    said = ngettext(
        "%(count)s record that was there is read again.",
        "%(count)s records that were there are read again.",
        count,
    )
    messages.success(request, said % {"count": count})


def _shown(
    kind: str, lines: list[Line], tried: dict[str, Tried], structure: Structure
) -> list[dict[str, Any]]:
    language = get_language() or "ar"
    return [
        {
            "name": f"{kind}-{line.role.name}",
            "line": line,
            "tried": tried.get(line.role.name),
            "choices": [
                {
                    "name": f"{kind}-{line.role.name}-{number}",
                    "label": structure.in_language(choice.labels, language)
                    or choice.value,
                    "meaning": line.meanings.get(choice.value, ""),
                }
                for number, choice in enumerate(line.choices)
            ],
        }
        for line in lines
    ]

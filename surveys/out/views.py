"""Pages on which a data manager asks for files and fetches them."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from layers.geography.access import TownRequest, requires
from surveys.errors import ExportRefused
from surveys.models import Export, Round, Submission
from surveys.out.services import delete_file, progress_of, request_export
from surveys.out.tasks import write_in_background
from surveys.out.writing import FORMATS

UNFINISHED = {Export.State.WAITING, Export.State.RUNNING}
MAY = "surveys.export_submission"
SHOWN = 20


def _round(request: TownRequest, code: str) -> Round:
    rounds = Round.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(rounds.select_related("form"), code=code)


@require_http_methods(["GET", "POST"])
@requires(MAY)
@never_cache
def exports(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    round = _round(request, code)
    if request.method == "POST":
        return _ask(request, round)
    own = Export.objects.of(request.municipality).visible_to(request.user)
    found = list(
        own.filter(round=round, kind__in=FORMATS).select_related("round")[:SHOWN]
    )
    rows = [(each, *progress_of(each), FORMATS[each.kind].name) for each in found]
    context = {
        "round": round,
        "rows": rows,
        "formats": [(kind, each.name) for kind, each in FORMATS.items()],
        "waits": any(each.state in UNFINISHED for each in found),
        "states": Submission.State.choices,
        "api": _service(round) and request.build_absolute_uri(_service(round)),
    }
    part = "exports_part.html" if request.headers.get("HX-Request") else "exports.html"
    return render(request, f"surveys/{part}", context)


def _service(round: Round) -> str:
    if round.form is None:
        return ""
    return reverse("api:service", args=[round.municipality_id, round.form.code])


def _ask(request: TownRequest, round: Round) -> HttpResponse:
    states = set(request.POST.getlist("state")) & set(Submission.State.values)
    try:
        export = request_export(
            round=round,
            kind=request.POST.get("kind", ""),
            by=request.user,
            identifiers="identifiers" in request.POST,
            states=tuple(sorted(states)),
            language=get_language() or settings.LANGUAGE_CODE,
        )
    except ExportRefused as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        write_in_background.enqueue(round.municipality_id, export.pk)
        messages.success(request, _("The file is being written."))
    return redirect("surveys:out:exports", request.municipality.slug, round.code)


@require_GET
@requires(MAY)
@never_cache
def download(request: TownRequest, municipality: str, pk: int) -> FileResponse:
    own = Export.objects.of(request.municipality).visible_to(request.user)
    export = get_object_or_404(own.exclude(file="").select_related("round"), pk=pk)
    path = Path(settings.MEDIA_ROOT, export.file.name)
    if export.kept_until is None or not path.exists():
        raise Http404
    made = FORMATS[export.kind]
    return FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=f"{export.round.code}{made.suffix}",
        content_type=made.media_type,
    )


@require_POST
@requires(MAY)
def delete(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    own = Export.objects.of(request.municipality).visible_to(request.user)
    export = get_object_or_404(own.exclude(file="").exclude(round=None), pk=pk)
    delete_file(export=export)
    messages.success(request, _("The file is deleted."))
    return redirect("surveys:out:exports", municipality, export.round.code)

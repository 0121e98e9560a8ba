"""Layers as files, and the page that says how to open them elsewhere."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import (
    FileResponse,
    Http404,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from layers.features import documents
from layers.features.access import (
    answers,
    is_program,
    not_for,
    note_use,
    problem,
    visible_layer,
)
from layers.features.errors import BadParameter, DownloadRefused
from layers.features.formats import FORMATS
from layers.features.forms import DownloadForm
from layers.features.models import Download
from layers.features.pages import count
from layers.features.qgis import Source, definition, project
from layers.features.selection import SELECTING, filterable, no_others
from layers.features.services import (
    AT_ONCE,
    OPEN,
    progress_of,
    request_download,
    selected,
    system_for,
    write,
)
from layers.features.tasks import write_in_background
from layers.geography.access import TownRequest
from layers.geography.declaration import Layer
from layers.geography.models import Raster
from layers.maps.catalogue import may_see, visible_layers
from layers.maps.errors import LostFile
from layers.maps.raster_tiles import Shown
from layers.maps.town_map import bounds


@require_http_methods(["GET", "HEAD", "POST"])
@answers
def layer_file(request: TownRequest, municipality: str, name: str) -> HttpResponseBase:
    """The form; with `format` a small file at once, a large one by the worker."""
    layer = visible_layer(request, name)
    given = request.POST if request.method == "POST" else request.GET
    asked = {key: str(said) for key, said in given.items() if said}
    asked.pop("csrfmiddlewaretoken", None)
    asked.pop("f", None)
    form = asked.pop("format", None)
    if form is None:
        return _form_page(request, layer, None)
    try:
        return _answer(request, layer, form, asked)
    except (BadParameter, DownloadRefused) as refused:
        if is_program(request):
            return problem(400, "InvalidParameterValue", " ".join(refused.messages))
        bound = DownloadForm(given, municipality=request.municipality)
        bound.is_valid()
        field = refused.code if refused.code in bound.fields else None
        bound.add_error(field, list(refused.messages))
        return _form_page(request, layer, bound)


def _answer(
    request: TownRequest, layer: Layer, form: str, asked: dict[str, str]
) -> HttpResponseBase:
    town = request.municipality
    known = [*SELECTING, "crs", "zone", *(each.name for each in filterable(layer))]
    no_others(asked, known)
    system = system_for(form, town, asked)
    chosen = selected(layer, town, asked)
    if request.method == "POST":
        return _begin(request, layer, form, asked)
    if count(chosen, AT_ONCE) is None:
        if is_program(request):
            said = _("More than %d features: ask by POST, and fetch the file later.")
            return problem(413, "ContentTooLarge", said % AT_ONCE)
        bound = DownloadForm(request.GET, municipality=town)
        return _form_page(request, layer, bound, large=True)
    made = FORMATS[form]
    # The file outlives its folder by being open.
    with tempfile.TemporaryDirectory(prefix="download-") as folder:
        path = Path(folder, f"{layer.name}{made.suffix}")
        write(path, form=form, selection=chosen, system=system)
        opened = path.open("rb")
    note_use(request, layer, "file")
    return _file(opened, f"{town.slug}-{layer.name}{made.suffix}", made.media_type)


def _begin(
    request: TownRequest, layer: Layer, form: str, asked: dict[str, str]
) -> HttpResponse:
    town = request.municipality
    download, new = request_download(
        layer=layer,
        municipality=town,
        form=form,
        asked=asked,
        language=get_language() or settings.LANGUAGE_CODE,
        by=request.user,
    )
    if new:
        write_in_background.enqueue(town.pk, str(download.pk))
    if is_program(request):
        response = _state(request, download, status=202)
        response["Location"] = documents.href(request, "file_state", download.pk)
        return response
    return redirect("features:file_state", town.slug, download.pk)


def _form_page(
    request: TownRequest,
    layer: Layer,
    form: DownloadForm | None,
    *,
    large: bool = False,
) -> HttpResponse:
    town = request.municipality
    given = {key: request.GET[key] for key in ("zone", "filter") if key in request.GET}
    context = {
        "layer": layer,
        "form": form or DownloadForm(initial=given, municipality=town),
        "large": large,
        "extent": documents.extent_of(layer, town),
        "licence": documents.licence(layer),
        "attribution": documents.attribution(layer, town),
        "fields": filterable(layer),
    }
    status = 400 if form is not None and not large else 200
    return render(request, "features/layer_file.html", context, status=status)


def _file(opened: Any, name: str, media_type: str) -> FileResponse:
    response = FileResponse(
        opened, as_attachment=True, filename=name, content_type=media_type
    )
    response["Cache-Control"] = "private, no-cache"
    return response


def _download(request: TownRequest, pk: Any) -> tuple[Download, Layer]:
    """Whoever has the address, as long as they may see the layer."""
    found = get_object_or_404(Download.objects.of(request.municipality), pk=pk)
    return found, visible_layer(request, found.layer)


def _state(request: TownRequest, download: Download, status: int = 200) -> JsonResponse:
    """How far a file is, for programs; `file` leads to it once it is there."""
    here = documents.href(request, "file_state", download.pk)
    done = download.state == Download.State.DONE
    said: dict[str, Any] = {
        "id": str(download.pk),
        "state": download.state,
        "features": download.total,
        "written": download.total if done else progress_of(download),
        "size": download.size,
        "links": [documents.link(here, "self")],
    }
    if done:
        there = documents.href(request, "file", download.pk)
        media_type = FORMATS[download.form].media_type
        said["links"].append(documents.link(there, "enclosure", media_type))
    return JsonResponse(said, status=status)


@require_safe
@answers
@never_cache
def file_state(request: TownRequest, municipality: str, pk: Any) -> HttpResponse:
    download, layer = _download(request, pk)
    if is_program(request):
        return _state(request, download)
    context = {
        "download": download,
        "layer": layer,
        "format": FORMATS[download.form].name,
        "done": progress_of(download),
        "waits": download.state in OPEN,
    }
    part = "#state" if request.headers.get("HX-Request") else ""
    return render(request, f"features/download_detail.html{part}", context)


@require_safe
@answers
@never_cache
def file(request: TownRequest, municipality: str, pk: Any) -> HttpResponseBase:
    download, layer = _download(request, pk)
    path = Path(settings.MEDIA_ROOT, download.file)
    if not download.file or not path.exists():
        raise Http404(_("The file is gone. Ask for it again."))
    made = FORMATS[download.form]
    name = f"{municipality}-{layer.name}{made.suffix}"
    note_use(request, layer, "file")
    return _file(path.open("rb"), name, made.media_type)


@require_safe
@answers
def raster_file(request: TownRequest, municipality: str, code: str) -> HttpResponseBase:
    """A raster as GeoTIFF: of people the coarse one that is drawn."""
    shown = _raster(request, code)
    return _file(
        Path(shown.path).open("rb"),
        f"{municipality}-{code}.tif",
        "image/tiff; application=geotiff",
    )


def _raster(request: TownRequest, code: str) -> Shown:
    """Raises Http404, SignInNeeded or PermissionDenied."""
    rasters = Raster.objects.of(request.municipality).current()
    raster = rasters.select_related("municipality").filter(code=code).first()
    if raster is None:
        raise Http404(_("There is no raster “%(code)s”.") % {"code": code})
    shown = Shown(raster)
    if not shown.may_be_seen_by(request.user):
        raise not_for(request, shown.title)
    if not shown.kept:
        raise LostFile(code)
    return shown


# -- QGIS --------------------------------------------------------------------------------


def _sources(request: TownRequest) -> list[Source]:
    """What a planner opens: names of zones are labels of the zones themselves there, and
    QGIS takes a layer without a feature for a table.
    """
    root, town = documents.href(request, "landing"), request.municipality
    return [
        Source(layer, root)
        for layer in visible_layers(request.user, town)
        if not layer.name.endswith("_labels") and documents.extent_of(layer, town).count
    ]


@require_safe
@answers
def programs(request: TownRequest, municipality: str) -> HttpResponse:
    """Step by step: QGIS, and the addresses for other programs."""
    context = {
        "sources": _sources(request),
        "root": documents.href(request, "landing").rstrip("/"),
        "staff": may_see_staff_layers(request),
    }
    return render(request, "features/programs.html", context)


def may_see_staff_layers(request: TownRequest) -> bool:
    return any(
        layer.permission and may_see(layer, request.user, request.municipality)
        for layer in visible_layers(request.user, request.municipality)
    )


@require_safe
@answers
def qgis_layer(request: TownRequest, municipality: str, name: str) -> HttpResponse:
    layer = visible_layer(request, name)
    source = Source(layer, documents.href(request, "landing"))
    return _xml(definition([source]), f"{municipality}-{name}.qlr")


@require_safe
@answers
def qgis_project(request: TownRequest, municipality: str) -> HttpResponse:
    town = request.municipality
    found = project(_sources(request), town, bounds(town))
    return _xml(found, f"{municipality}.qgs")


def _xml(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, "application/xml")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-cache"
    return response

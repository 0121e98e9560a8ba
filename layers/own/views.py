from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from layers.geography.access import TownRequest, requires
from layers.geography.errors import NOTES, REPAIR, ROW
from layers.geography.files.request import Options
from layers.maps.town_map import town_map
from layers.own.errors import SharingRefused, told
from layers.own.forms import (
    DescribeForm,
    OptionsForm,
    ShareForm,
    StyleForm,
    UploadForm,
)
from layers.own.layers import KEEP, declared
from layers.own.models import LayerFile, OwnLayer
from layers.own.restyling import refreshed
from layers.own.services import (
    check_file,
    choose_options,
    decide,
    describe_layer,
    later,
    progress_of,
    receive_file,
    remove_layer,
    restore_layer,
    share_layer,
    style_layer,
    take_in,
)
from layers.own.tasks import (
    check_in_background,
    clear_out_in_background,
    take_in_in_background,
)
from layers.own.uses import EVERYONE, PROGRAM, Uses

# Bytes; what is smaller is checked while the reader waits, about two seconds.
AT_ONCE = 1_500_000
SHOWN, LATEST = 50, 10
State = LayerFile.State
BUSY = {State.WAITING, State.CHECKING, State.IMPORTING}


def staff_roles() -> list[tuple[str, str]]:
    """Roles of the staff, under the names that the accounts give them."""
    membership: Any = get_user_model()._meta.get_field("memberships").related_model
    choices: Any = membership._meta.get_field("role").choices
    return [(role, str(name)) for role, name in choices if role != "resident"]


def _own(request: HttpRequest, slug: str) -> OwnLayer:
    kept = OwnLayer.objects.visible_to(request.user).of(request.municipality).kept()
    return get_object_or_404(kept.select_related("municipality"), slug=slug)


def _file(request: HttpRequest, pk: int) -> LayerFile:
    files = LayerFile.objects.visible_to(request.user).of(request.municipality)
    return get_object_or_404(files.select_related("municipality", "layer", "by"), pk=pk)


@requires(KEEP)
@require_safe
def layer_list(request: TownRequest, municipality: str) -> HttpResponse:
    town = request.municipality
    layers = OwnLayer.objects.of(town).select_related("created_by")
    unfinished = LayerFile.objects.of(town).exclude(state=State.DONE).exclude(file="")
    context = {
        "layers": [(each, declared(each)) for each in layers.kept()],
        "removed": layers.removed(),
        "files": unfinished.select_related("by", "layer")[:LATEST],
    }
    return render(request, "own/ownlayer_list.html", context)


@requires(KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def layer_create(request: TownRequest, municipality: str) -> HttpResponse:
    return _upload(request, None)


@requires(KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def layer_replace(request: TownRequest, municipality: str, slug: str) -> HttpResponse:
    return _upload(request, _own(request, slug))


def _upload(request: TownRequest, own: OwnLayer | None) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = receive_file(
            municipality=request.municipality,
            file=form.cleaned_data["file"],
            by=request.user,
            layer=own,
        )
        late = clear_out_in_background.using(run_after=later(LayerFile.KEPT))
        late.enqueue(request.municipality.pk)
        _check(file)
        return redirect("own:file", request.municipality.slug, file.pk)
    status = 422 if form.errors else 200
    context = {"form": form, "own": own}
    return render(request, "own/layerfile_create.html", context, status=status)


def _check(file: LayerFile) -> None:
    if file.file.size <= AT_ONCE:
        check_file(file=file)
    else:
        check_in_background.enqueue(file.municipality_id, file.pk)


def _options_form(file: LayerFile, data: Any = None) -> OptionsForm:
    refusal = file.refusal or {}
    several = refusal.get("code") in {"several_layers", "unknown_layer"}
    layers = refusal["params"]["layers"].split(", ") if several else []
    return OptionsForm(data, layers=layers, options=Options.from_json(file.options))


def _columns(file: LayerFile) -> list[dict[str, Any]]:
    report = file.report or {"columns": []}
    return [{**each, "source": each["name"]} for each in report["columns"]]


def _describe_form(file: LayerFile, data: Any = None) -> DescribeForm:
    columns = [
        {key: each[key] for key in ("source", "type", "personal", "first", "filled")}
        for each in _columns(file)
    ]
    return DescribeForm(data, columns=columns)


def _context(file: LayerFile) -> dict[str, Any]:
    report = file.report
    context: dict[str, Any] = {
        "file": file,
        "own": file.layer,
        "busy": file.state in BUSY,
        "progress": progress_of(file),
        "refusal": told(file.refusal) if file.refusal else "",
    }
    if file.state == State.REFUSED and file.file:
        context["options"] = _options_form(file)
    if report and file.state in {State.READY, State.REFUSED}:
        context |= {
            "report": report,
            "kind": dict(OwnLayer.Geometry.choices)[report["kind"]],
            "first": zip(
                report["row_numbers"],
                zip(*(each["first"] for each in report["columns"]), strict=True)
                if report["columns"]
                else [() for _row in report["row_numbers"]],
                strict=True,
            ),
            "refused": [_refused(*each) for each in report["refused"][:SHOWN]],
            "repaired": [(row, REPAIR[how]) for row, how, _ in report["repaired"][:10]],
            "notes": [str(NOTES[code]) % params for code, params in report["notes"]],
            "form": None if file.layer else _describe_form(file),
        }
    return context


def _refused(row: int, code: str, value: str) -> dict[str, Any]:
    reason, way_out = ROW[code]
    return {"row": row, "value": value, "reason": reason, "way_out": way_out}


@requires(KEEP)
@require_safe
def file_detail(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    file = _file(request, pk)
    if file.state == State.DONE and file.layer:
        return redirect("own:detail", municipality, file.layer.slug)
    return render(request, "own/layerfile_detail.html", _context(file))


@requires(KEEP)
@require_safe
def file_progress(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """The fragment that a waiting page asks for; when all is done, the whole page."""
    file = _file(request, pk)
    if file.state in BUSY:
        context = {"file": file, "progress": progress_of(file)}
        return render(request, "own/layerfile_detail.html#progress", context)
    answer = HttpResponse()
    answer["HX-Refresh"] = "true"
    return answer


@requires(KEEP)
@require_POST
def file_check(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    file = _file(request, pk)
    form = _options_form(file, request.POST)
    if not form.is_valid():
        context = {**_context(file), "options": form}
        return render(request, "own/layerfile_detail.html", context, status=422)
    if choose_options(file=file, options=form.options()):
        _check(file)
    return redirect("own:file", municipality, file.pk)


@requires(KEEP)
@require_POST
def file_take(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    file = _file(request, pk)
    decided: dict[str, Any] = {}
    if file.layer is None and file.state == State.READY:
        form = _describe_form(file, request.POST)
        if not form.is_valid():
            context = {**_context(file), "form": form}
            return render(request, "own/layerfile_detail.html", context, status=422)
        decided = {**form.said(), "fields": form.described()}
    decided["skip_refused"] = bool(request.POST.get("skip_refused"))
    if decide(file=file, decided=decided):
        if file.file.size <= AT_ONCE:
            take_in(file=file)
        else:
            take_in_in_background.enqueue(file.municipality_id, file.pk)
    return redirect("own:file", municipality, file.pk)


def _page(
    request: TownRequest, name: str, own: OwnLayer, status: int = 200, **more: Any
) -> HttpResponse:
    context = {"own": own, "layer": declared(own), **more}
    return render(request, f"own/ownlayer_{name}.html", context, status=status)


def _map(request: TownRequest, own: OwnLayer) -> dict[str, Any]:
    layer = declared(own)
    return {
        "map": town_map(
            own.municipality, request.user, ("zones", "zones_labels", layer.name)
        ),
        "shown": {"name": layer.name, "geometry": layer.geometry, "style": _look(own)},
    }


def _look(own: OwnLayer) -> dict[str, Any]:
    style = declared(own).style
    return style.as_json() if style else {}


@requires(KEEP)
@require_safe
def layer_detail(request: TownRequest, municipality: str, slug: str) -> HttpResponse:
    own = _own(request, slug)
    names = dict(staff_roles())
    return _page(
        request,
        "detail",
        own,
        **_map(request, own),
        uses=_uses(request, own),
        roles=[names[role] for role in own.roles if role in names],
        personal=[each["source"] for each in own.fields if each["personal"]],
    )


def _uses(request: TownRequest, own: OwnLayer) -> Uses:
    uses = Uses.of(own, request.user)
    named = {EVERYONE: _("without signing in"), PROGRAM: _("programs with a key")}
    membership: Any = get_user_model()._meta.get_field("memberships").related_model
    named |= dict(membership._meta.get_field("role").choices)
    for row in uses.rows:
        row["role"] = named.get(row["who"], row["who"])
    return uses


@requires(KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def layer_describe(request: TownRequest, municipality: str, slug: str) -> HttpResponse:
    own = _own(request, slug)
    initial = {name: getattr(own, name) for name in DescribeForm.base_fields}
    form = DescribeForm(request.POST or None, columns=own.fields, initial=initial)
    if request.method == "POST" and form.is_valid():
        describe_layer(own=own, said=form.said(), fields=form.described())
        return redirect("own:detail", municipality, slug)
    return _page(request, "describe", own, 422 if form.errors else 200, form=form)


def _style_form(own: OwnLayer, data: Any = None) -> StyleForm:
    labels = {each.name: each.label for each in declared(own).fields}
    return StyleForm(data, own=own, labels=labels)


@requires(KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def layer_style(request: TownRequest, municipality: str, slug: str) -> HttpResponse:
    own = _own(request, slug)
    form = _style_form(own, request.POST or None)
    if request.method == "POST" and form.is_valid():
        style_layer(own=own, chosen=refreshed(own, form.chosen()))
        return redirect("own:detail", municipality, slug)
    status = 422 if form.errors else 200
    return _page(request, "style", own, status, form=form, **_map(request, own))


@requires(KEEP)
@require_safe
def style_preview(request: TownRequest, municipality: str, slug: str) -> JsonResponse:
    """The style that the form would make, and its legend."""
    own = _own(request, slug)
    form = _style_form(own, request.GET)
    if not form.is_valid():
        wrong = {form.fields[name].label: said for name, said in form.errors.items()}
        error = " ".join(f"{name}: {' '.join(each)}" for name, each in wrong.items())
        return JsonResponse({"error": error}, status=400)
    own.style = refreshed(own, form.chosen()).as_json()
    layer = declared(own)
    said = {"style": layer.style, "geometry": layer.geometry, "title": layer.title}
    legend = render_to_string("maps/layer_legend.html", said)
    return JsonResponse({"style": _look(own), "legend": legend})


@requires(KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def layer_share(request: TownRequest, municipality: str, slug: str) -> HttpResponse:
    own = _own(request, slug)
    form = ShareForm(request.POST or None, own=own, roles=staff_roles())
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            share_layer(
                own=own,
                sharing=said["sharing"],
                roles=said["roles"],
                confirmed=form.confirmed(),
            )
        except SharingRefused as refused:
            form.add_error("sharing", refused)
        else:
            return redirect("own:detail", municipality, slug)
    return _page(request, "share", own, 422 if form.errors else 200, form=form)


@requires(KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def layer_remove(request: TownRequest, municipality: str, slug: str) -> HttpResponse:
    own = _own(request, slug)
    if request.method == "POST":
        remove_layer(own=own)
        late = clear_out_in_background.using(run_after=later(OwnLayer.KEPT))
        late.enqueue(own.municipality_id)
        messages.success(request, _("The layer is removed."))
        return redirect("own:list", municipality)
    return _page(request, "remove", own, uses=_uses(request, own))


@requires(KEEP)
@require_POST
def layer_restore(request: TownRequest, municipality: str, slug: str) -> HttpResponse:
    removed = OwnLayer.objects.of(request.municipality).removed()
    own = get_object_or_404(removed, slug=slug)
    restore_layer(own=own)
    return redirect("own:detail", municipality, slug)

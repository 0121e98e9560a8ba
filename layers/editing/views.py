from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.gis.geos import Polygon
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from layers.editing import picture
from layers.editing.children import INNER
from layers.editing.drafts import living
from layers.editing.errors import EditRefused
from layers.editing.examining import Remark
from layers.editing.followers import Following, Room, follower_named, followers
from layers.editing.forms import ChangeForm, ReasonForm
from layers.editing.models import Edit, Layer
from layers.editing.services import Outcome, change_map, undo, why_not_undone
from layers.geography.access import TownRequest, requires
from layers.geography.errors import ImportRefused

EDIT = "geography.import_data"
# What a browser draws and snaps to without delay.
MOST_SHAPES = 2500
A_PAGE = 30
LISTED = 40


@requires(EDIT)
@require_safe
def edit_map(request: TownRequest, municipality: str) -> HttpResponse:
    today = request.municipality.today()
    asked = {name: request.GET.get(name, "") for name in ("layer", "kind", "codes")}
    layers = [(value, label) for value, label in Layer.choices if living(request.municipality, Layer(value)).exists()]  # fmt: skip
    initial = {
        "layer": asked["layer"] if asked["layer"] in Layer.values else Layer.PARCELS,
        "kind": asked["kind"] if asked["kind"] in Edit.Kind.values else "split",
        "codes": asked["codes"],
        "neighbours_follow": True,
        "tolerance": Edit.objects.of(request.municipality).tolerance(),
        "valid_from": today,
    }
    form = ChangeForm(initial=initial, municipality=request.municipality)
    context = {"form": form, "empty": not layers, **_page(request)}
    return render(request, "editing/edit_map.html", context)


def _page(request: TownRequest) -> dict[str, Any]:
    words = {
        "tooMany": _("Zoom in to see the borders that can be changed."),
        "chosen": _("Chosen: %(codes)s"),
        "nothing": _("Nothing is chosen yet."),
        "notThere": _("“%(code)s” is not in force here."),
    }
    return {"editing": {"words": words}, "today": request.municipality.today()}


@requires(EDIT)
@require_safe
@never_cache
def shapes(request: TownRequest, municipality: str) -> HttpResponse:
    """Borders in force, exact, in a box of degrees or of given codes. GeoJSON."""
    layer = request.GET.get("layer", "")
    if layer not in Layer.values:
        return HttpResponseBadRequest(_("There is no such layer."))
    rows = living(request.municipality, Layer(layer))
    codes = [code for code in request.GET.getlist("code") if "\x00" not in code]
    if codes:
        rows = rows.filter(code__in=codes)
    else:
        box = _box(request.GET.get("bbox", ""))
        if box is None:
            return HttpResponseBadRequest(_("The box is west,south,east,north."))
        rows = rows.filter(geometry__bboverlaps=box)
    found = list(rows.order_by("pk").only("code", "geometry")[: MOST_SHAPES + 1])
    many = len(found) > MOST_SHAPES
    return JsonResponse(
        {
            "type": "FeatureCollection",
            "tooMany": many,
            "features": []
            if many
            else [
                {
                    "type": "Feature",
                    "id": row.pk,
                    "properties": {"code": row.code},
                    "geometry": json.loads(row.geometry.json),
                }
                for row in found
            ],
        }
    )


def _box(said: str) -> Polygon | None:
    try:
        west, south, east, north = map(float, said.split(","))
    except ValueError:
        return None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        return None
    box = Polygon.from_bbox((west, south, east, north))
    box.srid = 4326
    return box


@requires(EDIT)
@require_POST
def preview(request: TownRequest, municipality: str) -> HttpResponse:
    return _change(request, dry_run=True)


@requires(EDIT)
@require_POST
def apply(request: TownRequest, municipality: str) -> HttpResponse:
    return _change(request, dry_run=False)


def _change(request: TownRequest, *, dry_run: bool) -> HttpResponse:
    form = ChangeForm(request.POST, request.FILES, municipality=request.municipality)
    outcome, refusal = None, ""
    if form.is_valid():
        on = form.cleaned_data["valid_from"]
        try:
            outcome = change_map(
                municipality=request.municipality,
                asked=form.asked(),
                order=form.order(by=request.user, on=on, dry_run=dry_run),
            )
        except (EditRefused, ImportRefused) as error:
            refusal = error.messages[0]
    if outcome and outcome.edit:
        messages.success(request, _("The map is changed."))
        return redirect("editing:detail", request.municipality.slug, outcome.edit.pk)
    told = {
        "form": form,
        "refusal": refusal,
        **(_told(request, outcome) if outcome else {}),
    }
    # A part of the page is swapped in only with 200.
    if request.htmx:
        return render(request, "editing/edit_map.html#preview", told)
    status = 200 if outcome and not outcome.errors else 422
    context = {**told, **_page(request), "asked": True}
    return render(request, "editing/edit_map.html", context, status=status)


def _told(request: TownRequest, outcome: Outcome) -> dict[str, Any]:
    rooms = [
        _room(request, each, outcome.following[each.name])
        for each in (INNER, *followers())
        if each.name in outcome.following
    ]
    drawn = {
        "after": picture.features(outcome.after),
        "places": [each.place for each in outcome.remarks],
    }
    return {
        "outcome": outcome,
        "errors": outcome.errors,
        "warnings": outcome.warnings,
        "areas": picture.areas(request.municipality, outcome.before, outcome.after),
        "picture": picture.draw(outcome.before, outcome.after),
        "following": rooms,
        "followed": any(room["count"] for room in rooms),
        "drawn": drawn,
    }


def _room(request: TownRequest, follower: Room, following: Following) -> dict[str, Any]:
    """What follows in one room: its number, and which for those who may see them."""
    moves = following.moves
    may_see = request.user.has_perm(follower.permission, request.municipality)
    open_ = [move for move in moves if move.open]
    return {
        "title": follower.title,
        "count": follower.count(len(moves)) if moves else "",
        "open": len(open_),
        "open_said": _to_be_looked_at(len(open_)) if open_ else "",
        "moves": [*open_, *(move for move in moves if not move.open)][:LISTED]
        if may_see
        else [],
        "more": max(len(moves) - LISTED, 0) if may_see else 0,
    }


def _to_be_looked_at(number: int) -> str:
    said = ngettext(
        "%(n)s to be looked at by a person", "%(n)s to be looked at by a person", number
    )
    return said % {"n": number}


@requires(EDIT)
@require_safe
def edit_list(request: TownRequest, municipality: str) -> HttpResponse:
    code = request.GET.get("code", "").strip().replace("\x00", "")
    edits = Edit.objects.of(request.municipality).visible_to(request.user)
    edits = edits.select_related("by", "undone_by")
    if code:
        edits = edits.about(code)
    page = Paginator(edits, A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "code": code}
    return render(request, "editing/edit_list.html", context)


def _edit(request: TownRequest, pk: int) -> Edit:
    edits = Edit.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(edits.select_related("by", "undoes"), pk=pk)


@requires(EDIT)
@require_safe
def edit_detail(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    edit = _edit(request, pk)
    refusal = why_not_undone(request.municipality, edit)
    context = {
        **_recorded(request, edit),
        "refusal": refusal.messages[0] if refusal else "",
        "blocking": refusal.params["code"] if refusal and refusal.params else "",
        "undone_by": Edit.objects.filter(undoes=edit).first(),
    }
    return render(request, "editing/edit_detail.html", context)


def _recorded(request: TownRequest, edit: Edit) -> dict[str, Any]:
    rooms = []
    for said in edit.consequences:
        follower = INNER if said["room"] == INNER.name else follower_named(said["room"])
        if follower and said["moved"] + said["open"]:
            rooms.append(
                {
                    "title": follower.title,
                    "count": follower.count(said["moved"] + said["open"]),
                    "open_said": _to_be_looked_at(said["open"]) if said["open"] else "",
                }
            )
    return {
        "edit": edit,
        "picture": picture.draw(picture.in_force(edit.before), edit.after),
        "areas": picture.areas(request.municipality, edit.before, edit.after),
        "remarks": [Remark.from_json(each) for each in edit.findings],
        "followed": rooms,
    }


@requires(EDIT)
def edit_undo(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """What going back would do, and, once confirmed with a reason, doing it."""
    edit = _edit(request, pk)
    form = ReasonForm(request.POST or None)
    sent = request.method == "POST" and form.is_valid()
    if not sent:
        form_for_order = ReasonForm({"reason": "-"})
        form_for_order.is_valid()
    on = request.municipality.today()
    try:
        order = (form if sent else form_for_order).order(
            by=request.user, on=on, dry_run=not sent
        )
        outcome = undo(municipality=request.municipality, edit=edit, order=order)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("editing:detail", municipality, pk)
    if outcome.edit:
        made_again = outcome.edit.kind == Edit.Kind.REDO
        done = _("The edit is made again.") if made_again else _("The edit is undone.")
        messages.success(request, done)
        return redirect("editing:detail", municipality, outcome.edit.pk)
    context = {"edit": edit, "form": form, **_told(request, outcome)}
    status = 422 if request.method == "POST" else 200
    return render(request, "editing/edit_undo.html", context, status=status)

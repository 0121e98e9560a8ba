"""Maps that are kept: under a name, in a story, on another site; and comments on them."""

from __future__ import annotations

import secrets
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from layers.geography.access import TownRequest, requires
from layers.maps.desk import View
from layers.maps.drawing import Drawing, Ground
from layers.maps.errors import UnfitView
from layers.maps.forms import CommentForm, SavedMapForm
from layers.maps.models import MapComment, SavedMap
from layers.maps.modes import shown

PERMISSION = "indicators.view_estimates"


def roles() -> list[tuple[str, str]]:
    """Roles of the staff, under the names that the accounts give them."""
    membership: Any = get_user_model()._meta.get_field("memberships").related_model
    offered: Any = membership._meta.get_field("role")
    return [(role, name) for role, name in offered.choices if role != "resident"]


def drawn(saved: SavedMap) -> Drawing | None:
    """The saved view as a drawing; None where its round or indicator is gone."""
    query = QueryDict(saved.state)
    try:
        view = View.asked(saved.municipality, query)
        picture = shown(view, query)
        picture.legend()
    except (Http404, UnfitView):
        return None
    alpha = bool(query.get("alpha"))
    return Drawing(
        picture, Ground.of(view), view.scheme.palette, alpha, key=f"saved-{saved.pk}"
    )


def _own(request: TownRequest, pk: int) -> SavedMap:
    mine = SavedMap.objects.of(request.municipality).filter(owner=request.user)
    return get_object_or_404(mine, pk=pk)


@require_safe
@requires(PERMISSION)
def saved_list(request: TownRequest, municipality: str) -> HttpResponse:
    readable = SavedMap.objects.readable_by(request.user, request.municipality)
    found = list(readable.select_related("owner"))
    stories = dict.fromkeys(each.story for each in found if each.story)
    context = {"maps": found, "stories": stories, "roles": dict(roles())}
    return render(request, "maps/savedmap_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(PERMISSION)
def saved_create(request: TownRequest, municipality: str) -> HttpResponse:
    """The desk's link leads here with its address in `state`."""
    new = SavedMap(municipality=request.municipality, owner=request.user)
    return _edit(request, new)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(PERMISSION)
def saved_change(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    return _edit(request, _own(request, pk))


def _edit(request: TownRequest, saved: SavedMap) -> HttpResponse:
    given: dict[str, Any] = {"municipality": request.municipality, "roles": roles()}
    if request.method == "POST":
        form = SavedMapForm(request.POST, instance=saved, **given)
        if form.is_valid():
            form.save()
            return redirect("maps:saved", request.municipality.slug)
    else:
        state = saved.state or request.GET.get("state", "").replace("\x00", "")
        form = SavedMapForm(instance=saved, initial={"state": state}, **given)
    status = 400 if form.errors else 200
    context = {"form": form, "saved": saved}
    return render(request, "maps/savedmap_form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(PERMISSION)
def saved_delete(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    saved = _own(request, pk)
    if request.method == "POST":
        saved.delete()
        return redirect("maps:saved", municipality)
    return render(request, "maps/savedmap_delete.html", {"saved": saved})


@require_POST
@requires(PERMISSION)
def saved_open(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """Show the map to other sites, or stop showing it."""
    saved = _own(request, pk)
    saved.token = "" if saved.token else secrets.token_urlsafe(32)
    saved.save(update_fields=["token", "changed_at"])
    return redirect("maps:saved", municipality)


@require_safe
@requires(PERMISSION)
def story(request: TownRequest, municipality: str) -> HttpResponse:
    """The maps of a story one after another, for a meeting."""
    name = request.GET.get("name", "").replace("\x00", "")
    readable = SavedMap.objects.readable_by(request.user, request.municipality)
    pages = [
        {"saved": each, "drawing": drawing}
        for each in readable.of_story(name).select_related("municipality")
        if (drawing := drawn(each)) is not None
    ]
    if not name or not pages:
        raise Http404(_("There is no such story."))
    return render(request, "maps/story.html", {"name": name, "pages": pages})


@require_safe
@xframe_options_exempt
@csp_replace({"frame-ancestors": [SELF, *settings.EMBED_ORIGINS]})  # type: ignore[arg-type]
def embed(request: TownRequest, municipality: str, token: str) -> HttpResponse:
    """A saved map that its owner opened to other sites: a drawing, no scripts."""
    saved = get_object_or_404(
        SavedMap.objects.of(request.municipality).select_related("municipality"),
        token=token,
    )
    drawing = drawn(saved)
    if drawing is None:
        raise Http404(_("The figures of this map are not published any more."))
    return render(request, "maps/embed.html", {"saved": saved, "drawing": drawing})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(PERMISSION)
def comments(request: TownRequest, municipality: str) -> JsonResponse:
    """Comments on the map; a new one is pinned by POST."""
    if request.method == "POST":
        form = CommentForm(request.POST)
        if not form.is_valid():
            said = " ".join(str(x) for errors in form.errors.values() for x in errors)
            return JsonResponse({"error": said}, status=400)
        MapComment.objects.create(
            municipality=request.municipality,
            author=request.user,
            text=form.cleaned_data["text"],
            geometry=form.place(),
        )
    found = MapComment.objects.of(request.municipality).select_related("author")
    response = JsonResponse(
        {"comments": [_spoken(each, request) for each in found[:500]]}
    )
    response["Cache-Control"] = "private, no-store"
    return response


def _spoken(comment: MapComment, request: TownRequest) -> dict[str, Any]:
    return {
        "pk": comment.pk,
        "text": comment.text,
        "by": str(comment.author),
        "on": date_format(timezone.localtime(comment.created_at), "DATE_FORMAT"),
        "at": comment.geometry.coords,
        "mine": comment.author_id == request.user.pk,
    }


@require_POST
@requires(PERMISSION)
def comment_delete(request: TownRequest, municipality: str, pk: int) -> JsonResponse:
    mine = MapComment.objects.of(request.municipality).filter(author=request.user)
    get_object_or_404(mine, pk=pk).delete()
    return JsonResponse({"deleted": pk})

"""Entity lists at /v1, as ODK Central has them: read, and written by scripts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Min
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from layers.geography.access import TownRequest
from surveys.errors import EntityConflict, EntityRefused
from surveys.households.lists import (
    change_entity,
    create_entities,
    delete_entity,
    read_given,
    read_property,
    refuse_list,
)
from surveys.models import Entity
from surveys.out.access import NOT_FOUND, answered, in_project, moment, problem
from surveys.out.api_views import EXPORT, UNREADABLE, BadBody, body_of
from surveys.out.odata import ENTITY_FIELDS, LARGEST_PAGE, Refused, read_query, token
from surveys.out.odata_views import odata_json, selected
from surveys.out.services import note_program
from surveys.out.withholding import Withheld, withheld_of

# Who may write lists is who designs what the phones get.
EDIT = "surveys.design_form"


def _asks_for_identifiers(request: TownRequest) -> bool:
    return request.GET.get("identifiers") == "true"


def _withheld(request: TownRequest, name: str) -> Withheld:
    if _asks_for_identifiers(request):
        return Withheld()
    return withheld_of(request.municipality, name)


def _note(request: TownRequest, name: str, act: str, **more: Any) -> None:
    options: dict[str, Any] = {"list": name, "act": act}
    if act == "read":
        options["identifiers"] = _asks_for_identifiers(request)
    note_program(
        municipality=request.municipality,
        by=request.user,
        kind="entities",
        options=options | more,
    )


def _rows(request: TownRequest, name: str) -> Any:
    return (
        Entity.objects.of(request.municipality)
        .filter(list_name=name.replace("\x00", ""), deleted_at=None)
        .order_by("pk")
    )


# -- lists -------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@in_project(EXPORT)
def datasets(request: TownRequest) -> HttpResponse:
    """The lists. One that is asked for comes to be with its first entity."""
    if request.method == "POST":
        try:
            name = body_of(request).get("name")
            refuse_list(name if isinstance(name, str) else "")
        except BadBody:
            return problem(*UNREADABLE)
        except EntityRefused as refused:
            return problem(400, 400.8, " ".join(refused.messages))
        return answered(
            {**_dataset(request, str(name), timezone.now()), "properties": []}
        )
    lists = Entity.objects.of(request.municipality).filter(deleted_at=None)
    found = lists.values("list_name").annotate(since=Min("created_at"))
    return answered(
        [
            _dataset(request, each["list_name"], each["since"])
            for each in found.order_by("list_name")
        ]
    )


def _dataset(request: TownRequest, name: str, since: Any) -> dict[str, Any]:
    return {
        "name": name,
        "projectId": request.municipality.pk,
        "createdAt": moment(since),
        "approvalRequired": False,
    }


@require_GET
@in_project(EXPORT)
def dataset(request: TownRequest, name: str) -> HttpResponse:
    found = _rows(request, name).aggregate(since=Min("created_at"), rows=Count("pk"))
    if not found["rows"]:
        return problem(*NOT_FOUND)
    withheld = _withheld(request, name)
    keys = {key for data in _rows(request, name).values_list("data") for key in data[0]}
    properties = [
        {
            "name": key,
            "odataName": key,
            "publishedAt": moment(found["since"]),
            "forms": [],
        }
        for key in sorted(keys - withheld.properties)
    ]
    listed = _dataset(request, name, found["since"])
    return answered({**listed, "properties": properties})


@require_POST
@in_project(EXPORT)
def properties(request: TownRequest, name: str) -> HttpResponse:
    """An entity may bring any property that is rightly named: nothing to set up."""
    try:
        refuse_list(name)
        read_property(body_of(request).get("name"))
    except BadBody:
        return problem(*UNREADABLE)
    except EntityRefused as refused:
        return problem(400, 400.8, " ".join(refused.messages))
    return answered({"success": True})


# -- entities ----------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@in_project(EXPORT)
def entities(request: TownRequest, name: str) -> HttpResponse:
    if request.method == "POST":
        return _create(request, name)
    _note(request, name, "read")
    withheld = _withheld(request, name)
    return answered([_entity(each, withheld) for each in _rows(request, name)])


def _forbidden(request: TownRequest) -> HttpResponse | None:
    if request.user.has_perm(EDIT, request.municipality):
        return None
    words = "The authenticated actor does not have rights to perform that action."
    return problem(403, 403.1, words)


def _create(request: TownRequest, name: str) -> HttpResponse:
    """One entity, or many as `entities`: all of them or none."""
    forbidden = _forbidden(request)
    if forbidden is not None:
        return forbidden
    try:
        body = body_of(request)
        many = body.get("entities")
        if many is not None and not isinstance(many, list):
            raise EntityRefused("entities is a list.")
        given = [read_given(each) for each in ([body] if many is None else many)]
        made = create_entities(
            municipality=request.municipality, list_name=name, given=given
        )
    except BadBody:
        return problem(*UNREADABLE)
    except EntityRefused as refused:
        return problem(400, 400.8, " ".join(refused.messages))
    except EntityConflict as conflict:
        return problem(409, 409.3, " ".join(conflict.messages))
    _note(request, name, "create", entities=len(made))
    if many is not None:
        return answered({"success": True})
    return answered(_entity(made[0], Withheld()))


@require_http_methods(["GET", "PATCH", "DELETE"])
@in_project(EXPORT)
def entity(request: TownRequest, name: str, uuid: str) -> HttpResponse:
    found = _rows(request, name).filter(uuid=UUID(uuid)).first()
    if found is None:
        return problem(*NOT_FOUND)
    if request.method == "GET":
        _note(request, name, "read", entity=uuid)
        return answered(_entity(found, _withheld(request, name)))
    forbidden = _forbidden(request)
    if forbidden is not None:
        return forbidden
    try:
        if request.method == "PATCH":
            return _change(request, found)
        delete_entity(entity=found)
    except BadBody:
        return problem(*UNREADABLE)
    except EntityRefused as refused:
        return problem(400, 400.8, " ".join(refused.messages))
    except EntityConflict as conflict:
        return problem(409, 409.15, " ".join(conflict.messages))
    _note(request, name, "delete", entity=uuid)
    return answered({"success": True})


def _change(request: TownRequest, found: Entity) -> HttpResponse:
    forced = request.GET.get("force", "").lower() == "true"
    base = request.GET.get("baseVersion", "")
    if not forced and not (base.isdecimal() and len(base) < 10):
        raise EntityConflict("Say which version you changed (baseVersion) or force it.")
    given = read_given({**body_of(request), "uuid": str(found.uuid)})
    changed = change_entity(
        entity=found, given=given, base_version=None if forced else int(base)
    )
    _note(request, found.list_name, "change", entity=str(found.uuid))
    return answered(_entity(changed, _withheld(request, found.list_name)))


def _entity(each: Entity, withheld: Withheld) -> dict[str, Any]:
    return {
        "uuid": str(each.uuid),
        "creatorId": 0,
        "createdAt": moment(each.created_at),
        "updatedAt": moment(each.changed_at),
        "deletedAt": None,
        "conflict": None,
        "currentVersion": {
            "label": withheld.label_of(each),
            "current": True,
            "createdAt": moment(each.changed_at),
            "creatorId": 0,
            "userAgent": "",
            "version": each.version,
            "data": withheld.data_of(each),
            "baseVersion": each.version - 1 or None,
            "conflictingProperties": None,
        },
    }


@require_GET
@in_project(EXPORT)
def entity_table(request: TownRequest, name: str) -> HttpResponse:
    try:
        query = read_query(request.GET.dict(), ENTITY_FIELDS)
    except Refused as refused:
        return problem(400, 400.8, str(refused))
    _note(request, name, "read")
    size = min(query.top if query.top is not None else LARGEST_PAGE, LARGEST_PAGE)
    asked_for = _rows(request, name)
    if query.filter is not None:
        asked_for = asked_for.filter(query.filter)
    rows = list(
        asked_for.filter(pk__gt=query.after)[query.skip : query.skip + size + 1]
    )
    withheld = _withheld(request, name)
    shown = [_table_row(each, withheld) for each in rows[:size]]
    answer: dict[str, Any] = {
        "@odata.context": request.build_absolute_uri("$metadata#Entities"),
        "value": [selected(each, query.select) for each in shown],
    }
    if query.count:
        answer["@odata.count"] = asked_for.count()
    if len(rows) > size > 0 and query.top is None:
        kept = {
            key: value
            for key, value in request.GET.items()
            if key not in {"$skip", "$skiptoken"}
        }
        asked = urlencode({**kept, "$skiptoken": token(rows[size - 1].pk)})
        answer["@odata.nextLink"] = request.build_absolute_uri(f"?{asked}")
    return odata_json(answer)


def _table_row(each: Entity, withheld: Withheld) -> dict[str, Any]:
    return {
        "__id": str(each.uuid),
        "label": withheld.label_of(each),
        "__system": {
            "createdAt": moment(each.created_at),
            "updatedAt": moment(each.changed_at),
            "creatorId": "0",
            "creatorName": "",
            "updates": each.version - 1,
            "version": each.version,
            "conflict": None,
        },
        **withheld.data_of(each),
    }

"""The OData feed of a form, at `/v1/projects/ID/forms/CODE.svc`."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from layers.geography.access import TownRequest
from surveys.models import Form
from surveys.out.access import NOT_FOUND, in_project, problem
from surveys.out.api_views import EXPORT, form_of
from surveys.out.odata import (
    LARGEST_PAGE,
    PAGE,
    ROW_FIELDS,
    SUBMISSION_FIELDS,
    Query,
    Refused,
    entity_of,
    metadata,
    read_query,
    service_document,
    table_name,
    token,
)
from surveys.out.services import note_program
from surveys.out.tables import Scope, Sheet, page, sheets_of

VERSION = "4.0"
PREFERRED = re.compile(r"\bmaxpagesize=([1-9][0-9]{0,5})\b")
JSON = "application/json; odata.metadata=minimal"


def _root(request: TownRequest, form: Form) -> str:
    path = reverse("api:service", args=[request.municipality.pk, form.code])
    return request.build_absolute_uri(path)


def _spoken(response: HttpResponse) -> HttpResponse:
    response["OData-Version"] = VERSION
    return response


def odata_json(content: Any) -> HttpResponse:
    written = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return _spoken(HttpResponse(written, content_type=JSON))


def _scope(request: TownRequest, form: Form) -> Scope:
    """`?identifiers=true` adds names, free text and places: whoever may read records may
    ask for it, and that they did is kept.
    """
    return Scope(form=form, identifiers=request.GET.get("identifiers") == "true")


@require_GET
@in_project(EXPORT)
def service(request: TownRequest, form: str) -> HttpResponse:
    found = form_of(request, form)
    if found is None:
        return problem(*NOT_FOUND)
    sheets = sheets_of(_scope(request, found), "en")
    return odata_json(service_document(_root(request, found), sheets))


@require_GET
@in_project(EXPORT)
def description(request: TownRequest, form: str) -> HttpResponse:
    found = form_of(request, form)
    if found is None:
        return problem(*NOT_FOUND)
    content = metadata(sheets_of(_scope(request, found), "en"))
    return _spoken(HttpResponse(content, content_type="application/xml"))


@require_GET
@in_project(EXPORT)
def table(request: TownRequest, form: str, name: str) -> HttpResponse:
    """A page of rows. `$top` ends the answer; without it the next page is linked."""
    found = form_of(request, form)
    if found is None:
        return problem(*NOT_FOUND)
    scope = _scope(request, found)
    sheets = {table_name(each): each for each in sheets_of(scope, "en")}
    sheet = sheets.get(name)
    if sheet is None:
        return problem(*NOT_FOUND)
    try:
        query = read_query(
            request.GET.dict(), ROW_FIELDS if sheet.name else SUBMISSION_FIELDS
        )
    except Refused as refused:
        return problem(
            501 if "not supported" in str(refused) else 400, 400.8, str(refused)
        )
    goes_on = bool(query.after or query.skip)
    note_program(
        municipality=request.municipality,
        by=request.user,
        kind="odata",
        options={"form": form, "table": name, "identifiers": scope.identifiers},
        goes_on=goes_on,
    )
    return _answer(request, scope, sheet, query)


def _preferred(request: TownRequest) -> int | None:
    """`Prefer: odata.maxpagesize=`, within what is possible."""
    wished = PREFERRED.search(request.headers.get("Prefer", ""))
    return min(int(wished[1]), LARGEST_PAGE) if wished else None


def _page_size(request: TownRequest, query: Query) -> int:
    most = _preferred(request)
    if query.top is None:
        return most or PAGE
    return min(query.top, most or LARGEST_PAGE)


def _answer(
    request: TownRequest, scope: Scope, sheet: Sheet, query: Query
) -> HttpResponse:
    scope = scope.narrowed(query.filter)
    size = _page_size(request, query)
    rows = (
        page(scope, sheet.name, after=query.after, limit=size + 1, skip=query.skip)
        if size
        else []
    )
    entity = entity_of(sheet)
    shown = [selected(entity(values), query.select) for _key, values in rows[:size]]
    root, name = _root(request, scope.form), table_name(sheet)
    chosen = f"({','.join(query.select)})" if query.select else ""
    answer: dict[str, Any] = {"@odata.context": f"{root}/$metadata#{name}{chosen}"}
    if query.count:
        answer["@odata.count"] = scope.count(sheet.name)
    answer["value"] = shown
    left = None if query.top is None else query.top - len(shown)
    if len(rows) > size and left != 0:
        asked = _next_query(request, rows[size - 1][0], left)
        answer["@odata.nextLink"] = f"{root}/{quote(name)}?{asked}"
    response = odata_json(answer)
    if preferred := _preferred(request):
        response["Preference-Applied"] = f"odata.maxpagesize={preferred}"
    return response


def _next_query(request: TownRequest, after: int, left: int | None) -> str:
    gone = {"$skip", "$skiptoken", "$top"}
    asked = {key: value for key, value in request.GET.items() if key not in gone}
    asked["$skiptoken"] = token(after)
    if left is not None:
        asked["$top"] = str(left)
    return urlencode(asked)


def selected(row: dict[str, Any], wanted: tuple[str, ...]) -> dict[str, Any]:
    if not wanted:
        return row
    first = {each.split("/")[0] for each in wanted}
    return {name: value for name, value in row.items() if name in first}

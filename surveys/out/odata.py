"""OData v4 as Excel, Power BI and ODK's programs ask for it. Pure but for Django's `Q`.

Source: OASIS OData 4.01, Parts 1 and 2, and CSDL XML; names of system fields as ODK
Central has them, so that what was written for it works here.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

from django.db.models import Q

from surveys.out.tables import Sheet, Value, text

SCHEMA = "org.opendatakit.user"
EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
EDM = "http://docs.oasis-open.org/odata/ns/edm"
CAPABILITIES = "Org.OData.Capabilities.V1"
VOCABULARY = (
    f"https://oasis-tcs.github.io/odata-vocabularies/vocabularies/{CAPABILITIES}.xml"
)
KINDS = {
    "integer": "Edm.Int64",
    "decimal": "Edm.Double",
    "date": "Edm.Date",
    "time": "Edm.String",
    "datetime": "Edm.DateTimeOffset",
    "geometry": "Edm.Geography",
}
STATES = {
    "received": None,
    "has_issues": "hasIssues",
    "sent_back": "hasIssues",
    "corrected": "edited",
    "approved": "approved",
    "rejected": "rejected",
}
SYSTEM = (
    ("submissionDate", "Edm.DateTimeOffset"),
    ("updatedAt", "Edm.DateTimeOffset"),
    ("reviewState", "Edm.String"),
    ("formVersion", "Edm.String"),
)
PAGE = 1000
LARGEST_PAGE = 10_000


class Refused(ValueError):
    """The query can't be understood; the text says which part."""


def table_name(sheet: Sheet) -> str:
    return f"Submissions.{sheet.name}" if sheet.name else "Submissions"


def identifier(name: str) -> str:
    """A CSDL SimpleIdentifier: letters, digits and underscores, not a digit first."""
    made = re.sub(r"[^\w]", "_", name)[:128]
    return f"_{made}" if made[:1].isdigit() else made


def service_document(root: str, sheets: Iterable[Sheet]) -> dict[str, Any]:
    return {
        "@odata.context": f"{root}/$metadata",
        "value": [
            {"name": table_name(each), "kind": "EntitySet", "url": table_name(each)}
            for each in sheets
        ],
    }


def metadata(sheets: Iterable[Sheet]) -> bytes:
    """The document that describes the tables, in CSDL XML."""
    sheets = list(sheets)
    root = ET.Element(f"{{{EDMX}}}Edmx", Version="4.0")
    vocabulary = ET.SubElement(root, f"{{{EDMX}}}Reference", Uri=VOCABULARY)
    ET.SubElement(vocabulary, f"{{{EDMX}}}Include", Namespace=CAPABILITIES)
    services = ET.SubElement(root, f"{{{EDMX}}}DataServices")
    schema = ET.SubElement(services, f"{{{EDM}}}Schema", Namespace=SCHEMA)
    system = ET.SubElement(schema, f"{{{EDM}}}ComplexType", Name="metadata")
    for name, kind in SYSTEM:
        ET.SubElement(system, f"{{{EDM}}}Property", Name=name, Type=kind)
    for sheet in sheets:
        _entity_type(schema, sheet)
    container = ET.SubElement(schema, f"{{{EDM}}}EntityContainer", Name="survey")
    for sheet in sheets:
        name = table_name(sheet)
        entity_set = ET.SubElement(
            container,
            f"{{{EDM}}}EntitySet",
            Name=name,
            EntityType=f"{SCHEMA}.{_type_name(sheet)}",
        )
        _restrict(entity_set, sheet)
    ET.register_namespace("edmx", EDMX)
    ET.register_namespace("", EDM)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _restrict(entity_set: ET.Element, sheet: Sheet) -> None:
    """So that Excel and Power BI sort, and filter by answers, themselves."""
    record = _annotation(entity_set, "SortRestrictions")
    ET.SubElement(record, f"{{{EDM}}}PropertyValue", Property="Sortable", Bool="false")
    record = _annotation(entity_set, "FilterRestrictions")
    named = ET.SubElement(
        record, f"{{{EDM}}}PropertyValue", Property="NonFilterableProperties"
    )
    listed = ET.SubElement(named, f"{{{EDM}}}Collection")
    for column in sheet.columns:
        if column.name not in KEYS:
            path = ET.SubElement(listed, f"{{{EDM}}}PropertyPath")
            path.text = identifier(column.name)


def _annotation(entity_set: ET.Element, term: str) -> ET.Element:
    term = f"{CAPABILITIES}.{term}"
    made = ET.SubElement(entity_set, f"{{{EDM}}}Annotation", Term=term)
    return ET.SubElement(made, f"{{{EDM}}}Record")


def _type_name(sheet: Sheet) -> str:
    return identifier(table_name(sheet))


def _entity_type(schema: ET.Element, sheet: Sheet) -> None:
    entity = ET.SubElement(schema, f"{{{EDM}}}EntityType", Name=_type_name(sheet))
    key = ET.SubElement(entity, f"{{{EDM}}}Key")
    ET.SubElement(key, f"{{{EDM}}}PropertyRef", Name="__id")
    _property(entity, "__id", "Edm.String", Nullable="false")
    if sheet.name:
        _property(entity, "__Submissions-id", "Edm.String")
        _property(entity, "__parent-id", "Edm.String")
    else:
        _property(entity, "__system", f"{SCHEMA}.metadata")
    for column in sheet.columns:
        if column.name not in KEYS:
            _property(
                entity, identifier(column.name), KINDS.get(column.kind, "Edm.String")
            )


def _property(entity: ET.Element, name: str, kind: str, **more: str) -> None:
    ET.SubElement(entity, f"{{{EDM}}}Property", {"Name": name, "Type": kind, **more})


def entity_of(sheet: Sheet) -> Callable[[Mapping[str, Value]], dict[str, Any]]:
    """Makes of a row of this sheet its JSON. What is not of its column's type goes as
    null, never as an error in somebody's spreadsheet.
    """
    fields = [
        (identifier(column.name), column.name, TYPED.get(column.kind, _written))
        for column in sheet.columns
        if column.name not in KEYS
    ]

    def entity(values: Mapping[str, Value]) -> dict[str, Any]:
        made: dict[str, Any] = {"__id": values["_id"]}
        if sheet.name:
            made["__Submissions-id"] = values["_record"]
            made["__parent-id"] = values["_parent"] or values["_record"]
        else:
            made["__system"] = {
                "submissionDate": _moment(values["_submitted"]),
                "updatedAt": _moment(values["_changed"]),
                "reviewState": STATES[values["_state"]],
                "formVersion": values["_version"],
            }
        for name, source, typed in fields:
            value = values.get(source)
            made[name] = None if value is None else typed(value)
        return made

    return entity


def _moment(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _written(value: Value) -> str:
    return _moment(value) if isinstance(value, datetime) else text(value)


def _number(value: Value) -> int | float | None:
    return value if isinstance(value, int | float) else None


def _integer(value: Value) -> int | None:
    """Files bring whole numbers as 15.0, which is no Edm.Int64."""
    number = _number(value)
    return int(number) if number is not None and number == int(number) else None


def _instant(value: Value) -> str | None:
    """With an offset: the standard knows no local time."""
    written = _written(value)
    if written and not re.search(r"(Z|[+-]\d\d:\d\d)$", written):
        return f"{written}Z"
    return written or None


def _geography(value: Value) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    return {key: value[key] for key in ("type", "coordinates")}


KEYS = frozenset({"_id", "_record", "_parent"})
TYPED: dict[str, Callable[[Value], Any]] = {
    "integer": _integer,
    "decimal": _number,
    "datetime": _instant,
    "geometry": _geography,
}


@dataclass(frozen=True)
class Query:
    """What `$top`, `$skip`, `$skiptoken`, `$count`, `$select` and `$filter` ask."""

    top: int | None
    skip: int
    after: int
    count: bool
    select: tuple[str, ...]
    filter: Q | None


def read_query(asked: Mapping[str, str], fields: Mapping[str, str]) -> Query:
    """Raises Refused. `fields`: what can be filtered by, and the model's name for it."""
    for name in asked:
        if name.startswith("$") and name not in KNOWN:
            raise Refused(f"{name} is not supported")
    if asked.get("$orderby"):
        raise Refused("$orderby is not supported: rows come in the order they arrived")
    given = asked.get("$filter", "")
    return Query(
        top=_whole(asked, "$top"),
        skip=_whole(asked, "$skip") or 0,
        after=read_token(asked.get("$skiptoken", "")),
        count=asked.get("$count", "").lower() == "true",
        select=tuple(
            each.strip() for each in asked.get("$select", "").split(",") if each.strip()
        ),
        filter=read_filter(given, fields) if given else None,
    )


KNOWN = {
    "$top",
    "$skip",
    "$skiptoken",
    "$count",
    "$select",
    "$filter",
    "$orderby",
    "$format",
    "$expand",
    "$wkt",
}


def _whole(asked: Mapping[str, str], name: str) -> int | None:
    given = asked.get(name, "")
    if not given:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", given):
        raise Refused(f"{name} must be a whole number")
    return int(given)


def token(after: int) -> str:
    return (
        "01" + base64.urlsafe_b64encode(json.dumps({"after": after}).encode()).decode()
    )


def read_token(given: str) -> int:
    if not given:
        return 0
    try:
        return int(json.loads(base64.urlsafe_b64decode(given[2:].encode()))["after"])
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("$skiptoken is not one that this server gave") from error


# -- $filter: comparisons of system fields with `and`, `or`, `not` and parentheses --------

TOKEN = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<text>'(?:[^']|'')*')"
    r"|(?P<moment>\d{4}-\d\d-\d\d(?:T[0-9:.]+(?:Z|[+-]\d\d:\d\d)?)?)"
    r"|(?P<number>-?\d+)|(?P<word>[A-Za-z_$][\w/$.]*))"
)
Fields = Mapping[str, str]
SUBMISSION_FIELDS = {
    "__system/submissionDate": "received_at",
    "__system/updatedAt": "changed_at",
    "__system/submitterId": "by",
    "__system/reviewState": "state",
}
ROW_FIELDS = {key: f"submission__{name}" for key, name in SUBMISSION_FIELDS.items()}
ENTITY_FIELDS = {
    "__system/createdAt": "created_at",
    "__system/updatedAt": "changed_at",
}
LOOKUPS = {"eq": "exact", "gt": "gt", "ge": "gte", "lt": "lt", "le": "lte"}
DEEPEST = 20
LARGEST_ID = 2**63


def read_filter(given: str, fields: Fields) -> Q:
    found, rest = _either(list(_tokens(given)), fields, 0)
    if rest:
        raise Refused(f"$filter: {rest[0][1]!r} was not expected")
    return found


Token = tuple[str, str]


def _tokens(given: str) -> Iterator[Token]:
    at = 0
    while given[at:].strip():
        match = TOKEN.match(given, at)
        if match is None or match.lastgroup is None:
            raise Refused(f"$filter can't be read from {given[at:][:20]!r} on")
        yield match.lastgroup, match[match.lastgroup]
        at = match.end()


def _either(tokens: list[Token], fields: Fields, depth: int) -> tuple[Q, list[Token]]:
    found, rest = _both(tokens, fields, depth)
    while rest and rest[0] == ("word", "or"):
        other, rest = _both(rest[1:], fields, depth)
        found |= other
    return found, rest


def _both(tokens: list[Token], fields: Fields, depth: int) -> tuple[Q, list[Token]]:
    found, rest = _one(tokens, fields, depth)
    while rest and rest[0] == ("word", "and"):
        other, rest = _one(rest[1:], fields, depth)
        found &= other
    return found, rest


def _one(tokens: list[Token], fields: Fields, depth: int) -> tuple[Q, list[Token]]:
    if depth > DEEPEST:
        raise Refused("$filter is nested too deeply")
    if tokens and tokens[0] == ("word", "not"):
        found, rest = _one(tokens[1:], fields, depth + 1)
        return ~found, rest
    if tokens and tokens[0][0] == "open":
        found, rest = _either(tokens[1:], fields, depth + 1)
        if not rest or rest[0][0] != "close":
            raise Refused("$filter: a parenthesis is not closed")
        return found, rest[1:]
    if len(tokens) < 3:
        raise Refused("$filter is not complete")
    (_kind, name), (_operator, operator), value, *rest = tokens
    return _comparison(name, operator, value, fields), rest


def _comparison(name: str, operator: str, value: Token, fields: Fields) -> Q:
    name = name.removeprefix("$root/Submissions/")
    field = fields.get(name)
    if field is None:
        raise Refused(f"$filter knows {', '.join(fields)}, not {name}")
    if operator != "ne" and operator not in LOOKUPS:
        raise Refused(f"$filter: {operator} is not supported")
    if field.endswith("state"):
        return _state(field, operator, value)
    lookup = LOOKUPS.get(operator, "exact")
    found = Q(**{f"{field}__{lookup}": _operand(field, value)})
    return ~found if operator == "ne" else found


def _state(field: str, operator: str, value: Token) -> Q:
    if operator not in {"eq", "ne"}:
        raise Refused("$filter: a state is compared with eq or ne")
    wanted = None if value[1] == "null" else value[1].strip("'")
    states = [ours for ours, theirs in STATES.items() if theirs == wanted]
    found = Q(**{f"{field}__in": states})
    return ~found if operator == "ne" else found


def _operand(field: str, value: Token) -> Any:
    kind, written = value
    if field.endswith("by"):
        if kind != "number" or abs(int(written)) >= LARGEST_ID:
            raise Refused("$filter: submitterId is a number")
        return int(written)
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise Refused(f"$filter: {written} is not a moment") from error
    return moment if moment.tzinfo else moment.astimezone()

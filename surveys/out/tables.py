"""The records of a form as flat tables: one for the form, one for each repeat.

Every way out reads them here, so that a column has the same name in each. What names a
person or a place exactly is left out unless it is asked for: names, telephones, free
text, positions, photos; of a birth date stays the age in months at the interview.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet

from surveys.models import Form, FormVersion, RepeatRow, Round, Submission
from surveys.questionnaires.parts import Parts, find_parts
from surveys.questionnaires.structure import (
    FILES,
    GEOMETRIES,
    LISTS,
    SELECTS,
    Question,
    Structure,
    Table,
)

BATCH = 500
CODES = frozenset({"household_code", "parcel", "household", "corrects", "outcome"})
Value = Any


@dataclass(frozen=True)
class Column:
    """`kind`: text, integer, decimal, date, time, datetime, boolean, list or geometry."""

    name: str
    label: str
    kind: str
    choices: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sheet:
    """`name` is the repeat's, empty for the form itself; `parent` the table above it."""

    name: str
    parent: str | None
    label: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Scope:
    """Which records: those of a form, of one round where one is named."""

    form: Form
    round: Round | None = None
    identifiers: bool = False
    states: tuple[str, ...] = ()
    # Of the rows that are asked for, whichever table they are of.
    narrowing: Q | None = None

    @cached_property
    def _versions(self) -> list[int]:
        """Their keys: a join would keep the planner from walking the primary key."""
        return list(self.form.versions.values_list("pk", flat=True))

    def narrowed(self, condition: Q | None) -> Scope:
        return replace(self, narrowing=condition)

    def count(self, table: str) -> int:
        return self.queryset(table).count()

    def queryset(self, table: str) -> QuerySet[Any]:
        found: QuerySet[Any] = self.rows(table) if table else self.submissions()
        return found if self.narrowing is None else found.filter(self.narrowing)

    def submissions(self) -> QuerySet[Submission]:
        found = Submission.objects.of(self.form.municipality).filter(
            version__in=self._versions, withdrawn_at=None, erased_at=None
        )
        if self.round is not None:
            found = found.filter(round=self.round)
        return found.filter(state__in=self.states) if self.states else found

    def keys_after(self, after: int, limit: int) -> list[int]:
        """The next keys of submissions. By version, because each has an index of its
        own in the order of keys; of several at once the planner would sort them all.
        """
        keys = heapq.merge(
            *(
                self.queryset("")
                .filter(version=version, pk__gt=after)
                .order_by("pk")
                .values_list("pk", flat=True)[:limit]
                for version in self._versions
            )
        )
        return list(islice(keys, limit))

    def rows(self, table: str) -> QuerySet[RepeatRow]:
        found = RepeatRow.objects.of(self.form.municipality).filter(
            table=table,
            submission__version__in=self._versions,
            submission__withdrawn_at=None,
            submission__erased_at=None,
        )
        if self.round is not None:
            found = found.filter(round=self.round)
        return found.filter(submission__state__in=self.states) if self.states else found


SYSTEM = (
    ("_id", "Record", "text"),
    ("_submitted", "Received", "datetime"),
    ("_changed", "Changed", "datetime"),
    ("_state", "State", "text"),
    ("_outcome", "Outcome", "text"),
    ("_interviewed", "Interview", "date"),
    ("_source", "Came by", "text"),
    ("_version", "Form version", "text"),
    ("_round", "Round", "text"),
    ("_household", "Household", "text"),
    ("_parcel", "Parcel", "text"),
    ("_zone", "Zone", "text"),
    ("_placed_by", "Placed by", "text"),
    ("_stratum", "Stratum", "text"),
    ("_psu", "Primary sampling unit", "text"),
    ("_weight", "Weight", "decimal"),
)
SYSTEM_OF_ROWS = (
    ("_id", "Row", "text"),
    ("_record", "Record", "text"),
    ("_parent", "Row above", "text"),
    ("_ordinal", "Number among its siblings", "integer"),
)
AGE = ("_age_months", "Age in months at the interview", "integer")


def sheets_of(scope: Scope, language: str = "ar") -> list[Sheet]:
    """The form's questions over all its versions; the newest says what they are called."""
    versions = (
        scope.form.versions.exclude(state=FormVersion.State.DRAFT)
        .order_by("-published_at", "-pk")
        .values_list("pk", "md5")
    )
    return list(_sheets(tuple(versions), scope.identifiers, language))


@lru_cache(maxsize=64)
def _sheets(
    keys: tuple[tuple[int, str], ...], identifiers: bool, language: str
) -> tuple[Sheet, ...]:
    """Kept, because a published version never changes: `keys` are theirs, with the
    hashes of their content.
    """
    versions = FormVersion.objects.defer("xform", "source", "remarks").in_bulk(
        [pk for pk, _md5 in keys]
    )
    found: dict[str, tuple[Table, dict[str, Column]]] = {}
    roster = ""
    for index, (pk, _md5) in enumerate(keys):
        structure = versions[pk].structure
        parts = find_parts(structure, versions[pk].parts)
        roster = roster if index else parts.roster
        for table in structure.tables:
            _table, columns = found.setdefault(table.name, (table, {}))
            for question in table.questions:
                if leaves(question, parts, identifiers):
                    columns.setdefault(
                        question.key, _column(question, structure, language)
                    )
    return tuple(
        Sheet(
            name,
            table.parent,
            table.labels.get(language, "") or name,
            (*(Column(*each) for each in _system(name, roster)), *columns.values()),
        )
        for name, (table, columns) in found.items()
    )


def _system(table: str, roster: str) -> tuple[tuple[str, str, str], ...]:
    if not table:
        return SYSTEM
    return (*SYSTEM_OF_ROWS, AGE) if table == roster else SYSTEM_OF_ROWS


def leaves(question: Question, parts: Parts, identifiers: bool) -> bool:
    """Whether the question goes out."""
    if question.type in {"note", "metadata"}:
        return False
    if identifiers:
        return True
    if question.type in GEOMETRIES or question.type in FILES:
        return False
    codes = {key for part, key in parts.main.items() if part in CODES}
    codes.add(parts.roster_keys.get("child_code", ""))
    if question.key == parts.roster_keys.get("birth_date"):
        return False
    return question.type not in {"text", "barcode"} or question.key in codes


def _column(question: Question, structure: Structure, language: str) -> Column:
    kind = question.type
    if kind in GEOMETRIES:
        kind = "geometry"
    elif kind in LISTS:
        kind = "list"
    elif kind not in {"integer", "decimal", "date", "time", "datetime"}:
        kind = "text"
    choices = {}
    if question.type in SELECTS:
        choices = {
            choice.value: structure.in_language(choice.labels, language) or choice.value
            for choice in structure.choices.get(question.choices, ())
        }
    label = structure.in_language(question.labels, language) or question.key
    return Column(question.key, label, kind, choices)


def submission_values(record: Submission) -> dict[str, Value]:
    """By column's name; the fixed ones and every answer."""
    return {
        **record.answers,
        "_id": record.instance_id,
        "_submitted": record.received_at,
        "_changed": record.changed_at,
        "_state": record.state,
        "_outcome": record.outcome,
        "_interviewed": record.interviewed_on,
        "_source": record.source,
        "_version": record.version.version if record.version else "",
        "_round": record.round.code,
        "_household": record.household.code,
        "_parcel": record.parcel.code if record.parcel else "",
        "_zone": record.zone.code if record.zone else "",
        "_placed_by": record.placed_by,
        "_stratum": record.stratum,
        "_psu": record.psu,
        "_weight": record.weight,
    }


def row_values(row: RepeatRow) -> dict[str, Value]:
    return {
        **row.answers,
        "_id": str(row.pk),
        "_record": row.submission.instance_id,
        "_parent": str(row.parent_id or ""),
        "_ordinal": row.ordinal,
        "_age_months": months(row.birth_date, row.submission.interviewed_on),
    }


def months(birth: date | None, day: date) -> int | None:
    """Completed months of life."""
    if birth is None or birth > day:
        return None
    whole = (day.year - birth.year) * 12 + day.month - birth.month
    return whole - (day.day < birth.day)


def page(
    scope: Scope, table: str, *, after: int = 0, limit: int = BATCH, skip: int = 0
) -> list[tuple[int, dict[str, Value]]]:
    """Keys and values of the next rows, in the order of their keys: the same cost for
    the first page as for the last.
    """
    found = _in_order(scope, table)
    if table:
        rows = list(found.filter(pk__gt=after)[skip : skip + limit])
    else:
        keys = scope.keys_after(after, skip + limit)[skip:]
        rows = list(found.filter(pk__in=keys)) if keys else []
    return [(each.pk, _values(each)) for each in rows]


def batches(scope: Scope, table: str) -> Iterator[list[dict[str, Value]]]:
    """All rows by one query, through a cursor of the database's: a batch in memory at
    a time. To be used within a transaction.
    """
    batch = []
    for each in _in_order(scope, table).iterator(chunk_size=BATCH):
        batch.append(_values(each))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _in_order(scope: Scope, table: str) -> QuerySet[Any]:
    if table:
        return (
            scope.queryset(table)
            .select_related("submission")
            .only(
                "ordinal",
                "parent",
                "birth_date",
                "answers",
                "submission__instance_id",
                "submission__interviewed_on",
            )
            .order_by("pk")
        )
    return (
        scope.queryset("")
        .select_related("household", "parcel", "zone", "round", "version")
        .defer(
            "version__xform",
            "version__source",
            "version__tables",
            "version__remarks",
            "parcel__geometry",
            "zone__geometry",
        )
        .order_by("pk")
    )


def _values(found: Submission | RepeatRow) -> dict[str, Value]:
    if isinstance(found, Submission):
        return submission_values(found)
    return row_values(found)


def text(value: Value) -> str:
    """As one cell: several choices with a space between them, a place as its two
    coordinates, longitude last.
    """
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(str(each) for each in value)
    if isinstance(value, dict):
        return _place(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def _place(value: dict[str, Any]) -> str:
    if value.get("type") != "Point":
        return f"{value.get('type')} {value.get('coordinates')}"
    longitude, latitude, *_more = value["coordinates"]
    return f"{latitude} {longitude}"


def taken(columns: Iterable[Column], values: dict[str, Value]) -> list[Value]:
    return [values.get(column.name) for column in columns]

"""The queue of records: filtered, ranked and read page by page along its indexes."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import (
    Count,
    Exists,
    Expression,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.lookups import GreaterThan

from layers.geography.models import Municipality, Zone
from surveys.models import Finding, Household, Round, Submission
from surveys.review.workflow import OPEN

PAGE_SIZE = 50
# Beyond, a count says "more than": counting a million takes longer than the page.
COUNTED = 1000
FOUND_BY_NUMBER = 500
ORDER = ("queue_rank", "received_at", "pk")
State = Submission.State


@dataclass(frozen=True)
class Asked:
    """What of the queue is asked for; empty where that does not matter."""

    state: str = ""
    round: str = ""
    zone: str = ""
    check: str = ""
    place: str = ""
    number: str = ""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        values = {f.name: str(given.get(f.name) or "") for f in fields(cls)}
        return cls(
            **{k: v.replace("\x00", "").strip()[:100] for k, v in values.items()}
        )

    @property
    def states(self) -> tuple[str, ...]:
        return (self.state,) if self.state in State.values else OPEN

    def fields(self) -> list[tuple[str, str]]:
        """As a form hands it on."""
        return list(asdict(self).items())

    def query(self, **more: str) -> str:
        """As a link says it."""
        said = {**asdict(self), **more}
        return urlencode({name: value for name, value in said.items() if value})


@dataclass(frozen=True)
class Page:
    """`following` names the place after the last record, empty at the end."""

    records: list[Submission]
    following: str = ""


def matching(
    found: QuerySet[Submission], town: Municipality, asked: Asked
) -> QuerySet[Submission]:
    """Of every state; a round or zone that is not there matches nothing."""
    found = found.filter(withdrawn_at=None)
    if asked.round:
        round = Round.objects.of(town).filter(code=asked.round).first()
        found = found.filter(round=round) if round else found.none()
    if asked.zone:
        zone = Zone.objects.of(town).reporting().filter(code=asked.zone).first()
        found = found.filter(zone=zone) if zone else found.none()
    if asked.place:
        found = found.filter(parcel=None)
    if asked.check:
        hits = Finding.objects.of(town).filter(
            submission=OuterRef("pk"), check_code=asked.check, dismissed_at=None
        )
        # Whoever has an open finding has a rank: the others need not be looked at.
        found = found.filter(Exists(hits), queue_rank__lt=0)
    if asked.number:
        houses = Household.objects.of(town).filter(beginning_with(asked.number))
        keys = list(houses.values_list("pk", flat=True)[:FOUND_BY_NUMBER])
        found = found.filter(household__in=keys)
    return found


def beginning_with(number: str) -> Expression:
    """`starts_with` rather than LIKE: row security lets only such functions use an
    index as can't tell other towns' rows.
    """
    code = Func(F("code"), template="%(expressions)s::text")
    return _Begins(code, Value(number))


class _Begins(Func):
    conditional = True
    template = "%(expressions)s"
    arg_joiner = " ^@ "


def page_of(
    found: QuerySet[Submission], asked: Asked, after: tuple[Any, ...] | None
) -> Page:
    """Each state's part of the page comes from the index in its order; the parts are
    merged here, because no index has several states in one order.
    """
    parts = []
    for state in asked.states:
        part = found.filter(state=state).order_by(*ORDER)
        if after is not None:
            part = part.filter(
                GreaterThan(_row(*map(F, ORDER)), _row(*map(Value, after)))
            )
        parts.append(part.values_list(*ORDER)[: PAGE_SIZE + 1])
    places = list(heapq.merge(*parts))
    shown = [pk for _rank, _at, pk in places[:PAGE_SIZE]]
    records = (
        Submission.objects.filter(pk__in=shown)
        .select_related("household", "zone", "round", "by")
        .defer("answers", "zone__geometry", "zone__geometry_3857")
        .annotate(doubts=Count("findings", filter=Q(findings__dismissed_at=None)))
    )
    by_key = {record.pk: record for record in records}
    more = len(places) > PAGE_SIZE
    return Page(
        [by_key[pk] for pk in shown if pk in by_key],
        _written(places[PAGE_SIZE - 1]) if more else "",
    )


def _row(*parts: Any) -> Func:
    return Func(*parts, function="ROW", output_field=Submission._meta.get_field("id"))


def _written(place: tuple[int, datetime, int]) -> str:
    rank, at, pk = place
    return f"{rank}~{at.isoformat()}~{pk}"


def read_place(text: str) -> tuple[Any, ...] | None:
    """The inverse; None, the queue's beginning, for what names no place."""
    try:
        rank, at, pk = text.split("~")
        place = int(rank), datetime.fromisoformat(at), int(pk)
    except ValueError:
        return None
    in_range = abs(place[0]) < 2**15 and 0 <= place[2] < 2**63
    return place if in_range and place[1].tzinfo else None


def counts_of(found: QuerySet[Submission]) -> dict[str, int]:
    """How many are in each state; COUNTED + 1 stands for more than COUNTED."""
    return {
        state: found.filter(state=state).order_by().values("pk")[: COUNTED + 1].count()
        for state in State.values
    }


def next_after(found: QuerySet[Submission], record: Submission) -> int | None:
    """The record that waits first, this one left out."""
    waiting = page_of(found.exclude(pk=record.pk), Asked(), None).records
    return waiting[0].pk if waiting else None

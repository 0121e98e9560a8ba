"""Who uses a layer: maps that hold it, and how often it was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.http import QueryDict

from layers.geography.declaration import read_sql
from layers.geography.models import Municipality
from layers.maps.models import SavedMap
from layers.own.models import LayerUse, OwnLayer

COUNT = read_sql("layers.own", "count_use.sql")
EVERYONE, PROGRAM = "everyone", "program"
# Days that the page tells of.
TOLD = 30


def note_use(
    *, own_id: int, municipality: Municipality, how: str, user: Any, by_key: bool
) -> None:
    """One more today. Nothing is kept of who it was, only the role."""
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT,
            {
                "municipality": municipality.pk,
                "own_layer": own_id,
                "day": municipality.today(),
                "how": how,
                "who": PROGRAM if by_key else _role(user, municipality),
            },
        )


def _role(user: Any, municipality: Municipality) -> str:
    held = user.roles_in(municipality) if user.is_authenticated else set()
    return min(held, default=EVERYONE)


@dataclass(frozen=True)
class Uses:
    """`maps` are those that the reader may open; others are only counted."""

    maps: list[SavedMap]
    others: int
    embedded: int
    rows: list[dict[str, Any]]
    """A row a day and a role, with how often in each way; the latest first."""

    @classmethod
    def of(cls, own: OwnLayer, user: Any) -> Uses:
        town = own.municipality
        holding = [
            each
            for each in SavedMap.objects.of(town).select_related("owner")
            if own.layer_name in layers_in(each.state)
        ]
        readable = set(
            SavedMap.objects.readable_by(user, town).values_list("pk", flat=True)
        )
        return cls(
            maps=[each for each in holding if each.pk in readable],
            others=sum(each.pk not in readable for each in holding),
            embedded=sum(bool(each.token) for each in holding),
            rows=_days(own),
        )

    @property
    def total(self) -> int:
        return sum(row[how] for row in self.rows for how in LayerUse.How.values)


def layers_in(state: str) -> set[str]:
    """Names of the layers that a saved map shows, or filters."""
    said = QueryDict(state)
    shown = {part.partition(":")[0] for part in said.get("layers", "").split(",")}
    filtered = {part.partition(".")[0] for part in said.get("filter", "").split(";")}
    return (shown | filtered) - {""}


def _days(own: OwnLayer) -> list[dict[str, Any]]:
    since = own.municipality.today() - timedelta(days=TOLD)
    found: dict[tuple, dict[str, Any]] = {}
    uses = LayerUse.objects.of(own.municipality).filter(layer=own, day__gt=since)
    for use in uses.order_by("-day", "who"):
        row = found.setdefault(
            (use.day, use.who),
            {"day": use.day, "who": use.who, **dict.fromkeys(LayerUse.How.values, 0)},
        )
        row[use.how] += use.count
    return list(found.values())

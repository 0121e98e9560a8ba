"""What stands on a place goes with it when the place changes.

A room above declares `FOLLOWERS` in its `followers.py`, as it declares layers; each moves
the room's own rows by the room's own rule, in the transaction of the edit.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import shapely
from django.apps import apps
from django.utils.functional import Promise
from shapely import MultiPolygon, Point

if TYPE_CHECKING:
    from layers.geography.models import Municipality


@dataclass(frozen=True)
class Place:
    """A parcel or zone in force; `geometry` in EPSG:4326."""

    pk: int
    code: str
    geometry: MultiPolygon
    zone_id: int | None = None


@dataclass(frozen=True)
class Change:
    """Places that changed: key → those that took its place, the largest first.

    A place that only moved its border is followed by itself; one that was taken out of
    force by none. `memory` is what the follower remembered of the edit that is undone.
    """

    municipality: Municipality
    parcels: bool
    by: Any
    codes: Mapping[int, str]
    successors: Mapping[int, Sequence[Place]]
    memory: Any = None

    @cached_property
    def split(self) -> dict[int, Sequence[Place]]:
        """Places with several successors."""
        return {pk: after for pk, after in self.successors.items() if len(after) > 1}

    @cached_property
    def replaced(self) -> dict[int, Sequence[Place]]:
        """Places that are followed by others than themselves alone."""
        return {
            pk: after
            for pk, after in self.successors.items()
            if [place.pk for place in after] != [pk]
        }

    def holding(self, pk: int, longitude: float, latitude: float) -> Place | None:
        """The successor that holds a position in degrees (EPSG:4326)."""
        point = Point(longitude, latitude)
        for each in self.successors[pk]:
            # A zone is asked for each of its thousands of records.
            shapely.prepare(each.geometry)
            if each.geometry.covers(point):
                return each
        return None

    def keeping(self, pk: int) -> Place | None:
        """The successor that keeps the key and so the code."""
        return next((each for each in self.successors[pk] if each.pk == pk), None)


@dataclass(frozen=True)
class Move:
    """A thing that goes from the place `origin` to `destination`, both codes.

    `open` means that a person should look at it; then it may stay where it was.
    """

    label: str
    origin: str
    destination: str
    open: bool = False


@dataclass(frozen=True)
class Following:
    """`memory` is JSON without persons' data, given back when the edit is undone."""

    moves: list[Move] = field(default_factory=list)
    memory: Any = None


class Room(Protocol):
    """`permission` is what it takes to see which things follow; without it, their number."""

    name: str
    title: str | Promise
    count: Callable[[int], str]
    permission: str


class Follower(Room, Protocol):
    def follow(self, change: Change) -> Following: ...

    def go_back(self, change: Change) -> Following: ...


_followers: dict[str, Follower] = {}


def gather() -> None:
    """Reads every app's declarations."""
    _followers.clear()
    for config in apps.get_app_configs():
        module = sys.modules.get(f"{config.name}.followers")
        for follower in getattr(module, "FOLLOWERS", ()):
            _followers[follower.name] = follower


def followers() -> Iterator[Follower]:
    yield from _followers.values()


def follower_named(name: str) -> Follower | None:
    return _followers.get(name)


def place_of(row: Any) -> Place:
    """Of a parcel or zone as the database has it."""
    return Place(
        row.pk,
        row.code,
        shapely.from_wkb(bytes(row.geometry.wkb)),
        getattr(row, "zone_id", None),
    )

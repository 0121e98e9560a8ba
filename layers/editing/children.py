"""Smaller zones go with the zone above them when that changes: blocks with their quarter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from shapely.geometry.base import BaseGeometry

from layers.editing import adoption, statements
from layers.editing.adoption import Ground, Inner, Settled
from layers.editing.drafts import Row
from layers.editing.examining import NAMED, Remark, areas_near
from layers.editing.followers import Following, Move
from layers.editing.models import Edit, Layer
from layers.editing.states import State
from layers.geography.models import REPORTING, Municipality, Zone

# Key of a zone → the parent that it had, and the one that the edit gave it.
Memory = dict[str, list[int | None]]


class InnerZones:
    """How the room that edits tells of its own followers."""

    name = "zones"
    title = _("Smaller zones inside")
    permission = "geography.import_data"

    def count(self, number: int) -> str:
        return ngettext("%(n)s zone", "%(n)s zones", number) % {"n": number}


INNER = InnerZones()


@dataclass(frozen=True)
class Family:
    """What goes under another zone, and what is to be said of it."""

    following: Following = field(default_factory=Following)
    remarks: list[Remark] = field(default_factory=list)


def follow(
    municipality: Municipality,
    layer: Layer,
    *,
    before: Sequence[State],
    after: Sequence[Row],
    memory: Memory | None = None,
) -> Family:
    """Puts the smaller zones under those that hold their largest parts, in the edit's
    transaction. `memory` of the edit that is undone puts them back first.
    """
    if layer.is_parcels:
        return Family()
    outlines = [shapely.from_wkb(bytes.fromhex(each["geometry"])) for each in before]
    outlines += [shapely.from_wkb(bytes(row.geometry.wkb)) for row in after]
    box = shapely.total_bounds(outlines)
    inners = _inners(municipality, layer, before, box)
    back = _back(inners, memory or {})
    left = [each for each in inners if each.pk not in back]
    settled = list(adoption.settle(left, _ground(municipality, layer, before, after, box)))  # fmt: skip
    given = back | {each.inner.pk: each.parent for each in settled}
    former = {each.pk: each.parent for each in inners}
    remembered: Memory = {}
    for pk, parent in given.items():
        if parent != former[pk]:
            Zone.objects.filter(pk=pk).update(parent=parent)
            remembered[str(pk)] = [former[pk], parent]
    cut = {each.inner.pk for each in settled if each.is_cut or each.parent is None}
    moves = _moves(inners, given, cut)
    return Family(Following(moves, remembered), _remarks(municipality, settled))


def across_parents(municipality: Municipality, merged: Sequence[State]) -> list[Remark]:
    """Zones under different ones become one, which goes under the larger part's."""
    parents = {each["pk"]: each.get("parent_id") for each in merged}
    if len(set(parents.values())) < 2:
        return []
    areas: Counter[int | None] = Counter()
    for pk, shape in _projected(municipality, merged).items():
        areas[parents[pk]] += shape.area
    smaller = areas.total() - max(areas.values())
    codes = tuple(each["code"] for each in merged)[:NAMED]
    return [Remark("across_parents", codes, smaller, None)]


def _inners(
    municipality: Municipality, layer: Layer, before: Sequence[State], box: Any
) -> list[Inner]:
    level = REPORTING.index(layer.value)
    west, south, east, north = map(float, box)
    found = statements.rows(
        "inner_zones",
        municipality=municipality.pk,
        srid=municipality.srid,
        finer=list(REPORTING[level + 1 :]),
        higher=list(REPORTING[:level]),
        changed=[each["pk"] for each in before],
        west=west,
        south=south,
        east=east,
        north=north,
    )
    return [
        Inner(pk, code, parent, shapely.from_wkb(bytes(wkb)))
        for pk, code, parent, wkb in found
    ]


def _ground(
    municipality: Municipality,
    layer: Layer,
    before: Sequence[State],
    after: Sequence[Row],
    box: Any,
) -> Ground:
    now = areas_near(municipality, layer, box)
    parents = {each["pk"]: each["parent_id"] for each in before}
    return Ground(
        before=_projected(municipality, before),
        now={pk: shape for pk, _code, shape in now},
        brought=frozenset(row.pk for row in after),
        above={pk: parent if _in_force(parent) else None for pk, parent in parents.items()},
    )  # fmt: skip


def _projected(
    municipality: Municipality, states: Sequence[State]
) -> Mapping[int, BaseGeometry]:
    """By key. The row of a zone that goes on has its new border already."""
    found = statements.rows(
        "projected",
        municipality=municipality.pk,
        srid=municipality.srid,
        n=list(range(len(states))),
        shapes=[_wkb(each) for each in states],
    )
    return {states[n]["pk"]: shapely.from_wkb(bytes(wkb)) for n, wkb in found if n >= 0}


def _wkb(state: State) -> bytes:
    shape = shapely.from_wkb(bytes.fromhex(state["geometry"]))
    return shapely.to_wkb(shapely.set_srid(shape, 0))


def _in_force(pk: int | None) -> bool:
    return pk is not None and Zone.objects.current().filter(pk=pk).exists()


def _back(inners: Sequence[Inner], memory: Memory) -> dict[int, int | None]:
    """The parents of before the edit that is undone, where nobody gave another since."""
    wanted = {
        each.pk: memory[str(each.pk)][0]
        for each in inners
        if str(each.pk) in memory and memory[str(each.pk)][1] == each.parent
    }
    keys = {pk for pk in wanted.values() if pk is not None}
    zones = Zone.objects.current().filter(pk__in=keys)
    living = set(zones.values_list("pk", flat=True))
    return {pk: each for pk, each in wanted.items() if each is None or each in living}


def _moves(
    inners: Sequence[Inner], given: Mapping[int, int | None], cut: set[int]
) -> list[Move]:
    keys = {pk for each in inners for pk in (each.parent, given.get(each.pk)) if pk}
    codes = dict(Zone.objects.filter(pk__in=keys).values_list("pk", "code"))
    return [
        Move(
            each.code,
            codes.get(each.parent or 0, ""),
            codes.get(given[each.pk] or 0, ""),
            each.pk in cut,
        )
        for each in inners
        if each.pk in given and (given[each.pk] != each.parent or each.pk in cut)
    ]


def _remarks(municipality: Municipality, settled: Sequence[Settled]) -> list[Remark]:
    cut = [each for each in settled if each.is_cut]
    lost = [each for each in settled if each.parent is None]
    return [
        *_told(municipality, "cuts_zones", cut),
        *_told(municipality, "parentless", lost),
    ]


def _told(
    municipality: Municipality, code: str, found: Sequence[Settled]
) -> list[Remark]:
    if not found:
        return []
    spot = shapely.point_on_surface(found[0].elsewhere)
    place = statements.spots([(spot.x, spot.y)], municipality.srid)[0]
    area = sum(each.elsewhere.area for each in found)
    codes = tuple(each.inner.code for each in found[:NAMED])
    return [Remark(code, codes, area, place, count=len(found))]


def parent_again(
    row: Zone, state: State, edit: Edit, present: Mapping[int, int | None]
) -> int | None:
    """The parent of a zone that gets back the state it had before an edit: the state's,
    unless what took its place was put under another since; then by the largest part.

    `present` are the parents, before anything is taken back, of what the edit brought.
    """
    given = {each["pk"]: each["parent_id"] for each in edit.after}
    successors = edit.successors.get(str(row.pk), [])
    moved = any(present.get(pk, given[pk]) != given[pk] for pk in successors)
    parent: int | None = state["parent_id"]
    if (parent is None and not moved) or (not moved and _in_force(parent)):
        return parent
    layer = Layer(row.kind)
    higher = REPORTING[: REPORTING.index(layer.value)]
    shape = shapely.from_wkb(bytes(row.geometry.transform(row.municipality.srid, clone=True).wkb))  # fmt: skip
    box = row.geometry.extent
    for kind in reversed(higher):
        found = areas_near(row.municipality, Layer(kind), box)
        areas = {pk: area for pk, _code, area in found}
        best = adoption.largest(shape, areas, first=parent)
        if best is not None:
            return best
    return None

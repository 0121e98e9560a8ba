"""Changes the map by hand: all of an edit or nothing, under the municipality's lock."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from shapely import MultiPolygon

from layers.editing import carrying, children, drafts, examining, joining
from layers.editing.children import INNER
from layers.editing.drafts import Asked, Row
from layers.editing.errors import EditRefused
from layers.editing.examining import Remark
from layers.editing.followers import Change, Following, Place, followers, place_of
from layers.editing.models import TOLERANCE, Edit, Layer
from layers.editing.states import State, same, state_of
from layers.geography.events import geography_changed
from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from layers.indicators.models import Estimate


@dataclass(frozen=True)
class Order:
    """Who wants an edit, why, and from which day on.

    Nothing is written on a `dry_run`; warnings hold an edit back until `accepted`.
    `seen` is the token of the preview that was looked at, if there was one.
    """

    by: Any
    reason: str
    on: date
    dry_run: bool = False
    accepted: bool = False
    seen: str = ""


@dataclass
class Outcome:
    """What an edit does, or would do. `edit` is there once it is in force.

    `before` and `after` are states of places; `following` what goes with them, by room.
    """

    remarks: list[Remark]
    before: list[State] = field(default_factory=list)
    after: list[State] = field(default_factory=list)
    following: dict[str, Following] = field(default_factory=dict)
    token: str = ""
    edit: Edit | None = None

    @property
    def errors(self) -> list[Remark]:
        return [each for each in self.remarks if each.is_error]

    @property
    def warnings(self) -> list[Remark]:
        return [each for each in self.remarks if not each.is_error]


@dataclass(frozen=True)
class _Work:
    """An edit in the making."""

    municipality: Municipality
    layer: Layer
    kind: str
    order: Order
    undone: Edit | None = None
    tolerance: float = TOLERANCE


def change_map(*, municipality: Municipality, asked: Asked, order: Order) -> Outcome:
    """Split, merge, reshape, add or retire. Nothing is written where the outcome has no
    `edit`. Raises EditRefused for what can't be drawn.
    """
    work = _Work(municipality, asked.layer, asked.kind, order, None, asked.tolerance)
    with tenant(municipality), transaction.atomic():
        _lock(municipality)
        draft = drafts.drafted(municipality, joining.joined(municipality, asked))
        drafts.check_date(municipality, draft.former, order.on)
        shapes = [(wanted.code, wanted.geometry) for wanted in draft.after]
        if bad := examining.validity(municipality, shapes):
            return Outcome(bad)
        before = [state_of(row) for row in draft.former]
        coming = [wanted.code for wanted in draft.after]
        after = carrying.carry_out(municipality, asked.layer, draft, order.on)
        successors = {
            pk: [after[number] for number in numbers]
            for pk, numbers in draft.successors.items()
        }
        return _finish(
            work, _followed(work, before, after, successors, coming), successors
        )


def undo(*, municipality: Municipality, edit: Edit, order: Order) -> Outcome:
    """Puts every place of an edit back as it stood, as an edit of its own, from the day on
    which the edit came into force: `order.on` is not asked.

    An undo is undone in the same way: the edit is made again. Raises EditRefused where it
    was undone already or something was built upon it.
    """
    layer = Layer(edit.layer)
    kind = Edit.Kind.REDO if edit.is_undo else Edit.Kind.UNDO
    work = _Work(municipality, layer, kind, order, edit, edit.tolerance)
    with tenant(municipality), transaction.atomic():
        _lock(municipality)
        _check_untouched(municipality, edit, layer)
        before = [state_of(row) for row in _living(layer, edit.after)]
        coming = [state["code"] for state in edit.before]
        rows = carrying.take_back(municipality, edit)
        backwards = _backwards(edit, rows)
        return _finish(
            work, _followed(work, before, rows, backwards, coming), backwards
        )


def _lock(municipality: Municipality) -> None:
    """One change of the map at a time, as with imports."""
    Municipality.objects.select_for_update(no_key=True).get(pk=municipality.pk)


def _token(
    states: Sequence[State], codes: Sequence[str], remarks: Sequence[Remark]
) -> str:
    """Of the places as they were, of the codes that those to come would have, and of what
    was found: a warning is accepted by who saw it.
    """
    found = [(remark.code, remark.codes, remark.count) for remark in remarks]
    return hashlib.sha256(repr((states, codes, found)).encode()).hexdigest()[:16]


def _check_seen(order: Order, token: str) -> None:
    if order.seen and order.seen != token:
        raise EditRefused("changed_meanwhile")


def _followed(
    work: _Work,
    before: list[State],
    after: Sequence[Row],
    successors: Mapping[int, Sequence[Row]],
    coming: Sequence[str],
) -> Outcome:
    """Checks what is written now, and lets the rooms follow. `coming` are the codes that
    were found for places to come.
    """
    remembered = work.undone.followed if work.undone else {}
    family = children.follow(
        work.municipality,
        work.layer,
        before=before,
        after=after,
        memory=remembered.get(INNER.name),
    )
    former: list[Any] = list(
        work.layer.model.objects.filter(pk__in=[x["pk"] for x in before])
    )
    new = {row.pk for row in after}
    remarks = examining.remarks(
        work.municipality,
        work.layer,
        kind=work.kind,
        before=[(state["code"], shape_of(state)) for state in before],
        former=former,
        after=after,
    )
    if work.kind == Edit.Kind.MERGE:
        remarks += children.across_parents(work.municipality, before)
    remarks += family.remarks
    token = _token(before, coming, remarks)
    _check_seen(work.order, token)
    outcome = Outcome(
        remarks,
        before=before,
        after=[
            *(state_of(row) for row in after),
            *(state_of(row) for row in former if row.pk not in new),
        ],
        following={INNER.name: family.following},
        token=token,
    )
    places = {pk: _largest_first(rows) for pk, rows in successors.items()}
    for follower in followers():
        change = Change(
            municipality=work.municipality,
            parcels=work.layer.is_parcels,
            by=work.order.by,
            codes={state["pk"]: state["code"] for state in before},
            successors=places,
            memory=remembered.get(follower.name),
        )
        follow = follower.go_back if work.undone else follower.follow
        outcome.following[follower.name] = follow(change)
    return outcome


def _largest_first(rows: Sequence[Row]) -> list[Place]:
    return sorted(map(place_of, rows), key=lambda each: -each.geometry.area)


def _finish(
    work: _Work, outcome: Outcome, successors: Mapping[int, Sequence[Row]]
) -> Outcome:
    order = work.order
    held = outcome.errors or (outcome.warnings and not order.accepted)
    if order.dry_run or held:
        transaction.set_rollback(True)
        return outcome
    outcome.edit = _written(work, outcome, successors)
    transaction.on_commit(
        partial(
            geography_changed.send,
            sender=Municipality,
            municipality=work.municipality,
            what="parcels" if work.layer.is_parcels else "zones",
            report=None,
        )
    )
    return outcome


def _written(
    work: _Work, outcome: Outcome, successors: Mapping[int, Sequence[Row]]
) -> Edit:
    codes = {state["code"] for state in (*outcome.before, *outcome.after)}
    return Edit.objects.create(
        municipality=work.municipality,
        kind=work.kind,
        layer=work.layer,
        by=work.order.by,
        valid_from=work.undone.valid_from if work.undone else work.order.on,
        reason=work.order.reason,
        codes=sorted(codes),
        before=outcome.before,
        after=outcome.after,
        successors={
            str(pk): [row.pk for row in rows] for pk, rows in successors.items()
        },
        findings=[each.as_json() for each in outcome.remarks],
        consequences=[
            {
                "room": name,
                "moved": sum(not move.open for move in each.moves),
                "open": sum(move.open for move in each.moves),
            }
            for name, each in outcome.following.items()
        ],
        followed={name: each.memory for name, each in outcome.following.items()},
        undoes=work.undone,
        tolerance=work.tolerance,
    )


def why_not_undone(municipality: Municipality, edit: Edit) -> EditRefused | None:
    """Why an edit can't be undone; None where it can."""
    try:
        _check_untouched(municipality, edit, Layer(edit.layer))
    except EditRefused as error:
        return error
    return None


def _check_untouched(municipality: Municipality, edit: Edit, layer: Layer) -> None:
    if Edit.objects.filter(undoes=edit).exists():
        raise EditRefused("undone")
    keys = [state["pk"] for state in edit.after]
    found = layer.model.objects.of(municipality).filter(pk__in=keys)
    rows = {row.pk: row for row in found}
    for state in edit.after:
        row = rows.get(state["pk"])
        if row is None or not same(state, state_of(row)):
            raise _built_upon(edit, state["code"])
    codes = [state["code"] for state in edit.before]
    taken = drafts.living(municipality, layer).filter(code__in=codes)
    for row in taken.exclude(pk__in=rows)[:1]:
        raise _built_upon(edit, row.code)
    if not layer.is_parcels and _published_since(edit, keys):
        raise EditRefused("published_since")


def _built_upon(edit: Edit, code: str) -> EditRefused:
    """Says which later edit of the place it was, or that it was an import."""
    edits = Edit.objects.of(edit.municipality).about(code).filter(pk__gt=edit.pk)
    later = edits.filter(layer=edit.layer).select_related("by").first()
    if later is None:
        return EditRefused("built_upon_by_import", code=code)
    zone = ZoneInfo(edit.municipality.time_zone)
    day = date_format(timezone.localdate(later.at, zone), "DATE_FORMAT")
    return EditRefused(
        "built_upon", code=code, kind=later.get_kind_display(), date=day, by=later.by
    )


def _published_since(edit: Edit, zones: Sequence[int]) -> bool:
    told = Estimate.objects.filter(zone__in=zones, release__computed_at__gt=edit.at)
    return told.exists()


def _living(layer: Layer, states: Sequence[State]) -> list[Row]:
    """The rows of those states that are in force."""
    pks = [state["pk"] for state in states if state["valid_until"] is None]
    return list(layer.model.objects.filter(pk__in=pks).order_by("pk"))


def _backwards(edit: Edit, rows: Sequence[Row]) -> dict[int, list[Row]]:
    """Key of a place that the edit brought → the places that it came from."""
    origins: dict[int, list[Row]] = {
        state["pk"]: [] for state in edit.after if state["valid_until"] is None
    }
    for row in rows:
        for pk in edit.successors[str(row.pk)]:
            origins[pk].append(row)
    return origins


def shape_of(state: State) -> MultiPolygon:
    return shapely.from_wkb(bytes(GEOSGeometry(state["geometry"]).wkb))

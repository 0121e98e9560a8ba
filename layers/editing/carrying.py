"""Brings a draft into force, and an edit out of it; inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib.gis.geos import GEOSGeometry

from layers.editing import statements
from layers.editing.children import parent_again
from layers.editing.drafts import Draft, Row, Wanted
from layers.editing.models import Edit, Layer
from layers.editing.states import restore
from layers.geography.models import Municipality, Parcel, Zone


def carry_out(
    municipality: Municipality, layer: Layer, draft: Draft, on: date
) -> list[Row]:
    """The rows now in force, one for each wanted place, in their order."""
    former = {row.pk: row for row in draft.former}
    kept = {wanted.pk for wanted in draft.after if wanted.pk}
    for row in draft.former:
        if row.pk in kept and row.valid_from < on:
            _archive(row, on)
        if row.pk not in kept:
            row.valid_until = on
            row.save(update_fields=["valid_until"])
    after = [
        _bring(municipality, layer, wanted, former.get(wanted.pk or 0), on)
        for wanted in draft.after
    ]
    if layer.is_parcels:
        ids = [row.pk for row in after]
        statements.run("measure", srid=municipality.srid, ids=ids)
    settle(municipality, layer, draft.former, after)
    return after


def _archive(row: Row, on: date) -> None:
    """The former state in a closed row of its own: the living one keeps its key."""
    copy = type(row).objects.get(pk=row.pk)
    copy.pk = None
    copy._state.adding = True
    copy.valid_until = on
    copy.save(force_insert=True)


def _bring(
    municipality: Municipality,
    layer: Layer,
    wanted: Wanted,
    row: Row | None,
    on: date,
) -> Row:
    if row is None:
        row = layer.model(municipality=municipality)
    row.code, row.valid_from, row.valid_until = wanted.code, on, None
    row.geometry = geometry_of(wanted)
    if isinstance(row, Parcel):
        row.official_area = wanted.official_area
        row.area = 0.0 if row.area is None else row.area
    else:
        row.kind, row.parent_id = layer.value, wanted.parent_id
        for language, name in wanted.names.items():
            setattr(row, f"name_{language}", name)
        row.name_ar = row.name_ar or row.name_en or row.name_fr or row.code
    row.save()
    return row


def geometry_of(wanted: Wanted) -> Any:
    return GEOSGeometry(memoryview(wanted.geometry.wkb), srid=4326)


def settle(
    municipality: Municipality, layer: Layer, former: Iterable[Row], after: list[Row]
) -> None:
    """Finds the zones of parcels."""
    ids = [row.pk for row in after]
    gone = [row.pk for row in former if row.pk not in ids]
    zones = Zone.objects.of(municipality).reporting().order_by()
    changed: list[int] = []
    if not layer.is_parcels:
        changed = [*ids, *gone]
    statements.rows(
        "place_parcels",
        municipality=municipality.pk,
        parcels=ids if layer.is_parcels else [],
        changed=changed,
        zones=list(zones.values_list("pk", flat=True)),
    )
    for row in after:
        row.refresh_from_db()


def take_back(municipality: Municipality, edit: Edit) -> list[Row]:
    """Every place as it stood before the edit; those that were new go out of force.

    They do so from the day of the edit, so nothing of it remains in the map's history:
    the log of edits has it.
    """
    layer = Layer(edit.layer)
    places = layer.model.objects.of(municipality)
    known = {state["pk"] for state in edit.before}
    keys = [state["pk"] for state in edit.after]
    gone: list[Any] = list(places.filter(pk__in=keys).exclude(pk__in=known).current())
    places.filter(pk__in=[row.pk for row in gone]).update(valid_until=edit.valid_from)
    present = dict(Zone.objects.filter(pk__in=keys).values_list("pk", "parent_id"))
    rows = []
    for state in edit.before:
        row = places.get(pk=state["pk"])
        if row.valid_until is None and row.valid_from < edit.valid_from:
            # Where an undo is taken back, what it restored has been in force till then.
            _archive(row, edit.valid_from)
        restore(row, state)
        if isinstance(row, Zone):
            row.parent_id = parent_again(row, state, edit, present)
        _drop_archived(row, edit.valid_from)
        row.save()
        rows.append(row)
    settle(municipality, layer, gone, rows)
    return rows


def _drop_archived(row: Row, on: date) -> None:
    """The copy of the state that is in force again."""
    if row.valid_from < on:
        copies = type(row).objects.of(row.municipality).exclude(pk=row.pk)
        copies.filter(
            code=row.code,
            valid_from=row.valid_from,
            valid_until=on,
            geometry=row.geometry,
        ).delete()

"""Finding zones, facilities, parcels and positions by what a reader writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.gis.geos import Point
from django.db import connection
from django.utils.translation import gettext as _
from psycopg2 import sql

from layers.geography.declaration import Layer, read_sql
from layers.geography.models import Facility, Municipality, Parcel, Zone
from layers.maps import spelling
from layers.maps.catalogue import layer_named, may_see, visible_layers

FIND = read_sql("layers.maps", "find.sql")
LONGEST = 100
MOST = 8


def search(municipality: Municipality, user: Any, text: str) -> list[dict[str, Any]]:
    """What is found, the best first: kind, title, note, and `at` or `box` in degrees.

    Parcels are found by their number, and only by those who may see the layer.
    """
    asked = text.replace("\x00", " ").strip()[:LONGEST]
    wanted = spelling.normal(asked)
    if not wanted:
        return []
    found: list[dict[str, Any]] = list(_position(municipality, asked))
    found += _zones(municipality, wanted)
    found += _facilities(municipality, wanted)
    if may_see(layer_named("parcels"), user, municipality):
        found += _parcels(municipality, asked)
    return found + _in_layers(municipality, user, asked)


def _position(municipality: Municipality, asked: str) -> Iterator[dict[str, Any]]:
    place = spelling.position(asked)
    if place is None:
        return
    point = Point(*place, srid=4326)
    inside = not municipality.boundary or municipality.boundary.intersects(point)
    yield {
        "kind": "position",
        "title": f"{place[1]:.5f}, {place[0]:.5f}",
        "note": _("position") if inside else _("outside the municipality"),
        "at": place,
    }


def _zones(municipality: Municipality, wanted: str) -> list[dict[str, Any]]:
    zones = Zone.objects.of(municipality).current().defer("geometry", "geometry_3857")
    ranked = _ranked(zones, wanted)
    shapes = Zone.objects.only("geometry").in_bulk([each.pk for each in ranked])
    return [
        {
            "kind": "zone",
            "zone_kind": each.kind,
            "code": each.code,
            "title": each.name,
            "note": str(each.get_kind_display()),
            "box": shapes[each.pk].geometry.extent,
        }
        for each in ranked
    ]


def _facilities(municipality: Municipality, wanted: str) -> list[dict[str, Any]]:
    places = Facility.objects.of(municipality).current().defer("geometry_3857")
    return [
        {
            "kind": "facility",
            "code": each.code,
            "title": each.name,
            "note": str(each.get_kind_display()),
            "at": each.geometry.coords,
        }
        for each in _ranked(places, wanted)
    ]


def _parcels(municipality: Municipality, asked: str) -> list[dict[str, Any]]:
    code = asked.translate(spelling.DIGITS)
    parcels = Parcel.objects.of(municipality).current().filter(code__istartswith=code)
    rows = parcels.select_related("zone").only(
        "code", "geometry", "zone__name_ar", "zone__name_en", "zone__name_fr"
    )
    return [
        {
            "kind": "parcel",
            "code": each.code,
            "title": _("Parcel %s") % each.code,
            "note": each.zone.name if each.zone else "",
            "box": each.geometry.extent,
        }
        for each in rows.order_by("code")[:MOST]
    ]


def _in_layers(
    municipality: Municipality, user: Any, asked: str
) -> list[dict[str, Any]]:
    """Features of the town's own layers in one of whose texts it stands."""
    found: list[dict[str, Any]] = []
    for layer in visible_layers(user, municipality):
        texts = [x.name for x in layer.fields if x.type == "text" and x.filterable]
        if layer.revocable and texts and len(found) < MOST:
            found += _features(layer, municipality, texts, asked)
    return found[:MOST]


def _features(
    layer: Layer, municipality: Municipality, texts: list[str], asked: str
) -> list[dict[str, Any]]:
    columns = [sql.Identifier("source", name) for name in texts]
    query = sql.SQL(FIND).format(
        source=sql.SQL(layer.sql),
        texts=sql.SQL(", ").join(columns),
        like=sql.SQL(" OR ").join(
            sql.SQL("{} ~* %(like)s").format(each) for each in columns
        ),
    )
    bound = {
        **layer.parameters,
        "municipality": municipality.pk,
        "like": spelling.pattern(asked),
        "most": MOST,
    }
    with connection.cursor() as cursor:
        cursor.execute(query, bound)
        rows = cursor.fetchall()
    return [
        {
            "kind": "feature",
            "title": next(
                (x for x in said if spelling.normal(asked) in spelling.normal(x)),
                said[0],
            ),
            "note": str(layer.title),
            "box": box,
        }
        for *box, said in rows
    ]


def _ranked(rows: Iterable[Any], wanted: str) -> list[Any]:
    """Those whose name or code holds all that is asked, the closest first."""
    scored = []
    for each in rows:
        names = [spelling.normal(x) for x in (each.name_ar, each.name_en, each.name_fr)]
        best = min(_distance(name, wanted) for name in (*names, each.code.casefold()))
        if best < FAR:
            scored.append((best, each.name, each))
    scored.sort(key=lambda row: row[:2])
    return [each for _best, _name, each in scored[:MOST]]


FAR = 9


def _distance(name: str, wanted: str) -> int:
    """0 the same, 1 begins so, 2 a word begins so, 3 holds it, 4 holds every word."""
    if name == wanted:
        return 0
    if name.startswith(wanted):
        return 1
    if f" {wanted}" in f" {name}":
        return 2
    if len(wanted) > 1 and wanted in name:
        return 3
    words = wanted.split()
    return 4 if len(words) > 1 and all(word in name for word in words) else FAR

"""Outlines of larger areas, as maps draw them: their zones without the borders between."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import shapely

from layers.geography.models import Zone
from layers.indicators.areas.told import Told

LANGUAGES = ("ar", "en", "fr")
# Of a degree: a tenth of a metre.
FINEST = 1e-6
MARKS = dict.fromkeys(range(0x064B, 0x0653))


def shapes_of(places: Sequence[Told]) -> dict[str, Any]:
    """`areas`: a FeatureCollection in EPSG:4326, each under its code. `labels`: a point for
    the name of a parent, and for each zone of merged ones. `within`: which place a zone's
    code stands for.
    """
    zones = zones_of(places)
    outlines = {pk: shapely.from_wkb(bytes(x.geometry.wkb)) for pk, x in zones.items()}
    return {
        "areas": _collection(
            _feature(union(each, outlines), each.code, place_names(each, zones))
            for each in places
        ),
        "labels": _collection(
            _feature(shapely.point_on_surface(shape), each.code, _bare(names))
            for each in places
            for shape, names in labels_of(each, zones, outlines)
        ),
        "within": {zones[pk].code: each.code for each in places for pk in each.zones},
    }


def zones_of(places: Iterable[Told]) -> dict[int, Zone]:
    wanted = [pk for each in places for pk in each.zones]
    return Zone.objects.defer("geometry_3857").in_bulk(wanted)


def union(place: Told, outlines: Mapping[int, Any]) -> Any:
    """Of its zones' `outlines`, in whichever system they are."""
    first, *others = (outlines[pk] for pk in place.zones)
    return shapely.union_all([first, *others]) if others else first


def labels_of(
    place: Told, zones: Mapping[int, Zone], outlines: Mapping[int, Any]
) -> Iterable[tuple[Any, dict[str, str]]]:
    """Where a name lies, and the name in each language."""
    if place.area and place.area.zone:
        yield union(place, outlines), names_of(place.area.zone)
        return
    for pk in place.zones:
        yield outlines[pk], names_of(zones[pk])


def names_of(zone: Zone) -> dict[str, str]:
    return {f"name_{x}": getattr(zone, f"name_{x}") for x in LANGUAGES}


def _bare(names: dict[str, str]) -> dict[str, str]:
    """Without marks over letters, which a canvas sets apart from them."""
    return {key: name.translate(MARKS) for key, name in names.items()}


def place_names(place: Told, zones: Mapping[int, Zone]) -> dict[str, str]:
    """Of merged zones all their names."""
    if place.area and place.area.zone:
        return names_of(place.area.zone)
    every = [names_of(zones[pk]) for pk in place.zones]
    return {key: " + ".join(x[key] or x["name_ar"] for x in every) for key in every[0]}


def _feature(shape: Any, code: str, names: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": json.loads(
            shapely.to_geojson(shapely.set_precision(shape, FINEST))
        ),
        "properties": {"code": code, **names},
    }


def _collection(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}

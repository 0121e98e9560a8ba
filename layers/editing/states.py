"""A parcel or zone as it stood at one moment, to the last bit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.gis.geos import GEOSGeometry, MultiPolygon

from layers.geography.models import Parcel, Zone

State = dict[str, Any]
SHARED = ("code", "valid_from", "valid_until")
PARCEL = ("official_area", "area", "zone_id")
ZONE = ("kind", "parent_id", "name_ar", "name_en", "name_fr")
DATES = ("valid_from", "valid_until")


def fields_of(model: type[Parcel] | type[Zone]) -> tuple[str, ...]:
    return SHARED + (PARCEL if model is Parcel else ZONE)


def state_of(row: Parcel | Zone) -> State:
    """JSON; the geometry as EWKB in hexadecimal digits keeps every bit."""
    state = {name: _plain(getattr(row, name)) for name in fields_of(type(row))}
    return {"pk": row.pk, "geometry": row.geometry.hexewkb.decode(), **state}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, date | Decimal) else value


def restore(row: Parcel | Zone, state: State) -> None:
    """Puts a state back onto its row, unsaved."""
    row.geometry = area_of(state)
    for name in fields_of(type(row)):
        setattr(row, name, _typed(name, state[name]))


def area_of(state: State) -> MultiPolygon:
    geometry = GEOSGeometry(state["geometry"])
    if not isinstance(geometry, MultiPolygon):
        raise TypeError(f"A place's state holds a {geometry.geom_type}.")
    return geometry


def _typed(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in DATES:
        return date.fromisoformat(value)
    return Decimal(value) if name == "official_area" else value


# What others may restate without touching the place itself.
LOOSE = {"zone_id", "parent_id", "name_ar", "name_en", "name_fr", "official_area"}


def same(state: State, other: State) -> bool:
    """Whether the place is as it was: border, code and validity."""
    return all(state[name] == other[name] for name in state if name not in LOOSE)

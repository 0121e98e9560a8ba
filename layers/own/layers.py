"""The own layers of a town, declared from what their managers said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django.utils.translation import get_language

from layers.geography.declaration import Field, Layer, Subject, read_sql
from layers.geography.models import Municipality
from layers.own.models import OwnLayer
from layers.own.naming import SAFE
from layers.own.styles import Chosen

SOURCE = read_sql("layers.own", "features.sql")
NEAR = read_sql("layers.own", "features_near.sql")
KEEP = "own.keep_layers"
TYPES: dict[str, str] = {"text": "", "number": "::float8", "date": "::date"}


def layers_of(municipality: Municipality) -> Iterator[Layer]:
    """Read as the tenant; removed layers are none."""
    for each in OwnLayer.objects.of(municipality).kept().filter(count__gt=0):
        yield declared(each)


def declared(own: OwnLayer) -> Layer:
    everyone = own.sharing == OwnLayer.Sharing.EVERYONE
    chosen = own.sharing == OwnLayer.Sharing.ROLES
    return Layer(
        name=own.layer_name,
        title=own.name,
        subject=Subject.OWN,
        geometry=cast("Any", own.geometry_kind),
        sql=source(own.fields),
        near=source(own.fields, NEAR),
        tables=(f"own-{own.pk}",),
        fields=tuple(_field(each) for each in own.fields),
        parameters={"own_layer": own.pk},
        permission=None if everyone else KEEP,
        roles=frozenset(own.roles) if chosen else frozenset(),
        revocable=True,
        min_zoom=own.min_zoom,
        max_zoom=own.max_zoom,
        attribution=own.attribution,
        licence=own.licence,
        description=own.description,
        style=Chosen.of(own.style).style(),
    )


def source(fields: list[dict[str, Any]], rows: str = SOURCE) -> str:
    """The rows as SQL. Only safe names and known types are written into it."""
    columns = []
    for each in fields:
        name = each["name"]
        if not SAFE.fullmatch(name):
            raise ValueError(name)
        columns.append(f"(attributes ->> '{name}'){TYPES[each['type']]} AS \"{name}\"")
    return rows.replace("/* fields */", "".join(f", {each}" for each in columns))


def _field(said: dict[str, Any]) -> Field:
    language = (get_language() or "ar")[:2]
    label = said["label"]
    return Field(
        said["name"],
        said["type"],
        label.get(language) or label.get("ar") or label.get("en") or said["source"],
    )

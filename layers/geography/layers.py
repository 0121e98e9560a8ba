"""The town's places as map layers: no persons, and only the register is for staff."""

from __future__ import annotations

from dataclasses import replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from layers.geography.declaration import Field, Layer, Subject, read_sql
from layers.geography.models import Facility

NAMES = (
    Field("name_ar", "text", _("Arabic name")),
    Field("name_en", "text", _("English name")),
    Field("name_fr", "text", _("French name")),
)
CODE = Field("code", "text", _("code"))


def zone_layers(
    name: str, kind: str, title: str | Promise, *, labels: str | Promise, min_zoom: int
) -> tuple[Layer, Layer]:
    """Zones of one kind, and the points that carry their names.

    A polygon's label would be drawn once in every tile it crosses.
    """
    areas = Layer(
        name=name,
        title=title,
        geometry="polygon",
        sql=read_sql("layers.geography", "zones.sql"),
        history=read_sql("layers.geography", "zones_history.sql"),
        tables=("geography_zone",),
        fields=(CODE, *NAMES),
        parameters={"kind": kind},
        min_zoom=min_zoom,
        description=_("Borders that are in force, with code and names."),
    )
    names = replace(
        areas,
        name=f"{name}_labels",
        title=labels,
        geometry="point",
        sql=read_sql("layers.geography", "zone_labels.sql"),
        history="",
        description=_("A point inside each, where a map writes the name."),
    )
    return areas, names


LAYERS = (
    *zone_layers(
        "zones", "quarter", _("Quarters"), labels=_("Names of quarters"), min_zoom=0
    ),
    *zone_layers(
        "sections", "section", _("Sections"), labels=_("Names of sections"), min_zoom=0
    ),
    *zone_layers(
        "blocks", "block", _("Blocks"), labels=_("Names of blocks"), min_zoom=12
    ),
    Layer(
        name="outlines",
        title=_("Parcel outlines"),
        geometry="polygon",
        sql=read_sql("layers.geography", "outlines.sql"),
        tables=("geography_parcel",),
        description=_("The shape of each parcel, without number and owner."),
        min_zoom=13,
    ),
    Layer(
        name="parcels",
        title=_("Parcels"),
        geometry="polygon",
        sql=read_sql("layers.geography", "parcels.sql"),
        history=read_sql("layers.geography", "parcels_history.sql"),
        tables=("geography_parcel",),
        fields=(
            CODE,
            Field("official_area", "number", _("official area, m²"), in_tiles=False),
            Field("area", "number", _("measured area, m²"), in_tiles=False),
        ),
        permission="maps.view_staff_layers",
        min_zoom=13,
        description=_("Parcels in force with number and area, without owner."),
    ),
    Layer(
        name="facilities",
        subject=Subject.PLACES,
        title=_("Facilities"),
        geometry="point",
        sql=read_sql("layers.geography", "facilities.sql"),
        history=read_sql("layers.geography", "facilities_history.sql"),
        tables=("geography_facility",),
        fields=(
            CODE,
            Field(
                "kind", "text", _("kind"), choices=lambda _town: Facility.Kind.choices
            ),
            *NAMES,
        ),
        min_zoom=10,
        description=_("Schools, clinics, playgrounds and other places for everyone."),
    ),
)

"""Published figures as layers: one feature for each place, indicator and group."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from layers.geography.declaration import Field, Layer, Subject, read_sql
from layers.geography.layers import CODE, NAMES
from layers.indicators.models import Area

FIGURES = (
    Field("indicator", "text", _("indicator")),
    Field("breakdown", "text", _("breakdown")),
    Field("round", "text", _("round")),
    Field("reference_date", "date", _("reference date")),
    Field("release", "number", _("release")),
    Field("definition_version", "number", _("version of definition")),
    # Nobody may ask for places by their figures.
    Field("of_100", "number", _("of 100 children"), filterable=False),
    Field("low", "number", _("lower bound"), filterable=False),
    Field("high", "number", _("upper bound"), filterable=False),
    Field("n", "number", _("children asked, rounded"), filterable=False),
    Field("flag", "text", _("flag"), filterable=False),
    Field("reason", "text", _("reason"), filterable=False),
)
ZONES = read_sql("layers.indicators", "figures.sql")
AREAS = read_sql("layers.indicators", "area_figures.sql")

LAYERS = (
    Layer(
        name="figures",
        subject=Subject.CHILDREN,
        title=_("Figures of zones"),
        geometry="polygon",
        sql=ZONES,
        tables=("indicators_release", "geography_zone"),
        fields=(CODE, *NAMES, *FIGURES),
        permission="indicators.view_estimates",
        time="reference_date",
        tiled=False,
    ),
    Layer(
        name="area_figures",
        subject=Subject.CHILDREN,
        title=_("Figures of larger areas"),
        description=_(
            "Zones that a release tells together: those of a larger area, and neighbours with too few children alone."
        ),
        geometry="polygon",
        sql=AREAS,
        tables=("indicators_release", "geography_zone"),
        fields=(
            CODE,
            *NAMES,
            Field(
                "level", "text", _("level"), choices=lambda _town: Area.Level.choices
            ),
            Field("zones", "text", _("codes of its zones")),
            *FIGURES,
        ),
        permission="indicators.view_estimates",
        time="reference_date",
        tiled=False,
    ),
)

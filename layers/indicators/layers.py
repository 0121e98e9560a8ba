"""Published figures as a layer: one feature for each zone, indicator and group."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from layers.geography.declaration import Field, Layer, Subject, read_sql
from layers.geography.layers import CODE, NAMES

LAYERS = (
    Layer(
        name="figures",
        subject=Subject.CHILDREN,
        title=_("Figures of zones"),
        geometry="polygon",
        sql=read_sql("layers.indicators", "figures.sql"),
        tables=("indicators_release", "geography_zone"),
        fields=(
            CODE,
            *NAMES,
            Field("indicator", "text", _("indicator")),
            Field("breakdown", "text", _("breakdown")),
            Field("round", "text", _("round")),
            Field("reference_date", "date", _("reference date")),
            Field("release", "number", _("release")),
            Field("definition_version", "number", _("version of definition")),
            # Nobody may ask for zones by their figures.
            Field("of_100", "number", _("of 100 children"), filterable=False),
            Field("low", "number", _("lower bound"), filterable=False),
            Field("high", "number", _("upper bound"), filterable=False),
            Field("n", "number", _("children asked, rounded"), filterable=False),
            Field("flag", "text", _("flag"), filterable=False),
            Field("reason", "text", _("reason"), filterable=False),
        ),
        permission="indicators.view_estimates",
        time="reference_date",
        tiled=False,
    ),
)

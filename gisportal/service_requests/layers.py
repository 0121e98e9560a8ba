"""What everyone may know of requests; the rules are in docs/disclosure.md."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from gisportal.service_requests.models import Category, PublicDecision
from layers.geography.declaration import Field, Layer, Shade, Style, read_sql
from layers.geography.layers import NAMES
from layers.geography.models import Municipality

# Metres of a cell's side, the fewest parcels of a cell that is told, and of how many
# people what may concern a home.
CELL, PARCELS, REPORTERS = 250, 10, 5
STATES = (("open", _("open")), ("closed", _("closed")))


def categories(municipality: Municipality) -> list[tuple[str, str]]:
    found = Category.objects.of(municipality)
    return [(category.code, category.name) for category in found]


REQUESTS = Layer(
    name="requests",
    title=_("Requests of residents"),
    geometry="point",
    sql=read_sql("gisportal.service_requests", "public_requests.sql"),
    # Requests by the clock: an answer for each new one would tell when and where it came.
    tables=("service_requests_category", "service_requests_publicdecision"),
    renewed=86_400,
    parameters={"cell": CELL, "parcels": PARCELS, "reporters": REPORTERS},
    fields=(
        Field("category", "text", _("category"), choices=categories),
        *NAMES,
        Field("state", "text", _("state"), choices=lambda _town: STATES),
        Field("requests", "number", _("requests")),
        Field("month", "date", _("month of the latest"), in_tiles=False),
        Field("zone", "text", _("zone")),
    ),
    min_zoom=10,
    time="month",
    description=_(
        "How many, by category and state, at a coarse place: never who, where or what exactly."
    ),
    style=Style(
        field="state",
        title=_("Larger marks stand for more requests."),
        shades=(
            Shade(_("open"), "#b4532a", "#f0a17a", "open"),
            Shade(_("closed within a year"), "#3d7d67", "#7fc9b4", "closed"),
        ),
        grows_with="requests",
        size=6,
        opacity=1,
    ),
)


def layers_of(municipality: Municipality) -> Iterator[Layer]:
    """None where the town has decided to keep its requests off public maps."""
    if PublicDecision.objects.of(municipality).layer_shown():
        yield REQUESTS

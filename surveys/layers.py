"""How far field work is, by zone, for those who lead it: no household and no answer."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from layers.geography.declaration import Field, Layer, Shade, Style, read_sql
from layers.geography.layers import CODE, NAMES
from layers.geography.models import Municipality
from surveys.models import Round


def rounds(municipality: Municipality) -> list[tuple[str, str]]:
    """Rounds in the field or behind it, the latest first."""
    found = Round.objects.of(municipality).exclude(status=Round.Status.DRAFT)
    return [(round.code, round.name) for round in found]


LAYERS = (
    Layer(
        name="coverage",
        title=_("Progress of survey rounds"),
        geometry="polygon",
        sql=read_sql("surveys", "coverage.sql"),
        # Written with every visit: a version by trigger would make phones wait for one
        # another.
        tables=(),
        renewed=60,
        fields=(
            CODE,
            *NAMES,
            Field("round", "text", _("round"), choices=rounds),
            Field("targets", "number", _("parcels to visit")),
            Field("visited", "number", _("parcels visited")),
            Field("done", "number", _("visited, of 100 parcels")),
            Field("interviewed", "number", _("parcels interviewed")),
            Field("refused", "number", _("refused or not able to answer")),
            Field("absent", "number", _("nobody at home or not found")),
            Field("empty", "number", _("vacant or nobody lives there")),
            Field("received", "number", _("interviews received")),
            Field("approved", "number", _("interviews approved")),
        ),
        permission="surveys.manage_round",
        description=_(
            "Parcels to visit, visited and refused, and interviews approved, in each zone."
        ),
        one_of="round",
        style=Style(
            field="done",
            title=_("Visited, of 100 parcels"),
            numbers=True,
            shades=(
                Shade("0", "#e4e0ec", "#2a2740", 0),
                Shade("1–24", "#cfd3ea", "#2f3d63", 24),
                Shade("25–49", "#a3b4da", "#3d5a8c", 49),
                Shade("50–74", "#6d8fc4", "#5a83b8", 74),
                Shade("75–99", "#3f68a3", "#8db3dc", 99),
                Shade("100", "#1f4276", "#cfe2f6"),
            ),
            others=Shade(_("no list of parcels to visit"), "#bfc2bf", "#45504d"),
            opacity=1,
            parted=True,
        ),
    ),
)

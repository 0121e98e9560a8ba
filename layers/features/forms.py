from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from layers.features import crs
from layers.features.formats import FORMATS
from layers.geography.models import Municipality, Zone


class DownloadForm(forms.Form):
    """What of a layer is wanted, and as what; the names are those of the address."""

    format = forms.ChoiceField(label=gettext_lazy("Format"))
    crs = forms.ChoiceField(
        label=gettext_lazy("Coordinate reference system"), required=False
    )
    zone = forms.ChoiceField(label=gettext_lazy("Only this zone"), required=False)
    filter = forms.CharField(
        label=gettext_lazy("Only what fits this filter (CQL2)"), required=False
    )

    def __init__(
        self, *arguments: Any, municipality: Municipality, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        fields: Any = self.fields
        fields["format"].choices = [(key, each.name) for key, each in FORMATS.items()]
        fields["crs"].choices = [
            (each.uri, _told(each)) for each in _systems(municipality)
        ]
        zones = Zone.objects.of(municipality).reporting()
        fields["zone"].choices = [
            ("", _("The whole town")),
            *(
                (zone.code, zone.name)
                for zone in zones.defer("geometry", "geometry_3857")
            ),
        ]
        fields["filter"].widget.attrs["dir"] = "ltr"


def _systems(municipality: Municipality) -> list[crs.System]:
    """In files, EPSG:4326 is told as CRS84 is."""
    return [each for each in crs.systems(municipality) if each.uri != f"{crs.EPSG}4326"]


def _told(system: crs.System) -> str:
    if system.srid == 4326:
        return _("Degrees (WGS 84), as GPS and the web have them")
    if system.srid == 3857:
        return _("Metres of web maps (EPSG:3857), not for measuring")
    return _("Metres of the town's survey (EPSG:%d)") % system.srid

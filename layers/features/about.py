"""What a file says of itself: whose it is, what may be done with it, as of when."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from layers.features.crs import System
from layers.features.documents import attribution, licence
from layers.geography.declaration import Layer
from layers.geography.models import Municipality
from layers.maps.models import LayerVersion


@dataclass(frozen=True)
class About:
    title: str
    attribution: str
    licence: str
    release: str
    system: str
    date: str
    fields: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, layer: Layer, town: Municipality, system: System) -> About:
        """`release` is the layer's version: of two files it says whether they differ."""
        return cls(
            title=str(layer.title),
            attribution=attribution(layer, town),
            licence=licence(layer),
            release=LayerVersion.objects.of_layers([layer], town)[layer.name],
            system=f"EPSG:{system.srid}",
            date=timezone.localdate().isoformat(),
            fields=tuple((each.name, str(each.label)) for each in layer.fields),
        )

    @property
    def items(self) -> dict[str, str]:
        """Under names that programs can rely on."""
        return {
            "title": self.title,
            "attribution": self.attribution,
            "licence": self.licence,
            "release": self.release,
            "crs": self.system,
            "date": self.date,
        }

    @property
    def lines(self) -> list[tuple[str, str]]:
        """For people, in the reader's language."""
        return [
            (_("Layer"), self.title),
            (_("Source"), self.attribution),
            (_("Licence"), self.licence),
            (_("Release of the data"), self.release),
            (_("Coordinate reference system"), self.system),
            (_("Written on"), self.date),
            *((name, label) for name, label in self.fields),
        ]

    @property
    def text(self) -> str:
        return "".join(f"{name}: {value}\n" for name, value in self.lines)

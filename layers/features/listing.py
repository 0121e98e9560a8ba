"""The layers of a town as its public catalogue lists them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.utils.translation import override

from layers.features import documents
from layers.features.pages import Extent
from layers.geography.declaration import Layer, Subject
from layers.geography.models import Municipality
from layers.maps.models import LayerVersion
from layers.maps.raster_tiles import Shown, shown_rasters
from layers.maps.spelling import normal
from layers.maps.town_map import tile_template

LONGEST = 100


@dataclass(frozen=True)
class Wanted:
    """What of the catalogue a reader looks for: words in any spelling, and a subject."""

    text: str = ""
    subject: str = ""

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> Self:
        subject = query.get("subject", "")
        return cls(
            query.get("q", "").strip()[:LONGEST],
            subject if subject in Subject.values else "",
        )

    def holds(self, subject: Subject, *said: Any) -> bool:
        """Whether each word stands in what is said, in any language of the portal."""
        if self.subject and subject != self.subject:
            return False
        words = normal(self.text).split()
        if not words:
            return not self.text
        texts = []
        for language, _name in settings.LANGUAGES:
            with override(language):
                texts += [normal(str(each)) for each in said]
        whole = " ".join(texts)
        return all(word in whole for word in words)


@dataclass(frozen=True)
class Listed:
    layer: Layer
    extent: Extent
    source: str
    licence: str
    changed: datetime | None
    tiles: str
    """The address of its tiles with places for zoom, column and row; empty for a layer
    that makes no map."""


@dataclass(frozen=True)
class ListedRaster:
    shown: Shown
    source: str
    licence: str


def listed_rasters(
    town: Municipality, user: Any, wanted: Wanted
) -> Iterator[ListedRaster]:
    for shown in shown_rasters(town, user):
        raster = shown.raster
        names = (raster.name_ar, raster.name_en, raster.name_fr)
        if not wanted.holds(
            shown.kind.subject, shown.title, *names, raster.get_kind_display()
        ):
            continue
        source = documents.attribution(shown.raster, town)
        yield ListedRaster(shown, source, documents.licence(shown.raster))


def listed(
    town: Municipality, layers: Iterable[Layer], wanted: Wanted
) -> Iterator[Listed]:
    """Those that have features. Points that only carry names are left out."""
    shown = [
        each
        for each in layers
        if not each.name.endswith("_labels")
        and wanted.holds(each.subject, each.title, each.description)
    ]
    # Found by its title a layer stands before those that only mention it.
    shown.sort(key=lambda each: not wanted.holds(each.subject, each.title))
    versions = LayerVersion.objects.of_layers(shown, town)
    raised = dict(LayerVersion.objects.of(town).values_list("source", "raised_at"))
    for layer in shown:
        extent = documents.extent_of(layer, town)
        if not extent.count:
            continue
        times = [raised[table] for table in layer.tables if table in raised]
        version = versions[layer.name]
        yield Listed(
            layer=layer,
            extent=extent,
            source=documents.attribution(layer, town),
            licence=documents.licence(layer),
            changed=max(times, default=None),
            tiles=tile_template(layer, town, version) if layer.tiled else "",
        )

"""The layers of a town as its public catalogue lists them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from layers.features import documents
from layers.features.pages import Extent
from layers.geography.declaration import Layer
from layers.geography.models import Municipality
from layers.maps.models import LayerVersion
from layers.maps.raster_tiles import Shown, shown_rasters
from layers.maps.town_map import tile_template


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


def listed_rasters(town: Municipality, user: Any) -> Iterator[ListedRaster]:
    for shown in shown_rasters(town, user):
        source = documents.attribution(shown.raster, town)
        yield ListedRaster(shown, source, documents.licence(shown.raster))


def listed(town: Municipality, layers: Iterable[Layer]) -> Iterator[Listed]:
    """Those that have features. Points that only carry names are left out."""
    shown = [each for each in layers if not each.name.endswith("_labels")]
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

"""Versions of layers and of their tiles; maps that people keep, and comments on them."""

from layers.maps.models.saved import MapComment, SavedMap, SavedMapQuerySet
from layers.maps.models.versions import (
    LayerEdit,
    LayerEditQuerySet,
    LayerVersion,
    LayerVersionQuerySet,
    TileVersion,
    tile_version,
    town_and_version,
)

__all__ = [
    "LayerEdit",
    "LayerEditQuerySet",
    "LayerVersion",
    "LayerVersionQuerySet",
    "MapComment",
    "SavedMap",
    "SavedMapQuerySet",
    "TileVersion",
    "tile_version",
    "town_and_version",
]

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from operator import le
from typing import Any

from django.db import connection, models
from django.db.models.functions import Now

from layers.geography.declaration import Layer, read_sql
from layers.geography.models import Municipality
from layers.geography.tenancy import TenantModel, TenantQuerySet
from layers.maps.tiles import WORLD

TILE_VERSION = read_sql("layers.maps", "tile_version.sql")
# New code never meets tiles that an older one has cut.
ENGINE = hashlib.sha256(read_sql("layers.maps", "tile.sql").encode()).hexdigest()[:4]
# Of a layer's boxes the newest that a page is told of; for what lies before, it takes
# a version that is newer than it need be.
TOLD = 200
# Of a tile's side, as in tile-versions.js; the tile itself has 64 / 4096.
MARGIN = 65 / 4096


def version_name(layer: Layer, numbers: Iterable[int]) -> str:
    """A version as it stands in tile addresses; `numbers` by the layer's tables."""
    return "-".join([*map(str, numbers), f"{layer.digest}{ENGINE}"])


def periods(layer: Layer) -> list[int]:
    """The present period of a layer that is renewed by the clock, as its version."""
    return [int(time.time()) // layer.renewed] if layer.renewed else []


class LayerVersionQuerySet(TenantQuerySet):
    def of_layers(
        self, layers: list[Layer], municipality: Municipality
    ) -> dict[str, str]:
        """The present version of each layer, as it stands in tile addresses."""
        raised = dict(self.of(municipality).values_list("source", "version"))
        return {
            layer.name: version_name(
                layer, [*(raised.get(t, 0) for t in layer.tables), *periods(layer)]
            )
            for layer in layers
        }


class LayerVersion(TenantModel):
    """How many statements have written `source`, a table, in a municipality.

    Raised by triggers in the writing transaction: bulk and raw writes count too.
    Before `floor` it is no longer known where they wrote.
    """

    source = models.CharField(max_length=63)
    version = models.PositiveBigIntegerField(default=0)
    floor = models.PositiveBigIntegerField(default=0)
    raised_at = models.DateTimeField(db_default=Now())

    objects = LayerVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "source"], name="layer_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.version}"


class LayerEditQuerySet(TenantQuerySet):
    def of_layer(
        self, layer: Layer, municipality: Municipality
    ) -> list[dict[str, Any]]:
        """For each table of the layer its floor and boxes, the newest first."""
        floors = LayerVersion.objects.of(municipality).filter(source__in=layer.tables)
        floor = dict(floors.values_list("source", "floor"))
        told = []
        for table in layer.tables:
            rows = self.of(municipality).filter(source=table).order_by("-version")
            boxes = list(
                rows.values_list("version", "west", "south", "east", "north")[
                    : TOLD + 1
                ]
            )
            least = boxes[TOLD][0] if len(boxes) > TOLD else floor.get(table, 0)
            told.append({"floor": least, "boxes": boxes[:TOLD]})
        return told


class LayerEdit(TenantModel):
    """Where a version wrote, as a box in EPSG:3857: other tiles are as they were."""

    municipality = models.ForeignKey(
        "geography.Municipality", on_delete=models.CASCADE, related_name="+"
    )
    source = models.CharField(max_length=63)
    version = models.PositiveBigIntegerField()
    west = models.FloatField()
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()

    objects = LayerEditQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["municipality", "source", "version"],
                name="layer_edit_of_source",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.version}"


class TileVersion:
    """From the version that last wrote inside a tile to the present one, by table."""

    def __init__(self, layer: Layer, since: list[int], present: list[int]) -> None:
        self._layer, self._since, self._present = layer, since, present

    @property
    def name(self) -> str:
        """The oldest version that has the present content."""
        return version_name(self._layer, self._since)

    def covers(self, name: str) -> bool:
        """Whether the version of this name has the present content."""
        numbers = name.split("-")[:-1]
        if not all(number.isdecimal() and len(number) < 20 for number in numbers):
            return False
        known = list(map(int, numbers))
        return (
            len(known) == len(self._since)
            and name == version_name(self._layer, known)
            and all(map(le, self._since, known))
            and all(map(le, known, self._present))
        )


def tile_version(
    layer: Layer, municipality: Municipality, *, z: int, x: int, y: int
) -> TileVersion:
    """Raises Municipality.DoesNotExist where the town was removed meanwhile."""
    found = town_and_version(layer, municipality.slug, z=z, x=x, y=y)
    if found is None:
        raise Municipality.DoesNotExist(municipality.slug)
    return found[1]


def town_and_version(
    layer: Layer, slug: str, *, z: int, x: int, y: int
) -> tuple[Municipality, TileVersion] | None:
    """None where there is no such town. Of the town only key and slug are read."""
    west, south, east, north = about(z, x, y)
    bound: dict[str, Any] = {
        **{"west": west, "south": south, "east": east, "north": north},
        "town": slug,
        "tables": list(layer.tables),
    }
    with connection.cursor() as cursor:
        cursor.execute(TILE_VERSION, bound)
        found = cursor.fetchall()
    if not found:
        return None
    town = Municipality.from_db(connection.alias, ["id", "slug"], [found[0][0], slug])
    raised = {source: numbers for _town, source, *numbers in found}
    rows = [raised.get(table, (0, 0)) for table in layer.tables]
    now = periods(layer)
    since = [*(row[0] for row in rows), *now]
    return town, TileVersion(layer, since, [*(row[1] for row in rows), *now])


def about(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """West, south, east and north in EPSG:3857 of what a tile draws and a little more:
    an edit on the edge, however it is rounded, lies within.
    """
    size = WORLD / 2**z
    west, north = x * size - WORLD / 2, WORLD / 2 - y * size
    edge = size * MARGIN
    return west - edge, north - size - edge, west + size + edge, north + edge

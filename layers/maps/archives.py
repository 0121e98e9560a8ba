"""A town's tiles in one file: PMTiles for static hosting, MBTiles for phones."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection
from isal import igzip
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from psycopg2 import sql

from layers.geography.declaration import Layer, read_sql
from layers.geography.models import Municipality
from layers.maps import tiles
from layers.maps.errors import NothingToExport, UnknownArchive
from layers.maps.town_map import bounds

OCCUPIED = read_sql("layers.maps", "occupied.sql")
Place = tuple[int, int, int]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Archive:
    """What goes into a file. `box` is west, south, east and north in degrees; without
    one it is the whole town.
    """

    title: str
    municipality: Municipality
    layers: Sequence[Layer]
    box: Box | None = None

    @property
    def extent(self) -> Box:
        west, south, east, north = self.box or bounds(self.municipality)
        return west, south, east, north

    @property
    def zooms(self) -> tuple[int, int]:
        return (
            min(layer.min_zoom for layer in self.layers),
            max(layer.max_zoom for layer in self.layers),
        )

    def metadata(self) -> dict[str, Any]:
        return {
            "name": self.title,
            "description": ", ".join(str(layer.title) for layer in self.layers),
            "attribution": self.municipality.name,
            "type": "overlay",
            "version": "1",
            "vector_layers": [
                {
                    "id": layer.name,
                    "description": str(layer.title),
                    "minzoom": layer.min_zoom,
                    "maxzoom": layer.max_zoom,
                    "fields": {
                        each.name: "Number" if each.type == "number" else "String"
                        for each in layer.tile_fields
                    },
                }
                for layer in self.layers
            ],
        }

    def tiles(self) -> Iterator[tuple[Place, bytes]]:
        """Gzipped tiles that hold something, each with all layers of its zoom; from the
        lowest zoom and its tiles inwards, without looking where an outer one is empty.
        """
        yield from self._within(0, 0, 0)

    def _within(self, z: int, x: int, y: int) -> Iterator[tuple[Place, bytes]]:
        here = [layer for layer in self.layers if z <= layer.max_zoom]
        if not any(self._occupied(layer, z, x, y) for layer in here):
            return
        cut = [
            igzip.decompress(self._cut(layer, z, x, y))
            for layer in here
            if layer.min_zoom <= z
        ]
        if content := b"".join(cut):
            yield (z, x, y), igzip.compress(content, 3, mtime=0)
        if z < self.zooms[1]:
            for dx in (0, 1):
                for dy in (0, 1):
                    yield from self._within(z + 1, 2 * x + dx, 2 * y + dy)

    def _cut(self, layer: Layer, z: int, x: int, y: int) -> bytes:
        town = self.municipality
        return tiles.render(layer=layer, municipality=town, z=z, x=x, y=y).content

    def _occupied(self, layer: Layer, z: int, x: int, y: int) -> bool:
        west, south, east, north = self.extent
        bound = {
            **layer.parameters,
            "municipality": self.municipality.pk,
            "z": z,
            "x": x,
            "y": y,
            "min_lon": west,
            "min_lat": south,
            "max_lon": east,
            "max_lat": north,
        }
        with connection.cursor() as cursor:
            query = sql.SQL(OCCUPIED).format(source=sql.SQL(layer.sql))
            cursor.execute(query, bound)
            return bool(cursor.fetchone()[0])


def write_archive(archive: Archive, path: Path) -> int:
    """Write the kind that the file's name ends in, whole or not at all.

    Returns the number of tiles. Raises UnknownArchive and NothingToExport.
    """
    writers: dict[str, Callable[[Archive, Path], int]] = {
        ".pmtiles": _write_pmtiles,
        ".mbtiles": _write_mbtiles,
    }
    if path.suffix not in writers:
        raise UnknownArchive(path.name)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        count = writers[path.suffix](archive, unfinished)
        if not count:
            raise NothingToExport
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _write_pmtiles(archive: Archive, path: Path) -> int:
    found = sorted((zxy_to_tileid(*place), data) for place, data in archive.tiles())
    if not found:
        return 0
    west, south, east, north = archive.extent
    with path.open("wb") as file:
        writer = Writer(file)
        for number, data in found:
            writer.write_tile(number, data)
        writer.finalize(
            {
                "version": 3,
                "tile_type": TileType.MVT,
                "tile_compression": Compression.GZIP,
                "min_lon_e7": round(west * 1e7),
                "min_lat_e7": round(south * 1e7),
                "max_lon_e7": round(east * 1e7),
                "max_lat_e7": round(north * 1e7),
                "center_zoom": min(14, archive.zooms[1]),
                "center_lon_e7": round((west + east) / 2 * 1e7),
                "center_lat_e7": round((south + north) / 2 * 1e7),
            },
            archive.metadata(),
        )
    return len(found)


def _write_mbtiles(archive: Archive, path: Path) -> int:
    with closing(sqlite3.connect(path)) as file, file:
        file.executescript(read_sql("layers.maps", "mbtiles.sql"))
        file.executemany("INSERT INTO metadata VALUES (?, ?)", _mbtiles_facts(archive))
        count = 0
        for (z, x, y), data in archive.tiles():
            # MBTiles counts rows from the south.
            file.execute(
                "INSERT INTO tiles VALUES (?, ?, ?, ?)", (z, x, 2**z - 1 - y, data)
            )
            count += 1
    return count


def _mbtiles_facts(archive: Archive) -> list[tuple[str, str]]:
    west, south, east, north = archive.extent
    low, high = archive.zooms
    facts = archive.metadata()
    layers = facts.pop("vector_layers")
    return [
        *facts.items(),
        ("format", "pbf"),
        ("minzoom", str(low)),
        ("maxzoom", str(high)),
        ("bounds", f"{west},{south},{east},{north}"),
        ("center", f"{(west + east) / 2},{(south + north) / 2},{min(14, high)}"),
        ("json", json.dumps({"vector_layers": layers}, ensure_ascii=False)),
    ]

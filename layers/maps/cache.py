"""Gzipped tiles kept in the process, oldest use first out.

The key names the layer's version, so an entry never grows stale: a changed
layer is asked for under another key, and the old entries age out.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

Key = tuple[str, str, str, int, int, int]


@dataclass(frozen=True)
class Tile:
    content: bytes  # gzipped Mapbox Vector Tile
    etag: str


class TileCache:
    """At most `limit` bytes of content; safe for threads."""

    # What a key, an entry and the table round them take, about.
    OVERHEAD = 400

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._tiles: OrderedDict[Key, Tile] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Tile | None:
        with self._lock:
            tile = self._tiles.get(key)
            if tile is not None:
                self._tiles.move_to_end(key)
            return tile

    def put(self, key: Key, tile: Tile) -> None:
        with self._lock:
            self._drop(key)
            self._tiles[key] = tile
            self._size += len(tile.content) + self.OVERHEAD
            while self._size > self._limit:
                self._drop(next(iter(self._tiles)))

    def clear(self) -> None:
        with self._lock:
            self._tiles.clear()
            self._size = 0

    def _drop(self, key: Key) -> None:
        former = self._tiles.pop(key, None)
        if former is not None:
            self._size -= len(former.content) + self.OVERHEAD

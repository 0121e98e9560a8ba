"""Gzipped tiles: the last ones in the process, more on disk, shared by all processes.

The key names the version that last wrote inside the tile, so an entry never grows
stale: a changed tile is asked for under another key, and old entries age out.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

Key = tuple[str, str, str, int, int, int]


@dataclass(frozen=True)
class Tile:
    content: bytes  # gzipped
    etag: str

    @classmethod
    def of(cls, content: bytes) -> Tile:
        return cls(content, etag_of(fingerprint(content), len(content)))


def fingerprint(content: bytes) -> int:
    """33 bits of the content's hash: as many as a file's time can hold."""
    return int.from_bytes(hashlib.sha256(content).digest()[:5], "big") >> 7


def etag_of(time: int, size: int) -> str:
    """Strong, and the same that nginx makes of a file with this time and size."""
    return f'"{time:x}-{size:x}"'


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


class DiskCache:
    """Files under `root`, the oldest thrown out above `limit` bytes.

    A file's path is the tile's address with `.gz` behind it, and its time of change
    is no time but the content's fingerprint: so nginx serves the files as they are,
    with the ETag that the application gives. Any number of processes may write.
    """

    # Bytes on disk of a small file; what a sweep leaves of the limit; how often a folder
    # is made again.
    BLOCK = 4096
    KEPT = 0.9
    TURNS = 5

    def __init__(self, root: Path, limit: int) -> None:
        self.root = root
        self._limit = limit
        self._written = 0

    def path(self, key: Key) -> Path:
        town, layer, version, z, x, y = key
        return Path(f"{self.root}/{town}/{layer}/{version}/{z}/{x}/{y}.mvt.gz")

    def get(self, key: Key) -> Tile | None:
        try:
            with self.path(key).open("rb") as file:
                known, content = os.fstat(file.fileno()), file.read()
        except OSError:
            # Not there, or just thrown out; a name too long for a file is not there.
            return None
        return Tile(content, etag_of(int(known.st_mtime), known.st_size))

    def put(self, key: Key, tile: Tile) -> None:
        """Readers see the whole file or none. Raises OSError where the disk is full."""
        path = self.path(key)
        handle, name = self._new()
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(tile.content)
                file.flush()
                os.fchmod(file.fileno(), 0o644)
                time = fingerprint(tile.content)
                os.utime(file.fileno(), (time, time))
            self._rename(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        self._written += max(len(tile.content), self.BLOCK)
        if self._written > self._limit / 50:
            self._written = 0
            self.sweep()

    def _new(self) -> tuple[int, str]:
        try:
            return tempfile.mkstemp(dir=self.root, prefix=".new-")
        except FileNotFoundError:
            self.root.mkdir(parents=True, exist_ok=True)
            return tempfile.mkstemp(dir=self.root, prefix=".new-")

    def _rename(self, new: str, path: Path) -> None:
        for _turn in range(self.TURNS):
            try:
                Path(new).replace(path)
            except FileNotFoundError:
                # The first tile there, or a sweep has just removed the empty folder,
                # which it may do again before the file is in it.
                path.parent.mkdir(parents=True, exist_ok=True)
            else:
                return
        Path(new).replace(path)

    def sweep(self) -> None:
        """Throw out the oldest files; nothing where another process is at it."""
        with (self.root / ".sweep").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            # By the time of writing, which nobody can set.
            files = sorted((s.st_ctime, s.st_blocks * 512, p) for p, s in self._files())
            excess: float = sum(size for _, size, _ in files) - self._limit
            if excess <= 0:
                return
            excess += self._limit * (1 - self.KEPT)
            for _, size, path in files:
                if excess <= 0:
                    break
                path.unlink(missing_ok=True)
                excess -= size
            self._remove_empty()

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = Path(folder, name)
                try:
                    found = path.stat()
                except FileNotFoundError:
                    continue
                if path.suffix == ".gz":
                    yield path, found

    def _remove_empty(self) -> None:
        for folder, _, _ in os.walk(self.root, topdown=False):
            if Path(folder) != self.root:
                try:
                    Path(folder).rmdir()
                except OSError:
                    continue  # It holds tiles.

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from layers.maps.cache import DiskCache, Tile, TileCache


def key(n):
    return ("town", "zones", "1", 14, n, 0)


def test_the_least_recently_used_tile_goes_first():
    cache = TileCache(limit=2 * (100 + TileCache.OVERHEAD))
    for n in (1, 2):
        cache.put(key(n), Tile(b"x" * 100, "e"))
    cache.get(key(1))
    cache.put(key(3), Tile(b"x" * 100, "e"))
    assert [cache.get(key(n)) is not None for n in (1, 2, 3)] == [True, False, True]


def test_a_tile_larger_than_the_whole_cache_is_not_kept():
    cache = TileCache(limit=50)
    cache.put(key(1), Tile(b"x" * 100, "e"))
    assert cache.get(key(1)) is None


def test_putting_a_tile_again_does_not_count_it_twice():
    cache = TileCache(limit=100 + TileCache.OVERHEAD)
    for _ in range(3):
        cache.put(key(1), Tile(b"x" * 100, "e"))
    assert cache.get(key(1)) is not None


@pytest.fixture
def disk(tmp_path):
    return DiskCache(tmp_path / "tiles", limit=100 * DiskCache.BLOCK)


def test_a_file_has_the_etag_that_nginx_will_give(disk):
    tile = Tile.of(b"some tile")
    disk.put(key(1), tile)
    known = disk.path(key(1)).stat()
    assert f'"{int(known.st_mtime):x}-{known.st_size:x}"' == tile.etag
    assert disk.get(key(1)) == tile


def test_another_content_of_the_same_length_has_another_etag():
    assert Tile.of(b"tile a").etag != Tile.of(b"tile b").etag


def test_what_is_not_there_or_has_too_long_a_name_is_a_miss(disk):
    assert disk.get(key(1)) is None
    assert disk.get(("town", "zones", "1" * 5000, 1, 1, 1)) is None


def test_the_oldest_files_go_first_and_the_size_stays_below_the_limit(disk):
    for n in range(300):
        disk.put(key(n), Tile.of(b"%d" % n * 100))
    disk.sweep()
    kept = [n for n in range(300) if disk.get(key(n))]
    assert kept == list(range(300 - len(kept), 300))
    assert 50 < len(kept) <= 100


def test_emptied_folders_go_and_a_folder_that_goes_too_early_comes_back(disk):
    disk.put(key(1), Tile.of(b"x"))
    disk.path(key(1)).unlink()
    disk._remove_empty()
    assert list(disk.root.glob("*/")) == []
    new = disk.root / ".new"
    new.write_bytes(b"x")
    disk._rename(new, disk.path(key(1)))
    assert disk.get(key(1)).content == b"x"


def fill(root, start):
    disk = DiskCache(root, limit=50 * DiskCache.BLOCK)
    wrong = 0
    for n in range(400):
        wanted = key((start + n) % 120)
        tile = Tile.of(b"%d" % wanted[4] * 200)
        disk.put(wanted, tile)
        found = disk.get(key(n % 120))
        wrong += found is not None and found != Tile.of(b"%d" % (n % 120) * 200)
    return wrong


def test_four_processes_write_and_sweep_without_a_broken_tile(tmp_path):
    root = tmp_path / "tiles"
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(fill, [root] * 4, (0, 30, 60, 90))) == [0] * 4
    assert list(root.rglob(".new-*")) == []
    disk = DiskCache(root, limit=50 * DiskCache.BLOCK)
    disk.sweep()
    assert sum(1 for _ in disk._files()) <= 50

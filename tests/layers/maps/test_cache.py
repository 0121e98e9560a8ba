from layers.maps.cache import Tile, TileCache


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

"""A further raster over a known grid and 20,000 parcels, beside exactextract.

    python benchmarks/raster.py

Each run is the best of three; both give the same sums, which is checked.
"""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from layers.indicators.rasters.coverage import Grid, coverage, sums
from layers.indicators.rasters.walking import minutes

SIDE, CELL, PARCELS = 400, 10.0, 20_000
GROUND = 300


def main() -> None:
    generator = np.random.default_rng(7)
    grid = Grid(0, SIDE * CELL, CELL, CELL, SIDE, SIDE)
    parcels = make_parcels(generator)
    values = generator.gamma(1, 5, (SIDE, SIDE))
    values[generator.random(values.shape) < 0.05] = np.nan
    print(f"{PARCELS:,} parcels, {SIDE} × {SIDE} cells\n")
    yard, known = best(lambda: by_exactextract(grid, parcels, values))
    first, shares = best(lambda: coverage(grid, parcels))
    again, found = best(lambda: sums(shares, values))
    assert np.allclose(found.total, known, rtol=1e-5, equal_nan=True)
    show("exactextract, sum", yard, yard)
    show("fractions of a new grid and parcels, once", first, yard)
    show("a further raster on the grid", again, yard)
    print(f"{shares.nnz:,} fractions, {shares.data.nbytes * 2 / 1e6:.0f} MB\n")
    ground = generator.normal(0, 1, (GROUND, GROUND)).cumsum(axis=1)
    walked, _found = best(
        lambda: minutes(
            cell=20, places=[(3000, 3000), (900, 4800)], heights=ground, farthest=15
        )
    )
    print(f"minutes on foot over {GROUND} × {GROUND} cells: {walked * 1000:.0f} ms")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"most memory: {peak:.0f} MB")


def make_parcels(generator: np.random.Generator) -> list[shapely.Geometry]:
    """Tilted rectangles of about 400 m²."""
    at = generator.uniform(30, SIDE * CELL - 30, (PARCELS, 2))
    turned = generator.uniform(0, np.pi, PARCELS)
    wide, deep = generator.uniform(10, 30, (2, PARCELS)) / 2
    corner = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    x, y = corner[:, 0] * wide[:, None], corner[:, 1] * deep[:, None]
    cos, sin = np.cos(turned)[:, None], np.sin(turned)[:, None]
    points = np.stack([x * cos - y * sin, x * sin + y * cos], axis=-1)
    return shapely.polygons(points + at[:, None, :]).tolist()


def by_exactextract(
    grid: Grid, parcels: list[shapely.Geometry], values: np.ndarray
) -> np.ndarray:
    features = [
        {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(x)}
        for x in parcels
    ]
    source = NumPyRasterSource(values, *grid.bounds, nodata=np.nan)
    found = exact_extract(source, features, ["sum", "count"])
    return np.array(
        [
            each["properties"]["sum"] if each["properties"]["count"] > 0 else np.nan
            for each in found
        ]
    )


def best(work: Callable[[], Any]) -> tuple[float, Any]:
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        found = work()
        times.append(time.perf_counter() - begin)
    return min(times), found


def show(what: str, seconds: float, yard: float) -> None:
    print(f"{what:44} {seconds * 1000:9.1f} ms {seconds / yard:8.4f} of exactextract")


if __name__ == "__main__":
    main()

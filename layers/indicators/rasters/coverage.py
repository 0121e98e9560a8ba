"""How much of each cell of a grid lies in each zone, once, and sums by it ever after.

Exact fractions by `exactextract`; kept as a sparse matrix, so that a further raster on
the same grid costs one product. Shapes: z zones, r × c cells, row by row from the
north-west. Zones and grid are in one CRS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """North up: `west` and `north` are the corner, cells are `width` × `height`."""

    west: float
    north: float
    width: float
    height: float
    columns: int
    rows: int

    def __post_init__(self) -> None:
        if self.width <= 0 or self.height <= 0:
            raise ValueError("A grid's cells have a width and a height above zero.")
        if self.columns < 1 or self.rows < 1:
            raise ValueError("A grid has at least one cell.")

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        return (
            self.west,
            self.north - self.rows * self.height,
            self.west + self.columns * self.width,
            self.north,
        )

    @property
    def cells(self) -> int:
        return self.columns * self.rows


def coverage(grid: Grid, zones: Sequence[shapely.Geometry]) -> csr_array:
    """(z, r·c) the share of each cell that lies in each zone, 0 to 1.

    Raises ValueError for a zone without an area.
    """
    for number, zone in enumerate(zones):
        if zone is None or zone.is_empty or zone.area == 0:
            raise ValueError(f"Zone {number} has no area.")
    blank = np.zeros((grid.rows, grid.columns), dtype=np.int8)
    features = [
        {
            "type": "Feature",
            "properties": {},
            "geometry": shapely.geometry.mapping(each),
        }
        for each in zones
    ]
    found = exact_extract(
        NumPyRasterSource(blank, *grid.bounds), features, ["cell_id", "coverage"]
    )
    ids = [each["properties"]["cell_id"] for each in found]
    sizes = [len(each) for each in ids]
    shares = [each["properties"]["coverage"] for each in found]
    return csr_array(
        (
            np.concatenate([*shares, np.zeros(0)]).astype(float),
            np.concatenate([*ids, np.zeros(0)]).astype(np.intp),
            np.concatenate([[0], np.cumsum(sizes)]),
        ),
        shape=(len(zones), grid.cells),
    )


@dataclass(frozen=True)
class Sums:
    """(z,) each. `total` is NaN where no cell of the zone has a value."""

    total: Floats
    known: Floats
    """Cells with a value, in cells."""
    cells: Floats
    """Cells altogether; of the zone's part inside the grid."""


def sums(shares: csr_array, values: Floats) -> Sums:
    """Sums of `values` (r, c), NaN where there is none, by zone; nodata is not 0."""
    flat = values.ravel()
    valid = np.isfinite(flat)
    known = shares @ valid.astype(float)
    total = shares @ np.where(valid, flat, 0.0)
    return Sums(
        total=np.where(known > 0, total, np.nan),
        known=np.asarray(known),
        cells=np.asarray(shares.sum(axis=1)),
    )

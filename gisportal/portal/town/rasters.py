"""Population and terrain on grids in the plan's CRS, north up."""

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
import shapely
from scipy.ndimage import distance_transform_edt

from .noise import SmoothField
from .people import Children, Frame, persons_on
from .plan import TownPlan

POPULATION_CELL = 100.0
NODATA = -99999.0
# Metres: above the stream's bed, and from the stream.
FLOOD_RISE, FLOOD_REACH = 2.0, 300.0


@dataclass
class Grid:
    """`values` (rows, columns) float32 from the north-west corner `west`, `north`."""

    values: np.ndarray
    west: float
    north: float
    cell: float


def empty_grid(boundary: shapely.Geometry, cell: float, margin: int) -> Grid:
    west, south, east, north = boundary.bounds
    west, north = (
        (floor(west / cell) - margin) * cell,
        (ceil(north / cell) + margin) * cell,
    )
    columns = ceil((east - west) / cell) + margin
    rows = ceil((north - south) / cell) + margin
    return Grid(np.zeros((rows, columns), dtype=np.float32), west, north, cell)


def centres(grid: Grid) -> np.ndarray:
    rows, columns = grid.values.shape
    x = grid.west + (np.arange(columns) + 0.5) * grid.cell
    y = grid.north - (np.arange(rows) + 0.5) * grid.cell
    return np.stack(np.meshgrid(x, y), axis=-1)


def population(
    boundary: shapely.Geometry, frame: Frame, young: Children, day: np.datetime64
) -> Grid:
    """Residents per 100 m cell; nodata where no part of the cell lies in the municipality."""
    grid = empty_grid(boundary, POPULATION_CELL, 1)
    column = ((frame.points[:, 0] - grid.west) // grid.cell).astype(int)
    row = ((grid.north - frame.points[:, 1]) // grid.cell).astype(int)
    np.add.at(grid.values, (row, column), persons_on(frame, young, day))
    middle = centres(grid)
    half = grid.cell / 2
    cells = shapely.box(
        middle[..., 0] - half,
        middle[..., 1] - half,
        middle[..., 0] + half,
        middle[..., 1] + half,
    )
    shapely.prepare(boundary)
    grid.values[~shapely.intersects(boundary, cells)] = NODATA
    return grid


def terrain(plan: TownPlan, boundary: shapely.Geometry, streams: list) -> Grid:
    """Metres above sea level: a valley along the stream, falling to the west, between slopes."""
    grid = empty_grid(boundary, 20.0 if plan.units <= 12 else 60.0, 2)
    points = centres(grid)
    flat = points.reshape(-1, 2)
    away = distance_to(streams, grid)
    along = (flat[:, 0] - plan.origin[0]).reshape(away.shape)
    rng = plan.stream("terrain")
    hills = SmoothField(rng, 420.0)(flat).reshape(away.shape)
    folds = SmoothField(rng, 110.0)(flat).reshape(away.shape)
    rise = 62 * np.tanh((away / 780) ** 1.3) + 0.012 * away
    height = (
        908 + 0.009 * along + rise + hills * (2 + 7 * np.tanh(away / 500)) + 0.9 * folds
    )
    grid.values[:] = np.round(height, 1).astype(np.float32)
    return grid


def flood(terrain: Grid, streams: list) -> Grid:
    """Metres of water in a flood that stands 2 m above the stream's bed; 0 where dry."""
    bed = nearest_bed(streams, terrain)
    depth = np.clip(bed + FLOOD_RISE - terrain.values, 0, FLOOD_RISE)
    depth = np.where(distance_to(streams, terrain) <= FLOOD_REACH, depth, 0)
    values = np.round(depth, 1).astype(np.float32)
    return Grid(values, terrain.west, terrain.north, terrain.cell)


def nearest_bed(streams: list, terrain: Grid) -> np.ndarray:
    """The ground's height at the stream cell that lies nearest to each cell."""
    dry = dry_ground(streams, terrain)
    if dry.all():
        return np.full(dry.shape, -np.inf)
    row, column = distance_transform_edt(
        dry, return_distances=False, return_indices=True
    )
    return terrain.values[row, column]


def distance_to(streams: list, grid: Grid) -> np.ndarray:
    dry = dry_ground(streams, grid)
    if dry.all():
        return np.full(dry.shape, 600.0)
    return distance_transform_edt(dry) * grid.cell


def dry_ground(streams: list, grid: Grid) -> np.ndarray:
    """Cells that no stream crosses."""
    height, width = grid.values.shape
    dry = np.ones((height, width), dtype=bool)
    for line in streams:
        points = shapely.get_coordinates(shapely.segmentize(line, grid.cell / 2))
        column = ((points[:, 0] - grid.west) // grid.cell).astype(int)
        row = ((grid.north - points[:, 1]) // grid.cell).astype(int)
        inside = (row >= 0) & (column >= 0) & (row < height) & (column < width)
        dry[row[inside], column[inside]] = False
    return dry

"""Minutes on foot to the nearest of several places, over a grid of ground.

Speed by slope after Tobler's hiking function, 6·exp(−3.5·|slope + 0.05|) km/h (Tobler,
NCGIA report 93-1, 1993), which gives 5.04 km/h on the flat; off paths he takes 0.6 of
it. Shapes: r × c cells, row by row from the north-west; lengths in metres.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

METRES_PER_MINUTE = 1000 / 60
# To the eight neighbours and, as a knight moves, to eight more: 16 directions keep the
# way at most 2.8 % too long, eight 8.2 %.
STEPS = [
    (row, column)
    for row in range(-2, 3)
    for column in range(-2, 3)
    if 1 <= row**2 + column**2 <= 5 and row**2 + column**2 != 4
]


def speed(slope: Floats) -> Floats:
    """Metres per minute; `slope` is rise over run, negative downhill."""
    return 6 * METRES_PER_MINUTE * np.exp(-3.5 * np.abs(slope + 0.05))


def minutes(
    *,
    cell: float,
    places: Sequence[tuple[float, float]],
    heights: Floats,
    pace: float = 1.0,
    farthest: float = 60.0,
) -> Floats:
    """(r, c) minutes from each cell's centre to the nearest place; inf beyond `farthest`.

    `places` are (x, y) in metres east and south of the grid's north-west corner; those
    off the grid are left out. `heights` (r, c) are NaN where nobody walks. `pace`
    multiplies the speed: 0.6 off paths. Raises ValueError.
    """
    if cell <= 0 or not 0 < pace <= 2:
        raise ValueError("A cell has a side above 0, and the pace lies in 0 to 2.")
    rows, columns = heights.shape
    size = rows * columns
    cells, delays = _starts(cell, places, heights, pace)
    if not len(cells):
        return np.full(heights.shape, np.inf)
    begin, end, cost = _ways(cell, heights, pace)
    graph = coo_array(
        (
            np.concatenate([cost, delays]),
            (
                np.concatenate([begin, np.full(len(cells), size)]),
                np.concatenate([end, cells]),
            ),
        ),
        shape=(size + 1, size + 1),
    )
    found = dijkstra(csr_array(graph), indices=size, limit=farthest)
    return np.asarray(found[:size]).reshape(rows, columns)


def _starts(
    cell: float, places: Sequence[tuple[float, float]], heights: Floats, pace: float
) -> tuple[Ints, Floats]:
    """Walkable cells that hold a place, and the minutes from centre to place."""
    rows, columns = heights.shape
    nearest: dict[int, float] = {}
    for x, y in places:
        row, column = int(np.floor(y / cell)), int(np.floor(x / cell))
        inside = 0 <= row < rows and 0 <= column < columns
        if not inside or not np.isfinite(heights[row, column]):
            continue
        away = np.hypot(x - (column + 0.5) * cell, y - (row + 0.5) * cell)
        # A way of length 0 would be no way in a sparse matrix.
        delay = max(float(away / (pace * speed(np.zeros(1))[0])), 1e-9)
        key = row * columns + column
        nearest[key] = min(delay, nearest.get(key, np.inf))
    keys = np.array(sorted(nearest), dtype=np.intp)
    return keys, np.array([nearest[key] for key in sorted(nearest)])


def _ways(cell: float, heights: Floats, pace: float) -> tuple[Ints, Ints, Floats]:
    """Steps from place to home, each at the cost of walking it the other way."""
    rows, columns = heights.shape
    number = np.arange(rows * columns).reshape(rows, columns)
    padded = np.pad(heights, 2, constant_values=np.nan)
    begins, ends, costs = [], [], []
    for down, right in STEPS:
        there = _seen(padded, down, right)
        length = cell * np.hypot(down, right)
        # Walked from `there` to here, towards the place.
        cost = length / (pace * speed((heights - there) / length))
        walkable = np.isfinite(cost)
        for between in _between(down, right):
            walkable &= np.isfinite(_seen(padded, *between))
        begins.append(number[walkable])
        ends.append(number[walkable] + down * columns + right)
        costs.append(cost[walkable])
    return np.concatenate(begins), np.concatenate(ends), np.concatenate(costs)


def _seen(padded: Floats, down: int, right: int) -> Floats:
    """(r, c) what lies so far from each cell, of an array padded by 2."""
    rows, columns = padded.shape[0] - 4, padded.shape[1] - 4
    return padded[2 + down : 2 + down + rows, 2 + right : 2 + right + columns]


def _between(down: int, right: int) -> list[tuple[int, int]]:
    """The cells a knight's step passes between; it must not leap a wall."""
    if abs(down) == 2:
        return [(down // 2, 0), (down // 2, right)]
    if abs(right) == 2:
        return [(0, right // 2), (down, right // 2)]
    return []

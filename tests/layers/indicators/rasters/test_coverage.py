import numpy as np
import pytest
import shapely
import shapely.ops
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.indicators.rasters.coverage import Grid, coverage, sums

GRID = Grid(west=1000, north=5000, width=100, height=50, columns=4, rows=3)


def test_a_zone_gets_the_part_of_a_cell_that_it_covers():
    # A quarter of the first cell and half of the one below.
    zone = shapely.box(1000, 4900, 1050, 4975)
    shares = coverage(GRID, [zone]).toarray()[0]
    assert shares[0] == pytest.approx(0.25)
    assert shares[4] == pytest.approx(0.5)
    assert shares.sum() == pytest.approx(0.75)


@st.composite
def tilings(draw):
    """The grid's extent cut by a few straight lines."""
    west, south, east, north = GRID.bounds
    tiles = [shapely.box(*GRID.bounds)]
    for _ in range(draw(st.integers(0, 4))):
        a, b = (draw(st.floats(0.01, 0.99)) for _ in range(2))
        ends = ((west - 1, south + a * (north - south)), (east + 1, south + b * 150))
        if draw(st.booleans()):
            ends = ((west + a * 400, south - 1), (west + b * 400, north + 1))
        line = shapely.LineString(ends)
        tiles = [part for tile in tiles for part in shapely.ops.split(tile, line).geoms]
    return tiles


@given(tilings(), st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_zones_that_tile_the_grid_add_up_to_its_total(tiles, seed):
    generator = np.random.default_rng(seed)
    values = generator.gamma(1, 50, (3, 4))
    values[generator.random((3, 4)) < 0.2] = np.nan
    found = sums(coverage(GRID, tiles), values)
    assert np.nansum(found.total) == pytest.approx(np.nansum(values), rel=1e-6)
    assert found.cells.sum() == pytest.approx(12, rel=1e-6)


def test_nodata_is_not_zero():
    values = np.full((3, 4), np.nan)
    values[0, 0] = 0
    left, right = (
        shapely.box(1000, 4850, 1200, 5000),
        shapely.box(1200, 4850, 1400, 5000),
    )
    found = sums(coverage(GRID, [left, right]), values)
    assert found.total[0] == 0
    assert np.isnan(found.total[1])
    assert found.known == pytest.approx([1, 0])
    assert found.cells == pytest.approx([6, 6])


def test_a_zone_outside_has_no_cells():
    found = sums(coverage(GRID, [shapely.box(0, 0, 1, 1)]), np.ones((3, 4)))
    assert found.cells == pytest.approx([0])
    assert np.isnan(found.total[0])


def test_a_zone_without_an_area_and_a_grid_without_cells_are_refused():
    with pytest.raises(ValueError, match="Zone 1 has no area"):
        coverage(GRID, [shapely.box(1000, 4900, 1100, 5000), shapely.Polygon()])
    with pytest.raises(ValueError, match="above zero"):
        Grid(0, 0, 0, 1, 1, 1)
    with pytest.raises(ValueError, match="at least one cell"):
        Grid(0, 0, 1, 1, 0, 1)

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from django.core.exceptions import ValidationError
from pyproj import CRS
from rasterio.transform import from_origin

from layers.indicators.rasters import population as rasters
from layers.indicators.rasters.coverage import Grid

ROOT = Path(__file__).parents[4]
WORLDPOP = ROOT.parent / "shared/data/raster/worldpop2020_1km_washington_baltimore.tif"
METRES = CRS.from_epsg(22770)


def write(path, values, crs="EPSG:22770", *, cell=100.0, nodata=-99999.0, **more):
    profile = {
        "driver": "GTiff",
        "dtype": "float32",
        "count": 1,
        "height": values.shape[0],
        "width": values.shape[1],
        "crs": crs,
        "transform": from_origin(158000, 207000, cell, cell),
        "nodata": nodata,
    } | more
    with rasterio.open(path, "w", **profile) as target:
        target.write(values.astype("float32"), 1)
    return path


@pytest.fixture
def people(tmp_path):
    """8 × 10 cells of 100 m, each with ten people; two cells unknown."""
    values = np.full((8, 10), 10.0)
    values[0, :2] = -99999
    return write(tmp_path / "people.tif", values)


def halves():
    """West and east half of the raster."""
    return [
        shapely.box(158000, 206200, 158500, 207000),
        shapely.box(158500, 206200, 159000, 207000),
    ]


def voronoi(bounds, count, seed=1):
    west, south, east, north = bounds
    generator = np.random.default_rng(seed)
    points = np.column_stack(
        [generator.uniform(west, east, count), generator.uniform(south, north, count)]
    )
    frame = shapely.box(*bounds)
    cells = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=frame)
    return [cell.intersection(frame) for cell in cells.geoms]


def test_people_are_added_by_zone_and_nodata_is_told(people):
    found = rasters.people(people, halves(), METRES)
    assert found.people == pytest.approx([380, 400])
    assert found.covered == pytest.approx([38 / 40, 1])


@pytest.mark.parametrize("strip", [10, 25, 2_000_000])
def test_zones_that_tile_the_raster_add_up_to_it_however_it_is_read(
    tmp_path, monkeypatch, strip
):
    monkeypatch.setattr(rasters, "STRIP", strip)
    values = np.random.default_rng(4).gamma(1, 20, (17, 23)).astype("float32")
    values[values < 2] = np.nan
    path = write(tmp_path / "nan.tif", values, nodata=np.nan)
    tiles = voronoi((158000, 207000 - 1700, 158000 + 2300, 207000), 12)
    found = rasters.people(path, tiles, METRES)
    assert found.people.sum() == pytest.approx(np.nansum(values.astype(float)))


@pytest.mark.skipif(not WORLDPOP.exists(), reason="the WorldPop cut is not here")
def test_zones_that_tile_worldpop_add_up_to_it():
    with rasterio.open(WORLDPOP) as raster:
        tiles = voronoi(raster.bounds, 40)
    found = rasters.people(WORLDPOP, tiles, CRS.from_epsg(4326))
    assert np.nansum(found.people) == pytest.approx(8_312_494.5, abs=1)


def test_zones_are_moved_to_the_raster(people):
    degrees = CRS.from_epsg(4326)
    zones = rasters.moved(halves(), METRES, degrees)
    found = rasters.people(people, zones, degrees)
    assert found.people == pytest.approx([380, 400], rel=1e-5)


def test_a_hazard_of_finer_cells_concerns_a_fraction(people, tmp_path):
    depth = np.zeros((32, 40))
    depth[:, 19:] = 0.5  # from a quarter of the fifth column on
    depth[:, 30:] = -99999  # unknown for a quarter of all
    hazard = write(tmp_path / "flood.tif", depth, cell=25.0)
    mask = rasters.ThresholdMask(hazard, 0.01)
    everyone, found = rasters.concerned(people, halves(), METRES, [mask])
    assert everyone.people == pytest.approx([380, 400])
    assert found.concerned == pytest.approx([20, 200])
    assert found.known == pytest.approx([380, 200])
    safe = rasters.ThresholdMask(hazard, 0.01, nodata_is_safe=True)
    _all, found = rasters.concerned(people, halves(), METRES, [safe])
    assert found.known == pytest.approx([380, 400])
    assert found.concerned == pytest.approx([20, 200])


def test_a_hazard_in_another_system_and_one_that_is_elsewhere(people, tmp_path):
    degrees = CRS.from_epsg(4326)
    west, _south, _east, north = shapely.total_bounds(
        np.array(rasters.moved(halves(), METRES, degrees), dtype=object)
    )
    grid = from_origin(west - 0.01, north + 0.01, 0.0005, 0.0005)
    hot = write(
        tmp_path / "hot.tif", np.full((80, 80), 40.0), "EPSG:4326", transform=grid
    )
    away = write(
        tmp_path / "away.tif", np.ones((4, 4)), transform=from_origin(0, 0, 100, 100)
    )
    masks = [rasters.ThresholdMask(hot, 35), rasters.ThresholdMask(away, 1)]
    everyone, warm, unknown = rasters.concerned(people, halves(), METRES, masks)
    assert warm.concerned == pytest.approx(everyone.people)
    assert unknown.known == pytest.approx([0, 0])
    assert np.isnan(unknown.concerned).all()


def test_a_mask_in_memory_concerns_those_under_it(people):
    grid = Grid(158000, 207000, 20, 20, 50, 40)
    reach = np.zeros((40, 50))
    reach[:, :5] = 1
    mask = rasters.ArrayMask(reach, grid, METRES)
    _all, found = rasters.concerned(people, halves(), METRES, [mask])
    assert found.concerned == pytest.approx([70, 0])


def refused(words, path, zones=None):
    with pytest.raises(ValidationError, match=words):
        rasters.people(path, zones or halves(), METRES)


def test_rasters_that_cannot_be_used_are_refused(people, tmp_path):
    ones = np.ones((8, 10))
    refused("coordinate reference", write(tmp_path / "bare.tif", ones, crs=None))
    turned = from_origin(158000, 207000, 100, 100) @ rasterio.Affine.rotation(10)
    refused("rotated", write(tmp_path / "turned.tif", ones, transform=turned))
    away = from_origin(0, 0, 100, 100)
    refused("doesn't touch", write(tmp_path / "away.tif", ones, transform=away))
    negative = ones.copy()
    negative[3, 4] = -2
    refused("-2 in row 4, column 5", write(tmp_path / "negative.tif", negative))
    (tmp_path / "text.tif").write_text("no raster")
    refused("can't be read", tmp_path / "text.tif")
    cut = tmp_path / "cut.tif"
    cut.write_bytes(people.read_bytes()[:-100])
    refused("can't be read", cut)
    refused("Zone 2 has no area", people, [halves()[0], shapely.Polygon()])


def test_a_raster_without_any_value_gives_no_figure(tmp_path):
    path = write(tmp_path / "none.tif", np.full((8, 10), np.nan), nodata=None)
    found = rasters.people(path, halves(), METRES)
    assert np.isnan(found.people).all()
    assert found.covered == pytest.approx([0, 0])


HUGE = """
import resource, sys
import django.conf
django.conf.settings.configure(USE_I18N=False)
import shapely
from pyproj import CRS
from layers.indicators.rasters import population as rasters
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
zones = [shapely.box(158900, 100000, 159500, 207000)]
found = rasters.people(sys.argv[1], zones, CRS.from_epsg(22770))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(float(found.people[0]), (after - before) // 1024)
"""


@pytest.mark.slow
def test_twenty_gigabytes_are_read_by_windows(tmp_path):
    path = tmp_path / "huge.tif"
    profile = {
        "driver": "GTiff", "dtype": "float32", "count": 1, "crs": "EPSG:22770",
        "width": 50_000, "height": 107_000, "nodata": -1, "tiled": True,
        "transform": from_origin(158000, 207000, 1, 1), "sparse_ok": True,
        "bigtiff": "yes",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as target:
        window = rasterio.windows.Window(1000, 50_000, 256, 256)
        target.write(np.ones((256, 256), "float32"), 1, window=window)
    assert profile["width"] * profile["height"] * 4 > 20e9
    refused("535 million cells", path, [shapely.box(158000, 100000, 163000, 207000)])
    found = subprocess.run(
        [sys.executable, "-c", HUGE, path],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    )
    total, megabytes = map(float, found.stdout.split())
    assert total == pytest.approx(256 * 256)
    assert megabytes < 1000

"""What is in a tile, against an independent decoder and a selection by hand."""

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
import shapely.affinity
from django.contrib.gis.geos import GEOSGeometry
from pyproj import Transformer

from layers.geography.models import Parcel
from layers.maps import tiles
from layers.maps.catalogue import layer_named
from tests.factories.geography import ParcelFactory
from tests.layers.maps.tile_addresses import address, content_of

SIDE = 24
TO_MERCATOR = Transformer.from_crs(4326, 3857, always_xy=True)
TO_DEGREES = Transformer.from_crs(3857, 4326, always_xy=True)


def lots(widths):
    """Irregular lots in degrees that share every corner; some have a hole."""
    random = np.random.default_rng(11)
    steps = np.cumsum(random.choice(widths, SIDE + 1))
    middle = np.array(TO_MERCATOR.transform(35.83, 33.80))
    corners = np.stack(np.meshgrid(steps, steps), -1) - steps.mean() + middle
    amount = min(widths) / 5
    corners += random.uniform(-amount, amount, corners.shape)
    on_east = corners[:-1] + (corners[1:] - corners[:-1]) * 0.4
    on_east[:, :, 0] += random.uniform(-amount, amount, on_east.shape[:2])
    for i in range(SIDE):
        for j in range(SIDE):
            ring = [
                *(corners[i, j], on_east[i, j], corners[i + 1, j]),
                *(corners[i + 1, j + 1], on_east[i, j + 1], corners[i, j + 1]),
            ]
            shape = shapely.Polygon(ring)
            if (i + j) % 7 == 0 and shape.area > 400:
                hole = shapely.affinity.scale(shape, 0.3, 0.3)
                shape = shapely.Polygon(ring, [hole.exterior.coords])
            assert shape.is_valid
            yield shapely.transform(
                shape, lambda at: np.column_stack(TO_DEGREES.transform(*at.T))
            )


@pytest.fixture
def plant(town):
    """Makes lots of these widths in metres (EPSG:3857): keys and shapes, projected
    without PostGIS.
    """

    def plant(*widths):
        rows = Parcel.objects.bulk_create(
            ParcelFactory.build(
                municipality=town,
                code=f"{n}",
                geometry=GEOSGeometry(
                    memoryview(shapely.to_wkb(shapely.MultiPolygon([s]))), srid=4326
                ),
            )
            for n, s in enumerate(lots(widths))
        )
        return {
            row.pk: shapely.transform(
                shapely.from_wkb(bytes(row.geometry.wkb)),
                lambda at: np.column_stack(TO_MERCATOR.transform(*at.T)),
            )
            for row in rows
        }

    return plant


def tiles_round(shapes, z):
    """Addresses of the tiles that hold the shapes, and one more on each side."""
    size = tiles.WORLD / 2**z
    west, south, east, north = shapely.total_bounds(list(shapes))
    half = tiles.WORLD / 2
    for x in range(int((west + half) / size) - 1, int((east + half) / size) + 2):
        for y in range(int((half - north) / size) - 1, int((half - south) / size) + 2):
            yield z, x, y


def decoded(client, town, at):
    raw = content_of(client.get(address(town, "outlines", at)))
    layer = mapbox_vector_tile.decode(raw, default_options={"y_coord_down": True}).get(
        "outlines", {"features": [], "extent": 4096}
    )
    shapes = {
        each["id"]: shapely.geometry.shape(each["geometry"])
        for each in layer["features"]
    }
    assert len(shapes) == len(layer["features"])
    return shapes, layer["extent"]


def in_units(shape, at, extent):
    """The shape in the tile's own units, from its upper left corner."""
    z, x, y = at
    size = tiles.WORLD / 2**z
    corner = np.array(
        [x * size - tiles.WORLD / 2, tiles.WORLD / 2 - y * size],
    )
    return shapely.transform(
        shape, lambda on: (on - corner) * np.array([1, -1]) * extent / size
    )


def shown(shape, at, extent):
    """Whether a tile must show the shape: it is inside, and not too small to be seen."""
    z = at[0]
    box = shapely.box(0, 0, extent, extent)
    inside = in_units(shape, at, extent).intersection(box)
    if inside.area == 0:
        return False
    if z < layer_named("outlines").max_zoom:
        west, south, east, north = shape.bounds
        pixel = tiles.WORLD / 2**z / tiles.PIXELS
        if max(east - west, north - south) <= pixel:
            return False
    # Half a unit is lost to rounding on each side.
    return not inside.buffer(-0.75).is_empty


@pytest.mark.parametrize("z", [13, 14, 15, 16])
def test_every_parcel_that_should_be_in_a_tile_is_in_it(client, town, plant, z):
    parcels, seen, hidden = plant(60, 20, 5, 0.8, 0.3), set(), 0
    for at in tiles_round(parcels.values(), z):
        found, extent = decoded(client, town, at)
        wide = shapely.box(*[-extent / 60] * 2, *[extent + extent / 60] * 2)
        for key, shape in parcels.items():
            if shown(shape, at, extent):
                assert key in found, (at, shape.wkt)
            if key in found:
                assert in_units(shape, at, extent).intersects(wide), (at, shape.wkt)
        seen |= found.keys()
    hidden = parcels.keys() - seen
    assert len(seen) > 80
    # What is left out lies below a pixel, or below a unit where nothing is closer.
    smallest = tiles.WORLD / 2**z / (tiles.PIXELS if z < 16 else 4096)
    for key in hidden:
        west, south, east, north = parcels[key].bounds
        assert min(east - west, north - south) <= smallest


WIDE = (60, 20, 6)


@pytest.mark.parametrize("z", [14, 15, 16])
def test_no_corner_moves_by_more_than_half_a_unit(client, town, plant, z):
    parcels, checked = plant(*WIDE), 0
    for at in tiles_round(parcels.values(), z):
        found, extent = decoded(client, town, at)
        inner = shapely.box(0, 0, extent, extent)
        for key, shape in found.items():
            true = in_units(parcels[key], at, extent)
            if inner.contains(true):
                assert shapely.hausdorff_distance(shape, true) <= 0.71
                checked += 1
    assert checked > 300


@pytest.mark.parametrize("z", [14, 15, 16])
def test_shared_borders_stay_shared(client, town, plant, z):
    """Round a parcel lie its neighbours: no gap between, and nobody on another."""
    parcels, checked = plant(*WIDE), 0
    keys = list(parcels)
    for at in tiles_round(parcels.values(), z):
        found, extent = decoded(client, town, at)
        for key, shape in found.items():
            row, column = divmod(keys.index(key), SIDE)
            if not (0 < row < SIDE - 1 and 0 < column < SIDE - 1):
                continue
            around = [
                keys[(row + i) * SIDE + column + j]
                for i in (-1, 0, 1)
                for j in (-1, 0, 1)
            ]
            if not set(around) <= found.keys():
                continue
            shapes = [found[each] for each in around]
            block = shapely.union_all(shapes)
            assert block.area == pytest.approx(sum(x.area for x in shapes), abs=1e-6)
            border = shapely.LineString(shape.exterior.coords)
            inner = shapely.box(1, 1, extent - 1, extent - 1).intersection(border)
            assert block.boundary.intersection(inner).length < 1e-6 or (
                has_hole(parcels[key])
            )
            checked += 1
    assert checked > 300


def has_hole(shape):
    return any(polygon.interiors for polygon in shape.geoms)


def test_a_tile_of_polygons_turns_them_as_the_format_wants(client, town, plant):
    parcels = plant(*WIDE)
    for at in tiles_round(parcels.values(), 15):
        found, _extent = decoded(client, town, at)
        for shape in found.values():
            for polygon in getattr(shape, "geoms", [shape]):
                assert polygon.is_valid
                assert polygon.exterior.is_ccw
                assert not any(hole.is_ccw for hole in polygon.interiors)

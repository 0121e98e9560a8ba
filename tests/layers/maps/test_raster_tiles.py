import io
from pathlib import Path

import numpy as np
import pytest
import rasterio
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image
from pyproj import Transformer
from rasterio.transform import from_origin

from gisportal.accounts.roles import PERMISSIONS, Role
from layers.geography.services import import_raster
from layers.maps import raster_tiles, tiles
from layers.maps.overlays import overlays
from layers.maps.raster_styles import GROUND, HAZARD, KINDS, NEED, starts_between
from layers.maps.raster_tiles import Shown, coarsen, shown_rasters, themed
from tests.factories.accounts import UserFactory, staff
from tests.factories.geography import MunicipalityFactory
from tests.layers.indicators.rasters.test_population import write

TO_MERCATOR = Transformer.from_crs(22770, 3857, always_xy=True)
WEST, NORTH = 158000, 207000


def grown(tmp_path, town, kind, values, code="", **more):
    path = write(tmp_path / f"{kind}{code}.tif", values, **more)
    town.boundary = None
    raster, _ = import_raster(
        municipality=town, path=path, kind=kind, names={"en": kind}, code=code
    )
    return Shown(raster)


def tile_at(east, north, z):
    """The tile that holds a place of the raster's own system, and the pixel in it."""
    x, y = TO_MERCATOR.transform(east, north)
    size = tiles.WORLD / 2**z
    at = (x + tiles.WORLD / 2) / size, (tiles.WORLD / 2 - y) / size
    pixel = tuple(int(part % 1 * raster_tiles.SIDE) for part in at)
    return z, int(at[0]), int(at[1]), pixel


def address(town, shown, place, version=None):
    z, x, y, _ = place
    return (
        f"/tiles/{town.slug}/raster/{shown.raster.code}/{version or shown.version}"
        f"/{z}/{x}/{y}.png"
    )


def colour(response, place):
    image = Image.open(io.BytesIO(response.content)).convert("RGBA")
    red, green, blue, alpha = image.getpixel(place[3])
    return f"#{red:02x}{green:02x}{blue:02x}" if alpha else None


def test_cells_have_the_colour_of_their_class(client, town, tmp_path):
    values = np.full((8, 10), 0.0)
    values[:, 2:4], values[:, 4:6], values[:, 6:] = 1, 2, 5
    values[0, 0] = -99999
    shown = grown(tmp_path, town, "hazard", values)
    assert [x.value for x in shown.style.shades] == [1, 2, 3, 4, None]
    for column, value, at in ((3, 1, 0), (5, 2, 1), (8, 5, 4)):
        place = tile_at(WEST + column * 100 + 50, NORTH - 450, 16)
        for theme in ("light", "dark"):
            version = themed(shown.version, theme)
            response = client.get(address(town, shown, place, version))
            assert response["Content-Type"] == "image/png"
            assert "immutable" in response["Cache-Control"]
            assert colour(response, place) == HAZARD[theme][at]
            # As every other picture of the layer has it.
            assert colour(response, place) == getattr(shown.style.shade(value), theme)
    assert shown.style.shade(-1) is shown.style.shade(0) is None
    # Where nothing is to be feared the map below stays in sight.
    safe = tile_at(WEST + 150, NORTH - 450, 16)
    unknown = tile_at(WEST + 50, NORTH - 50, 16)
    outside = tile_at(WEST - 900, NORTH - 50, 16)
    for place in (safe, unknown, outside):
        assert colour(client.get(address(town, shown, place)), place) is None


def test_far_away_there_is_a_clear_tile(client, town, tmp_path):
    shown = grown(tmp_path, town, "hazard", np.arange(80.0).reshape(8, 10))
    response = client.get(address(town, shown, (14, 3, 3, (0, 0))))
    assert response.status_code == 200
    assert np.asarray(Image.open(io.BytesIO(response.content))).max() == 0


def test_a_public_raster_is_kept_for_ever_under_its_version(client, town, tmp_path):
    shown = grown(tmp_path, town, "terrain", np.arange(80.0).reshape(8, 10))
    place = tile_at(WEST + 500, NORTH - 400, 15)
    response = client.get(address(town, shown, place))
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    known = {"If-None-Match": response["ETag"]}
    again = client.get(address(town, shown, place), headers=known)
    assert again.status_code == 304
    older = client.get(address(town, shown, place, "0-old"))
    assert older["Cache-Control"] == "no-cache"
    assert older.content == response.content
    newer = grown(tmp_path, town, "terrain", np.arange(80.0).reshape(8, 10)[::-1])
    assert newer.version != shown.version
    changed = client.get(address(town, newer, place))
    assert changed["ETag"] != response["ETag"]


def test_rasters_are_seen_by_whom_they_are_for(client, town, tmp_path):
    values = np.full((8, 10), 30.0)
    every = [grown(tmp_path, town, kind, values, code=f"r-{kind}") for kind in KINDS]
    place = tile_at(WEST + 500, NORTH - 400, 15)
    people = {role: staff(town, role) for role in Role} | {
        "nobody": UserFactory(),
        "elsewhere": staff(MunicipalityFactory(), Role.MUNICIPAL_ADMIN),
    }
    for role, user in people.items():
        client.force_login(user)
        seen = {shown.raster.kind for shown in shown_rasters(town, user)}
        for shown in every:
            permission = shown.kind.permission
            allowed = permission is None or permission in PERMISSIONS.get(role, ())
            response = client.get(address(town, shown, place))
            assert response.status_code == (200 if allowed else 403)
            if permission:
                assert "public" not in response.headers.get("Cache-Control", "")
            assert (shown.raster.kind in seen) == allowed


@pytest.mark.parametrize(
    ("cell", "crs"),
    [(10.0, "EPSG:22770"), (100.0, "EPSG:22770"), (0.0003, "EPSG:4326")],
)
def test_no_cell_of_people_is_small_or_holds_few(tmp_path, cell, crs):
    random = np.random.default_rng(4)
    values = random.gamma(0.3, 2.0, (123, 217)) * (30 if cell == 100 else 1)
    values[random.random(values.shape) < 0.2] = -99999
    more = {}
    if crs == "EPSG:4326":
        more["transform"] = from_origin(35.8, 33.8, cell, cell)
    source = write(tmp_path / "fine.tif", values, crs, cell=cell, **more)
    coarsen(source, tmp_path / "coarse.tif")
    with (
        rasterio.open(tmp_path / "coarse.tif") as coarse,
        rasterio.open(source) as fine,
    ):
        density, ratio = coarse.read(1), coarse.transform.a / fine.transform.a
        metres = 1 if crs == "EPSG:22770" else 111_320 * np.cos(np.radians(33.8))
        width = coarse.transform.a * metres
        height = -coarse.transform.e * (1 if metres == 1 else 111_320)
    assert ratio == round(ratio)
    assert min(width, height) >= 99.9
    people = density * width * height / 10_000
    assert np.nanmin(people) >= 10 * 0.999
    assert np.isnan(density).any()
    known = np.where(values < 0, 0, values)
    kept = people[np.isfinite(people)].sum()
    assert 0.15 * known.sum() < kept <= known.sum() * 1.001


def test_a_lone_child_is_on_no_tile(client, town, tmp_path):
    values = np.zeros((80, 100))
    values[40, 50] = 1
    values[10:20, 10:20] = 3
    shown = grown(tmp_path, town, "children", values, cell=10.0)
    client.force_login(staff(town, Role.PLANNER))
    lone = tile_at(WEST + 505, NORTH - 405, 17)
    many = tile_at(WEST + 150, NORTH - 150, 17)
    assert colour(client.get(address(town, shown, lone)), lone) is None
    assert colour(client.get(address(town, shown, many)), many) == NEED["light"][4]


@pytest.mark.parametrize("path", ["raster/none/1/14/1/1.png", "raster/x/1/40/1/1.png"])
def test_what_is_not_there_is_not_found(client, town, path):
    assert client.get(f"/tiles/{town.slug}/{path}").status_code == 404
    assert client.get(f"/tiles/nowhere/{path}").status_code == 404


def test_classes_of_a_range_are_round_and_a_single_value_is_one_class():
    assert starts_between(0, 5) == (0, 1, 2, 3, 4)
    assert starts_between(312.4, 903.7) == (312.4, 430.0, 550.0, 670.0, 790.0)
    assert starts_between(7, 7) == (7,)
    (only,) = KINDS["terrain"].style((7,)).shades
    assert (only.label, only.value) == ("7 +", None)
    assert (only.light, only.dark) == (GROUND["light"][0], GROUND["dark"][0])


def test_the_desk_offers_rasters_with_their_classes_to_those_who_may_see_them(
    town, tmp_path
):
    values = np.arange(80.0).reshape(8, 10)
    grown(tmp_path, town, "hazard", values)
    grown(tmp_path, town, "children", values)
    seen = {}
    for role in (Role.PLANNER, Role.RESIDENT):
        rows = overlays(staff(town, role), town, "zones")
        seen[role] = {x["name"]: x for x in rows if x["geometry"] == "raster"}
    assert set(seen[Role.PLANNER]) == {"raster-hazard", "raster-children"}
    assert set(seen[Role.RESIDENT]) == {"raster-hazard"}
    row = seen[Role.PLANNER]["raster-children"]
    assert [each["label"] for each in row["style"]["shades"]][::4] == ["1–5", "40 +"]
    assert row["style"]["title"] == "children per hectare"


def test_a_kept_raster_of_several_bands_does_not_close_the_desk(client, town, tmp_path):
    # Newer imports refuse it; files from before are drawn by their first band.
    shown = grown(tmp_path, town, "hazard", np.arange(80.0).reshape(8, 10))
    with rasterio.open(shown.path) as source:
        profile, values = source.profile, source.read()
        west, south, east, north = source.bounds
    for name in ("compress", "blockxsize", "blockysize", "tiled", "interleave"):
        profile.pop(name, None)
    profile |= {"driver": "GTiff", "count": 3}
    with rasterio.open(shown.path, "w", **profile) as target:
        target.write(np.concatenate([values, values + 500, values]))
    raster_tiles._starts.cache_clear()
    planner = staff(town, Role.PLANNER)
    (row,) = (x for x in overlays(planner, town, "zones") if x["geometry"] == "raster")
    assert row["style"]["shades"][-1]["label"] == "63 +"
    place = tile_at((west + east) / 2, (south + north) / 2, 14)
    client.force_login(planner)
    assert client.get(address(town, shown, place)).status_code == 200


def test_a_raster_whose_file_is_lost_is_left_out_and_says_so(
    client, town, tmp_path, caplog
):
    planner = staff(town, Role.PLANNER)
    shown = grown(tmp_path, town, "hazard", np.arange(80.0).reshape(8, 10))
    grown(tmp_path, town, "terrain", np.arange(80.0).reshape(8, 10))
    Path(shown.path).unlink()
    found = overlays(planner, town, "zones")
    assert [x["name"] for x in found if x["geometry"] == "raster"] == ["raster-terrain"]
    assert "has lost its file" in caplog.text
    client.force_login(planner)
    file = reverse("features:raster_file", args=[town.slug, "hazard"])
    for path in (address(town, shown, tile_at(WEST + 150, NORTH - 450, 16)), file):
        assert client.get(path).status_code == 404


def test_a_file_of_people_is_the_coarse_one_and_only_for_the_staff(
    client, town, tmp_path
):
    shown = grown(tmp_path, town, "children", np.full((8, 10), 3.0))
    grown(tmp_path, town, "hazard", np.arange(80.0).reshape(8, 10))
    there = {
        code: reverse("features:raster_file", args=[town.slug, code])
        for code in ("children", "hazard", "nothing")
    }
    elsewhere = staff(MunicipalityFactory(), Role.PLANNER)
    assert client.get(there["children"]).status_code == 401
    client.force_login(elsewhere)
    assert client.get(there["children"]).status_code == 403
    assert client.get(there["hazard"]).status_code == 200
    assert client.get(there["nothing"]).status_code == 404
    client.force_login(staff(town, Role.PLANNER))
    content = b"".join(client.get(there["children"]).streaming_content)
    with rasterio.open(io.BytesIO(content)) as given, rasterio.open(shown.path) as own:
        assert given.res == own.res
        assert min(given.res) >= 100
        assert np.array_equal(given.read(1), own.read(1), equal_nan=True)


def test_the_list_says_whose_a_raster_is_and_what_may_be_done_with_it(
    client, town, tmp_path
):
    path = write(tmp_path / "flood.tif", np.arange(80.0).reshape(8, 10))
    given = {"municipality": town, "path": path, "kind": "hazard", "names": {}}
    import_raster(**given)
    import_raster(**given, attribution="Water authority", licence="CC-BY-4.0")
    page = client.get(reverse("features:landing", args=[town.slug]), {"f": "html"})
    said = page.content.decode()
    assert "Water authority" in said
    assert "CC-BY-4.0" in said


def test_a_raster_is_drawn_outside_a_transaction(client, town, tmp_path):
    shown = grown(tmp_path, town, "hazard", np.ones((8, 10)))
    place = tile_at(WEST + 150, NORTH - 450, 16)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address(town, shown, place)).status_code == 200
    said = [query["sql"] for query in queries]
    assert any("geography_raster" in each for each in said)
    assert not any("SAVEPOINT" in each for each in said)

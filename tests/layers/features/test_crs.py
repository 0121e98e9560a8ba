"""OGC API – Features part 2: systems of reference by address, after 18-058r1, annex A."""

import pytest
from pyproj import Transformer

from layers.features import crs
from tests.factories.geography import MunicipalityFactory

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def first(api, **query):
    response = api.get("collections/facilities/items", limit=1, **query)
    (found,) = response.json()["features"]
    return response["Content-Crs"], found["geometry"]["coordinates"]


def test_conf_crs_crs_uri_and_storage_crs(api, places):
    said = api.json("collections")
    known = said["crs"]
    assert known == [CRS84, f"{EPSG}4326", f"{EPSG}3857", f"{EPSG}22770"]
    for each in said["collections"]:
        assert each["crs"] == ["#/crs"]
        assert each["storageCrs"] in known
    assert api.json("collections/zones")["crs"] == known


def test_conf_crs_crs_parameter_and_its_order_of_axes(api, places):
    assert first(api) == (f"<{CRS84}>", [35.81, 33.8])
    assert first(api, crs=f"{EPSG}4326") == (f"<{EPSG}4326>", [33.8, 35.81])
    assert first(api, crs="[EPSG:4326]")[1] == [33.8, 35.81]
    for srid in (3857, 22770):
        wanted = Transformer.from_crs(4326, srid, always_xy=True).transform(35.81, 33.8)
        said, got = first(api, crs=f"{EPSG}{srid}")
        assert said == f"<{EPSG}{srid}>"
        assert got == pytest.approx(wanted, abs=0.001)


def test_conf_crs_single_feature(api, places):
    (found, *_rest) = api.json("collections/facilities/items")["features"]
    response = api.get(f"collections/facilities/items/{found['id']}", crs=f"{EPSG}4326")
    assert response["Content-Crs"] == f"<{EPSG}4326>"
    assert response.json()["geometry"]["coordinates"] == [33.8, 35.81]


def test_conf_crs_bbox_crs_parameter(api, places):
    box = (35.815, 33.79, 35.835, 33.81)
    flipped = (33.79, 35.815, 33.81, 35.835)
    assert api.codes(bbox=joined(flipped), bbox_crs=f"{EPSG}4326") == ["F1", "F2"]
    assert api.codes(bbox=joined(flipped)) == []
    for srid in (3857, 22770):
        turn = Transformer.from_crs(4326, srid, always_xy=True)
        asked = joined(turn.transform_bounds(*box))
        assert api.codes(bbox=asked, bbox_crs=f"{EPSG}{srid}") == ["F1", "F2"], srid


def joined(numbers):
    return ",".join(map(str, numbers))


@pytest.mark.parametrize("name", ["crs", "bbox_crs", "filter_crs"])
@pytest.mark.parametrize(
    "value", ["EPSG:2154", "x", f"{EPSG}999999", f"{EPSG}4326/", "CRS"]
)
def test_conf_crs_parameter_invalid(api, places, name, value):
    said = api.refused(**{name: value, "bbox": "0,0,1,1"})
    assert f"“{name.replace('_', '-')}”" in said
    assert f"{EPSG}22770" in said


def test_coordinates_outside_a_system_are_refused(api, places):
    said = api.refused(bbox="1e300,1e300,2e300,2e300", bbox_crs=f"{EPSG}22770")
    assert "too large" in said


def test_a_shape_in_a_filter_may_be_in_the_towns_own_system(api, places):
    turn = Transformer.from_crs(4326, 22770, always_xy=True)
    west, south, east, north = turn.transform_bounds(35.815, 33.79, 35.835, 33.81)
    shape = f"POLYGON(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))"
    asked = f"S_INTERSECTS(geometry,{shape})"
    assert api.codes(filter=asked, filter_crs=f"{EPSG}22770") == ["F1", "F2"]


def test_a_town_in_a_system_with_the_northing_first_is_told_so(db):
    """EPSG:2039 is easting first; EPSG:3301 has the northing first."""
    assert not crs.system(2039).flipped
    assert crs.system(3301).flipped
    town = MunicipalityFactory(srid=3301)
    assert crs.systems(town)[-1].uri == f"{EPSG}3301"

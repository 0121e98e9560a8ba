"""OGC API – Tiles part 1, test by test after the abstract test suite of 20-057."""

import mapbox_vector_tile
import pytest

from layers.features import tilesets
from layers.maps.catalogue import layer_named

RELATION = "http://www.opengis.net/def/rel/ogc/1.0/"
GRID = "WebMercatorQuad"


def tile_at(longitude, latitude, zoom):
    (limit,) = (
        each
        for each in tilesets.limits(
            layer_named("facilities"), [longitude, latitude, longitude, latitude]
        )
        if each["tileMatrix"] == str(zoom)
    )
    return limit["minTileRow"], limit["minTileCol"]


def test_a2_to_a6_conf_core_tile(api, places):
    """/conf/core/tc-op, tc-tilematrix-, tc-tilerow-, tc-tilecol-definition, tc-success"""
    row, column = tile_at(35.81, 33.8, 14)
    response = api.get(f"collections/facilities/tiles/{GRID}/14/{row}/{column}")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/vnd.mapbox-vector-tile"
    found = mapbox_vector_tile.decode(response.content)["facilities"]["features"]
    assert "F0" in {each["properties"]["code"] for each in found}


@pytest.mark.parametrize(
    "path",
    [
        *(
            f"{GRID}/99/0/0",
            f"{GRID}/14/99999/0",
            f"{GRID}/14/0/99999",
            f"{GRID}/0/0/0",
        ),
        *("Other/14/0/0", f"{GRID}/a/b/c", f"{GRID}/14/-1/0"),
    ],
)
def test_a7_conf_core_tc_error(api, places, path):
    assert api.get(f"collections/facilities/tiles/{path}").status_code == 404


def test_a8_a9_conf_tileset_desc(api, places):
    """/conf/tileset/success, /conf/tileset/tileset-links"""
    said = api.json(f"collections/facilities/tiles/{GRID}")
    assert said["dataType"] == "vector"
    assert said["crs"] == "http://www.opengis.net/def/crs/EPSG/0/3857"
    assert said["tileMatrixSetURI"].endswith(GRID)
    (item,) = (each for each in said["links"] if each["rel"] == "item")
    assert item["templated"] is True
    limit = next(x for x in said["tileMatrixSetLimits"] if x["tileMatrix"] == "14")
    address = (
        item["href"]
        .replace("{tileMatrix}", "14")
        .replace("{tileRow}", str(limit["minTileRow"]))
        .replace("{tileCol}", str(limit["minTileCol"]))
    )
    assert api.get(address).status_code == 200
    (layer,) = said["layers"]
    assert set(layer["propertiesSchema"]["properties"]) == {
        "code", "kind", "name_ar", "name_en", "name_fr",
    }  # fmt: skip


def test_a10_a11_conf_tilesets_list(api, places):
    """/conf/tilesets-list/ts-success, ts-links"""
    (said,) = api.json("collections/facilities/tiles")["tilesets"]
    (address,) = (each["href"] for each in said["links"] if each["rel"] == "self")
    assert api.json(address)["title"] == "Facilities"


def test_a12_a13_conf_geodata_tilesets(api, places):
    """/conf/geodata-tilesets/desc-links, operation"""
    for each in api.json("collections")["collections"]:
        (address,) = (
            one["href"]
            for one in each["links"]
            if one["rel"] == f"{RELATION}tilesets-vector"
        )
        assert api.get(address).status_code == 200


def test_the_grid_is_the_usual_one_of_the_web(api):
    said = api.json(f"tileMatrixSets/{GRID}")
    first, second = said["tileMatrices"][:2]
    assert first["scaleDenominator"] == pytest.approx(559_082_264.0287178)
    assert second["cellSize"] == pytest.approx(first["cellSize"] / 2)
    assert first["pointOfOrigin"] == pytest.approx([-20037508.342789, 20037508.342789])
    assert api.get("tileMatrixSets/Other").status_code == 404


def test_a_layer_that_makes_no_map_has_no_tiles(api, as_planner, release):
    assert api.get("collections/figures/tiles").status_code == 404
    assert api.get(f"collections/figures/tiles/{GRID}/14/1/1").status_code == 404
    links = api.json("collections/figures")["links"]
    assert not any(each["rel"].endswith("tilesets-vector") for each in links)

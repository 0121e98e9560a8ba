"""OGC API – Features part 1, test by test after the abstract test suite of 17-069r4.

Each test names the one it stands for as `/conf/…`; where the suite asks for a document's
form, its own required members are looked at.
"""

import gzip
import json
import re
from datetime import date

import pytest
from django.urls import reverse

from layers.geography.models import Facility
from tests.factories.geography import ZoneFactory, square

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CORE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"


def relations(links):
    return {each["rel"] for each in links}


def href(links, relation, type=None):
    return next(
        each["href"]
        for each in links
        if each["rel"] == relation and type in {None, each["type"]}
    )


def test_01_conf_core_http(api):
    response = api.get()
    assert response.status_code == 200
    assert api.client.post(api.root).status_code == 405


def test_02_03_conf_core_root(api):
    """/conf/core/root-op, /conf/core/root-success"""
    said = api.json()
    assert {"self", "service-desc", "service-doc", "conformance", "data"} <= relations(
        said["links"]
    )
    for each in said["links"]:
        assert api.get(each["href"]).status_code == 200, each


def test_04_05_conf_core_api_definition(api, places):
    """/conf/core/api-definition-op, /conf/core/api-definition-success"""
    response = api.get(href(api.json()["links"], "service-desc"))
    assert response["Content-Type"] == "application/vnd.oai.openapi+json;version=3.0"
    assert response.json()["openapi"].startswith("3.0")


def test_06_07_conf_core_conformance(api):
    """/conf/core/conformance-op, /conf/core/conformance-success"""
    said = api.json(href(api.json()["links"], "conformance"))["conformsTo"]
    for name in ("core", "oas30", "html", "geojson"):
        assert f"{CORE}{name}" in said


def test_08_12_conf_core_collections(api, places):
    """/conf/core/fc-md-op, fc-md-success, fc-md-links, fc-md-items, fc-md-items-links"""
    said = api.json(href(api.json()["links"], "data"))
    assert {"self", "alternate"} <= relations(said["links"])
    names = {each["id"] for each in said["collections"]}
    assert {"zones", "facilities", "outlines"} <= names
    for each in said["collections"]:
        assert href(each["links"], "items", "application/geo+json")
        assert all({"rel", "type"} <= set(one) for one in each["links"])


def test_13_conf_core_fc_md_extent(api, places):
    said = api.json("collections/facilities")
    (box,) = said["extent"]["spatial"]["bbox"]
    assert box == pytest.approx([35.81, 33.80, 35.85, 33.804])
    assert said["extent"]["spatial"]["crs"] == CRS84


def test_14_15_conf_core_sfc_md(api, places):
    """/conf/core/sfc-md-op, /conf/core/sfc-md-success"""
    listed = api.json("collections")["collections"]
    for each in listed:
        alone = api.json(f"collections/{each['id']}")
        assert {**each, "crs": None} == {**alone, "crs": None}
    assert api.get("collections/nothing").status_code == 404


def test_16_17_conf_core_items(api, places):
    """/conf/core/fc-op, fc-response, fc-links, fc-timeStamp, fc-numberMatched,
    fc-numberReturned
    """
    response = api.get("collections/facilities/items")
    assert response["Content-Type"] == "application/geo+json"
    said = response.json()
    assert said["type"] == "FeatureCollection"
    assert {"self", "alternate", "collection"} <= relations(said["links"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", said["timeStamp"])
    assert said["numberMatched"] == 5
    assert said["numberReturned"] == len(said["features"]) == 5


def test_18_conf_core_fc_bbox_response(api, places):
    assert api.codes(bbox="35.815,33.79,35.835,33.81") == ["F1", "F2"]
    assert api.codes(bbox="35.815,33.79,-5,35.835,33.81,900") == ["F1", "F2"]
    # Over the antimeridian: all the world but what lies between 35.815 and 35.835.
    assert api.codes(bbox="35.835,-90,35.815,90") == ["F0", "F3", "F4"]
    # A point and a line are boxes too.
    assert api.codes("zones", bbox="35.81,33.80,35.81,33.80") == ["Q0"]
    assert api.codes("zones", bbox="35.81,33.80,35.83,33.80") == ["Q0", "Q1"]


def test_18_what_only_comes_near_a_box_is_outside(api, places):
    """Nearer than the database's own boxes of places can tell, which are rounded."""
    west, east = 35.82 - 1e-9, 35.82 + 1e-9
    assert api.codes("zones", bbox=f"35.7,33.7,{west!r},33.9") == ["Q0"]
    assert api.codes("zones", bbox=f"{east!r},33.7,35.9,33.9") == ["Q1", "Q2"]
    assert api.codes("zones", bbox=f"35.7,33.7,{east!r},33.9") == ["Q0", "Q1"]


@pytest.mark.parametrize(
    "box",
    [
        *(
            "",
            "1",
            "1,2,3",
            "1,2,3,4,5",
            "a,b,c,d",
            "1,2,3,nan",
            "1,2,3,inf",
            "1,2,3,1e999",
        ),
        *("1,9,2,3", "0,0,181,1", "0,-91,1,1", "١,٢,٣,٤", "1,2,3,4,5,6,7", "1;2;3;4"),
    ],
)
def test_18_a_box_that_is_none_is_refused_by_name(api, places, box):
    if not box:
        assert len(api.codes(bbox=box)) == 5
    else:
        assert api.refused(bbox=box)


def test_19_conf_core_fc_limit_response(api, places):
    said = api.json("collections/facilities/items", limit=2)
    assert said["numberReturned"] == 2
    assert said["numberMatched"] == 5
    assert href(said["links"], "next")
    # More than the most is answered with the most.
    assert len(api.codes(limit=999_999)) == 5
    for limit in ("0", "-1", "1.5", "many", "9" * 30, ""):
        assert "limit" in api.refused(limit=limit)


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_20_conf_core_fc_links_next_leads_over_all_once(api, places, limit):
    assert walk(api, "facilities", limit=limit) == [f"F{n}" for n in range(5)]


def walk(api, layer, **query):
    codes, address = [], f"collections/{layer}/items"
    while address:
        said = api.json(address, **query)
        codes += [each["properties"]["code"] for each in said["features"]]
        query = {}
        address = next(
            (each["href"] for each in said["links"] if each["rel"] == "next"), None
        )
    return codes


def test_20_the_next_page_survives_edits(api, places, town):
    said = api.json("collections/facilities/items", limit=2)
    Facility.objects.filter(code__in=("F0", "F2")).delete()
    assert [
        each["properties"]["code"]
        for each in api.json(href(said["links"], "next"))["features"]
    ] == ["F3", "F4"]


def test_21_conf_core_fc_time_response(api, places, as_planner, release):
    """A layer without dates is of any time; figures are of their round."""
    assert len(api.codes(datetime="1999-01-01")) == 5
    every = api.json("collections/figures/items")["numberMatched"]
    assert every > 0
    for moment in (
        "2026-04-30",
        "2026-04-30T10:00:00Z",
        "2026-01-01/2026-12-31",
        "../2026-04-30",
        "2026-04-30/..",
        "2026-04-30T00:00:00Z/",
    ):
        found = api.json("collections/figures/items", datetime=moment)
        assert found["numberMatched"] == every, moment
    assert api.codes("figures", datetime="../2026-04-29") == []
    for moment in ("soon", "2026-13-01", "2026-02-01/2026-01-01", "..", "/", "1/2/3"):
        assert api.refused(datetime=moment)


def test_22_conf_core_query_param_invalid_and_unknown(api, places):
    """/conf/core/query-param-invalid, /conf/core/query-param-unknown"""
    assert "“colour”" in api.refused(colour="red")
    assert api.refused(f="xml")
    for path in ("", "conformance", "collections", "api", "collections/zones"):
        assert api.get(path, colour="red").status_code == 400


def test_23_24_conf_core_feature(api, places):
    """/conf/core/f-op, f-success, f-links"""
    (first, *_rest) = api.json("collections/facilities/items")["features"]
    response = api.get(f"collections/facilities/items/{first['id']}")
    said = response.json()
    assert response["Content-Type"] == "application/geo+json"
    assert {"self", "alternate", "collection"} <= relations(said.pop("links"))
    assert said == first
    for other in ("0", "999999999", "9" * 25, "x", "-1", "٣"):
        assert api.get(f"collections/facilities/items/{other}").status_code == 404


def test_25_conf_core_crs84(api, places):
    response = api.get("collections/facilities/items", limit=1)
    assert response["Content-Crs"] == f"<{CRS84}>"
    (found,) = response.json()["features"]
    assert found["geometry"] == {"type": "Point", "coordinates": [35.81, 33.8]}


# -- geojson, html, oas30 ----------------------------------------------------------------


def test_conf_geojson_definition_and_content(api, places):
    (found, *_rest) = api.json("collections/facilities/items")["features"]
    assert set(found) == {"type", "id", "geometry", "properties"}
    assert found["properties"] == {
        "code": "F0",
        "kind": "school",
        "name_ar": "مكان 0",
        "name_en": "Place E",
        "name_fr": "",
    }


def test_conf_html_definition_and_content(api, places):
    """Each answer is also a page, by `f` or by what a browser accepts."""
    (found, *_rest) = api.json("collections/facilities/items")["features"]
    for path in (
        "",
        "conformance",
        "api",
        "collections",
        "collections/facilities",
        "collections/facilities/queryables",
        "collections/facilities/items",
        f"collections/facilities/items/{found['id']}",
    ):
        page = api.get(path, f="html")
        assert page.status_code == 200, path
        assert page["Content-Type"].startswith("text/html"), path
        accepted = api.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
        assert accepted["Content-Type"].startswith("text/html"), path
        assert "Accept" in accepted["Vary"]
    assert (
        "مكان 0" in api.get("collections/facilities/items", f="html").content.decode()
    )


def test_conf_oas30_completeness(api, places):
    """Every address of the document exists, and every parameter is read."""
    said = api.json("api")
    items = said["paths"]["/collections/{collectionId}/items"]["get"]
    names = {each["name"] for each in items["parameters"] if each["in"] == "query"}
    assert {"bbox", "datetime", "limit", "crs", "filter", "sortby"} <= names
    for path in said["paths"]:
        asked = re.sub(r"{(\w+)}", lambda at: SAMPLES[at[1]], path)
        needed = NEEDED if path.endswith("/file") else {}
        answer = api.get(asked.lstrip("/"), **needed)
        assert answer.status_code in {200, 404}, path
    for path in ("/", "/collections/{collectionId}/items"):
        assert {"200", "400", "401", "404"} <= set(
            said["paths"][path]["get"]["responses"]
        )


NEEDED = {"format": "csv"}
SAMPLES = {
    "collectionId": "facilities",
    "featureId": "1",
    "fileId": "01a5f6e2-0000-4000-8000-000000000000",
    "tileMatrixSetId": "WebMercatorQuad",
    "tileMatrix": "14",
    "tileRow": "6543",
    "tileCol": "9822",
}


def test_conf_oas30_security(api):
    schemes = api.json("api")["components"]["securitySchemes"]
    assert {each["scheme"] for each in schemes.values()} == {"basic", "bearer"}


# -- what the standard leaves to us ------------------------------------------------------


def test_an_unchanged_layer_is_not_sent_again(api, places, town):
    response = api.get("collections/facilities/items")
    tag = {"If-None-Match": response["ETag"]}
    again = api.get("collections/facilities/items", headers=tag)
    assert again.status_code == 304
    assert not again.content
    Facility.objects.filter(code="F0").update(name_en="Another")
    changed = api.get("collections/facilities/items", headers=tag)
    assert changed.status_code == 200
    assert changed["ETag"] != response["ETag"]


def test_another_question_has_another_tag(api, places):
    tags = {
        api.get("collections/facilities/items", **query)["ETag"]
        for query in ({}, {"limit": 1}, {"bbox": "0,0,90,90"}, {"f": "json"})
    }
    assert len(tags) == 4


def test_nothing_but_declared_fields_leaves(api, parcels, as_planner):
    for each in api.json("collections/parcels/items")["features"]:
        assert set(each["properties"]) == {"code", "official_area", "area"}
    assert api.get("collections/submissions/items").status_code == 404


def test_an_unknown_municipality_is_not_found(client, db):
    assert client.get(reverse("features:landing", args=["nowhere"])).status_code == 404


def test_a_page_of_features_says_the_same_gzipped(api, places):
    path = "collections/zones/items?limit=3"
    plain = api.get(path)
    packed = api.get(path, headers={"accept-encoding": "br, gzip"})
    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) == int(packed["Content-Length"]) < len(plain.content)
    assert "Accept-Encoding" in plain["Vary"]
    told, same = (
        json.loads(said) for said in (plain.content, gzip.decompress(packed.content))
    )
    del told["timeStamp"], same["timeStamp"]
    assert told == same
    assert plain["ETag"] == packed["ETag"]
    page = api.get(path, headers={"accept": "text/html", "accept-encoding": "gzip"})
    assert "Content-Encoding" not in page


def test_datetime_asks_for_what_was_in_force(api, town):
    ZoneFactory(
        municipality=town, code="OLD", geometry=square(), valid_until=date(2024, 5, 1)
    )
    ZoneFactory(
        municipality=town, code="NEW", geometry=square(), valid_from=date(2024, 5, 1)
    )
    assert api.codes("zones") == ["NEW"]
    asked = {
        "2020-01-01": ["OLD"],
        "2024-04-30T12:00:00Z": ["OLD"],
        "2024-05-01": ["NEW"],
        "2024-04-30/2024-05-01": ["NEW", "OLD"],
        "../2024-04-30": ["OLD"],
        "2024-05-01/..": ["NEW"],
        "1800-01-01": [],
    }
    for said, wanted in asked.items():
        assert sorted(api.codes("zones", datetime=said)) == wanted, said
    file = api.get("collections/zones/file", format="geojson", datetime="2020-01-01")
    found = json.loads(b"".join(file.streaming_content))["features"]
    assert [each["properties"]["code"] for each in found] == ["OLD"]

import csv
import io
import json
from datetime import date

import pytest

from layers.maps.desk import View
from layers.maps.downloads import safe
from tests.factories.accounts import staff
from tests.factories.geography import (
    FacilityFactory,
    MunicipalityFactory,
    ParcelFactory,
)

PAGES = [
    "",
    "?view=table",
    "values.json",
    "view.csv",
    "view.geojson",
    "view.html",
    "zone/Q1/",
]


@pytest.fixture
def planner(client, town):
    client.force_login(staff(town, "planner"))
    return client


def at(town, rest="", language="en"):
    return f"/{language}/{town.slug}/map/{rest}"


@pytest.mark.parametrize("page", PAGES)
def test_strangers_are_sent_to_sign_in(client, town, page):
    response = client.get(at(town, page))
    assert response.status_code == 302
    assert "/account/login/" in response["Location"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", ["resident", "cashier", "surveyor"])
def test_roles_without_estimates_are_refused(client, town, page, role):
    client.force_login(staff(town, role))
    assert client.get(at(town, page)).status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_the_planner_of_another_town_is_refused(client, town, page):
    client.force_login(staff(MunicipalityFactory(), "planner"))
    assert client.get(at(town, page)).status_code == 403


def test_the_planner_reads_every_page_in_every_language(planner, town, publish):
    publish()
    for language in ("ar", "en", "fr"):
        for page in PAGES:
            assert planner.get(at(town, page, language)).status_code == 200


def test_before_the_first_round_the_page_says_what_it_waits_for(planner, town):
    response = planner.get(at(town))
    assert "The map waits for its first survey round" in response.content.decode()


@pytest.mark.parametrize(
    "query", ["indicator=none", "round=none", "breakdown=none", "zone=none"]
)
def test_what_does_not_exist_is_not_found(planner, town, publish, query):
    publish()
    assert planner.get(at(town, f"?{query}")).status_code == 404


def test_values_say_figure_range_sample_and_class(planner, town, publish):
    publish()
    zones = planner.get(at(town, "values.json")).json()["zones"]
    assert zones["Q2"]["says"] == f"{zones['Q2']['value']} of 100 children"
    assert (
        zones["Q2"]["range"]
        == f"between {zones['Q2']['low']} and {zones['Q2']['high']}"
    )
    assert zones["Q2"]["asked"] == "120 children asked"
    assert zones["Q2"]["class"] > zones["Q1"]["class"]


def test_a_withheld_zone_gives_the_reason_and_no_figure(planner, town, publish):
    publish()
    row = planner.get(at(town, "values.json")).json()["zones"]["Q4"]
    assert (row["flag"], row["value"], row["n"], row["low"]) == (
        "withheld",
        None,
        None,
        None,
    )
    assert row["range"]


def test_values_are_known_again_until_the_next_release(planner, town, publish):
    publish()
    url = at(town, "values.json")
    etag = planner.get(url)["ETag"]
    assert planner.get(url, headers={"If-None-Match": etag}).status_code == 304
    assert planner.get(at(town, "values.json", "ar"))["ETag"] != etag
    assert planner.get(f"{url}?breakdown=sex:male")["ETag"] != etag
    publish("spring-2027", day=date(2027, 4, 1))
    assert planner.get(url, headers={"If-None-Match": etag}).status_code == 200


def test_the_newest_round_comes_first_and_an_older_one_by_its_code(
    planner, town, publish
):
    publish()
    publish("spring-2025", day=date(2025, 4, 1))
    assert planner.get(at(town, "values.json")).json()["round"] == "spring-2026"
    older = planner.get(at(town, "values.json?round=spring-2025")).json()
    assert older["legend"]["round"] == "Round 2025"


def test_the_table_says_what_the_map_says(planner, town, publish):
    publish()
    values = planner.get(at(town, "values.json")).json()["zones"]
    page = planner.get(at(town, "?view=table")).content.decode()
    for row in values.values():
        assert row["name"] in page
        assert row["range"] in page


def test_the_table_fragment_is_only_the_table(planner, town, publish):
    publish()
    page = planner.get(
        at(town, "?view=table"), headers={"HX-Request": "true"}
    ).content.decode()
    assert "<table" in page
    assert "<html" not in page


def test_a_zone_shows_all_indicators_and_what_stands_there(planner, town, publish):
    publish()
    FacilityFactory(municipality=town)
    page = planner.get(at(town, "zone/Q2/")).content.decode()
    assert "Zone Q2" in page
    assert "Out of school, all ages" in page
    assert "households asked" in page


def test_the_csv_leaves_withheld_cells_empty_and_opens_in_excel(planner, town, publish):
    publish()
    response = planner.get(at(town, "view.csv"))
    assert response.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    by_code = {row[0]: row for row in rows[1:]}
    assert by_code["Q4"][6:10] == ["", "", "", ""]
    assert by_code["Q4"][10] == "withheld"
    assert by_code["Q4"][11]
    assert by_code["Q2"][9] == "120"
    assert rows[-1][1] == "Whole town"
    assert {row[-1] for row in rows[1:]} == {"1"}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@a", "\tx"])
def test_a_text_cell_can_not_become_a_formula(cell):
    assert safe(cell) == f"'{cell}"
    assert safe(-1) == -1


def test_the_geojson_has_shapes_figures_and_reasons(planner, town, publish):
    publish()
    response = planner.get(at(town, "view.geojson"))
    found = {each["id"]: each for each in json.loads(response.content)["features"]}
    assert found["Q2"]["geometry"]["type"] == "MultiPolygon"
    assert found["Q2"]["properties"]["of_100"] > found["Q1"]["properties"]["of_100"]
    assert found["Q4"]["properties"]["of_100"] is None
    assert found["Q4"]["properties"]["reason"]
    assert found["Q4"]["properties"]["definition_version"] == 1


def test_the_page_for_sending_asks_for_no_other_address(planner, town, publish):
    publish()
    page = planner.get(at(town, "view.html", "ar")).content.decode()
    assert 'lang="ar" dir="rtl"' in page
    assert "<script src" not in page
    assert "<link" not in page
    assert "cdn." not in page
    assert 'id="hatch-' in page


def test_layers_are_downloaded_whole(planner, town):
    ParcelFactory(municipality=town, code="=77", official_area=12)
    ParcelFactory(municipality=MunicipalityFactory())
    found = json.loads(
        b"".join(planner.get(at(town, "layers/parcels.geojson")).streaming_content)
    )
    (parcel,) = found["features"]
    assert parcel["properties"] == {
        "code": "=77",
        "official_area": 12.0,
        "area": 10000.0,
    }
    text = b"".join(planner.get(at(town, "layers/parcels.csv")).streaming_content)
    assert text.decode("utf-8-sig").splitlines()[1].startswith("'=77,12.0,10000.0,")


def test_staff_layers_are_not_downloaded_by_residents(client, town):
    client.force_login(staff(town, "resident"))
    assert client.get(at(town, "layers/parcels.geojson")).status_code == 403
    assert client.get(at(town, "layers/zones.geojson")).status_code == 200


def test_breaks_and_doubt_stand_in_the_legend(town, publish):
    publish()
    legend = View.asked(town, {}).legend()
    assert legend["steps"][0]["from"] == 0
    assert all(
        a["to"] < b["from"]
        for a, b in zip(legend["steps"], legend["steps"][1:], strict=False)
    )
    assert "withheld" in {key["flag"] for key in legend["keys"]}


def test_wrong_limits_are_refused_in_json_and_on_the_page(planner, town, publish):
    publish()
    wrong = "method=manual&breaks=20,10"
    answer = planner.get(at(town, f"values.json?{wrong}"))
    assert answer.status_code == 400
    assert "must rise" in answer.json()["error"]
    page = planner.get(at(town, f"?{wrong}"))
    assert page.status_code == 400
    assert "must rise" in page.content.decode()


def test_one_scale_over_rounds_gives_both_the_same_classes(planner, town, publish):
    publish()
    publish("spring-2025", day=date(2025, 4, 1))
    steps = [
        planner.get(at(town, f"values.json?scale=rounds&round={code}")).json()[
            "legend"
        ]["steps"]
        for code in ("spring-2025", "spring-2026")
    ]
    assert steps[0] == steps[1]


def test_the_address_of_one_picture_is_no_other_ones(planner, town, publish):
    publish()
    addresses = (
        "",
        "?classes=3",
        "?method=equal",
        "?mode=clusters",
        "?breakdown=sex:male",
    )
    tags = [planner.get(at(town, f"values.json{x}")).get("ETag") for x in addresses]
    known = [tag for tag in tags if tag]
    assert len(set(known)) == len(known) >= 4


def test_a_round_without_any_figure_has_words_and_no_empty_map(planner, town, publish):
    publish()
    publish("autumn-2026", date(2026, 10, 1), {"Q1": (1, 0.5), "Q2": (1, 0.5)})
    query = "over=rounds&round=spring-2026"
    page = planner.get(f"/en/{town.slug}/map/multiples/?{query}").content.decode()
    drawn, said = page.split("Without a map, because no zone has a figure")
    assert drawn.count("<figure>") == 1
    assert "<b>Round 2026</b>: Whole town:" in said

"""Change, two indicators and likeness: what is withheld in one figure stays blank."""

import csv
import html
import io
import json
from datetime import date

import pytest
from django.utils.translation import override

from layers.indicators.rounds.changes import changes_between, changes_of
from layers.maps.desk import View
from layers.maps.differences import Difference, spoken
from layers.maps.errors import UnfitView
from layers.maps.modes import shown
from tests.factories.accounts import staff

SECOND = {"mode": "bivariate", "second": "hou_crowd"}


@pytest.fixture
def view(town, publish):
    publish("spring-2025", day=date(2025, 4, 1))
    publish()
    return View.asked(town, {})


def test_a_zone_withheld_in_one_round_has_no_change(view):
    rows = {row["code"]: row for row in Difference.asked(view, {}).rows}
    assert (rows["Q4"]["class"], rows["Q4"]["value"], rows["Q4"]["flag"]) == (
        None,
        None,
        "withheld",
    )


def test_an_uncertain_figure_is_not_compared(view):
    rows = {row["code"]: row for row in Difference.asked(view, {}).rows}
    assert rows["Q3"]["class"] is None
    assert rows["Q3"]["flag"] in ("no_data", "withheld")


def test_changes_of_two_rounds_are_those_that_the_release_states(view):
    former, release = view.rounds[1], view.rounds[0]
    stated = {
        each.zone_id: (each.difference, each.p, each.verdict)
        for each in changes_of(release)
        if (each.indicator, each.breakdown) == ("edu_oos", "all")
    }
    found = changes_between(former, release, indicator="edu_oos", breakdown="all")
    assert {x.zone_id: (x.difference, x.p, x.verdict) for x in found} == stated


def test_more_need_is_worse_and_bounds_bear_their_sign(view):
    change = changes_between(
        view.rounds[1], view.release, indicator="edu_oos", breakdown="all"
    )[0]
    change.difference, change.low, change.high = 0.124, -0.01, 0.25
    change.verdict, change.reason = "worse", ""
    row = spoken(change)
    assert row["class"] == 4
    assert "12 of 100" in row["says"] or "12" in row["says"]
    assert "−1" in row["range"]
    assert "+25" in row["range"]


def test_the_first_round_has_nothing_to_compare_with(town, publish):
    publish()
    with override("en"), pytest.raises(UnfitView, match="first round"):
        shown(View.asked(town, {}), {"mode": "difference"})


def test_two_indicators_make_nine_classes_and_blank_stays_blank(view):
    picture = shown(view, SECOND)
    rows = {row["code"]: row for row in picture.rows}
    assert rows["Q4"]["class"] is None
    assert rows["Q4"]["flag"] == "withheld"
    for code in ("Q1", "Q2"):
        assert rows[code]["class"] in range(9)
    legend = picture.legend()
    assert legend["x"]["title"] != legend["y"]["title"]


@pytest.mark.parametrize(
    "query", [{**SECOND, "second": "edu_oos"}, {"mode": "clusters"}]
)
def test_what_cannot_be_drawn_says_why(view, query):
    with pytest.raises(UnfitView):
        shown(view, query).legend()


def test_no_mode_tells_a_withheld_figure(client, view, town):
    for query in ({}, SECOND, {"mode": "difference"}):
        row = shown(view, query).values()["zones"]["Q4"]
        assert {row[name] for name in ("value", "low", "high", "n", "class")} == {None}


@pytest.mark.parametrize("mode", ["difference", "bivariate"])
def test_the_table_says_what_the_map_of_a_mode_says(client, view, town, mode):
    client.force_login(staff(town, "planner"))
    page = client.get(f"/en/{town.slug}/map/", {"view": "table", "mode": mode})
    text = html.unescape(page.content.decode())
    for row in shown(view, {"mode": mode}).rows:
        assert row["name"] in text
        assert row["range"] in text
    assert f'name="mode" value="{mode}"' in text


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"mode": "difference"}, "change"),
        (SECOND, "second_of_100"),
        ({"mode": "clusters"}, "of_100"),
    ],
)
def test_files_tell_what_the_map_shows_in_every_mode(
    client, town, publish, query, name
):
    zones = {f"Q{n}": (60, 0.1 * n) for n in range(1, 7)} | {"Q8": (2, 0.5)}
    publish("spring-2025", day=date(2025, 4, 1), zones=zones)
    publish(zones=zones)
    client.force_login(staff(town, "planner"))
    picture = shown(View.asked(town, {}), query)
    rows = {row["code"]: row for row in picture.rows}
    (column,) = (each for each in picture.columns if each.name == name)

    def get(form):
        answer = client.get(f"/en/{town.slug}/map/view.{form}", query)
        assert answer.status_code == 200, answer.content
        return answer.content.decode("utf-8-sig")

    head, *lines = csv.reader(io.StringIO(get("csv")))
    at = head.index(str(column.label))
    told = {line[0]: line for line in lines}
    collection = json.loads(get("geojson"))["features"]
    features = {each["id"]: each["properties"] for each in collection}
    page = get("html")
    assert picture.legend()["heading"] in page
    for code, row in rows.items():
        wanted = "" if row["value"] is None else str(row[column.key])
        assert told[code][at] == wanted
        assert features[code][name] == (
            row.get(column.key) if row["value"] is not None else None
        )
        assert features[code]["mode"] == query["mode"]
    # What is withheld has neither number nor class in any of them.
    assert rows["Q8"]["class"] is None
    assert (told["Q8"][at], told["Q8"][head.index("class")]) == ("", "")
    # Whichever mode, a figure says by which definition it was made.
    versions = ", ".join(map(str, picture.legend()["versions"]))
    assert {line[head.index("definition version")] for line in lines} == {versions}
    assert all(
        str(each["definition_version"]) in versions for each in features.values()
    )
    assert features["Q8"][name] is None

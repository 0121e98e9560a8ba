"""A town's own mean on its page, on the map and in files: in its unit, never of 100."""

import csv
import dataclasses
import io
import json

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from layers.indicators.means.changes import judged, mean_changes
from layers.indicators.models import MeanEstimate
from layers.maps.desk import View, rounds
from layers.maps.downloads import view_csv, view_features
from layers.maps.errors import UnfitView
from layers.maps.folium_page import folium_page
from layers.maps.modes import shown
from layers.maps.zone_profile import Profile
from tests.factories.means import mean_definition, mean_indicator

ROOMS = {"of": "sleeping_rooms", "least": 0, "most": 8, "worse": "lower"}
UNIT = {"unit": {"ar": "غرفة", "en": "rooms", "fr": "pièces"}}


@pytest.fixture(autouse=True)
def _english():
    with override("en"):
        yield


@pytest.fixture
def told(town, publish):
    mean_definition(town, code="own_rooms", **ROOMS, **UNIT)
    publish("spring-2025")
    return publish("spring-2026")


def page(planner, town, **query):
    return planner.get(reverse("explorer:means", args=[town.slug]), query)


def test_the_page_says_means_in_their_unit(planner, town, told):
    found = page(planner, town)
    said = found.content.decode()
    assert "Sleeping rooms" not in said
    assert "By zone, rooms" in said
    assert said.count("of 100 children") == 1
    rows = {each["row"].code: each["row"] for each in found.context["table"]}
    town_row = MeanEstimate.objects.of_release(told).get(zone=None)
    assert rows[""].says.startswith(f"{town_row.estimate:.2f} rooms, between ")
    assert rows["Q4"].symbol == "(*)"
    figure = MeanEstimate.objects.of_release(told).get(zone__code="Q1")
    assert rows["Q1"].figure.estimate == figure.estimate
    assert rows["Q1"].symbol == f"{figure.estimate:.2f}"
    with_errors = [each["row"].deff for each in found.context["table"]]
    assert any(each != "–" for each in with_errors)


def test_the_page_follows_one_zone_round_by_round(planner, town, told):
    found = page(planner, town, zone="Q1")
    assert [each["row"].code for each in found.context["rounds_table"]] == ["Q1", "Q1"]
    assert found.context["rounds_table"][1]["change"]["says"]
    assert found.context["rounds_table"][0]["change"] is None


def test_a_town_without_means_learns_how_to_make_one(planner, town, publish):
    publish("spring-2026")
    said = page(planner, town).content.decode()
    assert "This round has no means." in said


def test_what_is_not_there_is_not_found(planner, town, told):
    for query in ({"mean": "own_x"}, {"zone": "\x00"}, {"zone": "Z"}):
        assert page(planner, town, **query).status_code == 404


def test_files_hold_means_with_their_unit(planner, town, told):
    def rows(form):
        address = reverse("explorer:download", args=[town.slug, form])
        sent = b"".join(planner.get(address).streaming_content).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(sent)))

    town_row = MeanEstimate.objects.of_release(told).get(zone=None)
    ours = [row for row in rows("means.csv") if not row["zone code"]]
    assert [row["unit"] for row in ours] == ["rooms"]
    assert float(ours[0]["mean"]) == town_row.estimate
    sdmx = {
        row["REF_AREA"]: row
        for row in rows("sdmx.csv")
        if row["INDICATOR"] == "own_rooms"
    }
    assert sdmx[town.slug]["UNIT_MEASURE"] == "ROOMS"
    assert float(sdmx[town.slug]["OBS_VALUE"]) == town_row.estimate
    assert sdmx[f"{town.slug}.Q4"]["OBS_VALUE"] == ""
    said = {
        row["geom_code"]: row
        for row in rows("geosight.csv")
        if row["indicator"] == "own_rooms"
    }
    assert json.loads(said["Q1"]["attributes"])["unit"] == "rooms"
    # The file of shares has no line that would be read as percent.
    assert {row["indicator"] for row in rows("figures.csv")}.isdisjoint({"own_rooms"})


def seen(town, **query):
    view = View.asked(town, query)
    return view, shown(view, {"mode": "mean", **query})


def test_the_map_has_the_unit_in_its_legend_and_the_worst_darkest(town, told):
    view, picture = seen(town)
    legend = picture.legend()
    assert legend["heading"] == "Mean, rooms"
    shown_rows = [row for row in picture.rows if row["value"] is not None]
    assert [row["value"] for row in shown_rows] == sorted(
        row["value"] for row in shown_rows
    )
    # Fewer rooms are the greater need.
    assert shown_rows[0]["class"] == max(row["class"] for row in shown_rows)
    assert picture.town["says"].endswith(" rooms")
    said = json.dumps(picture.values(), default=str)
    assert picture.values()["group"] == "all children"
    assert "of 100" not in said
    assert view.indicator.title not in said
    hidden = {row["code"] for row in picture.rows if row["value"] is None}
    assert {"Q4", "Q5"} <= hidden


def test_without_scripts_the_list_of_indicators_offers_means_and_leaves_them(
    planner, town, told
):
    desk = reverse("maps:desk", args=[town.slug])
    chosen = {"view": "table", "indicator": "mean:own_rooms", "round": "spring-2025"}
    found = planner.get(desk, {**chosen, "breakdown": "sex:female"}, follow=True)
    ((address, _status),) = found.redirect_chain
    assert address == f"{desk}?view=table&round=spring-2025&mode=mean&mean=own_rooms"
    said = found.content.decode()
    assert '<option value="mean:own_rooms" selected>' in said
    assert said.partition("</select>")[0].count(" selected>") == 1
    assert "Mean, rooms" in said
    # The next choice of the same form is not held to the mean.
    assert 'name="mode"' not in said
    assert 'name="mean"' not in said
    unknown = planner.get(desk, {"indicator": "mean:own_x"}, follow=True)
    assert unknown.status_code == 404


def test_files_of_the_map_are_of_the_mean(town, told):
    view, picture = seen(town, breakdown="sex:female")
    rows = list(csv.reader(io.StringIO(view_csv(view, picture))))
    assert "mean, rooms" in rows[0]
    assert {row[3] for row in rows[1:]} == {"all children"}
    features = view_features(view, picture)["features"]
    assert {each["properties"]["indicator"] for each in features} == {"own_rooms"}
    assert {each["properties"]["breakdown"] for each in features} == {"all"}
    assert "Mean, rooms" in folium_page(view, picture)


def test_a_round_without_means_has_no_such_map(town, publish):
    publish("spring-2026")
    with pytest.raises(UnfitView, match="This round has no means"):
        seen(town)


def test_the_panel_and_the_profile_of_a_zone_tell_its_means(planner, town, told):
    view, _picture = seen(town)
    (row,) = Profile.asked(view, "Q1").means()
    assert row.amount.endswith(" rooms")
    panel = planner.get(reverse("maps:zone", args=[town.slug, "Q1"]))
    assert row.amount in panel.content.decode()
    profile = planner.get(reverse("explorer:zone", args=[town.slug, "Q1"]))
    ((here, there),) = profile.context["profile"].means
    assert (here.symbol, here.range, here.n) == (row.symbol, row.range, row.n)
    assert there.figure == MeanEstimate.objects.of_release(told).get(zone=None)
    cells = [f"<bdi>{each}</bdi>" for each in (here.symbol, here.range, there.symbol)]
    about = {"profile": profile.context["profile"], "municipality": town}
    paper = render_to_string("explorer/profile_pdf.html", about)
    for said in (profile.content.decode(), paper):
        table = said[said.index("(rooms)") :]
        assert all(each in table for each in cells)
    assert "withheld" in str(Profile.asked(view, "Q4").means()[0].reliability)


def test_changes_are_told_in_the_unit_where_both_are_published(town, told):
    later, former = rounds(town)[:2]
    mean = dataclasses.replace(mean_indicator(**ROOMS), code="own_rooms")
    found = {x.zone and x.zone.code: x for x in mean_changes(former, later, mean)}
    assert found["Q4"].reason == "not_published"
    before, now = (
        MeanEstimate.objects.get(release=each, zone=None) for each in (former, later)
    )
    expected = now.estimate - before.estimate
    assert found[None].difference == pytest.approx(expected, abs=mean.step)
    assert found[None].low < found[None].difference < found[None].high


@pytest.mark.parametrize(
    ("worse", "verdict"), [("higher", "worse"), ("lower", "better")]
)
def test_more_is_better_or_worse_as_the_definition_has_it(town, told, worse, verdict):
    """The later round's figures, and an earlier round that is one room lower."""
    later, former = rounds(town)[:2]
    copies = [
        MeanEstimate.objects.get(release=each, zone=None) for each in (former, later)
    ]
    copies[1].estimate += 1.0
    mean = mean_indicator(**ROOMS | {"worse": worse})
    (found,) = judged(mean, [(copies[1], copies[0])])
    assert found.verdict == verdict
    assert found.difference >= 1.0 - mean.step


def test_pages_of_shares_know_nothing_of_means(planner, town, told):
    """A mean is in no list whose figures are of 100 children."""
    for name in ("list", "errors"):
        said = planner.get(reverse(f"explorer:{name}", args=[town.slug]))
        assert "own_rooms" not in said.content.decode()

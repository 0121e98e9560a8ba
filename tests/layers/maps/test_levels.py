"""Larger areas at the desk: the release's figures alone, and zones by themselves beside."""

import csv
import io
import json
from datetime import date

import pytest
from shapely.geometry import shape
from shapely.ops import unary_union

from layers.geography.models import Zone
from layers.indicators.area_changes import area_changes
from layers.indicators.changes import why_not
from layers.indicators.models import AreaEstimate, Change, Estimate
from layers.indicators.services import compute_release, replace_observations
from layers.maps.desk import View
from layers.maps.differences import Difference
from layers.maps.drawing import Ground
from layers.maps.errors import UnfitView
from layers.maps.modes import shown
from tests.factories.accounts import staff
from tests.factories.geography import ZoneFactory, square
from tests.factories.observations import households

CODES = tuple(f"Z{place}" for place in range(1, 7))
ASKED = {"indicator": "edu_oos", "level": "merged"}


@pytest.fixture
def rounds(town):
    """Two rounds of six zones in a row, each with too few children for most figures."""
    for place, code in enumerate(CODES):
        ZoneFactory(
            municipality=town,
            code=code,
            name_en=f"Zone {code}",
            geometry=square(west=35.8 + place * 0.01, side=0.01),
        )
    found = []
    for year, seed in ((2025, 3), (2026, 4)):
        observed = replace_observations(
            municipality=town,
            code=f"spring-{year}",
            titles=dict.fromkeys(("ar", "en", "fr"), f"Spring {year}"),
            reference_date=date(year, 4, 30),
            source="Household survey",
            units=households(seed, zones=CODES, per_zone=18),
        )
        found.append(compute_release(municipality=town, observation_set=observed))
    return found


@pytest.fixture
def view(town, rounds):
    view = View.asked(town, ASKED)
    assert any(each.area for each in view.places)
    assert any(each.figure["estimate"] is not None for each in view.places if each.area)
    return view


@pytest.fixture
def desk(client, town, rounds):
    client.force_login(staff(town, "planner"))

    def desk(rest="", **query):
        return client.get(f"/en/{town.slug}/map/{rest}", {**ASKED, **query})

    return desk


def said(row):
    share = row.estimate
    return None if share is None else round(100 * share)


def stored(release, breakdown="all"):
    """What the release itself holds, by code: its areas, and the zones in none."""
    areas = AreaEstimate.objects.of_release(release).of_indicator("edu_oos")
    areas = list(areas.of_breakdown(breakdown).of_level("merged"))
    held = {code for row in areas for code in row.area.codes.split("+")}
    zones = Estimate.objects.of_release(release).of_indicator("edu_oos")
    zones = zones.of_breakdown(breakdown).exclude(zone=None).select_related("zone")
    return {row.area.codes: said(row) for row in areas} | {
        row.zone.code: said(row) for row in zones if row.zone.code not in held
    }


@pytest.mark.parametrize("breakdown", ["all", "sex:female"])
def test_every_way_out_tells_the_stored_figures_and_no_other(desk, rounds, breakdown):
    wanted = stored(rounds[1], breakdown)
    asked = {"breakdown": breakdown}
    values = desk("values.json", **asked).json()
    assert {code: row["value"] for code, row in values["zones"].items()} == wanted
    features = desk("view.geojson", **asked).json()["features"]
    found = {x["properties"]["code"]: x["properties"].get("of_100") for x in features}
    assert found == wanted
    rows = csv.reader(
        io.StringIO(desk("view.csv", **asked).content.decode("utf-8-sig"))
    )
    table = {row[0]: row[6] for row in [*rows][1:]}
    numbers = {code: "" if x is None else str(x) for code, x in wanted.items()}
    assert {code: x for code, x in table.items() if code} == numbers
    page = desk(view="table", **asked).content.decode()
    for code, row in values["zones"].items():
        assert row["name"] in page, code


def test_an_area_is_drawn_as_its_zones_without_the_borders_between(view):
    told = view.values()["shapes"]
    areas = {x["properties"]["code"]: x for x in told["areas"]["features"]}
    assert set(areas) == {each.code for each in view.places}
    zones = {
        zone.code: shape(json.loads(zone.geometry.json))
        for zone in Zone.objects.of(view.municipality)
    }
    for code, feature in areas.items():
        whole = unary_union([zones[each] for each in code.split("+")])
        assert shape(feature["geometry"]).symmetric_difference(whole).area < 1e-9
    assert told["within"] == {zone: code for code in areas for zone in code.split("+")}
    # Each zone keeps its name on the map.
    assert len(told["labels"]["features"]) == len(CODES)
    ground = Ground.of(view)
    assert {each.code for each in ground.shapes} == set(areas)
    assert sum(len(each.names) for each in ground.shapes) == len(CODES)


def test_the_panel_of_an_area_tells_what_is_released_of_it(desk, view):
    area = next(x for x in view.places if x.area)
    page = desk(f"zone/{area.code}/").content.decode()
    assert area.name in page
    assert "all of them together, not of one" in page
    rows = AreaEstimate.objects.filter(area=area.area).of_breakdown("all")
    shown_of_it = [row for row in rows if row.estimate is not None]
    assert page.count("strip-value") == len(shown_of_it) > 0
    alone = desk(f"zone/{area.code.split('+')[0]}/")
    assert "all of them together" not in alone.content.decode()
    assert desk("zone/Z1%2BZ6/").status_code == 404


def test_paper_and_page_for_sending_are_of_areas(desk, view):
    page = desk("view.html").content.decode()
    area = next(x for x in view.places if x.area)
    assert area.name in page
    assert desk("print.pdf").content.startswith(b"%PDF-")


def test_what_larger_areas_do_not_tell_is_refused_with_the_way_out(desk, view):
    answer = desk("values.json", level="street")
    assert answer.status_code == 400
    assert "quarter" in answer.json()["error"]
    for mode in ({"mode": "bivariate", "second": "hou_crowd"}, {"mode": "clusters"}):
        with pytest.raises(UnfitView, match="choose the zones"):
            shown(view, mode)


def test_without_such_areas_the_map_shows_the_zones_and_says_so(desk, view):
    quarter = view.beside(level="quarter")
    plain = view.beside(level="")
    assert quarter.data["zones"] == plain.data["zones"]
    assert "shows the zones alone" in quarter.legend()["doubtful"]
    assert "shapes" not in plain.values()


def test_a_change_is_told_of_the_same_zones_only(town, rounds, view):
    former, release = rounds
    wanted = {"level": "merged", "indicator": "edu_oos", "breakdown": "all"}
    before = {
        row.area.key: row
        for row in AreaEstimate.objects.of_release(former).of_indicator("edu_oos")
        if row.breakdown == "all"
    }
    found = area_changes(former, release, **wanted)
    now = AreaEstimate.objects.of_release(release).of_indicator("edu_oos")
    now = {row.area_id: row for row in now.of_breakdown("all")}
    assert {each.area.pk for each in found} == set(now)
    for each in found:
        row, other, change = now[each.area.pk], before.get(each.area.key), each.change
        if other is None:
            assert change.reason == Change.Reason.OTHER_ZONES
        elif None not in (row.estimate, other.estimate) and not change.reason:
            assert change.difference == pytest.approx(
                row.estimate - other.estimate, abs=6e-4
            )
        if change.reason:
            assert change.difference is change.p is None
            assert change.verdict == Change.Verdict.NOT_COMPARABLE
    rows = {x["code"]: x for x in Difference.asked(view, {}).rows}
    assert set(rows) == {each.code for each in view.places}


def test_flagged_and_redefined_and_redrawn_areas_are_not_compared(rounds):
    release = rounds[1]
    rows = AreaEstimate.objects.of_release(release).exclude(estimate=None)
    row = rows.filter(flag="reliable", breakdown="all").first()
    same = AreaEstimate.objects.select_related("area").get(pk=row.pk)
    assert why_not(row, same) == ""
    same.definition_version += 1
    assert why_not(row, same) == Change.Reason.OTHER_DEFINITION
    same.definition_version -= 1
    same.flag = "uncertain"
    assert why_not(row, same) == Change.Reason.UNCERTAIN
    same.flag = "reliable"
    same.area.members = [*same.area.members[1:], 0]
    assert why_not(row, same) == Change.Reason.OTHER_BOUNDARY

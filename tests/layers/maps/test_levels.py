"""Larger areas at the desk: the release's figures alone, and zones by themselves beside."""

import csv
import io
import json
from datetime import date

import pytest
from shapely.geometry import shape
from shapely.ops import unary_union

from layers.geography.models import Zone
from layers.indicators.areas.changes import area_changes
from layers.indicators.models import AreaEstimate, Change, Estimate
from layers.indicators.rounds.changes import why_not
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
ASKED = {"indicator": "pro_labour", "level": "merged"}
ALL = {**ASKED, "breakdown": "all"}


@pytest.fixture
def rounds(town):
    """Of six zones in a row, each with too few children for most figures."""
    for place, code in enumerate(CODES):
        ZoneFactory(
            municipality=town,
            code=code,
            name_en=f"Zone {code}",
            geometry=square(west=35.8 + place * 0.01, side=0.01),
        )
    found = []
    for year, seed in ((2025, 14), (2026, 16)):
        stored = replace_observations(
            municipality=town,
            code=f"spring-{year}",
            titles=dict.fromkeys(("ar", "en", "fr"), f"Spring {year}"),
            reference_date=date(year, 4, 30),
            source="Household survey",
            units=households(seed, zones=CODES, per_zone=26),
        )
        found.append(compute_release(municipality=town, observation_set=stored))
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


def stored(release, indicator, breakdown):
    """What the release itself holds, by code: its areas, and the zones in none that has
    a figure.
    """
    areas = AreaEstimate.objects.of_release(release).of_indicator(indicator)
    areas = list(areas.of_breakdown(breakdown).of_level("merged"))
    zones = Estimate.objects.of_release(release).of_indicator(indicator)
    zones = zones.of_breakdown(breakdown).exclude(zone=None).select_related("zone")
    told = {row.zone.code for row in zones if row.estimate is not None}
    areas = [
        row
        for row in areas
        if row.estimate is not None or not told & set(row.area.codes.split("+"))
    ]
    held = {code for row in areas for code in row.area.codes.split("+")}
    return {row.area.codes: said(row) for row in areas} | {
        row.zone.code: said(row) for row in zones if row.zone.code not in held
    }


@pytest.mark.parametrize(
    ("place", "indicator", "breakdown"),
    [
        # All zones are in areas, and most of them in none.
        (1, "pro_labour", "all"),
        (1, "pro_labour", "sex:female"),
        (0, "was_sanit", "all"),
    ],
)
def test_every_way_out_tells_the_stored_figures_and_no_other(
    desk, rounds, place, indicator, breakdown
):
    wanted = stored(rounds[place], indicator, breakdown)
    asked = {
        "round": rounds[place].observation_set.code,
        "indicator": indicator,
        "breakdown": breakdown,
    }
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


def test_a_withheld_area_takes_no_figure_of_a_zone_off_the_map(town, rounds, view):
    area = next(each.area for each in view.places if each.area)
    zones = Estimate.objects.of_release(rounds[1]).of_breakdown("all")
    zones = zones.filter(zone__in=area.members)
    told = set(zones.exclude(estimate=None).values_list("indicator", flat=True))
    told -= {each.indicator for each in AreaEstimate.objects.filter(area=area)}
    untold = set(zones.values_list("indicator", flat=True)) - told
    untold -= {each.indicator for each in AreaEstimate.objects.filter(area=area)}
    for some, stands in ((told, False), (untold, True)):
        code = min(some)
        AreaEstimate.objects.create(
            municipality=town, release=rounds[1], area=area, indicator=code,
            definition_version=1, breakdown="all", flag="withheld",
            reason="protects_others",
        )  # fmt: skip
        codes = {
            each.code for each in View.asked(town, ASKED | {"indicator": code}).places
        }
        assert (area.codes in codes) == stands, code
        assert (set(area.codes.split("+")) <= codes) != stands


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
    figures = AreaEstimate.objects.of_indicator("pro_labour").of_breakdown("all")
    now, before = (
        {row.area.key: row for row in figures.of_release(each)}
        for each in (release, former)
    )
    found = area_changes(former, release, **ALL)
    assert {each.area.key for each in found} == set(now)
    told = [each for each in found if not each.change.reason]
    assert told
    for each in told:
        row, other = now[each.area.key], before[each.area.key]
        difference = row.estimate - other.estimate
        assert each.change.difference == pytest.approx(difference, abs=6e-4)
        assert each.change.se >= max(row.se, other.se)
    rows = {x["code"]: x for x in Difference.asked(view, {}).rows}
    assert set(rows) == {each.code for each in view.places}
    for each in told:
        value = round(100 * each.change.difference)
        assert rows[each.area.code]["value"] == value
    others = area_changes(release, former, **ALL | {"indicator": "was_sanit"})
    assert {each.change.reason for each in others} == {Change.Reason.OTHER_ZONES}
    assert {each.change.difference for each in others} == {None}


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

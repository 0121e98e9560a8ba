from datetime import date

import numpy as np
import pytest
from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from layers.geography.models import Facility, Zone
from layers.geography.services import import_raster
from layers.geography.tenancy import set_tenant
from layers.indicators.models import ZoneStatistic
from layers.indicators.rasters.zone_statistics import (
    Asked,
    Hazard,
    Walk,
    compute_zone_statistics,
)
from tests.factories.geography import FacilityFactory, MunicipalityFactory, ZoneFactory
from tests.layers.indicators.rasters.test_population import write


def metres(west, south, east, north):
    area = MultiPolygon(Polygon.from_bbox((west, south, east, north)), srid=22770)
    return area.transform(4326, clone=True)


def point(x, y):
    return Point(x, y, srid=22770).transform(4326, clone=True)


@pytest.fixture
def halves(town, tmp_path, settings):
    """Two quarters of 500 × 800 m, with 400 children each."""
    settings.MEDIA_ROOT = tmp_path / "media"
    town.boundary = metres(158000, 206200, 159000, 207000)
    town.save()
    path = write(tmp_path / "children.tif", np.full((8, 10), 10.0))
    import_raster(municipality=town, path=path, kind="children", names={})
    return [
        ZoneFactory(
            municipality=town,
            code=code,
            geometry=metres(west, 206200, west + 500, 207000),
        )
        for code, west in (("east", 158500), ("west", 158000))
    ]


@pytest.fixture
def flood(town, halves, tmp_path):
    depth = np.zeros((32, 40))
    depth[:, 19:] = 0.5
    path = write(tmp_path / "flood.tif", depth, cell=25.0)
    return import_raster(
        municipality=town, path=path, kind="hazard", names={}, code="flood"
    )[0]


def figures(rows):
    return {
        (row.zone.code, row.statistic): (
            row.people,
            None if row.value is None else round(row.value, 3),
        )
        for row in rows
    }


def test_children_exposed_to_a_hazard_are_told_by_zone(town, halves, flood):
    asked = Asked(hazards=(Hazard("flood", 0.01),))
    rows = compute_zone_statistics(municipality=town, asked=asked)
    assert figures(rows) == {
        ("east", "people"): (400, None),
        ("west", "people"): (400, None),
        ("east", "hazard:flood"): (400, 1.0),
        ("west", "hazard:flood"): (20, 0.05),
    }
    assert {row.who for row in rows} == {"children"}
    assert {row.other_raster_id for row in rows} == {None, flood.pk}
    assert rows[0].covered == pytest.approx(1, abs=1e-4)


def test_hazards_are_counted(town, halves, flood, tmp_path):
    path = write(tmp_path / "heat.tif", np.full((8, 10), 45.0))
    import_raster(municipality=town, path=path, kind="hazard", names={}, code="heat")
    asked = Asked(hazards=(Hazard("flood", 0.01), Hazard("heat", 40)))
    found = figures(compute_zone_statistics(municipality=town, asked=asked))
    assert found["east", "hazards"] == (None, 2.0)
    assert found["west", "hazards"] == (None, 1.05)


def test_children_near_a_school_are_told_by_zone(town, halves):
    FacilityFactory(municipality=town, geometry=point(158010, 206600))
    FacilityFactory(
        municipality=town,
        geometry=point(158990, 206600),
        kind=Facility.Kind.CLINIC,
        valid_until=date(2020, 1, 1),
    )
    # 400 m of flat ground at full speed take 4.8 minutes.
    walk = Walk(kinds=("school",), minutes=(5, 15), pace=1.0)
    found = figures(compute_zone_statistics(municipality=town, asked=Asked(walk=walk)))
    assert found["west", "walk:school:15"] == (400, 1.0)
    assert found["east", "walk:school:5"] == (0, 0.0)
    # A half disc of 420 m, cut by the quarter's edges: 0.63 of it by hand.
    assert found["west", "walk:school:5"][1] == pytest.approx(0.66, abs=0.04)
    walk = Walk(kinds=("clinic",))
    with pytest.raises(ValidationError, match="no facility of the kind clinic"):
        compute_zone_statistics(municipality=town, asked=Asked(walk=walk))


def test_a_hill_makes_the_way_longer(town, halves, tmp_path):
    FacilityFactory(municipality=town, geometry=point(158250, 206600))
    asked = Asked(kind="quarter", walk=Walk(kinds=("school",), minutes=(5,)))
    flat = figures(compute_zone_statistics(municipality=town, asked=asked))
    column = np.abs(np.arange(-20, 70) * 20 - 250)
    steep = np.tile(0.4 * column, (90, 1))
    path = write(
        tmp_path / "terrain.tif",
        steep,
        cell=20.0,
        transform=[20, 0, 157600, 0, -20, 207400],
    )
    import_raster(municipality=town, path=path, kind="terrain", names={})
    hilly = figures(compute_zone_statistics(municipality=town, asked=asked))
    assert hilly["west", "walk:school:5"][1] < 0.8 * flat["west", "walk:school:5"][1]


def test_ground_without_a_height_is_unknown_and_holds_no_place(town, halves, tmp_path):
    place = FacilityFactory(municipality=town, geometry=point(158250, 206600))
    half = write(tmp_path / "terrain.tif", np.zeros((8, 5)))
    import_raster(municipality=town, path=half, kind="terrain", names={})
    asked = Asked(walk=Walk(kinds=("school",), minutes=(15,)))
    found = figures(compute_zone_statistics(municipality=town, asked=asked))
    assert found["west", "walk:school:15"][1] == 1
    assert found["east", "walk:school:15"] == (None, None)
    place.geometry = point(158900, 206600)
    place.save()
    with pytest.raises(ValidationError, match="does not cover a facility"):
        compute_zone_statistics(municipality=town, asked=asked)


def test_the_same_again_stores_nothing_and_a_change_a_new_version(town, halves, flood):
    asked = Asked(hazards=(Hazard("flood", 0.01),))
    first = compute_zone_statistics(municipality=town, asked=asked)
    again = compute_zone_statistics(municipality=town, asked=asked)
    assert {row.pk for row in again} == {row.pk for row in first}
    deep = Asked(hazards=(Hazard("flood", 1),))
    changed = compute_zone_statistics(municipality=town, asked=deep)
    assert {row.version for row in changed} == {2}
    newest = ZoneStatistic.objects.of(town).newest()
    assert figures(newest)["east", "hazard:flood"] == (0, 0.0)
    assert ZoneStatistic.objects.count() == 8


def test_where_few_children_live_nothing_is_told(town, halves, flood):
    tiny = ZoneFactory(
        municipality=town, code="tiny", geometry=metres(158700, 206500, 158790, 206590)
    )
    asked = Asked(hazards=(Hazard("flood", 0.01),))
    rows = compute_zone_statistics(municipality=town, asked=asked)
    hidden = [row for row in rows if row.zone == tiny]
    assert len(hidden) == 2
    assert all(row.withheld and row.people is row.value is None for row in hidden)
    with pytest.raises(DatabaseError, match="withheld"), transaction.atomic():
        ZoneStatistic.objects.filter(withheld=True).update(people=8)


def test_rows_of_another_town_are_not_seen(town, halves):
    compute_zone_statistics(municipality=town, asked=Asked())
    set_tenant(MunicipalityFactory())
    assert not ZoneStatistic.objects.exists()
    set_tenant(town)
    assert ZoneStatistic.objects.count() == 2
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relforcerowsecurity FROM pg_class"
            " WHERE relname = 'indicators_zonestatistic'"
        )
        assert cursor.fetchone() == (True,)


def test_what_is_missing_is_said(town, halves):
    def refused(words, asked):
        with pytest.raises(ValidationError, match=words):
            compute_zone_statistics(municipality=town, asked=asked)
        assert not ZoneStatistic.objects.exists()

    refused("no such zones", Asked(kind="block"))
    refused("no hazard raster quake", Asked(hazards=(Hazard("quake", 1),)))
    FacilityFactory(municipality=town, geometry=point(158250, 206600))
    refused("too fine", Asked(walk=Walk(kinds=("school",), cell=0.5)))
    Zone.objects.filter(code="west").update(geometry=MultiPolygon(srid=4326))
    refused("Zone west has no area", Asked())


def test_without_a_raster_of_people_there_is_no_figure(town, zones):
    with pytest.raises(ValidationError, match="--kind children"):
        compute_zone_statistics(municipality=town, asked=Asked())


def test_the_command_prints_what_it_stored(town, halves, flood, capsys):
    call_command("zone_statistics", municipality=town.slug, hazard=[("flood", 0.01)])
    told = capsys.readouterr().out
    assert "hazard:flood                   20   0.050  covered 1.00" in told
    assert "4 statistics, version 1." in told
    with pytest.raises(CommandError, match="no hazard raster quake"):
        call_command("zone_statistics", municipality=town.slug, hazard=[("quake", 1)])
    with pytest.raises(CommandError, match="CODE=THRESHOLD"):
        call_command("zone_statistics", "--hazard", "flood=deep")
    with pytest.raises(CommandError, match="1 to 1000 metres"):
        call_command("zone_statistics", "--cell", "0")

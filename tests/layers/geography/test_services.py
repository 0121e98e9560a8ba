import itertools
import math
import random
from datetime import date
from pathlib import Path

import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from layers.geography import runs, staging
from layers.geography.errors import ImportRefused
from layers.geography.files.request import Missing, Options, What
from layers.geography.models import Facility, ImportRun, Parcel, Raster, Zone
from layers.geography.runs import (
    agree,
    apply_run,
    check_run,
    choose_options,
    receive_upload,
)
from layers.geography.services import import_file, import_raster
from tests.factories.accounts import staff
from tests.factories.geography import ZoneFactory, square
from tests.layers.geography import making


def bring(town, path, what=What.PARCELS, **choices):
    return import_file(
        municipality=town, what=what, path=Path(path), options=Options(**choices)
    )


def outcome(report):
    return report.added, report.changed, report.unchanged, report.retired


@pytest.mark.parametrize(
    ("name", "driver"),
    [("p.gpkg", "GPKG"), ("p.geojson", "GeoJSON"), ("p.fgb", "FlatGeobuf")],
)
def test_each_format_gives_the_same_parcels(town, tmp_path, name, driver):
    data = making.frame(4, contenance=[100, 200, 300, 400])
    data.to_file(tmp_path / name, driver=driver)
    assert outcome(bring(town, tmp_path / name)) == (4, 0, 0, 0)
    zipped = making.shapefile(tmp_path, data.to_crs(22770))
    assert outcome(bring(town, zipped)) == (0, 0, 4, 0)
    data["wkt"] = data.geometry.to_wkt()
    data.drop(columns="geometry").to_csv(tmp_path / "p.csv", index=False)
    assert outcome(bring(town, tmp_path / "p.csv", crs="EPSG:4326")) == (0, 0, 4, 0)
    parcel = Parcel.objects.of(town).get(code="P2")
    assert parcel.official_area == 300
    assert parcel.area == pytest.approx(8330, rel=0.01)


def test_importing_twice_changes_nothing_at_all(town, tmp_path):
    path = making.areas(tmp_path / "p.json", *map(making.box, range(5)))
    bring(town, path)
    before = list(Parcel.objects.order_by("pk").values())
    report = bring(town, path)
    assert outcome(report) == (0, 0, 5, 0)
    assert list(Parcel.objects.order_by("pk").values()) == before


def test_a_changed_parcel_keeps_its_key_and_leaves_its_former_state(town, tmp_path):
    bring(town, making.areas(tmp_path / "a.json", making.box(0), making.box(1)))
    first, day = Parcel.objects.get(code="P0"), town.today()
    bring(town, making.areas(tmp_path / "b.json", making.box(5), making.box(1)))
    now = Parcel.objects.current().get(code="P0")
    assert now.pk == first.pk
    assert day <= now.valid_from <= town.today()
    former = Parcel.objects.get(code="P0", valid_until=now.valid_from)
    assert former.geometry == first.geometry
    assert former.valid_from == date(1900, 1, 1)


def test_a_second_change_on_one_day_leaves_no_further_state(town, tmp_path):
    for number in (0, 5, 6):
        bring(town, making.areas(tmp_path / "p.json", making.box(number)))
    assert Parcel.objects.of(town).count() == 2


def test_a_move_of_a_centimetre_is_no_change_and_one_of_ten_is(town, tmp_path):
    shape = making.box(0)
    bring(town, making.areas(tmp_path / "p.json", shape))
    nudged = shapely.transform(shape, lambda xy: xy + 1e-7)
    assert outcome(bring(town, making.areas(tmp_path / "p.json", nudged)))[1] == 0
    moved = shapely.transform(shape, lambda xy: xy + 1e-6)
    assert outcome(bring(town, making.areas(tmp_path / "p.json", moved)))[1] == 1


def test_a_file_that_lacks_much_is_asked_about(town, tmp_path):
    bring(town, making.areas(tmp_path / "p.json", *map(making.box, range(5))))
    part = making.areas(tmp_path / "part.json", making.box(0))
    assert bring(town, part).blocked == "missing"
    assert Parcel.objects.current().count() == 5
    kept = bring(town, part, missing=Missing.KEEP)
    assert (outcome(kept), kept.kept) == ((0, 0, 1, 0), 4)
    assert outcome(bring(town, part, missing=Missing.RETIRE)) == (0, 0, 1, 4)
    assert Parcel.objects.current().count() == 1
    assert Parcel.objects.filter(valid_until__isnull=False).count() == 4


def test_one_refused_row_stops_all_unless_it_is_left_out(town, tmp_path):
    path = making.areas(tmp_path / "p.json", making.box(0), None, shapely.Point(1, 1))
    report = bring(town, path)
    assert report.blocked == "refused"
    assert [(row, code) for row, code, _ in report.refused] == [
        (2, "geometry_missing"),
        (3, "geometry_kind"),
    ]
    assert not Parcel.objects.of(town).exists()
    told = list(report.refused_rows())
    assert str(told[0]["reason"])
    assert str(told[0]["way_out"])
    assert bring(town, path, skip_refused=True).added == 1


def test_duplicate_codes_are_refused_with_their_rows(town, tmp_path):
    making.frame(3).assign(code=["A", "B", "A"]).to_file(tmp_path / "p.gpkg")
    report = bring(town, tmp_path / "p.gpkg")
    assert report.refused == [
        (1, "code_twice", "A (1, 3)"),
        (3, "code_twice", "A (1, 3)"),
    ]


def test_a_crossing_outline_is_repaired_and_told(town, tmp_path):
    bow = shapely.Polygon(
        [(35.822, 33.792), (35.824, 33.794), (35.824, 33.792), (35.822, 33.794)]
    )
    report = bring(town, making.areas(tmp_path / "p.json", bow))
    assert (
        report.repairs()[0]["how"] == "outline crossed itself; the crossing was opened"
    )
    assert report.repaired[0][2] > 1000
    assert Parcel.objects.get().geometry.valid


def test_rows_outside_the_municipality_are_refused(town, tmp_path):
    far = shapely.box(35.9, 33.79, 35.901, 33.791)
    report = bring(town, making.areas(tmp_path / "p.json", making.box(0), far))
    assert report.refused == [(2, "outside_municipality", "P1")]
    with pytest.raises(ImportRefused, match=r"All 2 rows lie outside .*EPSG:4326"):
        bring(town, making.areas(tmp_path / "q.json", far, far))


def test_parcels_find_their_zone_and_follow_when_zones_change(town, tmp_path):
    zone = ZoneFactory(municipality=town, geometry=square())
    ZoneFactory(municipality=town, code="B1", kind="block", geometry=square())
    bring(town, making.areas(tmp_path / "p.json", making.box(0), making.box(9)))
    assert set(Parcel.objects.values_list("zone", flat=True)) == {zone.pk}
    halves = [
        shapely.box(35.82, 33.79, 35.827, 33.81),
        shapely.box(35.827, 33.79, 35.84, 33.81),
    ]
    path = making.areas(tmp_path / "z.json", *halves)
    report = bring(town, path, What.ZONES, missing=Missing.RETIRE)
    assert ("restated", {"count": 2}) in report.notes
    found = dict(Parcel.objects.values_list("code", "zone__code"))
    assert found == {"P0": "P0", "P1": "P1"}
    assert Zone.objects.of(town).reporting().count() == 2


def test_zones_are_made_from_a_column_of_the_parcels(town, tmp_path):
    data = making.frame(20, section=["A"] * 10 + ["B"] * 10)
    data.to_file(tmp_path / "p.gpkg")
    town.boundary = None
    town.save()
    choices = {"dissolve": True, "columns": {"code": "section"}, "kind": "section"}
    report = bring(town, tmp_path / "p.gpkg", What.ZONES, **choices)
    assert report.added == 2
    zone = Zone.objects.get(code="A")
    assert (zone.kind, zone.name_en) == ("section", "Cadastral section A")
    town.refresh_from_db()
    assert town.boundary.valid
    assert outcome(bring(town, tmp_path / "p.gpkg", What.ZONES, **choices)) == (
        0,
        0,
        2,
        0,
    )


def test_blocks_say_themselves_that_they_are_blocks_and_find_their_parent(
    town, tmp_path
):
    quarter = ZoneFactory(municipality=town, code="Z1", geometry=square())
    words = {"code": "B1", "kind": "block", "parent": "Z1", "name_ar": "جزيرة"}
    shape = shapely.geometry.mapping(making.box(0))
    bring(town, making.geojson(tmp_path / "b.json", [(words, shape)]), What.ZONES)
    block = Zone.objects.get(code="B1")
    assert (block.kind, block.parent, block.name_ar) == ("block", quarter, "جزيرة")


def test_facilities_come_from_degrees_in_a_table(town, tmp_path):
    path = tmp_path / "f.csv"
    path.write_text(
        "code;kind;name_ar;longitude;latitude\n"
        "F1;school;مدرسة;35.825;33.795\n"
        "F2;spaceport;ميناء;35.826;33.796\n"
        "F3;رَوضه;روضة;35.826;33.795\n"
        "F4;Jardin D’ENFANTS;روضة;35.826;33.795\n"
    )
    report = bring(town, path, What.FACILITIES)
    assert report.refused == [(2, "kind_unknown", "spaceport")]
    assert bring(town, path, What.FACILITIES, skip_refused=True).added == 3
    kinds = Facility.objects.order_by("code").values_list("kind", flat=True)
    assert list(kinds) == ["school", "kindergarten", "kindergarten"]


def test_a_dry_run_reports_and_draws_but_writes_nothing(town, tmp_path):
    picture: dict = {}
    report = import_file(
        municipality=town,
        what=What.PARCELS,
        path=making.areas(tmp_path / "p.json", making.box(0)),
        options=Options(),
        dry_run=True,
        picture=picture,
    )
    assert (report.added, report.applied) == (1, False)
    assert picture["paths"]["added"].startswith("M")
    assert picture["boundary"].startswith("M")
    assert not Parcel.objects.exists()


def test_more_rows_than_one_batch_all_arrive(town, tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "ADDED", 3)
    monkeypatch.setattr(staging, "COPIED", 2)
    path = making.areas(tmp_path / "p.json", *map(making.box, range(10)))
    assert bring(town, path).added == Parcel.objects.count() == 10


def test_an_upload_is_checked_then_imported_once(town, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    path = making.areas(tmp_path / "p.json", making.box(0), None)
    run = receive_upload(
        municipality=town,
        what="parcels",
        file=SimpleUploadedFile("p.json", path.read_bytes()),
        by=staff(town, "data_manager"),
        options=Options(),
    )
    check_run(run=run)
    assert run.state == ImportRun.State.READY
    assert run.report["blocked"] == "refused"
    choose_options(run=run, options=Options(skip_refused=True))
    check_run(run=run)
    apply_run(run=run)
    assert run.state == ImportRun.State.DONE
    assert Parcel.objects.count() == 1
    apply_run(run=run)
    assert Parcel.objects.count() == 1


def test_a_raster_is_kept_once_and_only_geotiff_is_taken(town, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    path = Path("fixtures/wadi-zaytoun/population.tif")
    kept, outcome = import_raster(
        municipality=town, path=path, kind="population", names={}
    )
    assert (outcome, kept.srid) == ("added", 22770)
    again = import_raster(municipality=town, path=path, kind="population", names={})
    assert again == (kept, "unchanged")
    assert Raster.objects.count() == 1
    text = tmp_path / "x.tif"
    text.write_text("<VRTDataset></VRTDataset>")
    with pytest.raises(ImportRefused, match="Only GeoTIFF"):
        import_raster(municipality=town, path=text, kind="terrain", names={})


def test_an_import_that_breaks_off_before_its_end_is_done_once(
    town, tmp_path, monkeypatch
):
    path = making.areas(tmp_path / "town.json", making.box(0), making.box(1))
    run = receive_upload(
        municipality=town,
        what="parcels",
        file=SimpleUploadedFile(path.name, path.read_bytes()),
        by=None,
        options=Options(),
    )
    check_run(run=run)
    assert agree(run=run)
    assert not agree(run=run)

    def broken(run):
        raise OSError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(runs, "_keep", broken)
        with pytest.raises(OSError, match="killed"), transaction.atomic():
            apply_run(run=run)
    assert not Parcel.objects.of(town).exists()
    run.refresh_from_db()
    assert run.state == "importing"
    apply_run(run=run)
    run.refresh_from_db()
    assert (run.state, run.report["added"]) == ("done", 2)


def test_parcels_lie_on_disk_as_they_lie_in_the_town(town, tmp_path):
    """In a file sorted by code neighbours may be far apart; in the table they are not."""
    places = list(range(100))
    random.Random(3).shuffle(places)
    bring(town, making.areas(tmp_path / "p.json", *map(making.box, places)))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_X(ST_Centroid(geometry)), ST_Y(ST_Centroid(geometry))"
            " FROM geography_parcel WHERE municipality_id = %s ORDER BY ctid",
            [town.pk],
        )
        spots = cursor.fetchall()
    steps = [math.dist(a, b) for a, b in itertools.pairwise(spots)]
    assert len(spots) == 100
    assert sum(steps) / len(steps) < 2 * making.SIDE

import io
import json
import sqlite3
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import geopandas
import pyarrow.parquet
import pyogrio
import pytest
import shapely
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from pyproj import Transformer

from gisportal.accounts.roles import Role
from gisportal.accounts.services import issue_key
from layers.features import download_views, services
from layers.features.crs import CRS84
from layers.features.errors import DownloadRefused
from layers.features.formats import FORMATS
from layers.features.models import Download
from layers.features.tasks import write_in_background
from layers.geography.models import Facility
from layers.maps.catalogue import layer_named
from tests.factories.accounts import staff

OWN = "http://www.opengis.net/def/crs/EPSG/0/22770"
READ_BY_GDAL = {"gpkg", "geojson", "shp", "kml", "fgb"}


def fetched(api, form, layer="facilities", **query):
    response = api.get(f"collections/{layer}/file", format=form, **query)
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content)


def table(content: bytes, form: str, folder: Path):
    path = folder / f"file{FORMATS[form].suffix}"
    path.write_bytes(content)
    if form == "parquet":
        return geopandas.read_parquet(path)
    if form == "csv":
        with zipfile.ZipFile(path) as archive:
            text = archive.read("facilities.csv").decode("utf-8-sig")
        return text
    return pyogrio.read_dataframe(path)


@pytest.mark.parametrize("form", sorted(READ_BY_GDAL | {"parquet"}))
@pytest.mark.parametrize("crs", ["", OWN])
def test_a_file_has_all_rows_arabic_names_and_places(api, places, tmp_path, form, crs):
    if crs and not FORMATS[form].any_system:
        response = api.get("collections/facilities/file", format=form, crs=crs)
        assert response.status_code == 400
        assert "has degrees only" in response.content.decode()
        return
    # FlatGeobuf has its rows in the order of its spatial index.
    found = table(fetched(api, form, crs=crs), form, tmp_path).sort_values("code")
    assert list(found["code"]) == [f"F{n}" for n in range(5)]
    assert list(found["name_ar"]) == [f"مكان {n}" for n in range(5)]
    assert found.crs.to_epsg() == (22770 if crs else 4326)
    wanted = (35.81, 33.80)
    if crs:
        wanted = Transformer.from_crs(4326, 22770, always_xy=True).transform(*wanted)
    first = found.geometry.iloc[0]
    assert (first.x, first.y) == pytest.approx(wanted, rel=1e-7)


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_a_file_says_whose_it_is_and_as_of_when(api, places, tmp_path, form):
    content = fetched(api, form)
    said = SAYING[form](content, tmp_path)
    assert "Municipality of" in said
    assert "ask the municipality before reuse" in said
    version = services.LayerVersion.objects.get(source="geography_facility").version
    assert f"{version}-" in said


def in_gpkg(content, folder):
    path = folder / "a.gpkg"
    path.write_bytes(content)
    with sqlite3.connect(path) as database:
        return " ".join(
            str(row) for row in database.execute("SELECT metadata FROM gpkg_metadata")
        )


def in_zip(content, folder):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read("README.txt").decode()


def in_xlsx(content, folder):
    (_data, notes) = load_workbook(io.BytesIO(content)).worksheets
    return " ".join(str(cell) for row in notes.values for cell in row)


SAYING = {
    "gpkg": in_gpkg,
    "shp": in_zip,
    "csv": in_zip,
    "xlsx": in_xlsx,
    "geojson": lambda content, folder: " ".join(
        str(value) for key, value in json.loads(content).items() if key != "features"
    ),
    "parquet": lambda content, folder: str(
        {
            key: value.decode()
            for key, value in pyarrow.parquet.read_metadata(
                io.BytesIO(content)
            ).metadata.items()
        }
    ),
    "kml": lambda content, folder: content.decode(),
    "fgb": lambda content, folder: content.decode("utf-8", "ignore"),
}


def test_geoparquet_has_the_metadata_of_its_standard(api, places):
    content = fetched(api, "parquet", layer="zones")
    metadata = pyarrow.parquet.read_metadata(io.BytesIO(content)).metadata
    geo = json.loads(metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    column = geo["columns"][geo["primary_column"]]
    assert column["encoding"] == "WKB"
    assert column["geometry_types"] == ["MultiPolygon"]
    assert column["bbox"] == pytest.approx([35.80, 33.79, 35.86, 33.81])


def test_excel_runs_no_text_as_a_formula(api, places):
    Facility.objects.filter(code="F1").update(name_en="=1+1")
    book = load_workbook(io.BytesIO(fetched(api, "xlsx")))
    rows = list(book.worksheets[0].values)
    assert rows[0][-2:] == ("longitude", "latitude")
    assert rows[2][4] == "'=1+1"
    assert rows[1][-2:] == pytest.approx((35.81, 33.8))


def test_a_csv_has_shapes_as_text(api, places, tmp_path):
    lines = table(fetched(api, "csv"), "csv", tmp_path).splitlines()
    assert lines[0] == "id,code,kind,name_ar,name_en,name_fr,geometry"
    assert shapely.from_wkt(lines[1].rpartition(",")[2]).x == pytest.approx(35.81)


def test_what_is_selected_is_what_is_written(api, places):
    def codes(**query):
        said = json.loads(fetched(api, "geojson", **query))
        return [each["properties"]["code"] for each in said["features"]]

    assert codes(filter="kind = 'school'") == ["F0", "F1"]
    assert codes(bbox="35.815,33.79,35.835,33.81") == ["F1", "F2"]
    assert codes(zone="Q0") == ["F0", "F1"]
    assert codes(zone="Q1", kind="clinic") == ["F2"]
    assert codes(kind="nothing") == []


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_a_file_of_nothing_is_a_file(api, places, form):
    assert fetched(api, form, kind="nothing")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"format": "dwg"}, "is one of"),
        ({"zone": "Q9"}, "no zone"),
        ({"filter": "colour = 1"}, "no field"),
        ({"bbox": "1"}, "bbox"),
        ({"crs": "x"}, "coordinate reference system"),
        ({"colour": "red"}, "no parameter"),
    ],
)
def test_a_question_that_cannot_be_answered_keeps_its_form(api, places, query, said):
    response = api.get("collections/facilities/file", **{"format": "gpkg", **query})
    assert response.status_code == 400
    page = response.content.decode()
    assert said in page
    assert "<form" in page


@pytest.fixture
def large(monkeypatch):
    """Every file is one for the worker."""
    monkeypatch.setattr(download_views, "AT_ONCE", 1)


def ask(api, form="gpkg", layer="facilities", **more):
    address = reverse("features:layer_file", args=[api.town.slug, layer])
    return api.client.post(address, {"format": form, **more})


def test_a_large_file_is_written_by_the_worker(api, places, large, monkeypatch):
    asked = []
    monkeypatch.setattr(
        type(write_in_background), "enqueue", lambda self, *given: asked.append(given)
    )
    page = api.get("collections/facilities/file", format="gpkg", kind="school")
    assert "written in the background" in page.content.decode()
    assert not Download.objects.exists()
    response = ask(api, kind="school")
    (download,) = Download.objects.all()
    assert asked == [(places.pk, str(download.pk))]
    assert download.total == 2
    state = api.get(response.url)
    assert "next in line" in state.content.decode()
    services.write_download(download=download)
    state = api.get(response.url).content.decode()
    assert "2 features" in state
    content = b"".join(api.get(f"{response.url}/file").streaming_content)
    assert content.startswith(b"SQLite")
    # The same question finds the same file; after a change it is written anew.
    assert ask(api, kind="school").url == response.url
    Facility.objects.filter(code="F0").update(name_en="Another")
    assert ask(api, kind="school").url != response.url


def test_a_file_is_kept_for_a_day(api, places, town):
    download, new = services.request_download(
        layer=layer_named("zones"),
        municipality=town,
        form="csv",
        asked={},
        language="ar",
    )
    assert new
    services.write_download(download=download)
    path = Path(settings.MEDIA_ROOT, download.file)
    assert path.exists()
    assert services.drop_old_downloads(municipality=town) == 0
    Download.objects.update(finished_at=timezone.now() - timedelta(days=2))
    assert services.drop_old_downloads(municipality=town) == 1
    assert not path.exists()


def test_a_file_that_fails_leaves_nothing_behind(town, places, monkeypatch):
    download, _new = services.request_download(
        layer=layer_named("zones"),
        municipality=town,
        form="gpkg",
        asked={},
        language="ar",
    )

    def broken(*given, **more):
        raise OSError("No space left on device")

    monkeypatch.setattr(services, "write", broken)
    with pytest.raises(OSError, match="No space"):
        services.write_download(download=download)
    assert list(services.folder_of(town.pk).iterdir()) == []
    services.give_up_download(str(download.pk))
    download.refresh_from_db()
    assert download.state == Download.State.FAILED


def test_the_worker_is_not_flooded(town, places, monkeypatch):
    monkeypatch.setattr(services, "MOST_WAITING", 2)
    for place in range(3):
        asked = {"code": f"Q{place}"}

        def more(asked=asked):
            services.request_download(
                layer=layer_named("zones"),
                municipality=town,
                form="gpkg",
                asked=asked,
                language="ar",
            )

        if place < 2:
            more()
        else:
            with pytest.raises(DownloadRefused, match="Many files"):
                more()


def test_excel_refuses_more_rows_than_it_holds(town, places, monkeypatch):
    few = {**FORMATS, "xlsx": replace(FORMATS["xlsx"], most=3)}
    monkeypatch.setattr(services, "FORMATS", few)
    with pytest.raises(DownloadRefused, match="3 rows at most"):
        services.request_download(
            layer=layer_named("facilities"),
            municipality=town,
            form="xlsx",
            asked={},
            language="ar",
        )


def test_who_may_not_see_the_layer_does_not_get_its_file(api, parcels, town):
    download, _new = services.request_download(
        layer=layer_named("parcels"),
        municipality=town,
        form="csv",
        asked={},
        language="ar",
    )
    services.write_download(download=download)
    address = reverse("features:file", args=[town.slug, download.pk])
    assert api.get(address).status_code == 401
    api.client.force_login(staff(town, Role.CLERK))
    assert api.get(address).status_code == 403
    api.client.force_login(staff(town, Role.PLANNER))
    assert api.get(address).status_code == 200


def test_batches_are_read_as_they_are_written(town, places, tmp_path):
    told = []
    services.write(
        tmp_path / "a.fgb",
        form="fgb",
        selection=services.selected(layer_named("facilities"), town, {}),
        system=CRS84,
        tell=told.append,
    )
    assert told == [5]


def test_kml_takes_any_number_and_any_text(api, places, tmp_path):
    Facility.objects.filter(code="F0").update(name_en="<b>&\x07 ]]>")
    content = fetched(api, "kml")
    found = table(content, "kml", tmp_path).set_index("code")
    assert found.loc["F0", "name_en"] == "<b>& ]]>"
    assert FORMATS["kml"].most == float("inf")


def test_a_program_starts_a_large_file_and_fetches_it(client, parcels, monkeypatch):
    monkeypatch.setattr(download_views, "AT_ONCE", 1)
    planner = staff(parcels, Role.PLANNER)
    _row, key = issue_key(user=planner, name="script", days=30)
    here = reverse("features:layer_file", args=[parcels.slug, "parcels"])
    program = Client(enforce_csrf_checks=True)
    by_key = {"Authorization": f"Bearer {key}"}
    large = program.get(here, {"format": "gpkg"}, headers=by_key)
    assert (large.status_code, large.json()["code"]) == (413, "ContentTooLarge")
    begun = program.post(here, {"format": "gpkg"}, headers=by_key)
    assert begun.status_code == 202, begun.content
    address = reverse("features:api", args=[parcels.slug])
    paths = program.get(address, {"f": "json"}, headers=by_key).json()["paths"]
    start = paths["/collections/{collectionId}/file"]["post"]
    (body,) = start["requestBody"]["content"].values()
    assert body["schema"]["properties"]["format"]["enum"] == [*FORMATS]
    (told,) = start["responses"]["202"]["content"].values()
    assert begun.json().keys() == told["schema"]["properties"].keys()
    assert "parcels" in start["parameters"][0]["schema"]["enum"]
    state = program.get(begun["Location"], headers=by_key).json()
    if state["state"] != "done":
        (link,) = state["links"]
        write_in_background.call(parcels.pk, state["id"])
        state = program.get(link["href"], headers=by_key).json()
    assert state["written"] == state["features"] > 1
    (file,) = (x["href"] for x in state["links"] if x["rel"] == "enclosure")
    assert program.get(file, headers=by_key).status_code == 200
    assert program.get(file).status_code == 401
    # A form of another site has the session, or an origin, and no key of its own.
    refused = program.post(here, {"format": "png"}, headers=by_key)
    assert refused.status_code == 400
    assert "format" in refused.json()["description"]
    foreign = {**by_key, "Origin": "https://elsewhere.example"}
    assert program.post(here, {"format": "gpkg"}, headers=foreign).status_code == 403
    program.force_login(planner)
    assert program.post(here, {"format": "gpkg"}).status_code == 403

"""Files that want harm, or are broken: each refused in words, none with a traceback."""

import io
import json
import struct
import zipfile

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.geography.errors import FILE, ROW, ImportRefused
from layers.geography.files import archive
from layers.geography.files.reader import reading
from layers.geography.files.refusal import Unreadable
from layers.geography.files.request import Options, Request, What
from layers.geography.files.sandbox import read_upload
from tests.layers.geography import making


def take(path, what=What.PARCELS, **choices):
    request = Request(path=str(path), what=what, srid=22770, options=Options(**choices))
    return read_upload(request, lambda stage, share: None)


def refusal(path, **choices):
    with pytest.raises(Unreadable) as caught:
        take(path, **choices)
    error = ImportRefused.of(caught.value)
    assert "%(" not in error.messages[0]
    return caught.value.code


def attempt(action):
    """The code of the refusal, else what the action gave."""
    try:
        return "", action()
    except Unreadable as error:
        return error.code, None


def zipped(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in entries.items():
            target.writestr(name, content)
    return path


BOX = shapely.geometry.mapping(making.box(0))
VRT = b'<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource>'
GDALG = {
    "type": "gdal_streamed_alg",
    "command_line": "gdal vector pipeline ! read /vsicurl/http://127.0.0.1:9/x.json",
}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (VRT, "format_foreign"),
        (b"  \n" + VRT, "format_foreign"),
        (b'<?xml version="1.0"?><kml/>', "format_foreign"),
        (b"%PDF-1.7", "format_foreign"),
        (b"\x7fELF\x00\x00", "format_unknown"),
        (json.dumps(GDALG).encode(), "file_broken"),
        (b'{"type": "FeatureCollection", "features": [', "file_broken"),
        (b"[" * 10_000, "file_broken"),
        (b'{"type":"Topology","objects":{}}', "file_broken"),
        (b"SQLite format 3\x00" + b"\x01" * 500, "file_broken"),
        (b"fgb\x03fgb\x00" + b"\xff" * 500, "no_rows"),
        (b"\x00\x00\x27\x0a" + b"\x00" * 96, "shapefile_bare"),
        (b"PK\x03\x04 not really", "zip_broken"),
        (b"code\n1\n", "csv_header"),
        (b"code,name,wkt\n1,a,b,POINT(35 33)\n", "csv_long_row"),
        (b"code,wkt\n1,LINESTRING(35 33,36 34)\n", "csv_long_row"),
        (b"code,name\n1,a\n", "csv_no_geometry"),
        (b"code,wkt\n1,POINT(35 33)\n", "crs_missing"),
        (b"code,x,y\n1,35,33\n", "crs_missing"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_in_words(tmp_path, content, code):
    path = tmp_path / "upload"
    path.write_bytes(content)
    assert refusal(path) == code


def test_names_of_remote_files_open_nothing(tmp_path):
    assert refusal("/vsicurl/http://127.0.0.1:9/x.geojson") == "file_absent"
    assert refusal(tmp_path / "missing.gpkg") == "file_absent"


def test_more_than_two_gigabytes_are_refused_unread(tmp_path):
    path = tmp_path / "huge.gpkg"
    with path.open("wb") as file:
        file.truncate(2 * 1024**3)
    assert refusal(path) == "file_too_large"


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ({"a.txt": b"x"}, "zip_without_data"),
        ({"../../etc/a.shp": b"x"}, "zip_path"),
        ({"/etc/a.shp": b"x"}, "zip_path"),
        ({"C:\\a.shp": b"x"}, "zip_path"),
        ({"a.zip": b"x"}, "zip_nested"),
        ({"a.shp": b"\x00\x00\x27\x0a" + b"\x00" * 96}, "shapefile_parts"),
        ({f"{n}.txt": b"" for n in range(201)}, "zip_entries"),
        ({"a.shp": b"\x00" * 50 * 1024**2}, "zip_bomb"),
        ({"a.geojson": b"{}", "b.geojson": b"{}"}, "several_layers"),
        ({"a.geojson": VRT}, "format_foreign"),
    ],
)
def test_hostile_zips_are_refused(tmp_path, entries, code):
    with pytest.raises(Unreadable) as caught:
        archive.open_upload(zipped(tmp_path / "a.zip", entries), tmp_path)
    assert caught.value.code == code


def test_a_zip_that_lies_about_its_sizes_is_stopped(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("a.geojson", b" " * 5_000_000)
    raw = inner.getvalue().replace(struct.pack("<I", 5_000_000), struct.pack("<I", 9))
    path = tmp_path / "a.zip"
    path.write_bytes(raw)
    assert refusal(path) in {"zip_bomb", "zip_broken", "file_broken"}


def test_a_link_inside_a_zip_is_refused(tmp_path):
    link = zipfile.ZipInfo("a.shp")
    link.external_attr = 0o120777 << 16
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr(link, "/etc/passwd")
    assert refusal(path) == "zip_path"


def test_points_and_lines_are_no_parcels(tmp_path):
    points = making.areas(tmp_path / "a.json", shapely.Point(35.82, 33.79))
    assert refusal(points) == "points_not_areas"
    lines = making.areas(tmp_path / "b.json", shapely.LineString([(35, 33), (36, 34)]))
    assert refusal(lines) == "lines_not_areas"


def test_a_file_without_crs_is_refused_until_one_is_given(tmp_path):
    bare = making.shapefile(tmp_path, making.frame().to_crs(22770), without=(".prj",))
    assert refusal(bare) == "crs_missing"
    assert refusal(bare, crs="EPSG:0") == "crs_unknown"
    assert refusal(bare, crs="EPSG:999999") == "crs_unknown"
    assert len(take(bare, crs="EPSG:22770").row) == 4


def test_coordinates_outside_their_reference_system_are_refused(tmp_path):
    metres = shapely.box(700_000, 6_800_000, 700_100, 6_800_100)
    found = take(making.areas(tmp_path / "a.json", metres, making.box(1)))
    assert found.refused == [(1, "outside_crs", "P0")]
    found = take(making.areas(tmp_path / "a.json", shapely.box(2, 48, 2.1, 48.1)))
    assert found.refused == [(1, "outside_country", "P0")]


def test_unreadable_geometries_are_refused_row_by_row(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text(
        "code,wkt\n"
        'a,"POLYGON ((35.82 33.79, 35.83 33.79"\n'
        "b,POLYGON EMPTY\n"
        'c,"POLYGON ((nan 33, 35 33, 35 34, nan 33))"\n'
        'd,"POLYGON ((inf 33, 35 33, 35 34, inf 33))"\n'
        "e,\n"
        'f,"POLYGON ((35.82 33.79, 35.83 33.79, 35.82 33.79))"\n'
        'g,"POLYGON ((35.82 33.79, 35.82 33.79, 35.82 33.79, 35.82 33.79))"\n'
        'h,"POLYGON ((35.82 33.79, 35.83 33.79, 35.83 33.8, 35.82 33.79))"\n'
        'i,"CURVEPOLYGON (CIRCULARSTRING (0 0, 1 1, 2 0, 1 -1, 0 0))"\n'
    )
    found = take(path, crs="EPSG:4326")
    assert found.columns["code"] == ["h"]
    assert {row: code for row, code, _ in found.refused} == {
        1: "geometry_unreadable",
        2: "geometry_empty",
        3: "geometry_unreadable",
        4: "geometry_not_finite",
        5: "geometry_missing",
        6: "geometry_flat",
        7: "geometry_flat",
        9: "geometry_unreadable",
    }


def test_words_that_cannot_be_stored_are_refused(tmp_path):
    words = [
        "",
        "x" * 61,
        "a\u0000b",
        "a\ufffdb",
        "\ud800".encode("utf-8", "replace").decode(),
    ]
    features = [({"code": word, "contenance": "viel"}, BOX) for word in words]
    found = take(making.geojson(tmp_path / "p.json", features))
    assert {"code_missing", "text_too_long"} <= {code for _, code, _ in found.refused}
    assert "area_not_number" in {code for _, code, _ in found.refused}
    assert {code for _, code, _ in found.refused} <= set(ROW)


def test_windows_arabic_without_a_label_is_recognised(tmp_path):
    data = making.frame(2, name_ar=["حي الميدان القديم", "بساتين الشرق"])
    path = making.shapefile(tmp_path, data, encoding="CP1256", without=(".cpg",))
    found = take(path, what=What.ZONES)
    assert found.columns["name_ar"] == ["حي الميدان القديم", "بساتين الشرق"]
    assert found.about["encoding"] == "cp1256"
    text = 'code,name_ar,wkt\n1,حي الكروم,"POLYGON((35 33,36 33,36 34,35 33))"\n'
    table = tmp_path / "z.csv"
    table.write_bytes(text.encode("cp1256"))
    found = take(table, what=What.ZONES, crs="EPSG:4326")
    assert found.columns["name_ar"] == ["حي الكروم"]


@pytest.mark.filterwarnings("ignore:Could not decode error message")
def test_long_arabic_names_of_columns_do_not_close_a_shapefile(tmp_path):
    # GDAL cuts them after ten bytes, within a letter, and two then begin alike.
    data = making.frame(2, **{"اسم الشجرة": ["a", "b"], "اسم المالك": ["c", "d"]})
    path = making.shapefile(tmp_path, data)
    with pytest.raises(Unreadable) as caught:
        take(path, columns={"code": "none"})
    told = ImportRefused.of(caught.value).messages[0]
    first, second = [
        name for name in told[:-1].split(": ")[-1].split(", ") if "اسم" in name
    ]
    assert (first, first != second) == ("اسم ا", True)
    assert take(path, columns={"code": second}).columns["code"] == ["c", "d"]


def test_a_label_that_lies_about_the_encoding_is_not_believed(tmp_path):
    data = making.frame(2, name_ar=["حي الميدان", "بساتين"])
    path = making.shapefile(tmp_path, data, encoding="CP1256", without=(".cpg",))
    with zipfile.ZipFile(path, "a") as target:
        target.writestr("parcels.cpg", "UTF-8")
    assert take(path, what=What.ZONES).columns["name_ar"] == ["حي الميدان", "بساتين"]


def test_an_unknown_column_is_named_with_those_there_are(tmp_path):
    path = making.areas(tmp_path / "p.json", making.box(0))
    with pytest.raises(Unreadable) as caught:
        take(path, columns={"code": "idu"})
    told = ImportRefused.of(caught.value).messages[0]
    assert told == "The file has no column “idu”. It has: code."
    assert refusal(path, columns={"colour": "code"}) == "unknown_role"
    odd = making.geojson(tmp_path / "q.json", [({"strange": "1"}, BOX)])
    assert refusal(odd) == "no_code_column"
    assert take(odd, columns={"code": "strange"}).columns["code"] == ["1"]


def test_every_refusal_has_its_words():
    assert all(str(words) for words in FILE.values())
    assert all(str(reason) and str(way) for reason, way in ROW.values())


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    data = making.frame(3)
    data.to_file(folder / "p.gpkg")
    data.to_file(folder / "p.fgb", driver="FlatGeobuf")
    data.to_file(folder / "p.geojson", driver="GeoJSON")
    zipped = making.shapefile(folder, data)
    paths = [folder / "p.gpkg", folder / "p.fgb", folder / "p.geojson", zipped]
    return [(path.suffix, path.read_bytes()) for path in paths]


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_damaged_files_are_read_or_refused_never_a_crash(good, tmp_path_factory, data):
    suffix, content = data.draw(st.sampled_from(good))
    damaged = bytearray(content[: data.draw(st.integers(1, len(content)))])
    for _ in range(data.draw(st.integers(0, 6))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / f"upload{suffix}"
    path.write_bytes(bytes(damaged))
    code, found = attempt(lambda: take(path))
    assert code in {"", *FILE}
    assert {code for _, code, _ in found.refused} <= set(ROW) if found else code


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_identified_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "upload"
    path.write_bytes(content)
    code, kind = attempt(lambda: archive.identify(path))
    assert code in FILE or kind in {"zip", "gpkg", "fgb", "shp", "geojson", "csv"}


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_table_is_read_or_refused(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("table")
    path = folder / "upload"
    path.write_text("code,wkt\n" + text, "utf-8", "replace")
    request = Request(
        path=str(path), what=What.PARCELS, srid=22770, options=Options(crs="EPSG:4326")
    )
    code, found = attempt(lambda: reading(request, tmp_path_factory.mktemp("room")))
    assert code in FILE or found.row.size or found.refused

"""Layers of a GeoPackage or GeoJSON as a file of answers."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import geopandas
import pytest
from openpyxl import load_workbook
from shapely.geometry import LineString, Point, Polygon

from surveys.files.handing_out import marked_copy, rows_to_correct
from surveys.files.working import check_upload, load_upload
from surveys.models import Round, Submission, Upload
from surveys.out.tables import Scope, sheets_of
from surveys.out.writing import write_geojson, write_gpkg
from surveys.problems import Problem
from tests.factories.forms import make_version, receiving_round
from tests.factories.surveys import store

pytestmark = pytest.mark.django_db

SHAPES = """
| survey |
| | type | name | label |
| | text | household_id | Number |
| | geotrace | way | Way |
| | begin repeat | fields | Fields |
| | geoshape | field | Field |
| | end repeat | | |
| settings |
| | form_id | version |
| | {form_id} | {version} |
"""
HERE = Point(35.8205, 33.7905)


@pytest.fixture
def round(town: Any) -> Round:
    return receiving_round(make_version(town))


def layers(folder: Path, crs: Any = 4326, **frames: dict[str, list[Any]]) -> bytes:
    """A GeoPackage; a column `geometry` is the layer's."""
    path = folder / "made.gpkg"
    path.unlink(missing_ok=True)
    for name, columns in frames.items():
        made = dict(columns)
        shapes = made.pop("geometry", None)
        frame = geopandas.GeoDataFrame(
            made, geometry=shapes, crs=None if shapes is None else crs
        )
        frame.to_file(path, layer=name, driver="GPKG", engine="pyogrio")
    return path.read_bytes()


def homes(count: int = 1, **more: Any) -> dict[str, list[Any]]:
    numbers = range(1, count + 1)
    return {
        "household_id": [f"H{n}" for n in numbers],
        "interview_date": ["2026-04-18"] * count,
        "persons": [5] * count,
        "water_source": ["piped"] * count,
        **{name: [value] * count for name, value in more.items()},
    }


def told(upload: Upload) -> list[str]:
    return [Problem(**each).message for each in upload.report["problems"]]


def test_what_was_taken_out_is_taken_in_again_in_another_round(
    round: Round, tmp_path: Path
) -> None:
    children = {"household_id": ["H1", "H1"], "child_id": ["C1", "C2"],
                "name": ["ليان", "كريم"], "sex": ["female", "male"],
                "birth_date": ["2016-05-20", "2019-01-02"]}  # fmt: skip
    content = layers(
        tmp_path, households=homes(2, geometry=HERE, weight=4.5), children=children
    )
    load_upload(upload=store(round, content))
    out = tmp_path / "out.gpkg"
    scope = Scope(round.form, round, identifiers=True)
    write_gpkg(out, scope, sheets_of(scope, "en"), lambda _rows: None)
    later = receiving_round(round.form.published(), receiving=False)
    upload = store(later, out.read_bytes())
    assert check_upload(upload=upload), told(upload)
    assert not [words for words in told(upload) if "not known" in words]
    outcome = load_upload(upload=upload)
    assert (outcome.added, outcome.children) == (2, 2)
    for former in round.submissions.all():
        again = later.submissions.get(household=former.household)
        assert again.answers == former.answers
        assert again.weight == 4.5
        assert again.instance_id != former.instance_id
        kept = [(row.code, row.answers) for row in again.rows.order_by("ordinal")]
        before = [(row.code, row.answers) for row in former.rows.order_by("ordinal")]
        assert kept == before
    # The same file again in its own round is known by the IDs of its records.
    same = load_upload(upload=store(round, out.read_bytes()))
    assert (same.added, same.unchanged) == (0, 2)


def test_places_are_brought_to_degrees_from_the_layers_own_system(
    round: Round, tmp_path: Path
) -> None:
    projected = geopandas.GeoSeries([HERE], crs=4326).to_crs(22770)
    content = layers(tmp_path, 22770, households=homes(geometry=projected.iloc[0]))
    load_upload(upload=store(round, content))
    place = Submission.objects.get().geometry
    assert (place.x, place.y) == pytest.approx((HERE.x, HERE.y), abs=1e-6)


def test_a_layer_without_coordinate_system_is_refused_with_the_way_out(
    round: Round, tmp_path: Path
) -> None:
    content = layers(tmp_path, None, households=homes(geometry=HERE))
    upload = store(round, content)
    assert not check_upload(upload=upload)
    assert told(upload) == [
        "The layer “households” doesn't say in which coordinate system its places are. "
        "Save it with one, such as WGS 84 (EPSG:4326)."
    ]


def test_geojson_is_a_sheet_of_answers(round: Round, tmp_path: Path) -> None:
    load_upload(upload=store(round, layers(tmp_path, a=homes(2, geometry=HERE))))
    out = tmp_path / "out.geojson"
    scope = Scope(round.form, round, identifiers=True)
    write_geojson(out, scope, sheets_of(scope, "en"), lambda _rows: None)
    later = receiving_round(round.form.published(), receiving=False)
    assert load_upload(upload=store(later, out.read_bytes())).added == 2
    assert later.submissions.first().answers["location"]["coordinates"] == [
        HERE.x,
        HERE.y,
    ]


def test_lines_and_areas_answer_traces_and_shapes(town: Any, tmp_path: Path) -> None:
    round = receiving_round(make_version(town, text=SHAPES))
    way = LineString([(35.82, 33.79), (35.83, 33.80)])
    field = Polygon([(35.82, 33.79), (35.83, 33.79), (35.83, 33.80)])
    content = layers(
        tmp_path,
        households={"household_id": ["H1"], "geometry": [way]},
        fields={"household_id": ["H1"], "geometry": [field]},
    )
    load_upload(upload=store(round, content))
    record = Submission.objects.get()
    assert record.answers["way"]["coordinates"] == [[35.82, 33.79], [35.83, 33.80]]
    shape = record.rows.get().answers["field"]
    assert (shape["type"], len(shape["coordinates"][0])) == ("Polygon", 4)


def test_an_area_is_no_answer_to_a_question_for_a_point(
    round: Round, tmp_path: Path
) -> None:
    upload = store(round, layers(tmp_path, a=homes(geometry=HERE.buffer(0.1))))
    assert not check_upload(upload=upload)
    assert any("is not a place" in words for words in told(upload))


def test_faulty_features_come_back_as_a_workbook_that_loads(
    round: Round, tmp_path: Path
) -> None:
    wrong = homes(2, geometry=HERE) | {"persons": [5, 0]}
    upload = store(round, layers(tmp_path, a=wrong))
    upload.mode = "good"
    assert load_upload(upload=upload).added == 1
    out = io.BytesIO()
    marked_copy(upload, out)
    page = load_workbook(out)["a"]
    heads = {cell.value: cell.column for cell in page[1]}
    assert "is not allowed" in page.cell(3, heads["persons"]).comment.text
    left = io.BytesIO()
    rows_to_correct(upload, left)
    book = load_workbook(left)
    book["a"].cell(2, heads["persons"], 4)
    corrected = io.BytesIO()
    book.save(corrected)
    assert load_upload(upload=store(round, corrected.getvalue())).added == 1
    second = Submission.objects.get(household__code="H2")
    assert second.answers["location"]["coordinates"] == [HERE.x, HERE.y]


@pytest.mark.parametrize(
    "content",
    [
        b"SQLite format 3\x00" + b"\x00" * 4096,
        b'<OGRVRTDataSource><OGRVRTLayer name="a"/></OGRVRTDataSource>',
        b'{"type": "FeatureCollection", "features": "/etc/passwd"}',
        json.dumps({"type": "GDALVectorPipeline", "x": "! read /etc/passwd"}).encode(),
        b'{"type":"FeatureCollection","features":[' + b"[" * 10_000,
    ],
)
def test_what_only_looks_like_a_map_file_is_refused(
    round: Round, content: bytes
) -> None:
    upload = store(round, content)
    assert not check_upload(upload=upload)
    assert upload.report["errors"] == 1

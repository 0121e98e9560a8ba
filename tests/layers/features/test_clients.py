"""Programs that others wrote read our layers, on a real server, over pages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import geopandas
import pytest
from owslib.ogcapi.features import Features
from pyogrio import read_dataframe
from shapely import from_wkb

from tests.demo import Demo

pytestmark = pytest.mark.slow
TOWN = "wadi-zaytoun"


@pytest.fixture(scope="module")
def root(live_town: Demo) -> str:
    return f"{live_town.url}/en/{TOWN}/ogc"


def stored(demo: Demo, sql: str) -> list[tuple]:
    with demo.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.municipality', id::text, true)"
            " FROM geography_municipality WHERE slug = %s",
            [TOWN],
        )
        cursor.execute(sql, {"town": TOWN})
        return cursor.fetchall()


PARCELS = """
    SELECT parcel.id, ST_AsBinary(parcel.geometry)
      FROM geography_parcel AS parcel
      JOIN geography_municipality AS town ON town.id = parcel.municipality_id
     WHERE town.slug = %(town)s AND parcel.valid_until IS NULL
     ORDER BY parcel.id
"""
FACILITIES = """
    SELECT place.code, place.name_ar
      FROM geography_facility AS place
      JOIN geography_municipality AS town ON town.id = place.municipality_id
     WHERE town.slug = %(town)s AND place.valid_until IS NULL
     ORDER BY place.code
"""


def gdal(*arguments: str) -> str:
    done = subprocess.run(
        arguments, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ogrinfo_lists_the_layers_and_counts_them(live_town, root):
    listed = gdal("ogrinfo", "-ro", f"OAPIF:{root}")
    for name in ("zones", "outlines", "facilities"):
        assert name in listed
    assert "parcels" not in listed
    said = gdal("ogrinfo", "-ro", "-so", f"OAPIF:{root}", "outlines")
    assert f"Feature Count: {len(stored(live_town, PARCELS))}" in said


@pytest.mark.parametrize("size", [97, 1000, 10_000])
def test_ogr2ogr_copies_all_rows_over_pages(live_town, root, tmp_path, size):
    out = tmp_path / "outlines.gpkg"
    gdal(
        "ogr2ogr", "-f", "GPKG", str(out), f"OAPIF:{root}", "outlines",
        "-oo", f"PAGE_SIZE={size}", "-preserve_fid",
    )  # fmt: skip
    copied = read_dataframe(out, fid_as_index=True).sort_index()
    wanted = stored(live_town, PARCELS)
    assert list(copied.index) == [key for key, _shape in wanted]
    shapes = geopandas.GeoSeries([from_wkb(bytes(shape)) for _key, shape in wanted])
    # Nine digits of a degree are a tenth of a millimetre.
    assert all(
        one.equals_exact(other, 1e-9)
        for one, other in zip(copied.geometry, shapes, strict=True)
    )


def test_gdal_asks_for_a_box_and_a_field(live_town, root):
    wanted = stored(live_town, FACILITIES.replace("ORDER", "AND kind = 'school' ORDER"))
    said = gdal(
        "ogrinfo",
        "-ro",
        "-so",
        "-where",
        "kind = 'school'",
        f"OAPIF:{root}",
        "facilities",
    )
    assert f"Feature Count: {len(wanted)}" in said
    inside = gdal(
        "ogrinfo",
        "-ro",
        "-so",
        "-spat",
        "0",
        "0",
        "1",
        "1",
        f"OAPIF:{root}",
        "facilities",
    )
    assert "Feature Count: 0" in inside


def test_owslib_reads_collections_items_and_queryables(live_town, root):
    api = Features(f"{root}/")
    assert {"zones", "outlines", "facilities"} <= set(api.feature_collections())
    assert "code" in api.collection_queryables("facilities")["properties"]
    found = api.collection_items("facilities", limit=1000)["features"]
    assert sorted(
        (each["properties"]["code"], each["properties"]["name_ar"]) for each in found
    ) == stored(live_town, FACILITIES)
    one = api.collection_item("facilities", str(found[0]["id"]))
    assert one["properties"] == found[0]["properties"]


def test_schemathesis_finds_no_server_error(root):
    """Requests made from our own OpenAPI document, well and badly formed."""
    program = Path(sys.executable).with_name("schemathesis")
    done = subprocess.run(
        [
            program, "run", f"{root}/api", "--checks", "not_a_server_error",
            "--max-examples", "15", "--phases", "examples,coverage,fuzzing",
            "--seed", "1", "--no-color",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=540,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]

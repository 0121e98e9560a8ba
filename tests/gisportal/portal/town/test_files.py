"""Files: the same bytes each time, the committed ones up to date, the form compiles."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from django.core.management import CommandError, call_command

from gisportal.portal.town import AIN_TINEH, FIXTURES, TownPlan, write_town

FOLDER = Path(__file__).parents[4] / "fixtures"


def digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
    }


def same_content(one: Path, other: Path) -> None:
    """Equal up to a millimetre and the last digit, whatever wrote the bytes."""
    assert {path.name for path in one.iterdir()} == {
        path.name for path in other.iterdir()
    }
    lots, again = (gpd.read_file(folder / "parcels.gpkg") for folder in (one, other))
    pd.testing.assert_frame_equal(
        lots.drop(columns="geometry"), again.drop(columns="geometry")
    )
    assert shapely.equals_exact(lots.geometry, again.geometry, tolerance=0.002).all()
    for path in one.glob("*.xlsx"):
        for name, sheet in pd.read_excel(path, sheet_name=None).items():
            pd.testing.assert_frame_equal(sheet, pd.read_excel(other / path.name, name))
    for path in one.glob("*.csv"):
        pd.testing.assert_frame_equal(pd.read_csv(path), pd.read_csv(other / path.name))
    for path in one.glob("*.tif"):
        with rasterio.open(path) as left, rasterio.open(other / path.name) as right:
            assert left.profile == right.profile
            assert np.allclose(left.read(1), right.read(1))


def test_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    plan = replace(AIN_TINEH, seed=5)
    write_town(plan, tmp_path / "one")
    write_town(plan, tmp_path / "two")
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_another_seed_makes_another_town(tmp_path: Path) -> None:
    write_town(AIN_TINEH, tmp_path / "one")
    write_town(replace(AIN_TINEH, seed=6), tmp_path / "two")
    one, two = digests(tmp_path / "one"), digests(tmp_path / "two")
    assert one["parcels.gpkg"] != two["parcels.gpkg"]
    assert one["round-2026-spring.xlsx"] != two["round-2026-spring.xlsx"]


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(
            plan, id=plan.slug, marks=[] if plan is AIN_TINEH else pytest.mark.slow
        )
        for plan in FIXTURES
    ],
)
def test_committed_files_are_what_the_generator_makes(
    plan: TownPlan, tmp_path: Path
) -> None:
    write_town(plan, tmp_path)
    same_content(tmp_path, FOLDER / plan.slug)


def test_committed_files_stay_below_8_megabytes() -> None:
    assert (
        sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
        < 8_000_000
    )


@pytest.mark.parametrize("plan", FIXTURES, ids=lambda plan: plan.slug)
def test_map_files_say_their_crs_and_lie_in_the_boundary(plan: TownPlan) -> None:
    folder = FOLDER / plan.slug
    about = json.loads((folder / "municipality.json").read_text(encoding="utf-8"))
    boundary = shapely.geometry.shape(about["boundary"])
    assert boundary.is_valid
    lots = gpd.read_file(folder / "parcels.gpkg", layer="parcels")
    assert lots.crs.to_epsg() == about["srid"] == 22770
    inside = shapely.within(lots.to_crs(4326).geometry.to_numpy(), boundary)
    assert inside.all()
    for name in ("zones", "blocks"):
        shapes = gpd.read_file(folder / f"{name}.geojson").geometry.to_numpy()
        assert shapely.is_valid(shapes).all()
        assert shapely.coverage_is_valid(shapes)
        assert shapely.union_all(shapes).symmetric_difference(boundary).area == 0
    for name in ("population", "terrain", "flood"):
        with rasterio.open(folder / f"{name}.tif") as raster:
            assert raster.crs.to_epsg() == 22770
            assert raster.dtypes == ("float32",)
            assert raster.nodata == -99999


def test_command_makes_a_town_of_the_size_asked(tmp_path: Path, capsys) -> None:
    call_command("make_town", str(tmp_path), parcels=250, seed=9, households=40)
    assert "parcels, " in capsys.readouterr().out
    assert len(gpd.read_file(tmp_path / "parcels.gpkg")) == pytest.approx(250, rel=0.2)


def test_command_refuses_a_town_too_small_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="at least 200 parcels"):
        call_command("make_town", str(tmp_path), parcels=50)

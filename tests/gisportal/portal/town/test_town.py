"""The ground and the tables of a generated town."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from gisportal.portal.town import WADI_ZAYTOUN, Town, build_town
from gisportal.portal.town.rasters import NODATA


@pytest.fixture(scope="module")
def town() -> Town:
    return build_town(replace(WADI_ZAYTOUN, parcels=1_500, seed=3, households=240))


def test_number_of_parcels_is_about_what_was_asked(town: Town) -> None:
    assert town.parcel_count == pytest.approx(1_500, rel=0.08)


def test_parcels_are_valid_and_share_no_ground(town: Town) -> None:
    shapes = town.parcels.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)


def test_parcels_are_no_slivers(town: Town) -> None:
    shapes = town.parcels.geometry.to_numpy()
    assert shapely.area(shapes).min() > 12
    # Twice the area over the perimeter: about the width of a narrow shape.
    assert (2 * shapely.area(shapes) / shapely.length(shapes)).min() > 1


def test_parcel_codes_are_unique_and_name_their_section(town: Town) -> None:
    assert town.parcels["code"].is_unique
    section = town.parcels["code"].str.split("-").str[0]
    assert (section == town.parcels["section"]).all()


def test_streets_are_gaps_between_parcels(town: Town) -> None:
    share = town.parcels.area.sum() / town.boundary.area
    assert 0.7 < share < 0.93


def test_zones_tile_the_boundary_exactly(town: Town) -> None:
    shapes = town.zones.geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.union_all(shapes).symmetric_difference(town.boundary).area == 0


def test_blocks_tile_their_zone_exactly(town: Town) -> None:
    assert shapely.coverage_is_valid(town.blocks.geometry.to_numpy())
    zones = town.zones.set_index("code").geometry
    for parent, blocks in town.blocks.groupby("parent"):
        whole = shapely.union_all(blocks.geometry.to_numpy())
        assert whole.symmetric_difference(zones[parent]).area == 0


@pytest.mark.parametrize("table", ["zones", "blocks"])
def test_no_boundary_cuts_a_parcel(town: Town, table: str) -> None:
    tree = shapely.STRtree(getattr(town, table).geometry.to_numpy())
    inside, _ = tree.query(town.parcels.geometry.to_numpy(), predicate="within")
    assert len(np.unique(inside)) == town.parcel_count


def test_zones_have_three_names_each(town: Town) -> None:
    for column in ("name_ar", "name_en", "name_fr"):
        assert town.zones[column].str.len().min() > 2
        assert town.zones[column].is_unique


def test_official_area_scatters_about_the_measured_one(town: Town) -> None:
    off = (town.parcels["official_area"] / town.parcels.area - 1).dropna()
    assert 0.004 < off.abs().median() < 0.02
    assert (off.abs() > 0.1).any()
    assert 0 < town.parcels["official_area"].isna().mean() < 0.03


def test_population_raster_adds_up_to_the_residents(town: Town) -> None:
    values = town.population.values
    assert values[values != NODATA].sum() == town.persons
    assert town.persons == pytest.approx(25_000 / 4, rel=0.15)


def test_terrain_is_a_valley_near_a_thousand_metres(town: Town) -> None:
    assert 870 < town.terrain.values.min() < town.terrain.values.max() < 1_050


def test_the_flood_lies_along_the_stream(town: Town) -> None:
    wet = town.flood.values > 0
    assert 0.02 < wet.mean() < 0.3
    assert town.flood.values.max() == 2
    assert town.terrain.values[wet].mean() < town.terrain.values[~wet].mean()


def test_facilities_stand_inside_the_boundary(town: Town) -> None:
    assert town.facilities.within(town.boundary).all()
    assert {"school", "clinic", "playground"} <= set(town.facilities["kind"])


def test_demo_resident_owes_three_bills(town: Town) -> None:
    bills = town.bills
    mine = bills[bills["holder_email"] == "resident@wadi-zaytoun.example"]
    assert list(mine["kind"]) == ["rental_value", "sidewalks_sewers", "penalty"]
    assert list(mine["amount"]) == [1_950_000, 540_000, 360_000]


def test_requests_lie_in_the_town_and_answered_ones_have_an_answer(town: Town) -> None:
    requests = town.requests
    x, y = town.plan.from_lonlat.transform(
        requests["longitude"].to_numpy(), requests["latitude"].to_numpy()
    )
    assert shapely.contains_xy(town.boundary, x, y).all()
    closed = requests["status"].isin(["done", "rejected"])
    assert (requests["answer"].ne("") == closed).all()


def test_crs_of_the_bekaa_round_trips_to_a_millimetre() -> None:
    there = Transformer.from_crs(4326, 22770, always_xy=True)
    back = Transformer.from_crs(22770, 4326, always_xy=True)
    point = there.transform(35.83, 33.80)
    again = there.transform(*back.transform(*point))
    assert np.hypot(*np.subtract(point, again)) < 0.001


def test_several_towns_together_tile_one_municipality() -> None:
    plan = replace(WADI_ZAYTOUN, parcels=9_100, seed=4, households=300)
    assert plan.units == 2
    kept = []
    town = build_town(plan, kept.append)
    assert town.parcels is None
    assert sum(len(lots) for lots in kept) == town.parcel_count
    assert shapely.coverage_is_valid(town.zones.geometry.to_numpy())
    codes = [code for lots in kept for code in lots["code"]]
    assert len(set(codes)) == len(codes)

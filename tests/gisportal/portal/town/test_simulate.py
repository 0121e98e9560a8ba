import geopandas as gpd
import pytest
from shapely import box

from gisportal.portal.town.simulate import simulate_round


@pytest.fixture(scope="module")
def parcels() -> gpd.GeoDataFrame:
    lots = [
        box(650_000 + 20 * i, 6_840_000 + 20 * j, 650_018 + 20 * i, 6_840_018 + 20 * j)
        for i in range(30)
        for j in range(30)
    ]
    return gpd.GeoDataFrame(
        {
            "code": [f"P{number}" for number in range(900)],
            "zone": ["west" if number < 450 else "east" for number in range(900)],
        },
        geometry=lots,
        crs=2154,
    )


def test_households_live_on_the_parcels_given(parcels):
    made = simulate_round(parcels, code="2026-spring", interviews=200, seed=3)
    assert len(made.households) == pytest.approx(200, abs=10)
    known = set(parcels["code"])
    assert set(made.households["parcel_code"].dropna()) <= known
    assert set(made.households["stratum"]) == {"west", "east"}
    assert set(made.children["household_id"]) <= set(made.households["household_id"])


def test_the_same_seed_asks_the_same_households(parcels):
    first, again = (
        simulate_round(parcels, code="2026-spring", interviews=100, seed=3)
        for _ in range(2)
    )
    assert first.households.equals(again.households)

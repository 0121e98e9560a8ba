"""Below the survey's zones: blocks and parcels are counted, no child is estimated."""

import pytest

from tests.factories.accounts import staff
from tests.factories.geography import (
    FacilityFactory,
    ParcelFactory,
    ZoneFactory,
    square,
)


@pytest.fixture
def ground(town, publish):
    """A block in the middle of Q1 with two parcels and a school, and one in Q2."""
    publish()
    west = 35.82
    for code, at in (("B1", west + 0.001), ("B2", west + 0.006)):
        ZoneFactory(
            municipality=town,
            code=code,
            kind="block",
            name_en=f"Block {code}",
            geometry=square(west=at, side=0.003),
        )
    for code, at in (
        ("P1", west + 0.0012),
        ("P2", west + 0.0025),
        ("P3", west + 0.007),
    ):
        ParcelFactory(
            municipality=town, code=code, geometry=square(west=at, side=0.001)
        )
    place = square(west=west + 0.002, side=0.0005).centroid
    FacilityFactory(municipality=town, geometry=place, name_en="Cedar School")


def read(client, town, rest):
    answer = client.get(f"/en/{town.slug}/map/zone/{rest}")
    return answer.status_code, answer.content.decode()


def test_a_zone_lists_its_blocks_and_says_why_they_have_no_figures(
    client, town, ground
):
    client.force_login(staff(town, "planner"))
    status, page = read(client, town, "Q1/")
    assert status == 200
    assert "1 block in this zone" in page
    assert "Block B1" in page
    assert "Block B2" not in page
    assert "no figures of children below the survey" in page
    assert read(client, town, "Q3/")[1].count("zone-blocks") == 0


def test_a_block_tells_its_parcels_and_facilities_and_no_child(client, town, ground):
    client.force_login(staff(town, "planner"))
    status, page = read(client, town, "Q1/block/B1/")
    assert status == 200
    assert "Cedar School" in page
    assert "<bdi>P1</bdi>" in page
    assert "<bdi>P2</bdi>" in page
    assert "P3" not in page
    assert "of 100 children" not in page


@pytest.mark.parametrize("rest", ["Q1/block/B2/", "Q1/block/none/", "Q1/block/a%00b/"])
def test_a_block_of_another_zone_is_not_found(client, town, ground, rest):
    client.force_login(staff(town, "planner"))
    assert read(client, town, rest)[0] == 404


def test_who_may_not_see_the_register_sees_no_parcel_of_a_block(
    client, town, ground, monkeypatch
):
    monkeypatch.setattr("layers.maps.blocks.may_see", lambda *_: False)
    client.force_login(staff(town, "planner"))
    _status, page = read(client, town, "Q1/block/B1/")
    assert "<bdi>P1</bdi>" not in page
    assert "register of parcels is for the staff" in page

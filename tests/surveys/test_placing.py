"""Where a household is, when parcels were renumbered, merged or split since."""

from datetime import date

import pytest
from lxml import etree

from layers.geography.models import Parcel
from surveys.intake.services import Incoming, store_records
from surveys.models import Submission
from surveys.placing import Spot, place_households
from surveys.record import read_record
from surveys.restating import restate_places
from tests.factories.forms import instance_xml, make_version, receiving_round
from tests.factories.geography import ParcelFactory, ZoneFactory, square

PlacedBy = Submission.PlacedBy
YESTERDAY = date(2026, 4, 1)


@pytest.fixture
def zone(town):
    return ZoneFactory(
        municipality=town, code="Z1", geometry=square(35.80, 33.78, 0.04)
    )


@pytest.fixture
def parcel(town, zone):
    return ParcelFactory(
        municipality=town, code="12", zone=zone, geometry=square(35.81, 33.79, 0.001)
    )


def place(town, **spot):
    (found,) = place_households(town, [Spot(**spot)])
    return found


def test_the_number_on_the_form_decides(town, parcel):
    found = place(town, parcel_code="12", longitude=35.82, latitude=33.79)
    assert (found.placed_by, found.parcel_id) == (PlacedBy.PARCEL_CODE, parcel.pk)
    assert found.metres == pytest.approx(833, abs=5)


def test_a_merged_parcels_households_go_to_the_parcel_that_took_it_in(town, zone):
    old = square(35.81, 33.79, 0.001)
    ParcelFactory(
        municipality=town, code="12", zone=zone, geometry=old, valid_until=YESTERDAY
    )
    merged = ParcelFactory(
        municipality=town, code="90", zone=zone, geometry=square(35.81, 33.79, 0.002)
    )
    found = place(town, parcel_code="12")
    assert (found.placed_by, found.parcel_id) == (PlacedBy.SUCCESSOR, merged.pk)


def test_of_a_split_parcel_the_position_decides(town, zone):
    ParcelFactory(
        municipality=town,
        code="12",
        zone=zone,
        geometry=square(35.81, 33.79, 0.002),
        valid_until=YESTERDAY,
    )
    for code, (east, north) in {"12A": (0, 0), "12B": (0.001, 0.001)}.items():
        ParcelFactory(
            municipality=town,
            code=code,
            zone=zone,
            geometry=square(35.81 + east, 33.79 + north, 0.001),
        )
    inside = place(town, parcel_code="12", longitude=35.8115, latitude=33.7915)
    assert (inside.placed_by, inside.parcel_code) == (PlacedBy.INSIDE, "12B")
    without = place(town, parcel_code="12")
    assert (without.placed_by, without.parcel_id) == (PlacedBy.ZONE, None)
    assert without.zone_code == "Z1"


@pytest.mark.parametrize(
    ("accuracy", "expected"),
    [(5, PlacedBy.ZONE), (60, PlacedBy.NEAREST), (400, PlacedBy.ZONE)],
)
def test_a_position_reaches_as_far_as_it_is_exact(town, parcel, accuracy, expected):
    east_of_it = 35.811 + 50 / 92_500
    found = place(town, longitude=east_of_it, latitude=33.7905, accuracy=accuracy)
    assert found.placed_by == expected


def test_a_vague_position_near_the_zones_border_is_for_a_person(town, zone):
    found = place(town, longitude=35.8005, latitude=33.80, accuracy=400)
    assert found.placed_by == PlacedBy.NOTHING


def test_records_follow_the_map_once(town, zone, parcel):
    round = receiving_round(make_version(town))
    version = round.form.published()
    content = instance_xml(
        "<household_id>H1</household_id><parcel_code>12</parcel_code>"
        "<interview_date>2026-04-18</interview_date><persons>4</persons>"
    )
    record = read_record(etree.fromstring(content), version.structure)
    one = Incoming(record, Submission.Source.PHONE)
    (stored,) = store_records(round=round, version=version, incoming=[one])
    assert stored.parcel_id == parcel.pk
    assert restate_places(municipality=town) == 0
    Parcel.objects.filter(pk=parcel.pk).update(valid_until=date(2026, 5, 1))
    merged = ParcelFactory(
        municipality=town, code="90", zone=zone, geometry=square(35.81, 33.79, 0.002)
    )
    assert restate_places(municipality=town) == 1
    assert restate_places(municipality=town) == 0
    stored.refresh_from_db()
    assert stored.parcel_id == merged.pk
    assert stored.household.parcel_id == merged.pk
    event = stored.events.get(kind="placed")
    assert (event.before["parcel"], event.after["parcel"]) == ("12", "90")

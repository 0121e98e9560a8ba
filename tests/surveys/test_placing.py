"""Where a household is, when parcels were renumbered, merged or split since."""

from datetime import date

import pytest
from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from lxml import etree

from layers.geography.models import Parcel
from surveys.intake.services import Incoming, store_records
from surveys.models import Household, Submission, Target
from surveys.placing import Spot, place_households
from surveys.record import Record, read_record
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


@pytest.fixture
def visited(town, zone, parcel):
    """Two rounds with a household on parcel 12 and a sample of parcels 12 and 13."""
    other = ParcelFactory(
        municipality=town, code="13", zone=zone, geometry=square(35.811, 33.79, 0.001)
    )
    rounds = [
        receiving_round(make_version(town, form_id=name))
        for name in ("first", "second")
    ]
    for round in rounds:
        for each in (parcel, other):
            Target.objects.create(
                municipality=town, round=round, parcel=each, base_weight=4
            )
        version = round.form.published()
        answers = {"household_id": "H1", "parcel_code": "12", "persons": 4}
        record = Record({**answers, "interview_date": "2026-04-18"})
        one = Incoming(record, Submission.Source.PHONE)
        store_records(round=round, version=version, incoming=[one])
    return rounds


def box(west, east):
    return MultiPolygon(Polygon.from_bbox((west, 33.79, east, 33.791)), srid=4326)


def retire(code):
    Parcel.objects.filter(code=code).update(valid_until=YESTERDAY)


def test_a_moved_parcel_takes_the_household_of_every_round_with_it(town, zone, visited):
    retire("12")
    moved = ParcelFactory(
        municipality=town,
        code="77",
        zone=zone,
        geometry=square(35.8102, 33.7901, 0.001),
    )
    assert restate_places(municipality=town) == 2
    assert set(Submission.objects.values_list("parcel__code", flat=True)) == {"77"}
    assert Household.objects.get().parcel == moved
    # So does its place in the samples, with weight and outcome.
    assert list(
        moved_targets("77").values_list("base_weight", "outcome", "round__form__code")
    ) == [(4, "complete", "first"), (4, "complete", "second")]
    # What comes from a phone that still has the old number is put there too.
    found = place(town, parcel_code="12")
    assert (found.placed_by, found.parcel_code) == (PlacedBy.SUCCESSOR, "77")


def moved_targets(code):
    return Target.objects.filter(parcel__code=code).order_by("pk")


def test_a_split_parcel_leaves_its_households_to_their_position(town, zone, visited):
    Submission.objects.filter(round=visited[1]).update(
        geometry=Point(35.8106, 33.7905, srid=4326), accuracy=5
    )
    retire("12")
    for code, west, east in (("12A", 0, 4), ("12B", 4, 8), ("12C", 8, 10)):
        shape = box(35.81 + west / 10_000, 35.81 + east / 10_000)
        ParcelFactory(municipality=town, code=code, zone=zone, geometry=shape)
    restate_places(municipality=town)
    first, second = Submission.objects.order_by("pk")
    # Without a position the zone is still known: it counts, and a person may place it.
    assert (first.parcel, first.zone, first.placed_by) == (None, zone, PlacedBy.ZONE)
    assert (second.parcel.code, second.placed_by) == ("12B", PlacedBy.INSIDE)
    assert {each.parcel.code for each in Target.objects.all()} == {"12", "13"}
    assert restate_places(municipality=town) == 0


def test_two_merged_parcels_are_one_with_both_households(town, zone, visited):
    version = visited[0].form.published()
    record = Record({"household_id": "H2", "parcel_code": "13"})
    one = Incoming(record, Submission.Source.PHONE)
    store_records(round=visited[0], version=version, incoming=[one])
    retire("12")
    retire("13")
    ParcelFactory(municipality=town, code="90", zone=zone, geometry=box(35.81, 35.812))
    assert restate_places(municipality=town) == 3
    assert set(Household.objects.values_list("code", "parcel__code")) == {
        ("H1", "90"),
        ("H2", "90"),
    }
    # Of each round's sample the first stands for both, so that nobody goes there twice.
    assert moved_targets("90").count() == 2
    assert moved_targets("13").count() == 2
    assert restate_places(municipality=town) == 0


def test_a_parcel_whose_zone_changed_counts_in_the_new_zone(town, zone, visited):
    newer = ZoneFactory(
        municipality=town, code="Z2", geometry=square(35.80, 33.78, 0.04)
    )
    Parcel.objects.filter(code="12").update(zone=newer)
    assert restate_places(municipality=town) == 2
    assert set(Submission.objects.values_list("zone__code", flat=True)) == {"Z2"}

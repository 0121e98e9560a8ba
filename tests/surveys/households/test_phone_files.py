"""What a phone is given of parcels and households: nothing on which it would stumble."""

import csv
import io
import json
from datetime import date

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.urls import reverse

from layers.geography.models import Parcel
from surveys.households import phone_files
from surveys.households.phone_files import phone_file
from surveys.intake.services import Incoming, store_records
from surveys.models import Submission, Target
from surveys.record import Record
from surveys.rounds import views
from surveys.rounds.services import close_round
from tests.factories.accounts import staff
from tests.factories.forms import make_version, receiving_round
from tests.factories.geography import ParcelFactory, ZoneFactory, square

FORM = """
| survey |
| | type | name | label::Arabic (ar) |
| | select_one_from_file parcels.geojson | parcel_code | العقار |
| | select_one_from_file households.csv | household | الأسرة |
| | text | household_id | رقم |
| | integer | persons | الأفراد |
| settings |
| | form_id | version | form_title | default_language |
| | {form_id} | {version} | استمارة | Arabic (ar) |
"""


def ring(west, south, side):
    return Polygon.from_bbox((west, south, west + side, south + side)).exterior_ring


@pytest.fixture
def round(town):
    zone = ZoneFactory(municipality=town)
    # Two pieces, the larger with a courtyard; a sliver that rounding makes a point.
    large = Polygon(ring(35.82, 33.79, 0.004), ring(35.821, 33.791, 0.001))
    pieces = MultiPolygon(
        Polygon(ring(35.83, 33.79, 0.001)), large, srid=zone.geometry.srid
    )
    ParcelFactory(municipality=town, code="A", zone=zone, geometry=pieces)
    ParcelFactory(
        municipality=town, code="B", zone=zone, geometry=square(35.84, 33.79, 1e-8)
    )
    ParcelFactory(
        municipality=town, code="C", zone=zone, geometry=square(35.85, 33.79, 0.001)
    )
    return receiving_round(make_version(town, text=FORM))


def given(town, surveyor, round, name):
    version = round.form.published()
    found = phone_file(municipality=town, surveyor=surveyor, version=version, name=name)
    return found.content.decode()


def test_a_parcel_is_one_ring_and_never_nothing(town, round):
    text = given(town, staff(town, "surveyor"), round, "parcels.geojson")
    features = json.loads(text)["features"]
    assert [each["id"] for each in features] == ["A", "C"]
    shapes = [each["geometry"] for each in features]
    assert {shape["type"] for shape in shapes} == {"Polygon"}
    assert [len(shape["coordinates"]) for shape in shapes] == [1, 1]
    assert [35.824, 33.794] in shapes[0]["coordinates"][0]
    assert "null" not in text


def test_no_more_parcels_than_a_phone_bears_and_the_office_is_told(
    client, town, round, monkeypatch
):
    surveyor = staff(town, "surveyor")
    monkeypatch.setattr(phone_files, "MAX_PARCELS", 1)
    monkeypatch.setattr(views, "MAX_PARCELS", 1)
    zone = ZoneFactory(municipality=town, code="Z9")
    for _n in range(2):
        parcel = ParcelFactory(municipality=town, zone=zone)
        Target.objects.create(
            municipality=town, round=round, parcel=parcel, surveyor=surveyor
        )
    text = given(town, surveyor, round, "parcels.geojson")
    assert len(json.loads(text)["features"]) == 1
    client.force_login(staff(town, "data_manager"))
    url = "/en" + reverse("surveys:rounds:field", args=[town.slug, round.code])[3:]
    text = " ".join(client.get(url).content.decode().split())
    assert f"more than the 1 that a phone is given: {surveyor.full_name}." in text


def test_each_surveyor_gets_the_households_of_their_own_parcels_as_answered_last(
    town, round
):
    one, other = staff(town, "surveyor"), staff(town, "surveyor")
    version = round.form.published()
    for day, persons in ((date(2026, 4, 10), 4), (date(2026, 4, 20), 5)):
        for code, house in (("A", "H1"), ("C", "H2")):
            record = Record(
                {"parcel_code": code, "household_id": house, "persons": persons}
            )
            incoming = Incoming(record, Submission.Source.PHONE)
            (stored,) = store_records(round=round, version=version, incoming=[incoming])
            stored.interviewed_on = day
            stored.save()
    close_round(round=round)
    text = FORM.replace("| integer | persons |", "| integer | people |")
    following = receiving_round(make_version(town, form_id="next", text=text))
    for surveyor, code in ((one, "A"), (other, "C")):
        parcel = Parcel.objects.of(town).get(code=code)
        Target.objects.create(
            municipality=town, round=following, parcel=parcel, surveyor=surveyor
        )
    rows = list(
        csv.DictReader(io.StringIO(given(town, one, following, "households.csv")))
    )
    assert [(row["code"], row["parcel"], row["persons"]) for row in rows] == [
        ("H1", "A", "5")
    ]
    assert "H1" not in given(town, other, following, "households.csv")

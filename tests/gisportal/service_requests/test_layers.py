"""The public shape of requests: a neighbour who looks finds no home."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.contrib.gis.geos import Point
from django.urls import reverse
from django.utils import timezone

from gisportal.accounts.roles import Role
from gisportal.cases.models import Case
from gisportal.cases.services import Reporter
from gisportal.service_requests.layers import REQUESTS
from layers.maps import tiles
from tests.factories.accounts import UserFactory, staff
from tests.factories.geography import (
    MunicipalityFactory,
    ParcelFactory,
    ZoneFactory,
    square,
)
from tests.factories.service_requests import category, service_request

CENTRE = (35.83, 33.80)


@pytest.fixture
def quarter(town):
    """A zone whose middle is built up: 36 parcels of some 60 m."""
    zone = ZoneFactory(municipality=town, code="Q1", geometry=square())
    for place in range(36):
        west = CENTRE[0] - 0.002 + place % 6 * 0.0007
        south = CENTRE[1] - 0.002 + place // 6 * 0.0006
        ParcelFactory(
            municipality=town,
            code=f"P{place}",
            zone=zone,
            geometry=square(west=west, south=south, side=0.0006),
        )
    return town


def at(east=0.0, north=0.0):
    return Point(CENTRE[0] + east, CENTRE[1] + north, srid=4326)


def told(client, town, **query):
    a_day_later()
    return told_today(client, town, **query)


def a_day_later():
    today = timezone.now() - timedelta(days=1)
    for case in Case.objects.filter(created_at__gt=today):
        Case.objects.filter(pk=case.pk).update(
            # A day may have 25 hours.
            created_at=case.created_at - timedelta(hours=25)
        )


def told_today(client, town, **query):
    address = reverse("features:items", args=[town.slug, REQUESTS.name])
    answer = client.get(address, {"f": "json", **query})
    assert answer.status_code == 200, answer.content
    return answer.json()["features"]


def test_a_street_lamp_is_told_at_its_cell_and_not_where_it_stands(client, quarter):
    service_request(quarter, point=at())
    (first,) = told(client, quarter)
    assert first["properties"]["category"] == "street_light"
    assert (first["properties"]["state"], first["properties"]["requests"]) == (
        "open",
        1,
    )
    assert first["properties"]["zone"] is None
    # Wherever in the cell it lies, and whoever asks, the place told is the same.
    places = set()
    for step in range(12):
        case = Case.objects.get()
        case.geometry = at(east=0.0004 * step - 0.0024)
        case.save()
        (moved,) = told(client, quarter)
        if moved["properties"]["zone"] is None:
            places.add(tuple(moved["geometry"]["coordinates"]))
    # 440 m in cells of 250 m.
    xs = sorted(x for x, _y in places)
    assert 2 <= len(xs) <= 3
    assert all(0.0026 < right - left < 0.0028 for left, right in pairwise(xs)), xs


def test_a_request_is_told_from_the_next_day_on(client, quarter):
    service_request(quarter, point=at())
    assert told_today(client, quarter) == []
    assert len(told(client, quarter)) == 1


def test_where_houses_are_few_the_zone_is_told(client, quarter):
    service_request(quarter, point=at(east=0.008, north=0.008))
    (found,) = told(client, quarter)
    assert found["properties"]["zone"] == "Q1"


def test_what_may_concern_a_home_needs_five_people(client, quarter):
    water = category(quarter, "water")
    one = UserFactory()
    for n in range(5):
        service_request(quarter, user=one, category=water, source_key=f"one-{n}")
    assert told(client, quarter) == []
    people = [UserFactory() for _n in range(4)]
    for n, person in enumerate(people):
        service_request(
            quarter, user=person, category=water, source_key=f"{n}", point=at()
        )
    (found,) = told(client, quarter)
    said = found["properties"]
    assert (said["category"], said["requests"], said["zone"]) == ("water", 9, "Q1")
    # One of them is answered: neither of the two states has five people any more.
    Case.objects.filter(reporter=one).update(status=Case.Status.DONE)
    assert told(client, quarter) == []


def test_requests_without_a_name_may_all_be_of_one_person(client, quarter):
    water = category(quarter, "water")
    for n in range(6):
        service_request(quarter, category=water, source_key=f"walk-in-{n}", point=at())
    Case.objects.update(reporter=None, reporter_phone="")
    assert told(client, quarter) == []
    for n, case in enumerate(Case.objects.order_by("pk")[:5]):
        case.reporter_phone = f"0390000{n}"
        case.save()
    (found,) = told(client, quarter)
    assert found["properties"]["requests"] == 6


def test_nothing_that_names_a_person_leaves(client, quarter):
    reporter = Reporter(name="سعاد القنديل", phone="03987654", language="ar")
    service_request(
        quarter,
        reporter=reporter,
        description="The canary of 14 Olive Street",
        point=at(),
    )
    a_day_later()
    number = Case.objects.get().number
    address = reverse("features:layer_file", args=[quarter.slug, REQUESTS.name])
    file = client.get(address, {"format": "geojson"})
    body = b"".join(file.streaming_content).decode()
    assert '"requests"' in body
    for secret in ("القنديل", "03987654", "canary", number):
        assert secret not in body
    yesterday = timezone.localdate() - timedelta(days=1)
    day = yesterday.replace(day=1).isoformat()
    assert f'"month": "{day}"' in body


def test_withdrawn_requests_and_those_closed_long_ago_are_not_told(client, quarter):
    service_request(quarter, point=at())
    Case.objects.update(status=Case.Status.WITHDRAWN)
    assert told(client, quarter) == []
    Case.objects.update(status=Case.Status.DONE)
    (found,) = told(client, quarter)
    assert found["properties"]["state"] == "closed"
    Case.objects.update(created_at=timezone.now() - timedelta(days=400))
    assert told(client, quarter) == []


def test_everyone_sees_their_town_and_no_other(client, quarter):
    service_request(quarter, point=at())
    other = MunicipalityFactory()
    tiles.cache.clear()
    leaks = []
    for role in (None, *Role.values):
        client.logout()
        if role:
            client.force_login(staff(other, role))
        if len(told(client, quarter)) != 1 or told(client, other):
            leaks.append(role)
    assert leaks == []

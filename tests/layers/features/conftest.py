from datetime import date
from urllib.parse import urlencode

import pytest
from django.contrib.gis.geos import Point
from django.urls import reverse
from django.utils import translation

from gisportal.accounts.roles import Role
from layers.indicators.services import compute_release, replace_observations
from tests.factories.accounts import staff
from tests.factories.geography import (
    FacilityFactory,
    ParcelFactory,
    ZoneFactory,
    square,
)
from tests.factories.observations import households


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


PAIRS = (("bbox", "crs"), ("filter", "crs"), ("filter", "lang"))
HYPHENED = {f"{name}_{part}": f"{name}-{part}" for name, part in PAIRS}


class Api:
    """Asks a town's API, as one person or as nobody; a path or a whole address."""

    def __init__(self, client, town):
        self.client, self.town = client, town
        self.root = reverse("features:landing", args=[town.slug])

    def get(self, path="", headers=None, **query):
        if not path.startswith(("/", "http")):
            path = self.root + path
        if query:
            named = {HYPHENED.get(name, name): value for name, value in query.items()}
            path += ("&" if "?" in path else "?") + urlencode(named)
        return self.client.get(path.removeprefix("http://testserver"), headers=headers)

    def json(self, path="", **query):
        response = self.get(path, **query)
        assert response.status_code == 200, response.content
        return response.json()

    def codes(self, layer="facilities", **query):
        found = self.json(f"collections/{layer}/items", **query)["features"]
        return [each["properties"]["code"] for each in found]

    def refused(self, layer="facilities", **query):
        response = self.get(f"collections/{layer}/items", **query)
        assert response.status_code == 400, response.content
        assert response.json()["code"] == "InvalidParameterValue"
        return response.json()["description"]


@pytest.fixture
def api(client, town):
    return Api(client, town)


@pytest.fixture
def places(town):
    """Three quarters in a row and five places along a line to the east and north."""
    for place in range(3):
        ZoneFactory(
            municipality=town,
            code=f"Q{place}",
            geometry=square(west=35.80 + place * 0.02),
        )
    kinds = ("school", "school", "clinic", "playground", "other")
    for place, kind in enumerate(kinds):
        FacilityFactory(
            municipality=town,
            code=f"F{place}",
            kind=kind,
            name_ar=f"مكان {place}",
            name_en="" if place == 4 else f"Place {'EDCBA'[place]}",
            geometry=Point(35.81 + place * 0.01, 33.80 + place * 0.001, srid=4326),
        )
    return town


@pytest.fixture
def parcels(town):
    for place in range(12):
        ParcelFactory(
            municipality=town,
            code=f"P{place:02}",
            official_area=None if place % 3 == 0 else 100 * (place % 4),
            geometry=square(west=35.80 + place * 0.002, side=0.001),
        )
    return town


@pytest.fixture
def as_planner(client, town):
    user = staff(town, Role.PLANNER)
    client.force_login(user)
    return user


@pytest.fixture
def release(town):
    for code in ("Z1", "Z2", "Z3"):
        ZoneFactory(municipality=town, code=code)
    titles = {"ar": "جولة الربيع", "en": "Spring round", "fr": "Vague du printemps"}
    found = replace_observations(
        municipality=town,
        code="spring",
        titles=titles,
        reference_date=date(2026, 4, 30),
        source="Household survey",
        units=households(),
    )
    return compute_release(municipality=town, observation_set=found)

"""Two rounds of five zones: low need that got worse, high need, few, twice too few.

Two zones are too small, because the other one would give a single one away.
"""

import random
from datetime import date

import pytest

from layers.indicators.samples.observations import ChildRow, UnitRow
from layers.indicators.services import compute_release, replace_observations
from tests.factories.accounts import staff
from tests.factories.geography import ZoneFactory, square

# Code, households, share of children out of school in each of the two rounds.
ZONES = {
    "Q1": (120, 0.05, 0.35),
    "Q2": (120, 0.5, 0.5),
    "Q3": (16, 0.4, 0.4),
    "Q4": (2, 0.5, 0.5),
    "Q5": (3, 0.5, 0.5),
}
DAYS = {"spring-2025": date(2025, 4, 1), "spring-2026": date(2026, 4, 1)}


def households(year: int, code: str, number: int, share: float):
    chance = random.Random(f"{year}{code}")
    for n in range(number):
        children = [
            ChildRow(
                key=f"{code}-{n}-{k}",
                sex="female" if (n + k) % 2 else "male",
                age_months=12 * 9,
                values={
                    "attends_school": float(chance.random() >= share),
                    "school_age": 9,
                    "persons": 5,
                    "displaced": float(n % 2),
                    "sleeping_rooms": 1 + n % 3,
                },
            )
            for k in range(2)
        ]
        yield UnitRow(f"{code}-{n}", code, "S", f"{code}-{n}", 3.0, None, children)


@pytest.fixture
def zones(town):
    return [
        ZoneFactory(
            municipality=town,
            code=code,
            name_en=f"Quarter {code}",
            name_ar=f"حيّ {place}",
            geometry=square(west=35.82 + place * 0.005, side=0.005),
        )
        for place, code in enumerate(ZONES)
    ]


@pytest.fixture
def publish(town, zones):
    def publish(code="spring-2026", extra=0, **changes):
        place = list(DAYS).index(code)
        units = [
            unit
            for zone, (number, *shares) in ZONES.items()
            for unit in households(DAYS[code].year, zone, number + extra, shares[place])
        ]
        year = DAYS[code].year
        titles = {"ar": f"ربيع {year}", "en": f"Spring {year}", "fr": f"Vague {year}"}
        found = replace_observations(
            municipality=town,
            code=code,
            titles=titles | changes.pop("titles", {}),
            reference_date=DAYS[code],
            source=changes.pop("source", "Household survey"),
            units=units,
        )
        return compute_release(municipality=town, observation_set=found)

    return publish


@pytest.fixture
def two(publish):
    publish("spring-2025")
    return publish("spring-2026")


@pytest.fixture
def planner(client, town):
    client.force_login(staff(town, "planner"))
    return client


@pytest.fixture
def at(town):
    def at(rest="", language="en"):
        return f"/{language}/{town.slug}/figures/{rest}"

    return at


@pytest.fixture
def read(planner, at):
    """The text of a page, its tags taken out."""

    def read(rest="", language="en"):
        response = planner.get(at(rest, language))
        assert response.status_code == 200, rest
        return response.content.decode()

    return read

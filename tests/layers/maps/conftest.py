import random
from datetime import date

import pytest
from django.utils.translation import override

from layers.geography.models import Zone
from layers.indicators.samples.observations import ChildRow, UnitRow
from layers.indicators.services import compute_release, replace_observations
from layers.maps import tiles
from tests.factories.geography import ZoneFactory, square

# Code, households, share of children out of school.
ZONES = {"Q1": (60, 0.05), "Q2": (60, 0.5), "Q3": (14, 0.4), "Q4": (2, 0.5)}


@pytest.fixture(autouse=True)
def _in_english():
    """What is not asked for in another language, whatever a request left behind."""
    with override("en"):
        yield


@pytest.fixture(autouse=True)
def _no_tiles_of_other_tests():
    tiles.cache.clear()


def households(round_name: str, code: str, number: int, share: float):
    chance = random.Random(f"{round_name}{code}")
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
                    "sleeping_rooms": 1 + n % 3,
                },
            )
            for k in range(2)
        ]
        yield UnitRow(f"{code}-{n}", code, "S", f"{code}-{n}", 1.0, None, children)


def add_zones(town, codes):
    """In a row from west to east, each a square; those that are there stay."""
    there = set(Zone.objects.of(town).values_list("code", flat=True))
    for place, zone in enumerate(codes):
        if zone not in there:
            ZoneFactory(
                municipality=town,
                code=zone,
                name_en=f"Zone {zone}",
                geometry=square(west=35.82 + place * 0.005, side=0.005),
            )


@pytest.fixture
def publish(town):
    """Publishes a round of four zones: low, high, uncertain and withheld need."""

    def publish(code="spring-2026", day=date(2026, 4, 1), zones=ZONES):
        add_zones(town, zones)
        units = [
            unit
            for zone, (number, share) in zones.items()
            for unit in households(code, zone, number, share)
        ]
        titles = {
            "ar": f"جولة {day.year}",
            "en": f"Round {day.year}",
            "fr": f"Tour {day.year}",
        }
        found = replace_observations(
            municipality=town,
            code=code,
            titles=titles,
            reference_date=day,
            source="Survey",
            units=units,
        )
        return compute_release(municipality=town, observation_set=found)

    return publish

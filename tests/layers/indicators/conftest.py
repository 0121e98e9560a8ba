import datetime

import pytest
from django.utils import translation

from layers.indicators.services import compute_release, replace_observations
from tests.factories.geography import ZoneFactory
from tests.factories.observations import households

TITLES = {"ar": "جولة الربيع", "en": "Spring round", "fr": "Vague du printemps"}


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def titles():
    return dict(TITLES)


@pytest.fixture
def zones(town):
    return [ZoneFactory(municipality=town, code=f"Z{n}") for n in (1, 2, 3, 4)]


@pytest.fixture
def put(town, zones):
    """Writes units as the round "spring"."""

    def put(units, **changes):
        return replace_observations(
            **{
                "municipality": town,
                "code": "spring",
                "titles": TITLES,
                "reference_date": datetime.date(2026, 4, 30),
                "source": "Household survey",
                "units": units,
            }
            | changes
        )

    return put


@pytest.fixture
def release(put, town):
    """The simulated round: three zones with households, a fourth without."""
    return compute_release(municipality=town, observation_set=put(households()))

import pytest

from tests.factories.forms import make_version, receiving_round
from tests.factories.geography import ParcelFactory, ZoneFactory, square


@pytest.fixture
def round(town):
    zone = ZoneFactory(municipality=town, geometry=square(35.80, 33.78, 0.04))
    for number, north in (("12", 33.79), ("13", 33.7911)):
        ParcelFactory(
            municipality=town,
            code=number,
            zone=zone,
            geometry=square(35.81, north, 0.001),
        )
    return receiving_round(make_version(town))

"""A generator of fictional municipalities. It needs no Django: numpy, shapely, geopandas only."""

from .fixtures import AIN_TINEH, FIXTURES, WADI_ZAYTOUN
from .plan import TownPlan
from .town import Town, build_town, write_town

__all__ = [
    "AIN_TINEH",
    "FIXTURES",
    "WADI_ZAYTOUN",
    "Town",
    "TownPlan",
    "build_town",
    "write_town",
]

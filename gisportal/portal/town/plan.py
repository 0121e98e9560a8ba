"""What a town is asked to be, and the small value objects its parts hand to each other.

Lengths are metres, areas square metres, coordinates are in the plan's projected CRS.
"""

from dataclasses import dataclass, field
from functools import cached_property
from math import ceil, pi, sqrt

import numpy as np
from pyproj import Transformer
from shapely import LineString, Polygon

SQUARE_METRES_PER_PARCEL = 745.0
PARCELS_PER_UNIT = 6_000
PERSONS_PER_PARCEL = 25_000 / 6_000


@dataclass(frozen=True)
class TownPlan:
    """One municipality to build; the same plan always gives the same town."""

    slug: str
    names: dict[str, str]
    parcels: int = 6_000
    seed: int = 7
    households: int = 900
    rounds: tuple[str, ...] = ("2025-spring", "2026-spring")
    centre: tuple[float, float] = (35.83, 33.80)
    srid: int = 22770
    accent: str = "#1f6f5c"
    bill_accounts: int = 300
    requests: int = 60
    lot_share: float = SQUARE_METRES_PER_PARCEL

    @property
    def units(self) -> int:
        """A large municipality is made of several towns, each built on its own."""
        return max(1, round(self.parcels / PARCELS_PER_UNIT))

    @property
    def parcels_per_unit(self) -> float:
        return self.parcels / self.units

    @property
    def radius(self) -> float:
        return sqrt(self.parcels_per_unit * self.lot_share / pi)

    @property
    def zones_per_unit(self) -> int:
        return min(24, max(4, ceil(24 * sqrt(self.parcels_per_unit / 6_000) - 0.5)))

    @property
    def population(self) -> int:
        return round(self.parcels * PERSONS_PER_PARCEL)

    def stream(self, *names: str | int) -> np.random.Generator:
        """An own random stream per part, so that changing one part leaves the others alone."""
        words = [
            name
            if isinstance(name, int)
            else int.from_bytes(name.encode(), "big") % 2**63
            for name in names
        ]
        return np.random.Generator(
            np.random.PCG64(np.random.SeedSequence([self.seed, *words]))
        )

    @cached_property
    def to_lonlat(self) -> Transformer:
        return Transformer.from_crs(self.srid, 4326, always_xy=True)

    @cached_property
    def from_lonlat(self) -> Transformer:
        return Transformer.from_crs(4326, self.srid, always_xy=True)

    @cached_property
    def origin(self) -> np.ndarray:
        return np.round(np.array(self.from_lonlat.transform(*self.centre)), 0)


@dataclass
class Skeleton:
    """Roads, stream and quarters of one unit, before any lot is cut."""

    centre: np.ndarray
    radius: float
    boundary: Polygon
    core: Polygon
    roads: list[LineString] = field(default_factory=list)
    road_widths: list[float] = field(default_factory=list)
    wadi: LineString | None = None
    zones: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=object))
    zone_kinds: list[str] = field(default_factory=list)
    camp: np.ndarray | None = None


@dataclass
class Ground:
    """Everything drawn on the ground of one unit.

    `lots` is a geometry array; the arrays beside it run parallel to it.
    """

    skeleton: Skeleton
    lots: np.ndarray
    lot_zone: np.ndarray
    lot_block: np.ndarray
    lot_style: np.ndarray
    blocks: np.ndarray
    block_zone: np.ndarray
    landmark: np.ndarray

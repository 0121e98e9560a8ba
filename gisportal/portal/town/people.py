"""Every household of the town, as the frame from which a survey draws.

Deprivation is a Gaussian field over the ground plus an effect of the quarter and of the camp, so
that neighbours resemble each other. All arrays of a `Frame` run parallel to its households, those
of `Children` to its children.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .noise import SmoothField
from .places import DWELLINGS
from .plan import TownPlan

SMALLEST_ZONE = 12
LATEST = np.datetime64("2026-05-29")
NATIONALITIES = ("lebanese", "syrian", "palestinian", "other")


@dataclass
class Frame:
    parcel: np.ndarray
    zone: np.ndarray
    points: np.ndarray
    nationality: np.ndarray
    displaced: np.ndarray
    deprivation: np.ndarray
    adults: np.ndarray
    camp: np.ndarray

    def __len__(self) -> int:
        return len(self.parcel)


@dataclass
class Children:
    """Everyone born after mid-2006, so that both rounds find the right ones under 18."""

    household: np.ndarray
    born: np.ndarray
    girl: np.ndarray


class Need:
    """The common field of deprivation, the same for all units."""

    def __init__(self, plan: TownPlan) -> None:
        self.field = SmoothField(plan.stream("need"), min(plan.radius * 0.42, 520.0))


def households(
    plan: TownPlan, unit: int, parcels: gpd.GeoDataFrame, need: Need
) -> Frame:
    rng = plan.stream("households", unit)
    mean, built = (
        parcels["style"]
        .map({key: value[index] for key, value in DWELLINGS.items()})
        .fillna(0)
        .to_numpy()
        for index in (0, 1)
    )
    inhabited = rng.uniform(size=len(parcels)) < built
    homes = inhabited * (1 + rng.poisson(np.maximum(mean - 1, 0)))
    homes += farmhouses(parcels, homes, rng)
    lot = np.repeat(np.arange(len(parcels)), homes)
    count = len(lot)
    shapes = parcels.geometry.to_numpy()[lot]
    points = shapely.get_coordinates(shapely.point_on_surface(shapes)) + rng.normal(
        0, 0.8, (count, 2)
    )
    zone = parcels["zone"].to_numpy()[lot]
    camp = parcels["style"].to_numpy()[lot] == "camp"
    by_zone = pd.Series(zone)
    effect = dict(
        zip(by_zone.unique(), rng.normal(0, 0.42, by_zone.nunique()), strict=True)
    )
    base = 0.72 * need.field(points) + by_zone.map(effect).to_numpy() + 1.1 * camp
    syrian = rng.uniform(size=count) < 1 / (1 + np.exp(1.35 - 0.55 * base - 3.6 * camp))
    other = rng.uniform(size=count)
    nationality = np.select([syrian, other < 0.025, other < 0.035], [1, 2, 3], 0)
    displaced = rng.uniform(size=count) < np.where(nationality == 1, 0.86, 0.03)
    deprivation = base + 0.55 * (nationality == 1) + rng.normal(0, 0.35, count)
    adults = 1 + rng.choice(4, size=count, p=[0.11, 0.66, 0.16, 0.07])
    codes = parcels["code"].to_numpy()[lot]
    return Frame(codes, zone, points, nationality, displaced, deprivation, adults, camp)


def farmhouses(
    parcels: gpd.GeoDataFrame, homes: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Homes to add so that no quarter is nearly empty: too few to publish, enough to be asked."""
    added = np.zeros(len(parcels), dtype=int)
    zone = parcels["zone"].to_numpy()
    for code, count in pd.Series(homes).groupby(zone).sum().items():
        if count < SMALLEST_ZONE:
            here = np.flatnonzero(
                (zone == code) & (parcels["style"].to_numpy() != "landmark")
            )
            np.add.at(added, rng.choice(here, SMALLEST_ZONE - int(count)), 1)
    return added


def join(frames: list[Frame]) -> Frame:
    columns = vars(frames[0])
    return Frame(
        **{
            name: np.concatenate([getattr(frame, name) for frame in frames])
            for name in columns
        }
    )


def children(plan: TownPlan, frame: Frame) -> Children:
    rng = plan.stream("children")
    fertile = rng.uniform(size=len(frame)) < 0.90
    size = fertile * (
        1 + rng.poisson(2.15 + 0.35 * np.clip(frame.deprivation, -1.5, 2))
    )
    household = np.repeat(np.arange(len(frame)), size)
    count = len(household)
    # Slightly more small children than large ones, over the twenty years before the last round.
    days = (rng.beta(1.0, 1.18, count) * 19.9 * 365.25).astype(int)
    return Children(
        household,
        LATEST - days.astype("timedelta64[D]"),
        rng.uniform(size=count) < 0.487,
    )


def completed_months(born: np.ndarray, on: np.ndarray) -> np.ndarray:
    months = born.astype("datetime64[M]")
    day = (born - months).astype(int)
    then = on.astype("datetime64[M]")
    whole = (then - months).astype(int)
    return whole - (((on - then).astype(int)) < day)


def persons_on(frame: Frame, young: Children, day: np.datetime64) -> np.ndarray:
    alive = young.born <= day
    return frame.adults + np.bincount(young.household[alive], minlength=len(frame))

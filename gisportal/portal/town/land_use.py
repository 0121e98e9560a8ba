"""What kind of ground lies where, and how each kind is cut."""

from dataclasses import dataclass

import numpy as np
import shapely

from .noise import SmoothField
from .plan import Skeleton, TownPlan


@dataclass(frozen=True)
class Style:
    """How a kind of ground is cut. Lane and frontage in metres, block in square metres."""

    block: float
    lane: float
    frontage: float
    depth: float
    crooked: float
    smallest: float


STYLES = {
    "core": Style(2_600, 3.4, 8.5, 13.0, 0.20, 45.0),
    "inner": Style(6_800, 6.0, 15.5, 23.0, 0.12, 110.0),
    "new": Style(10_000, 8.0, 18.0, 26.0, 0.03, 180.0),
    "villa": Style(13_000, 7.0, 25.0, 31.0, 0.06, 320.0),
    "camp": Style(760, 2.4, 6.4, 8.5, 0.10, 24.0),
    "garden": Style(22_000, 4.5, 26.0, 90.0, 0.10, 500.0),
    "farm": Style(60_000, 4.0, 21.0, 330.0, 0.05, 900.0),
}


class LandUse:
    """What kind of ground a point is on: thinning out from the core and from the main roads."""

    def __init__(self, plan: TownPlan, unit: int, town: Skeleton) -> None:
        rng = plan.stream("land use", unit)
        self.town = town
        self.thin = SmoothField(rng, 260.0)
        self.rich = SmoothField(rng, 320.0)
        self.old = SmoothField(rng, 200.0)
        self.main = shapely.union_all(
            np.array(town.roads[: len(town.roads)], dtype=object)
        )
        self.ragged = 0.07 * min(1.0, town.radius / 900)
        self.camp_radius = 0.06 * town.radius + 10

    def style(self, cells: np.ndarray, zone: np.ndarray) -> np.ndarray:
        points = centres(cells)
        town = self.town
        away = np.hypot(*(points - town.centre).T) / town.radius
        road = shapely.distance(shapely.points(points), self.main) / town.radius
        rim = (
            shapely.distance(shapely.points(points), town.boundary.exterior)
            / town.radius
        )
        score = away + self.ragged * self.thin(points) + 0.55 * np.clip(road, 0, 0.35)
        score += 1.6 * np.clip(0.16 - rim, 0, 0.16)
        urban = np.where(
            away + 0.05 * self.old(points) < 0.42,
            "inner",
            np.where(self.rich(points) > 0.75, "villa", "new"),
        )
        style = np.select(
            [score < 0.74, score < 0.84], [urban, "garden"], "farm"
        ).astype(object)
        kinds = np.array(town.zone_kinds, dtype=object)[zone]
        style[kinds == "core"] = "core"
        if town.camp is not None:
            # Whatever touches the camp is cut finely enough to tell what lies inside it.
            reach = self.camp_radius + 0.4 * np.sqrt(shapely.area(cells))
            in_camp = (kinds == "camp") & (np.hypot(*(points - town.camp).T) < reach)
            style[in_camp] = "camp"
        if town.wadi is not None:
            bank = shapely.distance(shapely.points(points), town.wadi) < 45
            style[bank & (style == "new")] = "garden"
        return style


def centres(cells: np.ndarray) -> np.ndarray:
    return shapely.get_coordinates(shapely.centroid(cells))

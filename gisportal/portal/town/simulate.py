"""A fictional round on the parcels of a real town: to rehearse before the field work."""

import geopandas as gpd
import numpy as np
import shapely

from .people import Need, children, households
from .plan import TownPlan
from .survey import Round, survey

# How a lot of so many square metres is probably lived on; an ascending scale.
LOT_STYLES = ((130.0, "core"), (400.0, "inner"), (1_200.0, "new"), (np.inf, "farm"))


def simulate_round(
    parcels: gpd.GeoDataFrame, *, code: str, interviews: int, seed: int
) -> Round:
    """Invented households on real parcels.

    `parcels` has the columns code and zone, and geometry in a projected CRS in metres.
    `code` is a round of the generator's calendar; about `interviews` households are
    asked, stratified by zone, or half of each zone where that is fewer.
    """
    middle = gpd.GeoSeries([parcels.union_all().centroid], crs=parcels.crs)
    lon, lat = shapely.get_coordinates(middle.to_crs(4326))[0]
    plan = TownPlan(
        slug="simulated",
        names={},
        parcels=len(parcels),
        seed=seed,
        households=interviews,
        rounds=(code,),
        centre=(lon, lat),
        srid=parcels.crs.to_epsg(),
        lot_share=float(parcels.area.mean()),
    )
    limits = [limit for limit, _style in LOT_STYLES]
    styles = np.array([style for _limit, style in LOT_STYLES], dtype=object)
    style = styles[np.searchsorted(limits, parcels.area)]
    frame = households(plan, 0, parcels.assign(style=style), Need(plan))
    return survey(plan, frame, children(plan, frame))[0]

"""Turning drawn ground into the tables of a cadastre: zones, blocks, parcels, facilities."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .names import BLOCK, FACILITIES, Place, zone_names
from .plan import Ground, TownPlan

# Mean households on a built lot, and the share of lots that are built and inhabited.
DWELLINGS = {
    "core": (1.35, 0.84),
    "inner": (1.65, 0.76),
    "new": (1.50, 0.56),
    "villa": (1.10, 0.65),
    "camp": (1.05, 0.94),
    "garden": (1.05, 0.14),
    "farm": (1.0, 0.04),
}
LAND_USE = {
    "core": "residential",
    "inner": "residential",
    "new": "residential",
    "villa": "residential",
    "camp": "residential",
    "garden": "orchard",
    "farm": "agricultural",
}


@dataclass
class Tables:
    """The tables of one unit. Geometries in the plan's CRS."""

    zones: gpd.GeoDataFrame
    blocks: gpd.GeoDataFrame
    parcels: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    water: gpd.GeoDataFrame


def tabulate(plan: TownPlan, unit: int, ground: Ground) -> Tables:
    zones = zone_table(plan, unit, ground)
    parcels = parcel_table(plan, unit, ground, zones)
    return Tables(
        zones,
        block_table(plan, ground, zones),
        parcels,
        facility_table(plan, unit, ground, zones),
        water_table(plan, ground),
    )


def zone_table(plan: TownPlan, unit: int, ground: Ground) -> gpd.GeoDataFrame:
    town = ground.skeleton
    wet = [
        town.wadi is not None and zone.distance(town.wadi) < 1 for zone in town.zones
    ]
    names = zone_names(town.zone_kinds, wet, plan.stream("zone names", unit))
    prefix = f"{unit + 1:03d}" if plan.units > 1 else ""
    suffix = f" {unit + 1}" if plan.units > 1 else ""
    rows = {
        "code": [f"Z{prefix}{number + 1:02d}" for number in range(len(names))],
        "kind": "quarter",
        **named(names, suffix),
    }
    return gpd.GeoDataFrame(rows, geometry=town.zones, crs=plan.srid)


def named(names: list[Place], suffix: str = "") -> dict[str, list[str]]:
    columns = zip(
        ("name_ar", "name_en", "name_fr"), zip(*names, strict=True), strict=True
    )
    return {column: [name + suffix for name in values] for column, values in columns}


def block_table(
    plan: TownPlan, ground: Ground, zones: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    owner = ground.block_zone
    number = pd.Series(owner).groupby(owner).cumcount().to_numpy() + 1
    parent = zones.iloc[owner].reset_index(drop=True)
    rows = {
        "code": [
            f"{code}-{n:02d}" for code, n in zip(parent["code"], number, strict=True)
        ],
        "kind": "block",
        "parent": parent["code"],
    }
    for column, word in zip(("name_ar", "name_en", "name_fr"), BLOCK, strict=True):
        rows[column] = [
            f"{name} – {word} {n}"
            for name, n in zip(parent[column], number, strict=True)
        ]
    return gpd.GeoDataFrame(rows, geometry=ground.blocks, crs=plan.srid)


def sections(ground: Ground) -> np.ndarray:
    """Cadastral section of each zone: 1 is the old core, the rest go round it."""
    town = ground.skeleton
    points = shapely.get_coordinates(shapely.centroid(town.zones)) - town.centre
    around = (np.arctan2(points[:, 1], points[:, 0]) / (2 * np.pi)) % 1
    count = max(2, min(8, len(town.zones) // 3))
    section = 2 + np.floor(around * count).astype(int)
    section[[kind == "core" for kind in town.zone_kinds]] = 1
    return section


def parcel_table(
    plan: TownPlan, unit: int, ground: Ground, zones: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Numbered as a surveyor walks: section by section, block by block."""
    rng = plan.stream("parcels", unit)
    section = sections(ground)[ground.lot_zone]
    points = shapely.get_coordinates(shapely.point_on_surface(ground.lots))
    walk = np.lexsort(
        [points[:, 0], -points[:, 1] // 12, ground.lot_block, ground.lot_zone, section]
    )
    section, lots = section[walk], ground.lots[walk]
    # Numbers of joined or divided parcels are never given again.
    steps = 1 + (rng.uniform(size=len(lots)) < 0.04) * rng.integers(1, 4, len(lots))
    number = pd.Series(steps).groupby(section).cumsum().to_numpy()
    label = unit * 10 + section
    area = shapely.area(lots)
    style = ground.lot_style[walk]
    rows = {
        "code": [f"{s}-{n:04d}" for s, n in zip(label, number, strict=True)],
        "section": label.astype(str),
        "number": number,
        "land_use": np.where(
            ground.landmark[walk], "public", [LAND_USE[name] for name in style]
        ),
        "official_area": official(area, rng),
    }
    frame = gpd.GeoDataFrame(rows, geometry=lots, crs=plan.srid)
    frame["zone"] = zones["code"].to_numpy()[ground.lot_zone[walk]]
    frame["style"] = np.where(ground.landmark[walk], "landmark", style)
    return frame


def official(area: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The registered area: old tapes and rounding, now and then an old mistake or nothing."""
    scatter = area * (1 + rng.normal(0, 0.012, len(area)))
    mistaken = rng.uniform(size=len(area)) < 0.015
    scatter[mistaken] *= rng.uniform(0.72, 1.3, mistaken.sum())
    registered = np.maximum(1, np.round(scatter))
    registered[rng.uniform(size=len(area)) < 0.006] = np.nan
    return registered


def facility_table(
    plan: TownPlan, unit: int, ground: Ground, zones: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    rng = plan.stream("facilities", unit)
    lots = np.flatnonzero(ground.landmark)
    lots = lots[rng.permutation(len(lots))]
    rows, used = [], set()
    for turn, lot in enumerate(lots):
        zone = zones.iloc[ground.lot_zone[lot]]
        for step in range(len(FACILITIES)):
            which = (turn + step) % len(FACILITIES)
            if (zone["code"], which) not in used:
                break
        used.add((zone["code"], which))
        kind, ownership, *patterns = FACILITIES[which]
        quarter = (
            zone["name_ar"].removeprefix("حيّ "),
            zone["name_en"].removeprefix("The "),
            zone["name_fr"],
        )
        names = [
            pattern.format(name)
            for pattern, name in zip(patterns, quarter, strict=True)
        ]
        rows.append((kind, ownership, *names))
    prefix = f"{unit + 1:03d}" if plan.units > 1 else ""
    frame = pd.DataFrame(
        rows, columns=["kind", "ownership", "name_ar", "name_en", "name_fr"]
    )
    frame.insert(
        0, "code", [f"F{prefix}{number + 1:03d}" for number in range(len(frame))]
    )
    return gpd.GeoDataFrame(
        frame, geometry=shapely.point_on_surface(ground.lots[lots]), crs=plan.srid
    )


def water_table(plan: TownPlan, ground: Ground) -> gpd.GeoDataFrame:
    """The stream and the poplars along it, as a picture layer; no importer needs it."""
    if ground.skeleton.wadi is None:
        return gpd.GeoDataFrame({"kind": []}, geometry=[], crs=plan.srid)
    wadi = ground.skeleton.wadi
    rows = []
    for side in (-8.5, 8.5):
        bank = wadi.offset_curve(side)
        along = np.arange(6.0, bank.length, 13.0)
        rows.append(shapely.multipoints(shapely.line_interpolate_point(bank, along)))
    return gpd.GeoDataFrame(
        {"kind": ["stream", "trees", "trees"]}, geometry=[wadi, *rows], crs=plan.srid
    )

"""A whole municipality: build it in memory, or write it as the files a real town would upload."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from . import files, paperwork, rasters
from .ground import build_ground, calibrated
from .people import LATEST, Need, children, households, join
from .places import Tables, tabulate
from .plan import TownPlan
from .region import stream_lines
from .streets import polygonize
from .survey import Round, survey

PARCEL_COLUMNS = ["code", "section", "number", "land_use", "official_area", "geometry"]
Report = Callable[[str, int, int], None]


@dataclass
class Town:
    """All tables of a municipality. Geometries in the plan's projected CRS."""

    plan: TownPlan
    boundary: shapely.Geometry
    zones: gpd.GeoDataFrame
    blocks: gpd.GeoDataFrame
    parcels: gpd.GeoDataFrame | None
    parcel_count: int
    facilities: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    population: rasters.Grid
    terrain: rasters.Grid
    flood: rasters.Grid
    rounds: list[Round]
    requests: pd.DataFrame
    bills: pd.DataFrame
    household_count: int = 0
    persons: int = 0


@dataclass
class Assembly:
    """Tables of the units so far, without their lots."""

    tables: list[Tables] = field(default_factory=list)
    frames: list = field(default_factory=list)
    requests: pd.DataFrame | None = None
    parcels: list = field(default_factory=list)
    count: int = 0


def quiet(stage: str, done: int, of: int) -> None:
    """No progress is shown."""


def build_town(
    plan: TownPlan,
    keep_parcels: Callable[[gpd.GeoDataFrame], None] | None = None,
    progress: Report = quiet,
) -> Town:
    """Build the town; where `keep_parcels` is given each unit's lots go there and are forgotten."""
    plan = calibrated(plan)
    need = Need(plan)
    parts = Assembly()
    for unit, ground in enumerate(build_ground(plan)):
        tables = tabulate(plan, unit, ground)
        parts.frames.append(households(plan, unit, tables.parcels, need))
        parts.count += len(tables.parcels)
        if unit == 0:
            parts.requests = paperwork.requests(plan, ground)
        lots = tables.parcels[PARCEL_COLUMNS]
        (keep_parcels or parts.parcels.append)(lots)
        tables.parcels = None
        parts.tables.append(tables)
        progress("ground", unit + 1, plan.units)
    return assemble(plan, parts, progress)


def assemble(plan: TownPlan, parts: Assembly, progress: Report) -> Town:
    together = {
        name: pd.concat(
            [getattr(tables, name) for tables in parts.tables], ignore_index=True
        )
        for name in ("zones", "blocks", "facilities", "water")
    }
    boundary = tile(together["zones"], together["blocks"])
    frame = join(parts.frames)
    young = children(plan, frame)
    progress("people", 1, 1)
    people = rasters.population(boundary, frame, young, LATEST)
    streams = stream_lines(plan)
    ground = rasters.terrain(plan, boundary, streams)
    rounds = survey(plan, frame, young)
    progress("survey", 1, 1)
    return Town(
        plan=plan,
        boundary=boundary,
        parcels=pd.concat(parts.parcels, ignore_index=True) if parts.parcels else None,
        parcel_count=parts.count,
        population=people,
        terrain=ground,
        flood=rasters.flood(ground, streams),
        rounds=rounds,
        requests=parts.requests,
        bills=paperwork.bills(plan, frame),
        household_count=len(frame),
        persons=int(people.values[people.values != rasters.NODATA].sum()),
        **together,
    )


def tile(zones: gpd.GeoDataFrame, blocks: gpd.GeoDataFrame) -> shapely.Geometry:
    """Give blocks, zones and boundary the same corners, so that each tiles the next exactly.

    Changes both tables in place and returns the boundary.
    """
    shapes = blocks.geometry.to_numpy()
    faces = polygonize(list(shapely.boundary(shapes)))
    # Nearest, not within: a millimetre's scrap between two blocks goes to one of them.
    block = shapely.STRtree(shapes).nearest(shapely.point_on_surface(faces))
    whole = [
        shapely.coverage_union_all(faces[here])
        for here in pd.Series(block).groupby(block).indices.values()
    ]
    blocks.geometry = whole
    tiled = blocks.geometry.to_numpy()
    of_zone = blocks.groupby("parent").indices
    zones.geometry = [
        shapely.coverage_union_all(tiled[of_zone[code]]) for code in zones["code"]
    ]
    return shapely.coverage_union_all(zones.geometry.to_numpy())


def write_town(plan: TownPlan, folder: Path, progress: Report = quiet) -> Town:
    """Write the town into `folder`, replacing files of the same names."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "parcels.gpkg"
    path.unlink(missing_ok=True)

    def keep(lots: gpd.GeoDataFrame) -> None:
        files.write_parcels(lots, path, append=path.exists())

    town = build_town(plan, keep, progress)
    files.write_geojson(town.zones, folder / "zones.geojson")
    files.write_geojson(town.blocks, folder / "blocks.geojson")
    files.write_geojson(town.water, folder / "wadi.geojson", decimals=6)
    files.write_csv(with_lonlat(town.facilities), folder / "facilities.csv")
    files.write_raster(town.population, plan.srid, folder / "population.tif")
    files.write_raster(town.terrain, plan.srid, folder / "terrain.tif")
    files.write_raster(town.flood, plan.srid, folder / "flood.tif")
    for wave in town.rounds:
        files.write_workbook(wave.sheets, folder / f"round-{wave.code}.xlsx")
    files.write_csv(town.requests, folder / "service_requests.csv")
    files.write_csv(town.bills, folder / "bills.csv")
    files.write_json(municipality(town), folder / "municipality.json")
    progress("files", 1, 1)
    return town


def with_lonlat(places: gpd.GeoDataFrame) -> pd.DataFrame:
    points = places.to_crs(4326).geometry
    table = pd.DataFrame(places.drop(columns="geometry"))
    return table.assign(longitude=points.x.round(7), latitude=points.y.round(7))


def municipality(town: Town) -> dict:
    plan = town.plan
    outline = gpd.GeoSeries([town.boundary], crs=plan.srid).to_crs(4326).iloc[0]
    outline = shapely.transform(outline, lambda points: points.round(9))
    if outline.geom_type == "Polygon":
        outline = shapely.MultiPolygon([outline])
    return {
        "slug": plan.slug,
        **plan.names,
        "country": "LB",
        "currency": "LBP",
        "time_zone": "Asia/Beirut",
        "srid": plan.srid,
        "accent": plan.accent,
        "boundary": shapely.geometry.mapping(outline),
    }

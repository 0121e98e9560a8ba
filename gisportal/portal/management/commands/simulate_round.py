from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from django.core.management.base import CommandError

from gisportal.portal.town.files import write_workbook
from gisportal.portal.town.simulate import simulate_round
from gisportal.portal.town.survey import FIRST_DAYS
from layers.geography.management.town import TownCommand
from layers.geography.models import Municipality, Parcel


class Command(TownCommand):
    help = "Write a workbook of invented households on a municipality's own parcels."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("out", type=Path, help="the workbook to write, .xlsx")
        parser.add_argument("--round", default="2026-spring", choices=FIRST_DAYS)
        parser.add_argument("--households", type=int, default=900)
        parser.add_argument("--seed", type=int, default=7)

    def work(self, municipality: Municipality, options: dict[str, Any]) -> None:
        made = simulate_round(
            parcels_of(municipality),
            code=options["round"],
            interviews=options["households"],
            seed=options["seed"],
        )
        write_workbook(made.sheets, options["out"])
        self.stdout.write(
            f"{options['out']}: {len(made.households)} invented households with "
            f"{len(made.children)} children"
        )


def parcels_of(municipality: Municipality) -> gpd.GeoDataFrame:
    """Parcels in force that lie in a zone, in the municipality's projected CRS."""
    rows = (
        Parcel.objects.of(municipality)
        .current()
        .exclude(zone=None)
        .order_by("code")
        .values_list("code", "zone__code", "geometry")
    )
    if not rows:
        raise CommandError(
            "No parcel of this municipality lies in a zone. Import parcels and zones "
            "first."
        )
    codes, zones, shapes = zip(*rows, strict=True)
    geometry = shapely.from_wkb([bytes(shape.wkb) for shape in shapes])
    frame = gpd.GeoDataFrame(
        {"code": codes, "zone": zones}, geometry=geometry, crs=4326
    )
    return frame.to_crs(municipality.srid)

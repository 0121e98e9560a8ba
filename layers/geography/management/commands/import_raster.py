from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from layers.geography.errors import ImportRefused
from layers.geography.management.importing import chosen_municipality
from layers.geography.models import Raster
from layers.geography.services import import_raster


class Command(BaseCommand):
    help = "Keep a GeoTIFF of population or terrain."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--municipality", metavar="SLUG")
        parser.add_argument("--kind", choices=Raster.Kind.values, required=True)
        for language in ("ar", "en", "fr"):
            parser.add_argument(f"--name-{language}", default="")

    def handle(self, *args: Any, **given: Any) -> None:
        try:
            raster, outcome = import_raster(
                municipality=chosen_municipality(given["municipality"]),
                path=given["file"],
                kind=given["kind"],
                names={one: given[f"name_{one}"] for one in ("ar", "en", "fr")},
            )
        except ImportRefused as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(
            f"{raster.code}: {raster.width} × {raster.height} cells,"
            f" EPSG:{raster.srid}, {outcome}"
        )

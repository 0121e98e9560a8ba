from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from layers.geography.management.town import TownCommand
from layers.geography.models import Municipality, Raster
from layers.geography.services import import_raster


class Command(TownCommand):
    help = "Keep a GeoTIFF of people, terrain or a hazard."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)
        parser.add_argument("--kind", choices=Raster.Kind.values, required=True)
        parser.add_argument(
            "--code", default="", help="where a kind has several, as river-flood"
        )
        for language in ("ar", "en", "fr"):
            parser.add_argument(f"--name-{language}", default="")
        parser.add_argument("--attribution", default="", help="whose it is")
        parser.add_argument(
            "--licence", default="", help="as SPDX writes it, CC-BY-4.0"
        )

    def work(self, municipality: Municipality, options: dict[str, Any]) -> None:
        raster, outcome = import_raster(
            municipality=municipality,
            path=options["file"],
            kind=options["kind"],
            code=options["code"],
            attribution=options["attribution"],
            licence=options["licence"],
            names={one: options[f"name_{one}"] for one in ("ar", "en", "fr")},
        )
        self.stdout.write(
            f"{raster.code}: {raster.width} × {raster.height} cells,"
            f" EPSG:{raster.srid}, {outcome}"
        )

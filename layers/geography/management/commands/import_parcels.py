from __future__ import annotations

from argparse import ArgumentParser

from layers.geography.files.request import What
from layers.geography.management.importing import ImportCommand


class Command(ImportCommand):
    help = "Bring a file of parcels into force."
    what = What.PARCELS

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--set-boundary",
            action="store_true",
            help="draw the municipality's boundary from its parcels",
        )

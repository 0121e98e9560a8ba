from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from layers.geography.files.request import Options, What
from layers.geography.management.importing import ImportCommand
from layers.geography.models import Zone


class Command(ImportCommand):
    help = "Bring a file of zones into force, or make zones from a column of parcels."
    what = What.ZONES

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--kind", choices=Zone.Kind.values, help="else as the file says"
        )
        parser.add_argument(
            "--dissolve",
            metavar="COLUMN",
            help="merge the rows that share this column: section makes zones of parcels",
        )
        parser.add_argument(
            "--set-boundary",
            action="store_true",
            help="draw the municipality's boundary from these zones",
        )

    def options(self, given: dict[str, Any]) -> Options:
        if given["dissolve"]:
            given["map"] = [*given["map"], f"code={given['dissolve']}"]
        return super().options(given)

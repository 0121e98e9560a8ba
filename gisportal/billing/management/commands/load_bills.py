from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from gisportal.billing.loading import load_bills
from layers.geography.management.town import TownCommand
from layers.geography.models import Municipality


class Command(TownCommand):
    help = "Load bills from a CSV file; loading it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)

    def work(self, municipality: Municipality, options: dict[str, Any]) -> None:
        file = options["file"]
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        loaded = load_bills(municipality=municipality, file=file)
        self.stdout.write(f"{loaded.added} added, {loaded.unchanged} unchanged")

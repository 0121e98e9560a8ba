from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from gisportal.billing.loading import load_bills
from layers.geography.models import Municipality
from layers.geography.tenancy import tenant


class Command(BaseCommand):
    help = "Load bills from a CSV file; loading it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("municipality", help="short name, as in addresses")
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        slug, file = options["municipality"], options["file"]
        municipality = Municipality.objects.filter(slug=slug).first()
        if municipality is None:
            raise CommandError(f"There is no municipality “{slug}”.")
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        try:
            with tenant(municipality):
                loaded = load_bills(municipality=municipality, file=file)
        except ValidationError as refused:
            raise CommandError("\n".join(refused.messages)) from refused
        self.stdout.write(f"{loaded.added} added, {loaded.unchanged} unchanged")

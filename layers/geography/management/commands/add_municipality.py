from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from layers.geography.services import add_municipality


class Command(BaseCommand):
    help = "Add a municipality, ready for its first import."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="short name in addresses: wadi-zaytoun")
        for language in ("ar", "en", "fr"):
            parser.add_argument(f"--name-{language}", default="")
        parser.add_argument("--country", required=True, help="ISO code of two letters")
        parser.add_argument(
            "--currency", required=True, help="ISO code of three letters"
        )
        parser.add_argument("--time-zone", required=True, help="Asia/Beirut")
        parser.add_argument(
            "--srid", type=int, required=True, help="EPSG number of a system in metres"
        )

    def handle(self, *args: Any, **given: Any) -> None:
        try:
            town = add_municipality(
                slug=given["slug"],
                names={one: given[f"name_{one}"] for one in ("ar", "en", "fr")},
                country=given["country"],
                currency=given["currency"],
                time_zone=given["time_zone"],
                srid=given["srid"],
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{town.slug} was added.")

from __future__ import annotations

from argparse import ArgumentParser

from layers.geography.files.request import What
from layers.geography.management.importing import ImportCommand
from layers.geography.models import Facility


class Command(ImportCommand):
    help = "Bring a file of facilities (schools, clinics, playgrounds) into force."
    what = What.FACILITIES

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--kind", choices=Facility.Kind.values, help="one kind for all rows"
        )

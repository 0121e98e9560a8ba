from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.models import Round
from surveys.publish import publish_round


class Command(BaseCommand):
    help = "Publish a round: write its de-identified observations, compute a release."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("municipality", help="short name of the municipality")
        parser.add_argument("--round", required=True, help="code of the round")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            municipality = Municipality.objects.get(slug=options["municipality"])
            with tenant(municipality):
                round = Round.objects.of(municipality).get(code=options["round"])
                release = publish_round(round=round, by=None)
        except (Municipality.DoesNotExist, Round.DoesNotExist) as error:
            raise CommandError("There is no such municipality or round.") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{round.code}: release {release.number}.")

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from layers.geography.management.town import TownCommand
from layers.geography.models import Municipality
from surveys.models import Round
from surveys.publish import publish_round


class Command(TownCommand):
    help = "Publish a round: write its de-identified observations, compute a release."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("round", help="code of the round")

    def work(self, municipality: Municipality, options: dict[str, Any]) -> None:
        rounds = Round.objects.of(municipality)
        round = rounds.filter(code=options["round"]).first()
        if round is None:
            known = ", ".join(rounds.values_list("code", flat=True)) or "none"
            raise CommandError(
                f"There is no round {options['round']}. There are: {known}."
            )
        release = publish_round(round=round, by=None)
        self.stdout.write(f"{round.code}: release {release.number}.")

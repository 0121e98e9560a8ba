from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from layers.geography.management.town import TownCommand
from layers.geography.models import Municipality
from surveys.models import Round
from surveys.rounds.services import (
    SEGMENT_SIZE,
    Plan,
    balance_assignments,
    draw_sample,
    surveyors_of,
)


class Command(TownCommand):
    help = "Draw the parcels that a round visits; the same seed draws the same again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("round", help="code of the round")
        parser.add_argument("--design", default="census", choices=Round.Design.values)
        parser.add_argument("--size", type=int, default=0, help="parcels to visit")
        parser.add_argument("--segments", type=int, default=0, help="of two stages")
        parser.add_argument("--per-segment", type=int, default=10)
        parser.add_argument("--segment-size", type=int, default=SEGMENT_SIZE)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--zones", nargs="*", default=[], help="codes; none: all")
        parser.add_argument(
            "--assign", action="store_true", help="share it out to all surveyors"
        )

    def work(self, municipality: Municipality, options: dict[str, Any]) -> None:
        code = options["round"]
        round = Round.objects.of(municipality).filter(code=code).first()
        if round is None:
            raise CommandError(f"There is no round {code!r} in {municipality.slug}.")
        names = ("design", "size", "segments", "per_segment", "segment_size", "seed")
        plan = Plan(
            **{name: options[name] for name in names}, zones=tuple(options["zones"])
        )
        count = draw_sample(round=round, plan=plan)
        said = f"{code}: {count} parcels drawn with seed {plan.seed}"
        if options["assign"]:
            surveyors = surveyors_of(municipality)
            balance_assignments(round=round, surveyors=surveyors, by=None)
            said += f", shared out to {len(surveyors)} people"
        self.stdout.write(said)

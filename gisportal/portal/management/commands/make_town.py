from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gisportal.portal.town import FIXTURES, WADI_ZAYTOUN, write_town


class Command(BaseCommand):
    help = (
        "Make a fictional municipality of any size: the files a real town would upload."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("out", type=Path, help="folder to write into")
        parser.add_argument(
            "--parcels", type=int, help="about how many parcels (default 6000)"
        )
        parser.add_argument(
            "--seed", type=int, help="the same seed makes the same town"
        )
        parser.add_argument(
            "--households", type=int, help="households to interview per round"
        )
        parser.add_argument(
            "--fixtures",
            action="store_true",
            help="make the committed towns, each in its own folder under OUT",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path = options["out"]
        if options["fixtures"]:
            for plan in FIXTURES:
                self.make(plan, out / plan.slug)
            return
        asked = {name: options[name] for name in ("parcels", "seed", "households")}
        if asked["parcels"] is not None and asked["parcels"] < 200:
            raise CommandError(
                "A town needs at least 200 parcels: give --parcels 200 or more."
            )
        given = {name: value for name, value in asked.items() if value is not None}
        self.make(replace(WADI_ZAYTOUN, **given), out)

    def make(self, plan: Any, folder: Path) -> None:
        began = monotonic()
        town = write_town(plan, folder, self.report)
        self.stdout.write(
            f"{folder}: {town.parcel_count:,} parcels, {len(town.zones)} zones, "
            f"{town.persons:,} residents in {town.household_count:,} households, "
            f"{monotonic() - began:.0f} s"
        )

    def report(self, stage: str, done: int, of: int) -> None:
        if self.stderr.isatty() or (of > 1 and done % 10 == 0):
            self.stderr.write(f"  {stage} {done}/{of}")

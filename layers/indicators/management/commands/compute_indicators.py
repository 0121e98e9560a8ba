from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from layers.geography.management.town import TownCommand
from layers.geography.models import Municipality
from layers.indicators.definitions.municipal import catalogue_of, means_of_town
from layers.indicators.figures import Figure
from layers.indicators.groups.breakdowns import ALL, DIMENSIONS, is_key
from layers.indicators.means.figures import MeanFigure
from layers.indicators.models import ObservationSet
from layers.indicators.services import (
    compute_figures,
    compute_means,
    compute_release,
)

HEADING = (
    "indicator",
    "zone",
    "children",
    "estimate",
    "se",
    "low",
    "high",
    "n",
    "flag",
)
WIDTHS = (21, 12, 11, 9, 7, 7, 7, 6, 0)


class Command(TownCommand):
    help = "Compute the indicators of a round and print them as they may be published."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("round", help="the round's code")
        parser.add_argument(
            "--indicator",
            action="append",
            metavar="CODE",
            help="only this one; may be given several times",
        )
        parser.add_argument(
            "--breakdown", metavar="KEY", help="only this group, such as sex:female"
        )
        outcome = parser.add_mutually_exclusive_group()
        outcome.add_argument(
            "--release", action="store_true", help="store them as a numbered release"
        )
        outcome.add_argument(
            "--dry-run", action="store_true", help="store nothing (the default)"
        )

    def work(self, municipality: Municipality, options: dict[str, Any]) -> None:
        chosen = self.observation_set(municipality, options["round"])
        catalogue = [*catalogue_of(municipality), *means_of_town(municipality)]
        if unknown := set(options["indicator"] or ()) - set(catalogue):
            raise CommandError(
                f"There is no indicator {min(unknown)}. Known: {', '.join(catalogue)}."
            )
        key = options["breakdown"]
        if key and not is_key(key):
            known = ", ".join([ALL, *(x for d in DIMENSIONS.values() for x in d.keys)])
            raise CommandError(
                f"There is no group {key}. Known: {known}, and two crossed by +."
            )
        figures = compute_figures(municipality=municipality, observation_set=chosen)
        means = compute_means(municipality=municipality, observation_set=chosen)
        for line in table([*figures, *means], options["indicator"], key):
            self.stdout.write(line)
        if not options["release"]:
            self.stdout.write("Nothing was stored; --release stores these figures.")
            return
        release = compute_release(municipality=municipality, observation_set=chosen)
        self.stdout.write(f"Stored as release {release.number}.")

    def observation_set(self, municipality: Municipality, code: str) -> ObservationSet:
        sets = ObservationSet.objects.of(municipality)
        found = sets.filter(code=code).first()
        if found is None:
            known = ", ".join(sets.values_list("code", flat=True)) or "none"
            raise CommandError(f"There is no published round {code}. Known: {known}.")
        return found


def table(
    figures: list[Figure | MeanFigure], codes: list[str] | None, breakdown: str | None
):
    """Lines of the table; the town comes after its zones as "(town)"."""
    yield _line(HEADING)
    for each in figures:
        if codes and each.indicator not in codes:
            continue
        if breakdown and each.breakdown != breakdown:
            continue
        yield _line(
            (
                each.indicator,
                each.zone.code if each.zone else "(town)",
                each.breakdown,
                *(
                    _share(part)
                    for part in (each.estimate, each.se, each.low, each.high)
                ),
                "-" if each.n is None else str(each.n),
                f"{each.flag} {each.reason}".strip(),
            )
        )


def _line(cells: tuple[str, ...]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)]
    return " ".join(padded).rstrip()


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from math import isfinite, nan
from typing import Any

from layers.geography.management.town import TownCommand
from layers.geography.models import Facility, Municipality, Zone
from layers.indicators.models import ZoneStatistic
from layers.indicators.rasters.zone_statistics import (
    Asked,
    Hazard,
    Walk,
    compute_zone_statistics,
)


class Command(TownCommand):
    help = "People of each zone, exposed to hazards and near to places, from rasters."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--kind", choices=Zone.Kind.values, default="", help="kind of zones"
        )
        parser.add_argument(
            "--hazard",
            action="append",
            default=[],
            type=threshold,
            metavar="CODE=THRESHOLD",
            help="a hazard raster, and from which value on it is one",
        )
        parser.add_argument(
            "--nodata-is-safe",
            action="store_true",
            help="take a hazard's nodata for no hazard, as where depth is left out",
        )
        parser.add_argument(
            "--walk", nargs="*", default=[], choices=Facility.Kind.values
        )
        parser.add_argument("--minutes", nargs="*", type=minutes, default=[5, 10, 15])
        parser.add_argument("--cell", type=above_zero, default=20.0, help="metres")
        parser.add_argument(
            "--pace", type=pace, default=0.6, help="of Tobler's speed; 0.6 off paths"
        )

    def work(self, municipality: Municipality, options: dict[str, Any]) -> None:
        asked = Asked(
            kind=options["kind"],
            hazards=tuple(
                Hazard(code, value, options["nodata_is_safe"])
                for code, value in options["hazard"]
            ),
            walk=Walk(
                kinds=tuple(options["walk"]),
                minutes=tuple(options["minutes"]),
                cell=options["cell"],
                pace=options["pace"],
            ),
        )
        rows = compute_zone_statistics(municipality=municipality, asked=asked)
        for row in rows:
            self.stdout.write(line(row))
        versions = ", ".join(map(str, sorted({row.version for row in rows})))
        self.stdout.write(f"{len(rows)} statistics, version {versions}.")


def line(row: ZoneStatistic) -> str:
    people = "-" if row.people is None else f"{row.people:.0f}"
    value = "-" if row.value is None else f"{row.value:.3f}"
    withheld = " withheld" if row.withheld else ""
    return (
        f"{row.zone.code:12} {row.statistic:24} {people:>8} {value:>7}"
        f"  covered {row.covered:.2f}{withheld}"
    )


def threshold(text: str) -> tuple[str, float]:
    code, _sign, value = text.partition("=")
    if isfinite(number(value)):
        return code, float(value)
    raise ArgumentTypeError(f"{text}: write it as CODE=THRESHOLD")


def number(text: str) -> float:
    """NaN where the text is no number."""
    try:
        return float(text)
    except ValueError:
        return nan


def minutes(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 120:
        raise ArgumentTypeError(f"{text}: minutes lie between 1 and 120")
    return int(text)


def above_zero(text: str) -> float:
    value = number(text)
    if not 1 <= value <= 1000:
        raise ArgumentTypeError(f"{text}: a cell has 1 to 1000 metres")
    return value


def pace(text: str) -> float:
    value = number(text)
    if not 0 < value <= 2:
        raise ArgumentTypeError(f"{text}: the pace lies above 0 and up to 2")
    return value

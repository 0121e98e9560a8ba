from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from layers.geography.errors import ImportRefused
from layers.geography.files.request import Missing, Options, What
from layers.geography.management.town import chosen_municipality
from layers.geography.report import Report
from layers.geography.runs import overall, record_import
from layers.geography.services import import_file

SHOWN = 20
BAR = 30


class Bar:
    """A line of progress on standard error, where somebody watches."""

    def __init__(self, stream: Any) -> None:
        self.stream, self.watched = stream, stream.isatty()

    def tell(self, stage: str, share: float) -> None:
        if self.watched:
            done = overall(stage, share)
            filled = "█" * int(done * BAR)
            self.stream.write(f"\r{filled:·<{BAR}} {done:4.0%} {stage:<9}")
            self.stream.flush()

    def end(self) -> None:
        if self.watched:
            self.stream.write("\r" + " " * (BAR + 20) + "\r")


class ImportCommand(BaseCommand):
    what: What

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--municipality", metavar="SLUG")
        parser.add_argument(
            "--crs", default="", help="EPSG:n, where the file is silent"
        )
        parser.add_argument("--layer", default="", help="where the file holds several")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="OURS=THEIRS",
            help="column for a role, for example code=idu; section+numero joins two",
        )
        parser.add_argument(
            "--skip-refused",
            action="store_true",
            help="import the good rows; without it one refused row stops all",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="report, write nothing"
        )
        missing = parser.add_mutually_exclusive_group()
        missing.add_argument(
            "--retire-missing",
            action="store_true",
            help="close what the file lacks, however much that is",
        )
        missing.add_argument(
            "--keep-missing", action="store_true", help="leave what the file lacks"
        )

    def options(self, given: dict[str, Any]) -> Options:
        wrong = [pair for pair in given["map"] if "=" not in pair]
        if wrong:
            raise CommandError(f"--map {wrong[0]}: write it as OURS=THEIRS.")
        missing = Missing.ASK
        if given["retire_missing"]:
            missing = Missing.RETIRE
        elif given["keep_missing"]:
            missing = Missing.KEEP
        return Options(
            crs=given["crs"],
            layer=given["layer"],
            columns=dict(pair.split("=", 1) for pair in given["map"]),
            kind=given.get("kind") or "",
            missing=missing,
            skip_refused=given["skip_refused"],
            dissolve=bool(given.get("dissolve")),
            set_boundary=bool(given.get("set_boundary")),
        )

    def handle(self, *args: Any, **given: Any) -> None:
        municipality = chosen_municipality(given["municipality"])
        options, bar, began = self.options(given), Bar(sys.stderr), time.monotonic()
        try:
            report = import_file(
                municipality=municipality,
                what=self.what,
                path=given["file"],
                options=options,
                dry_run=given["dry_run"],
                progress=bar.tell,
            )
        except ImportRefused as error:
            raise CommandError(" ".join(error.messages)) from error
        finally:
            bar.end()
        self.tell(report, time.monotonic() - began)
        if report.applied:
            record_import(
                municipality=municipality,
                what=self.what,
                path=given["file"],
                options=options,
                report=report,
            )
        elif report.blocked:
            raise CommandError(_way_out(report))

    def tell(self, report: Report, seconds: float) -> None:
        about = report.about
        area = f", {report.hectares:,.2f} ha measured" if report.area else ""
        encoding = f", {about['encoding']}" if about["encoding"] != "utf-8" else ""
        self.stdout.write(
            f"{about['rows']:,} rows ({about['format']}, {about['crs']}{encoding}){area},"
            f" {seconds:.1f} s"
        )
        counts = ", ".join(f"{count:,} {word}" for _o, word, count in report.counts())
        self.stdout.write(counts)
        for note in report.notes_told():
            self.stdout.write(note)
        for repair in report.repairs():
            rows = ", ".join(map(str, repair["rows"]))
            self.stdout.write(
                f"repaired {repair['count']} × {repair['how']}, area changed by"
                f" {repair['change']:+.2f} m² (rows {rows})"
            )
        for one in list(report.refused_rows())[:SHOWN]:
            self.stdout.write(
                f"row {one['row']} ({one['value']}) {one['reason']}: {one['way_out']}"
            )
        if report.refused_count > SHOWN:
            self.stdout.write(f"… and {report.refused_count - SHOWN:,} more")


def _way_out(report: Report) -> str:
    if report.blocked == "refused":
        return (
            f"Nothing was imported, because {report.refused_count:,} rows are refused."
            " Correct them, or leave them out with --skip-refused."
        )
    return (
        f"Nothing was imported, because the file lacks {report.retired:,} rows that are"
        " in force. If it is the whole town, say --retire-missing; if it is a part,"
        " --keep-missing."
    )

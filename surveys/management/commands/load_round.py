from __future__ import annotations

from argparse import ArgumentParser
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from layers.geography.management.town import TownCommand
from layers.geography.models import Municipality
from surveys.errors import UploadNotReady
from surveys.files.uploads import store_upload
from surveys.files.working import check_upload, load_upload
from surveys.models import Round, Upload
from surveys.problems import Problem
from surveys.review.approving import approve_upload
from surveys.services import create_round

SHOWN_PROBLEMS = 20


class Command(TownCommand):
    help = "Load a survey round from a workbook, CSV files, a GeoPackage or GeoJSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("files", nargs="+", type=Path)
        parser.add_argument("--round", required=True, help="code of the round")
        for language in ("ar", "en", "fr"):
            parser.add_argument(f"--name-{language}", default="")
        parser.add_argument("--starts-on", type=date.fromisoformat)
        parser.add_argument("--ends-on", type=date.fromisoformat)
        parser.add_argument("--school-year-start", type=date.fromisoformat)
        parser.add_argument(
            "--dry-run", action="store_true", help="check the file, load nothing"
        )
        parser.add_argument(
            "--good", action="store_true", help="load the good rows, leave the others"
        )
        parser.add_argument(
            "--approve",
            action="store_true",
            help="approve the records of the file, so that they count when published",
        )

    def work(self, municipality: Municipality, options: dict[str, Any]) -> None:
        round = self._round(municipality, options)
        try:
            with ExitStack() as opened:
                files = [
                    (path.name, opened.enter_context(path.open("rb")))
                    for path in options["files"]
                ]
                upload = store_upload(round=round, files=files, by=None)
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        if options["dry_run"]:
            self._refuse(upload)
            count = upload.report["households"]
            self.stdout.write(f"{count} households would be loaded.")
            return
        upload.mode = "good" if options["good"] else "all"
        self._load(upload)
        if options["approve"]:
            count = approve_upload(upload=upload, by=None)
            self.stdout.write(f"{count} of them approved.")

    def _round(self, municipality: Municipality, options: dict[str, Any]) -> Round:
        """The round of that code, created where dates are given for a new one."""
        code = options["round"]
        known = Round.objects.of(municipality).filter(code=code).first()
        if known is not None:
            return known
        dates = {
            name: options[name]
            for name in ("starts_on", "ends_on", "school_year_start")
        }
        if not all(dates.values()):
            raise CommandError(
                f"There is no round {code!r} yet. To create it, give --starts-on, "
                "--ends-on and --school-year-start, each as 2026-04-18."
            )
        names = {
            language: options[f"name_{language}"] for language in ("ar", "en", "fr")
        }
        names["ar"] = names["ar"] or names["en"] or code
        return create_round(municipality=municipality, code=code, names=names, **dates)

    def _load(self, upload: Upload) -> None:
        try:
            outcome = load_upload(upload=upload)
        except UploadNotReady:
            self._refuse(upload)
            raise
        self.stdout.write(
            f"{upload.round.code}: {outcome.added} households added, {outcome.changed} "
            f"changed, {outcome.unchanged} unchanged, {outcome.withdrawn} withdrawn "
            f"ones left out; {outcome.children} children; {outcome.warnings} warnings."
        )

    def _refuse(self, upload: Upload) -> None:
        """Says what blocks the file, if anything does."""
        if check_upload(upload=upload):
            return
        problems = [Problem(**each) for each in upload.report["problems"]]
        blocking = [problem for problem in problems if problem.blocks]
        for problem in blocking[:SHOWN_PROBLEMS]:
            self.stderr.write(_line(problem))
        raise CommandError(f"{upload.report['errors']} errors: nothing was loaded.")


def _line(problem: Problem) -> str:
    return f"{problem.sheet} {problem.row or ''} {problem.column}: {problem.message}"

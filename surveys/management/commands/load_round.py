from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from layers.geography.management.town import TownCommand
from layers.geography.models import Municipality
from surveys.checking import Check
from surveys.errors import UploadNotReady
from surveys.models import Round, Upload
from surveys.problems import Problem
from surveys.services import (
    check_upload,
    create_round,
    load_upload,
    store_upload,
)

SHOWN_PROBLEMS = 20


class Command(TownCommand):
    help = "Load a survey round from an Excel workbook, two CSV files or a zip of them."

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

    def work(self, municipality: Municipality, options: dict[str, Any]) -> None:
        try:
            files = [(path.name, path.read_bytes()) for path in options["files"]]
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        round = self._round(municipality, options)
        self._load(round, files, dry_run=options["dry_run"])

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

    def _load(
        self, round: Round, files: list[tuple[str, bytes]], *, dry_run: bool
    ) -> None:
        upload = store_upload(round=round, files=files, by=None)
        if dry_run:
            check = self._refuse(upload)
            self.stdout.write(f"{len(check.candidates)} households would be loaded.")
            return
        try:
            outcome = load_upload(upload=upload)
        except UploadNotReady:
            self._refuse(upload)
            raise
        self.stdout.write(
            f"{round.code}: {outcome.added} households added, {outcome.changed} "
            f"changed, {outcome.unchanged} unchanged, {outcome.withdrawn} withdrawn "
            f"ones left out; {outcome.children} children; {outcome.warnings} warnings."
        )

    def _refuse(self, upload: Upload) -> Check:
        """Says what blocks the file; gives back the check of one that nothing blocks."""
        check = check_upload(upload=upload)
        blocking = [problem for problem in check.problems if problem.blocks]
        for problem in blocking[:SHOWN_PROBLEMS]:
            self.stderr.write(_line(problem))
        if blocking:
            raise CommandError(f"{len(blocking)} errors: nothing was loaded.")
        return check


def _line(problem: Problem) -> str:
    return f"{problem.sheet} {problem.row or ''} {problem.column}: {problem.message}"

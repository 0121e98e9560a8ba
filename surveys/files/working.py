"""One pass over an uploaded file, chunk by chunk: what loading it would do, or loading it.

Checking, and loading the good rows, keep a checkpoint with each chunk: who comes after a
worker that was killed goes on there. Loading all or nothing is one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from surveys.errors import FileRefused, UploadNotReady
from surveys.files.lists import lists_of
from surveys.files.reading import Reading, Terms
from surveys.files.tables import Mapping_
from surveys.files.tally import Tally
from surveys.files.weighing import Candidate, News, weigh
from surveys.intake.services import Incoming, replace_record, store_records
from surveys.models import (
    ColumnMapping,
    Form,
    FormVersion,
    Round,
    Submission,
    Upload,
)
from surveys.problems import Problem
from surveys.questionnaires.services import install_library_form

CHUNK = 500
LIBRARY_FORM = "child_needs"
Status = Upload.Status
# Progress is told through the cache: what a transaction writes stays unseen till its end.
PROGRESS_KEY = "survey-upload-{}"
PROGRESS_SECONDS = 3600


@dataclass(frozen=True)
class Outcome:
    """How many households of the file were added, changed, unchanged, left out."""

    added: int
    changed: int
    unchanged: int
    withdrawn: int
    children: int
    warnings: int


def version_for(round: Round) -> FormVersion:
    """What the file's columns answer: the round's questionnaire, else the library's.
    Raises FileRefused where the round's is not published.
    """
    town, form = round.municipality, round.form
    if form is None:
        form = Form.objects.of(town).filter(code=LIBRARY_FORM).first()
        known = form.published() if form else None
        return known or install_library_form(
            municipality=town, code=LIBRARY_FORM, by=None
        )
    version = form.published()
    if version is None:
        raise FileRefused(Problem("no_form").message, code="no_form")
    return version


def read_upload(upload: Upload) -> Reading:
    """Raises FileRefused for what can't be read at all."""
    version, round = version_for(upload.round), upload.round
    terms = Terms(
        structure=version.structure,
        now=timezone.localtime(),
        first=round.starts_on,
        last=round.ends_on,
        parts=version.parts,
        remembered=remembered(upload),
        lists=lists_of(version),
    )
    return Reading(
        Path(upload.file.path),
        terms,
        lambda rows: _tell(upload, {"stage": "reading", "rows": rows}),
    )


def remembered(upload: Upload) -> Mapping_:
    """What its columns were said to mean, else those of the last file of the form."""
    form = version_for(upload.round).form_id
    known = ColumnMapping.objects.filter(form=form).first()
    said: Mapping_ = upload.mapping or (known.mapping if known else {})
    return said


def _tell(upload: Upload, progress: dict[str, Any]) -> None:
    cache.set(PROGRESS_KEY.format(upload.pk), progress, PROGRESS_SECONDS)


def progress_of(upload: Upload) -> dict[str, Any]:
    """`stage`, and `rows` that were read so far or `done` of `of` records."""
    told: dict[str, Any] = cache.get(PROGRESS_KEY.format(upload.pk), {})
    return told


class Work:
    """Raises FileRefused at once for what can't be read at all."""

    stage = "checking"

    def __init__(self, upload: Upload) -> None:
        self.upload = upload
        self.version = version_for(upload.round)
        self.reading = read_upload(upload)
        self.tally = self._taken_up() or Tally(of=self.reading.count)
        if not self.tally.done:
            self.tally.note(self.reading.problems)
            if not self.tally.of:
                table = self.reading.tables[""]
                missing = Problem("no_rows", table.sheet, table.header_row)
                self.tally.note([missing])

    def _taken_up(self) -> Tally | None:
        """What a worker before this one had gathered of the same work."""
        saved = self.upload.progress
        return Tally(**saved["tally"]) if saved.get("stage") == self.stage else None

    @transaction.atomic
    def step(self) -> bool:
        """The next chunk; False once the file is at its end and all is settled."""
        entries = self.reading.entries(self.tally.done, CHUNK)
        if not entries:
            self.settle()
            return False
        round = self._round()
        candidates = weigh(round, self.reading, entries)
        self.tally.check_strata(candidates, self.reading)
        self.tally.count(candidates, self.reading)
        self.take(round, candidates)
        self.upload.progress = {"stage": self.stage, "tally": self.tally.as_json()}
        self.upload.save(update_fields=["progress"])
        done = {"done": self.tally.done, "of": self.tally.of}
        _tell(self.upload, {"stage": self.stage, **done})
        return True

    def run(self) -> Tally:
        while self.step():
            pass
        return self.tally

    def _round(self) -> Round:
        return self.upload.round

    def take(self, round: Round, candidates: Sequence[Candidate]) -> None:
        """A check only looks."""

    def settle(self) -> None:
        tally, upload = self.tally, self.upload
        if tally.blocked:
            upload.status = Status.FAULTY
        else:
            standing = upload.loaded_at and tally.nothing_new
            upload.status = Status.LOADED if standing else Status.READY
        _finish(upload, tally.report())


class Loading(Work):
    """All or nothing: to be run in one transaction. Raises UploadNotReady as soon as
    something is wrong.
    """

    stage = "loading"

    def __init__(self, upload: Upload) -> None:
        super().__init__(upload)
        self._refuse_faulty()

    def _taken_up(self) -> Tally | None:
        return None

    def _round(self) -> Round:
        """Locked and weighed anew, because something may have come in since the check."""
        return Round.objects.select_for_update().get(pk=self.upload.round_id)

    def _refuse_faulty(self) -> None:
        if self.tally.blocked:
            raise _not_ready()

    def take(self, round: Round, candidates: Sequence[Candidate]) -> None:
        self._refuse_faulty()
        self._store(round, candidates)

    def _store(self, round: Round, candidates: Sequence[Candidate]) -> None:
        added = [each for each in candidates if each.news == News.ADDED]
        if added:
            incoming = [self._incoming(each) for each in added]
            store_records(round=round, version=self.version, incoming=incoming)
        changed = [each for each in candidates if each.news == News.CHANGED]
        former = Submission.objects.in_bulk([each.submission_id for each in changed])
        for each in changed:
            replace_record(
                submission=former[each.submission_id],
                incoming=replace(self._incoming(each), instance_id=""),
                version=self.version,
            )
        self.tally.add_loaded(candidates, self.reading)
        if round.status == Round.Status.DRAFT or round.form_id is None:
            round.status = Round.Status.OPEN
            round.form = round.form or self.version.form
            round.save(update_fields=["status", "form"])

    def _incoming(self, each: Candidate) -> Incoming:
        return Incoming(
            record=each.entry.record,
            source=Submission.Source.FILE,
            by=self.upload.by,
            instance_id=each.instance_id,
            upload=self.upload,
            design=each.entry.design,
        )

    def settle(self) -> None:
        remember_mapping(version=self.version, upload=self.upload)
        self.upload.status, self.upload.loaded_at = Status.LOADED, timezone.now()
        self.upload.save(update_fields=["loaded_at"])
        _finish(self.upload, self.tally.report())


class GoodRows(Loading):
    """The good rows now; each chunk is kept with its checkpoint."""

    stage = "good"

    def _taken_up(self) -> Tally | None:
        return Work._taken_up(self)

    def _refuse_faulty(self) -> None:
        if self.reading.doubtful or not self.tally.of:
            raise _not_ready()

    def take(self, round: Round, candidates: Sequence[Candidate]) -> None:
        self._store(round, [each for each in candidates if not each.entry.blocked])

    def settle(self) -> None:
        if self.tally.good:
            super().settle()
        else:
            Work.settle(self)


def _not_ready() -> UploadNotReady:
    return UploadNotReady(
        _("The file was not loaded. Correct what is listed and upload it again.")
    )


def _finish(upload: Upload, report: dict[str, Any]) -> None:
    upload.report, upload.progress, upload.status_since = report, {}, timezone.now()
    upload.save(update_fields=["report", "progress", "status", "status_since"])
    cache.delete(PROGRESS_KEY.format(upload.pk))


def begin_check(upload: Upload) -> Work | None:
    """None where the file can't be read at all, which its report then says."""
    try:
        return Work(upload)
    except FileRefused as error:
        params = dict(error.params or {})
        sheet = str(params.get("sheet", ""))
        problem = Problem(error.code or "", sheet=sheet, params=params)
        upload.status = Status.FAULTY
        tally = Tally()
        tally.note([problem])
        _finish(upload, tally.report())
        return None


def check_upload(*, upload: Upload) -> bool:
    """Writes into the upload what loading it would do; whether it could be loaded whole."""
    work = begin_check(upload)
    return work is not None and not work.run().blocked


def begin_loading(upload: Upload) -> Loading:
    """As `upload.mode` says. Raises UploadNotReady."""
    try:
        return (GoodRows if upload.mode == "good" else Loading)(upload)
    except FileRefused as error:
        raise _not_ready() from error


@transaction.atomic
def load_upload(*, upload: Upload) -> Outcome:
    """Loads the file at once: all or nothing, or as `upload.mode` says the good rows.

    Raises UploadNotReady, and then nothing was loaded.
    """
    tally = begin_loading(upload).run()
    if upload.status != Status.LOADED:
        raise _not_ready()
    return Outcome(
        **{news.value: tally.loaded.get(news, 0) for news in News},
        children=tally.loaded_children,
        warnings=tally.warnings,
    )


def remember_mapping(*, version: FormVersion, upload: Upload) -> None:
    """The next file of the form is understood as this one was."""
    if upload.mapping:
        ColumnMapping.objects.update_or_create(
            form_id=version.form_id,
            defaults={
                "mapping": upload.mapping,
                "municipality_id": upload.municipality_id,
            },
        )

"""From a file of any questionnaire into the round, through the one pipeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from surveys.errors import FileRefused
from surveys.files.reading import Entry, Reading, identity, read_entries
from surveys.files.tables import DESIGN, Mapping_, Matched, plain
from surveys.intake.services import (
    Incoming,
    digest_of,
    replace_record,
    store_records,
)
from surveys.models import ColumnMapping, FormVersion, Round, Submission, Upload
from surveys.placing import Place, Spot, place_households
from surveys.problems import Problem
from surveys.questionnaires.parts import Parts, facts_of, find_parts
from surveys.questionnaires.structure import Structure
from surveys.spreadsheets import marked_workbook
from surveys.workbook import Sheet

CHUNK = 1000
KEPT_PROBLEMS = 300
KEPT_SAMPLE = 8
KEPT_POINTS = 3000
ADDED, CHANGED = "added", "changed"
UNCHANGED, WITHDRAWN = "unchanged", "withdrawn"
# What makes the rows of a whole sheet doubtful keeps the good ones out as well.
OF_THE_FILE = {"no_parent_column", "repeated_column"}


@dataclass(frozen=True)
class Candidate:
    """What loading an entry would do, in the present state of the round."""

    entry: Entry
    place: Place
    news: str
    submission_id: int | None
    instance_id: str
    longitude: float | None
    latitude: float | None


@dataclass
class Look:
    """`problems` are all of them, whichever record they belong to."""

    version: FormVersion
    reading: Reading
    candidates: list[Candidate]
    problems: list[Problem]

    @property
    def blocked(self) -> bool:
        return any(problem.blocks for problem in self.problems)

    @property
    def good(self) -> list[Entry]:
        if any(problem.code in OF_THE_FILE for problem in self.problems):
            return []
        return [entry for entry in self.reading.entries if not entry.blocked]


def read_upload(upload: Upload) -> tuple[FormVersion, Reading]:
    """Raises FileRefused for what can't be read at all."""
    round = upload.round
    version = round.form.published() if round.form else None
    if version is None:
        raise FileRefused(Problem("no_form").message, code="no_form")
    known = ColumnMapping.objects.filter(form=version.form_id).first()
    with upload.file.open("rb") as file:
        content = file.read()
    reading = read_entries(
        content,
        version.structure,
        parts=version.parts,
        remembered=upload.mapping or (known.mapping if known else {}),
        now=timezone.localtime(),
        first=round.starts_on,
        last=round.ends_on,
    )
    return version, reading


def look_into(upload: Upload) -> Look:
    """Everything that loading the file would meet; writes nothing."""
    version, reading = read_upload(upload)
    candidates = []
    for chunk in chunks(reading.entries):
        candidates += weigh(upload.round, version, chunk)
    look = Look(version, reading, candidates, reading.all_problems())
    name = reading.tables[""].sheet.name
    column = reading.parts.main.get("household_code", "")
    for each in candidates:
        where = (name, each.entry.lines[0][1])
        if each.news == WITHDRAWN:
            value = {"value": identity(each.entry, reading.parts)}
            look.problems.append(Problem("withdrawn", *where, column, value))
        if each.place.placed_by == Submission.PlacedBy.NOTHING:
            look.problems.append(Problem("no_place", *where))
    return look


def chunks(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    for start in range(0, len(entries), CHUNK):
        yield entries[start : start + CHUNK]


def weigh(
    round: Round, version: FormVersion, entries: Sequence[Entry]
) -> list[Candidate]:
    parts = find_parts(version.structure, version.parts)
    facts = [facts_of(each.record, version.structure, parts) for each in entries]
    places = place_households(
        round.municipality,
        [
            Spot(each.parcel, each.longitude, each.latitude, each.accuracy)
            for each in facts
        ],
        tolerance=round.tolerance,
    )
    named = [_instance(round, each) for each in entries]
    codes = [identity(each, parts) for each in entries]
    by_code, by_instance = _known(round, codes, named)
    found = []
    for entry, fact, place, instance, code in zip(
        entries, facts, places, named, codes, strict=True
    ):
        known = by_code.get(code) or by_instance.get(instance)
        digest = digest_of(entry.record, place)
        found.append(
            Candidate(
                entry,
                place,
                _news(known, digest),
                known[0] if known else None,
                instance,
                fact.longitude,
                fact.latitude,
            )
        )
    return found


def _instance(round: Round, entry: Entry) -> str:
    """The same key in the same round is the same record; empty without a key."""
    if not entry.key or entry.key.startswith("uuid:"):
        return entry.key[:200]
    return f"uuid:{uuid5(NAMESPACE_URL, f'round/{round.pk}/{entry.key}')}"


_Known = tuple[int, str, Any]


def _known(
    round: Round, codes: Sequence[str], instances: Sequence[str]
) -> tuple[dict[str, _Known], dict[str, _Known]]:
    rows = (
        round.submissions.filter(back_check_of=None)
        .filter(
            Q(household__code__in=[each for each in codes if each])
            | Q(instance_id__in=[each for each in instances if each])
        )
        .order_by("pk")
        .values_list("household__code", "instance_id", "pk", "digest", "withdrawn_at")
    )
    by_code: dict[str, _Known] = {}
    by_instance: dict[str, _Known] = {}
    for code, instance, pk, digest, withdrawn_at in rows:
        by_code[code] = by_instance[instance] = (pk, digest, withdrawn_at)
    return by_code, by_instance


def _news(known: _Known | None, digest: str) -> str:
    if known is None:
        return ADDED
    if known[2] is not None:
        return WITHDRAWN
    return UNCHANGED if known[1] == digest else CHANGED


def load_chunk(
    *, upload: Upload, version: FormVersion, entries: Sequence[Entry]
) -> Counter[str]:
    """Stores these records; who loads them again changes nothing. Weighed anew under
    the round's lock, because something may have come in since the preview.
    """
    with transaction.atomic():
        round = Round.objects.select_for_update().get(pk=upload.round_id)
        candidates = weigh(round, version, entries)
        added = [each for each in candidates if each.news == ADDED]
        if added:
            store_records(
                round=round,
                version=version,
                incoming=[_incoming(each, upload) for each in added],
            )
        changed = [each for each in candidates if each.news == CHANGED]
        former = Submission.objects.in_bulk([each.submission_id for each in changed])
        for each in changed:
            incoming = replace(_incoming(each, upload), instance_id="")
            submission = former[each.submission_id]
            replace_record(submission=submission, incoming=incoming, version=version)
        if round.status == Round.Status.DRAFT:
            round.status = Round.Status.OPEN
            round.save(update_fields=["status"])
        return Counter(each.news for each in candidates)


def _incoming(each: Candidate, upload: Upload) -> Incoming:
    return Incoming(
        record=each.entry.record,
        source=Submission.Source.FILE,
        by=upload.by,
        instance_id=each.instance_id,
        upload=upload,
        design=each.entry.design,
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


@dataclass(frozen=True)
class Column:
    """One column of a file, and what it may mean: (meaning, words), as chosen."""

    name: str
    header: str
    meaning: str


@dataclass(frozen=True)
class Columns:
    """Of one sheet; `name` begins the names of its columns' fields."""

    sheet: str
    table: str
    columns: list[Column]
    options: list[tuple[str, str]]


def columns_of(upload: Upload, language: str) -> list[Columns]:
    """Raises FileRefused for what can't be read at all."""
    version, reading = read_upload(upload)
    structure = version.structure
    return [
        Columns(
            matched.sheet.name,
            name,
            [
                Column(f"column-{number}-{place}", header, meaning)
                for place, (header, meaning) in enumerate(
                    zip(matched.sheet.columns, matched.columns, strict=True)
                )
                if header
            ],
            _options(matched, structure, language),
        )
        for number, (name, matched) in enumerate(reading.tables.items())
    ]


def _options(
    matched: Matched, structure: Structure, language: str
) -> list[tuple[str, str]]:
    options = []
    for each in matched.table.questions:
        label = structure.in_language(each.labels, language)
        options.append((each.key, f"{each.key} – {label[:80]}" if label else each.key))
    # Parts of answers and keys are offered where the file has them already.
    known = {key for key, _ in options}
    special = dict.fromkeys(["@key", "@parent", *map("@{}".format, DESIGN)])
    special |= dict.fromkeys(each for each in matched.columns if each)
    return options + [(each, each) for each in special if each not in known]


def choose_columns(*, upload: Upload, chosen: Mapping[str, str], language: str) -> None:
    """Understands the upload, and the next files of its form, as is chosen: meanings
    by the names of `Column`. What is not among the options is not read.
    """
    mapping: Mapping_ = {}
    for sheet in columns_of(upload, language):
        allowed = {meaning for meaning, _ in sheet.options}
        mapping[sheet.table] = {
            plain(each.header): chosen[each.name]
            if chosen[each.name] in allowed
            else ""
            for each in sheet.columns
            if each.name in chosen
        }
    with transaction.atomic():
        upload.mapping = mapping
        upload.save(update_fields=["mapping"])
        version = upload.round.form.published() if upload.round.form else None
        if version is not None:
            remember_mapping(version=version, upload=upload)


def report_of(look: Look) -> dict[str, Any]:
    """What the preview page shows, as JSON."""
    parts, candidates = look.reading.parts, look.candidates
    errors = [problem for problem in look.problems if problem.blocks]
    notes = [problem for problem in look.problems if not problem.blocks]
    zones: dict[int | None, list[int]] = {}
    for each in candidates:
        counts = zones.setdefault(each.place.zone_id, [0, 0])
        counts[0] += 1
        counts[1] += len(each.entry.record.of(parts.roster))
    return {
        "errors": len(errors),
        "warnings": len(notes),
        "problems": [each.as_json() for each in [*errors, *notes][:KEPT_PROBLEMS]],
        "households": len(candidates),
        "good": len(look.good),
        "children": sum(children for _, children in zones.values()),
        "news": Counter(each.news for each in candidates),
        "placed": Counter(each.place.placed_by.value for each in candidates),
        "zones": [
            {"zone": zone, "households": households, "children": children}
            for zone, (households, children) in zones.items()
        ],
        "sample": [_sample(each, parts) for each in candidates[:KEPT_SAMPLE]],
        "points": [
            [
                each.longitude,
                each.latitude,
                each.news if each.place.zone_id else "nowhere",
            ]
            for each in candidates
            if each.longitude is not None
        ][:KEPT_POINTS],
    }


def refusal_report(error: FileRefused) -> dict[str, Any]:
    problem = Problem(error.code or "", params=dict(error.params or {}))
    return {"errors": 1, "warnings": 0, "problems": [problem.as_json()]}


def _sample(each: Candidate, parts: Parts) -> dict[str, Any]:
    answers = each.entry.record.answers
    return {
        "household": identity(each.entry, parts) or each.entry.key,
        "parcel": each.place.parcel_code or "",
        "zone": each.place.zone_id,
        "interview": answers.get(parts.main.get("interview_date", ""), ""),
        "persons": answers.get(parts.main.get("persons", "")),
        "children": len(each.entry.record.of(parts.roster)),
        "news": each.news,
    }


def bad_rows(reading: Reading) -> bytes:
    """A workbook with nothing but what was not loaded, marked, to be uploaded again."""
    lost = {(each.sheet, each.row) for each in reading.problems if each.blocks}
    wanted = {
        name: {row for sheet, row in lost if sheet == matched.sheet.name}
        for name, matched in reading.tables.items()
    }
    for entry in reading.entries:
        if entry.blocked:
            for table, row in entry.lines:
                wanted[table].add(row)
    sheets, moved = {}, {}
    for name, matched in reading.tables.items():
        sheet = _only(matched, wanted[name])
        title = sheet.name or name or "data"
        sheets[title] = sheet
        kept = [row for row, _ in matched.sheet.rows if row in wanted[name]]
        for place, row in enumerate(kept, start=2):
            moved[matched.sheet.name, row] = (title, place)
    problems = [
        replace(each, sheet=moved[key][0], row=moved[key][1])
        for each in reading.all_problems()
        if (key := (each.sheet, each.row)) in moved
    ]
    return marked_workbook(sheets, problems)


def _only(matched: Matched, rows: set[int | None]) -> Sheet:
    sheet = matched.sheet
    kept = [values for row, values in sheet.rows if row in rows]
    return Sheet(sheet.name, 1, sheet.columns, list(enumerate(kept, start=2)))

"""Single answers that the office corrects: by the form's own rules, with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from layers.geography.models import Municipality, Parcel
from surveys.errors import CorrectionRefused, StepRefused
from surveys.files.cells import Cells
from surveys.files.lists import lists_of
from surveys.files.rules import Fault, Rules
from surveys.files.values import CellError
from surveys.households.entities import EntityChange, read_entities, with_answers
from surveys.intake.reading import read_envelope
from surveys.intake.services import (
    Edit,
    Incoming,
    replace_record,
    stored_record,
)
from surveys.models import FormVersion, Submission, SubmissionEvent
from surveys.problems import Problem
from surveys.questionnaires.parts import find_parts
from surveys.questionnaires.structure import FILES, LISTS, Question, Structure
from surveys.record import Answers, Record, earlier
from surveys.review.services import refuse_late

State = Submission.State
# Whose record it is can't be corrected: it would be another household's.
IDENTITY = ("household", "household_code", "corrects")
DRAWN = frozenset({"geotrace", "geoshape"})


def correctable(version: FormVersion) -> set[tuple[str, str]]:
    """Questions, by table and key, whose answers a person can write: not files, not
    lines and areas, not what the form calculates, not the household's number.
    """
    structure = version.structure
    parts = find_parts(structure, version.parts)
    fixed = {parts.main.get(part) for part in IDENTITY}
    return {
        (table.name, each.key)
        for table in structure.tables
        for each in table.questions
        if each.asked
        and each.type not in FILES | DRAWN
        and not each.calculation
        and not each.readonly
        and (table.name or each.key not in fixed)
    }


@transaction.atomic
def correct_answers(
    *,
    submission: Submission,
    answers: Mapping[str, str | Sequence[str]],
    reason: str,
    by: Any,
    seen_at: datetime | None = None,
) -> Submission:
    """Other answers, by address and as a person writes them, for the same record; it
    is to be reviewed anew. Raises StepRefused where nothing can be corrected now, and
    CorrectionRefused where an answer breaks a rule of the form.
    """
    former, version = _open(submission)
    refuse_late(former, seen_at)
    if not reason.strip():
        raise StepRefused(_("Write why the answers are corrected."))
    record = stored_record(former)
    wanted = _understood(former.municipality, version, record, answers)
    corrected = _by_the_rules(record, wanted, version)
    if corrected.flat() == record.flat():
        raise StepRefused(_("The answers are as they were. Nothing was changed."))
    return _replace(former, version, corrected, Edit(by, reason.strip()))


def last_correction(submission: Submission) -> SubmissionEvent | None:
    """The newest change of the answers, if the office made it: phones give no reason."""
    edited = submission.events.filter(kind=SubmissionEvent.Kind.EDITED)
    last = edited.order_by("-pk").first()
    return last if last and last.note else None


@transaction.atomic
def undo_correction(*, submission: Submission, by: Any) -> Submission:
    """Puts the answers back as they were. So does the state, where nobody has moved
    the record since; else it is to be reviewed anew.
    """
    former, version = _open(submission)
    last = last_correction(former)
    if last is None:
        raise StepRefused(_("The last change of the answers was not made here."))
    record = earlier(stored_record(former), [(last.before, last.after)])
    untouched = former.state in {last.to_state, State.HAS_ISSUES}
    state = last.from_state if untouched and not _taken(former, last) else ""
    return _replace(former, version, record, Edit(by, _("Undone"), state))


def _taken(record: Submission, last: SubmissionEvent) -> bool:
    """Whether another record of the household was approved meanwhile."""
    rivals = record.round.submissions.filter(
        household=record.household_id, state=State.APPROVED, withdrawn_at=None
    )
    return last.from_state == State.APPROVED and rivals.exists()


def _open(submission: Submission) -> tuple[Submission, FormVersion]:
    record = Submission.objects.select_for_update(of=("self",)).get(pk=submission.pk)
    if record.withdrawn_at or record.erased_at:
        raise StepRefused(_("This record no longer counts."))
    if record.version is None:
        raise StepRefused(
            _("This record came without a questionnaire. Correct it in its file.")
        )
    return record, record.version


def _understood(
    municipality: Municipality,
    version: FormVersion,
    record: Record,
    answers: Mapping[str, str | Sequence[str]],
) -> Answers:
    """The answers as values, None where one is taken away."""
    structure = version.structure
    cells = Cells(structure, lists_of(version))
    allowed = correctable(version)
    parcel = find_parts(structure, version.parts).main.get("parcel")
    in_force = Parcel.objects.of(municipality).current()
    understood: Answers = {}
    wrong: dict[str, str] = {}
    for address, given in answers.items():
        table, question = question_at(record, structure, address)
        if question is None or (table, question.key) not in allowed:
            wrong[address] = _("This question can't be corrected here.")
            continue
        try:
            value = cells.answer(question, _raw(question, given))
        except CellError as error:
            wrong[address] = Problem(error.code, params=error.params).message
            continue
        is_parcel = not table and question.key == parcel and value is not None
        if is_parcel and not in_force.filter(code=value).exists():
            wrong[address] = _("No parcel in force has this number.")
        understood[address] = value
    if wrong:
        raise CorrectionRefused.of(wrong)
    return understood


def _raw(question: Question, given: str | Sequence[str]) -> str:
    if isinstance(given, str):
        return given
    return (" " if question.type in LISTS else "").join(given)


def question_at(
    record: Record, structure: Structure, address: str
) -> tuple[str, Question | None]:
    """The name of its table and the question, None where the form has none there."""
    try:
        index, key = record.locate(address)
    except KeyError:
        return "", None
    name = "" if index is None else record.rows[index].table
    table = structure.table(name)
    return name, table.question(key) if table else None


def _by_the_rules(record: Record, wanted: Answers, version: FormVersion) -> Record:
    """The record with these answers, and what follows from them. What a rule would
    have changed or found wrong without them is not their doing and is let be.
    """
    structure = version.structure
    there = {
        (table.name, each.key) for table in structure.tables for each in table.questions
    }
    rules = Rules(
        structure,
        there=there,
        now=timezone.localtime(),
        parts=find_parts(structure, version.parts),
        lists=lists_of(version),
    )
    as_it_was, corrected = deepcopy(record), deepcopy(record)
    for address, value in wanted.items():
        _set(corrected, address, value)
    known = rules.apply(as_it_was)
    faults = [each for each in rules.apply(corrected) if each not in known]
    wrong = _told(faults, record, wanted)
    if wrong:
        raise CorrectionRefused.of(wrong)
    given, settled = record.flat(), as_it_was.flat()
    for address in {*given, *settled} - wanted.keys():
        if given.get(address) != settled.get(address):
            _set(corrected, address, given.get(address))
    return corrected


def _set(record: Record, address: str, value: Any) -> None:
    index, key = record.locate(address)
    if value is None:
        record.answers_at(index).pop(key, None)
    else:
        record.answers_at(index)[key] = value


def _told(faults: Sequence[Fault], record: Record, wanted: Answers) -> dict[str, str]:
    """Words by address. An answer that falls away because of a corrected one is right
    so; one that was just written is not.
    """
    told = {}
    for fault in faults:
        address = record.prefix(fault.place) + fault.key
        if fault.code == "not_relevant" and address not in wanted:
            continue
        told[address] = _words(fault)
    return told


def _words(fault: Fault) -> str:
    if fault.code == "required":
        return _("With these answers the form asks this too. Answer it.")
    if fault.code == "not_relevant":
        return _("With the other answers the form does not ask this. Leave it empty.")
    return Problem(fault.code, params=fault.params).message


def _replace(
    former: Submission, version: FormVersion, record: Record, edit: Edit
) -> Submission:
    arrival = former.arrival
    entities: tuple[EntityChange, ...] = ()
    if arrival is not None and arrival.content is not None:
        said = read_entities(
            read_envelope(bytes(arrival.content)).root, version.structure
        )
        entities = with_answers(said, record, version.structure)
    design = {}
    if former.upload_id is not None:
        names = ("stratum", "psu", "weight", "frame_households")
        design = {name: getattr(former, name) for name in names}
    incoming = Incoming(
        record=record,
        source=Submission.Source(former.source),
        by=former.by,
        arrival=arrival,
        upload=former.upload,
        design=design,
        entities=entities,
        edit=edit,
    )
    replace_record(submission=former, incoming=incoming, version=version)
    return former

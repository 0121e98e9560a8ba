"""Entity lists: what phones know of households, children and whatever a form makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from surveys.models import Entity, Submission, SubmissionEvent
from surveys.questionnaires.structure import (
    EntityUse,
    Question,
    Structure,
    Table,
)
from surveys.record import Record, written

HOUSEHOLDS = "households"
TRUE = {"1", "true", "true()"}


@dataclass(frozen=True)
class EntityChange:
    """What one submission says about one entity; `row` is the address of the repetition
    that says so, such as `children[2]`, None for the form itself.
    """

    list_name: str
    uuid: str
    create: bool = False
    update: bool = False
    label: str = ""
    data: dict[str, str] = field(default_factory=dict)
    row: str | None = None


def read_entities(root: Any, structure: Structure) -> tuple[EntityChange, ...]:
    """From the root element of a submission's XML (lxml), by ODK's entities 2025.1."""
    return tuple(
        change for use in structure.entities for change in _read(root, structure, use)
    )


def _read(root: Any, structure: Structure, use: EntityUse) -> Iterator[EntityChange]:
    table = structure.table(use.table) or structure.main
    for address, element in _places(root, structure, table):
        entity = _find(element, use.path[len(table.path) + 1 :])
        if entity is None or not _is_uuid(entity.get("id")):
            continue
        create, update = (entity.get(act) in TRUE for act in ("create", "update"))
        if create or update:
            label = _find(entity, "label")
            yield EntityChange(
                list_name=use.list_name,
                uuid=entity.get("id").removeprefix("uuid:"),
                create=create,
                update=update,
                label="" if label is None else (label.text or "")[:300],
                data=dict(_saved(element, table, use, structure)),
                row=address or None,
            )


def _places(root: Any, structure: Structure, table: Table) -> Iterator[tuple[str, Any]]:
    """Each repetition of the table with its address; the form itself has none."""
    if not table.name:
        yield "", root
        return
    above = structure.table(table.parent or "") or structure.main
    for address, element in _places(root, structure, above):
        *way, name = table.path[len(above.path) + 1 :].split("/")
        parent = _find(element, "/".join(way))
        prefix = f"{address}/" if address else ""
        repeated = () if parent is None else parent.iterfind(f"{{*}}{name}")
        for ordinal, child in enumerate(repeated, start=1):
            yield f"{prefix}{table.name}[{ordinal}]", child


def _find(element: Any, path: str) -> Any:
    """The descendant by local names; the element itself for an empty path."""
    for name in path.split("/") if path else ():
        if element is None:
            return None
        element = element.find(f"{{*}}{name}")
    return element


def _saved(
    element: Any, table: Table, use: EntityUse, structure: Structure
) -> Iterator[tuple[str, str]]:
    for question in _saving(table, use, structure):
        found = _find(element, question.path[len(table.path) + 1 :])
        yield question.save_to, "" if found is None else (found.text or "").strip()


def _saving(table: Table, use: EntityUse, structure: Structure) -> Iterator[Question]:
    """The questions whose answers the form saves into this list. A form with several
    lists keeps each entity in the group that holds its questions.
    """
    scope = use.path.removesuffix("/meta/entity")
    lists = [each for each in structure.entities if each.table == use.table]
    for question in table.questions:
        inside = len(lists) == 1 or question.path.startswith(f"{scope}/")
        if question.save_to and inside:
            yield question


def with_answers(
    changes: Iterable[EntityChange], record: Record, structure: Structure
) -> tuple[EntityChange, ...]:
    """The same changes as the record would make them with its present answers. Labels
    stay as the form wrote them.
    """
    return tuple(
        replace(
            change, data={**change.data, **dict(_answered(change, record, structure))}
        )
        for change in changes
    )


def _answered(
    change: EntityChange, record: Record, structure: Structure
) -> Iterator[tuple[str, str]]:
    index = None
    if change.row:
        try:
            index, _key = record.locate(f"{change.row}/")
        except KeyError:
            return
    table = structure.table(record.rows[index].table if index is not None else "")
    for use in structure.entities:
        if table is None or (use.list_name, use.table) != (
            change.list_name,
            table.name,
        ):
            continue
        answers = record.answers_at(index)
        for question in _saving(table, use, structure):
            yield question.save_to, written(answers.get(question.key, ""))


def _is_uuid(text: str | None) -> bool:
    try:
        UUID((text or "").removeprefix("uuid:"))
    except ValueError:
        return False
    return True


def apply_entities(*, submission: Submission, changes: Sequence[EntityChange]) -> None:
    """Creates, updates or upserts, in the transaction that stores the submission. The
    same change twice raises no version. An edit of the submission applies again.
    """
    for change in changes:
        entity = (
            Entity.objects.filter(
                municipality_id=submission.municipality_id,
                list_name=change.list_name,
                uuid=change.uuid,
            )
            .select_for_update()
            .first()
        )
        if entity is None and not change.create:
            _note_missing(submission, change)
        elif entity is None:
            Entity.objects.create(
                municipality_id=submission.municipality_id,
                list_name=change.list_name,
                uuid=change.uuid,
                label=change.label or change.uuid,
                data=change.data,
                submission=submission,
                household=submission.household,
            )
        else:
            _update(entity, submission, change)


def _update(entity: Entity, submission: Submission, change: EntityChange) -> None:
    former = (entity.label, entity.data, entity.deleted_at)
    entity.label = change.label or entity.label
    entity.data = {**entity.data, **change.data}
    entity.deleted_at = None
    if (entity.label, entity.data, entity.deleted_at) == former:
        return
    entity.version += 1
    entity.submission = submission
    entity.save()


def _note_missing(submission: Submission, change: EntityChange) -> None:
    SubmissionEvent.objects.create(
        municipality_id=submission.municipality_id,
        submission=submission,
        kind=SubmissionEvent.Kind.COMMENT,
        note=f"{change.list_name}: {change.uuid}",
        question=change.row or "",
    )


def erase_entities(*, submission: Submission) -> int:
    """Removes what a submission left in the lists, for good."""
    count, _by_model = Entity.objects.filter(submission=submission).delete()
    return count

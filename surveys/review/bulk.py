"""A step with many records: in portions, resumed where it was, undone as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from layers.geography.models import Municipality
from surveys.errors import StepRefused
from surveys.models import BulkStep, Submission, SubmissionEvent
from surveys.review.queue import Asked, matching
from surveys.review.workflow import STEPS, step

PORTION = 1000
# As many as are moved while the page waits: well under two seconds.
AT_ONCE = 1000
UNDOABLE = timedelta(days=1)
APPROVED_TWICE = "approved_twice"
MOVED = (
    "municipality", "state", "withdrawn_at", "household", "round", "back_check_of"
)  # fmt: skip
Kind, State = SubmissionEvent.Kind, BulkStep.State


@transaction.atomic
def begin_step(
    *,
    municipality: Municipality,
    action: str,
    by: Any,
    note: str = "",
    keys: Sequence[int] = (),
    asked: Asked | None = None,
) -> BulkStep:
    """With the records of these keys; or, with `asked`, all that match it now. Raises
    StepRefused where the action needs words or there are no records.
    """
    steps = STEPS.get(action)
    if not steps:
        raise StepRefused(_("Choose what to do with the records."))
    if not note.strip() and any(each.needs_note for each in steps.values()):
        raise StepRefused(_("Write what is wrong, so that others understand it."))
    bulk = BulkStep(
        municipality=municipality,
        action=action,
        by=by,
        note=note.strip(),
        keys=list(keys),
        asked=asdict(asked) if asked else {},
    )
    bulk.total = records_of(bulk).count()
    if not bulk.total:
        raise StepRefused(_("Tick the records first."))
    bulk.save()
    return bulk


def records_of(bulk: BulkStep) -> QuerySet[Submission]:
    """What changed since it was asked for is left out: nobody has seen it so."""
    found: QuerySet[Submission] = Submission.objects.of(bulk.municipality)
    if not bulk.asked:
        return found.filter(pk__in=bulk.keys)
    asked = Asked.of(bulk.asked)
    found = matching(found, bulk.municipality, asked).filter(state__in=asked.states)
    return found.filter(changed_at__lte=bulk.asked_at) if bulk.pk else found


@transaction.atomic
def carry_on(*, bulk: BulkStep) -> bool:
    """Moves the next portion; tells whether there may be more."""
    bulk = BulkStep.objects.select_for_update().get(pk=bulk.pk)
    if bulk.state not in {State.WAITING, State.RUNNING}:
        return False
    rest = records_of(bulk).filter(pk__gt=bulk.reached).order_by("pk")
    keys = list(rest.values_list("pk", flat=True)[:PORTION])
    moved, refused = _move(bulk, keys)
    bulk.done += moved
    bulk.refused = dict(Counter(bulk.refused) + refused)
    bulk.reached = keys[-1] if keys else bulk.reached
    more = len(keys) == PORTION
    bulk.state = State.RUNNING if more else State.DONE
    bulk.finished_at = None if more else timezone.now()
    bulk.save()
    return more


def _move(bulk: BulkStep, keys: Sequence[int]) -> tuple[int, Counter[str]]:
    records = list(_locked(keys))
    refused: Counter[str] = Counter()
    movable = []
    for record in records:
        if step(bulk.action, record.state) and record.withdrawn_at is None:
            movable.append(record)
        else:
            refused[record.state] += 1
    if bulk.action == "approve":
        rivals = set(_approved_twice(movable))
        refused[APPROVED_TWICE] += len(rivals)
        movable = [each for each in movable if each.pk not in rivals]
    _put(movable, {each.pk: _target(bulk, each) for each in movable}, bulk, bulk.note)
    return len(movable), +refused


def _locked(keys: Iterable[int]) -> QuerySet[Submission]:
    return (
        Submission.objects.select_for_update(of=("self",))
        .filter(pk__in=keys)
        .only(*MOVED)
        .order_by("pk")
    )


def _target(bulk: BulkStep, record: Submission) -> str:
    found = step(bulk.action, record.state)
    return found.to if found else record.state


def _approved_twice(records: Sequence[Submission]) -> Iterable[int]:
    """Those whose household has an approved record in the round, here or before."""
    counting = [each for each in records if each.back_check_of_id is None]
    taken = set(
        Submission.objects.filter(
            household__in=[each.household_id for each in counting],
            state=Submission.State.APPROVED,
            withdrawn_at=None,
            back_check_of=None,
        ).values_list("round_id", "household_id")
    )
    for record in counting:
        place = (record.round_id, record.household_id)
        if place in taken:
            yield record.pk
        taken.add(place)


def _put(
    records: Sequence[Submission], to: dict[int, str], bulk: BulkStep, note: str
) -> None:
    for state in set(to.values()):
        keys = [pk for pk, each in to.items() if each == state]
        Submission.objects.filter(pk__in=keys).update(
            state=state, changed_at=timezone.now()
        )
    SubmissionEvent.objects.bulk_create(
        [
            SubmissionEvent(
                municipality_id=record.municipality_id,
                submission=record,
                by_id=bulk.by_id,
                kind=Kind.STATE,
                from_state=record.state,
                to_state=to[record.pk],
                note=note,
                bulk=bulk,
            )
            for record in records
        ],
        batch_size=PORTION,
    )


def last_step(*, municipality: Municipality, by: Any) -> BulkStep | None:
    """The last one of this person, while it can be undone."""
    own = BulkStep.objects.of(municipality).filter(by=by).order_by("-pk").first()
    if own is None or own.state != State.DONE or not own.done:
        return None
    return own if own.asked_at > timezone.now() - UNDOABLE else None


@transaction.atomic
def begin_undoing(*, bulk: BulkStep) -> None:
    """Raises StepRefused where it is not done, or was undone already."""
    bulk = BulkStep.objects.select_for_update().get(pk=bulk.pk)
    if bulk.state != State.DONE:
        raise StepRefused(_("There is nothing to undo."))
    bulk.state, bulk.reached, bulk.done = State.UNDOING, 0, 0
    bulk.save()


@transaction.atomic
def undo_on(*, bulk: BulkStep) -> bool:
    """Puts the next portion back where it was. A record that somebody moved or
    corrected since stays as it is.
    """
    bulk = BulkStep.objects.select_for_update().get(pk=bulk.pk)
    if bulk.state != State.UNDOING:
        return False
    events = SubmissionEvent.objects.filter(bulk=bulk, submission__gt=bulk.reached)
    took: dict[int, SubmissionEvent] = {}
    for event in events.order_by("submission_id", "pk")[:PORTION]:
        took.setdefault(event.submission_id, event)
    last = dict(
        SubmissionEvent.objects.filter(
            submission__in=took, kind__in=[Kind.STATE, Kind.EDITED]
        )
        .values("submission_id")
        .annotate(last=Max("pk"))
        .values_list("submission_id", "last")
    )
    back = {pk: each for pk, each in took.items() if last[pk] == each.pk}
    records = [each for each in _locked(back) if each.withdrawn_at is None]
    records = _without_rivals(records, back)
    to = {each.pk: back[each.pk].from_state for each in records}
    _put(records, to, bulk, _("Undone"))
    bulk.done += len(records)
    bulk.reached = max(took, default=bulk.reached)
    more = len(took) == PORTION
    bulk.state = State.UNDOING if more else State.UNDONE
    bulk.save()
    return more


def _without_rivals(
    records: list[Submission], back: dict[int, SubmissionEvent]
) -> list[Submission]:
    approved = [
        each
        for each in records
        if back[each.pk].from_state == Submission.State.APPROVED
    ]
    rivals = set(_approved_twice(approved))
    return [each for each in records if each.pk not in rivals]


def give_up_step(pk: int) -> None:
    BulkStep.objects.filter(
        pk=pk, state__in=[State.WAITING, State.RUNNING, State.UNDOING]
    ).update(state=State.FAILED, finished_at=timezone.now())

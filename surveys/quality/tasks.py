from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone
from django_tasks import task

from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.models import Round
from surveys.quality.services import (
    check_next,
    compare_records,
    mark_issues,
    when_begins,
)

# Records that come one after the other are checked together.
GATHERING = timedelta(seconds=10)
# A transaction that is still open when the task begins would be overlooked.
SAFETY = timedelta(seconds=3)
# A round of 6,000 records is compared once a minute at the most.
COMPARED_A_SECOND = 100


@task()
def check_in_background(municipality_id: int, round_id: int) -> None:
    municipality = Municipality.objects.get(pk=municipality_id)
    seen = True
    while seen:
        with tenant(municipality):
            seen = bool(check_next(round=Round.objects.get(pk=round_id)))
    with tenant(municipality):
        _compare_in_time(Round.objects.get(pk=round_id))


@task()
def compare_in_background(municipality_id: int, round_id: int) -> None:
    with tenant(Municipality.objects.get(pk=municipality_id)):
        compare_records(round=Round.objects.get(pk=round_id))


def _compare_in_time(round: Round) -> None:
    """At once in a small round. Comparing reads the whole round: a large one, to which
    records come all day, is compared the less often the larger it is.
    """
    mark_issues(round=round)
    wait = timedelta(seconds=round.submissions.count() / COMPARED_A_SECOND)
    if wait < GATHERING:
        compare_records(round=round)
        return
    arguments, now = (round.municipality_id, round.pk), timezone.now()
    if when_begins(compare_in_background.module_path, arguments, now) is None:
        compare_in_background.using(run_after=now + wait).enqueue(*arguments)


def request_checks(round: Round) -> None:
    """Has the round's new records checked soon: one task for all that come meanwhile."""
    arguments = (round.municipality_id, round.pk)
    now = timezone.now()
    if _begins.get(arguments, now) > now + SAFETY:
        return
    begins = when_begins(check_in_background.module_path, arguments, now + SAFETY)
    if begins is None:
        soon = now + GATHERING
        check_in_background.using(run_after=soon).enqueue(*arguments)
    else:
        transaction.on_commit(partial(_begins.__setitem__, arguments, begins))


# When the next task of a round begins, known once a transaction that saw it has ended
# well: a stream of records need not ask the database for each.
_begins: dict[tuple[int, int], datetime] = {}

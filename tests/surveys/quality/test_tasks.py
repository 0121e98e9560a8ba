"""When the worker checks and compares."""

from django_tasks_db.models import DBTaskResult

from surveys.models import Finding, Submission
from surveys.quality.tasks import (
    check_in_background,
    compare_in_background,
    request_checks,
)
from tests.surveys.quality.test_checks import send

COMPARE = compare_in_background.module_path


def test_records_that_come_together_ask_for_one_task(round):
    send(round)
    send(round, household_id="H2")
    request_checks(round)
    waiting = DBTaskResult.objects.filter(task_path=check_in_background.module_path)
    assert waiting.count() == 1


def test_a_small_round_is_compared_at_once(round):
    send(round)
    send(round)
    check_in_background.func(round.municipality_id, round.pk)
    assert Finding.objects.filter(check_code="same_household").exists()
    assert not DBTaskResult.objects.filter(task_path=COMPARE).exists()


def test_a_large_round_is_checked_at_once_and_compared_later(round, monkeypatch):
    monkeypatch.setattr("surveys.quality.tasks.COMPARED_A_SECOND", 0.01)
    for _again in range(2):
        send(round)
        check_in_background.func(round.municipality_id, round.pk)
    assert not Submission.objects.filter(checked_at=None).exists()
    assert not Finding.objects.filter(check_code="same_household").exists()
    assert DBTaskResult.objects.filter(task_path=COMPARE).count() == 1
    compare_in_background.func(round.municipality_id, round.pk)
    assert Finding.objects.filter(check_code="same_household").exists()

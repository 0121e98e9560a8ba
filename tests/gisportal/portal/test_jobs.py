import logging
import time

import pytest
from django.db import OperationalError
from django_tasks import TaskResultStatus as Status
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult

from gisportal.portal.jobs import Chore, Worker, beside, hold, put_back
from gisportal.portal.management.commands import worker as command
from layers.geography import tasks
from layers.geography.models import ImportRun
from layers.geography.runs import give_up
from surveys import tasks as survey_tasks


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch):
    """Between tasks a worker drops old connections; the test's must stay."""
    monkeypatch.setattr(db_worker, "close_old_connections", lambda: None)


@pytest.fixture
def run(town):
    return ImportRun.objects.create(
        municipality=town, what="parcels", file_name="p.gpkg", state="checking"
    )


def job(run: ImportRun, *, status: str = Status.RUNNING, workers: int = 1):
    """A task of `run` that so many workers have claimed."""
    made = tasks.check_upload.enqueue(run.municipality_id, run.pk)
    row = DBTaskResult.objects.get(pk=made.id)
    row.status, row.worker_ids = status, [f"w{n}" for n in range(workers)]
    row.save()
    return row


def put_back_in_time() -> list:
    """The server needs a moment to notice that a connection is gone."""
    end = time.monotonic() + 60
    while not (found := put_back()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def worker(**more) -> Worker:
    options = {
        "queue_names": ["*"], "excluded_queue_names": [], "interval": 0, "batch": True,
        "backend_name": "default", "startup_delay": False, "max_tasks": None,
        "worker_id": "mine",
    }  # fmt: skip
    return Worker(**options | more)


def test_a_running_task_is_put_back_once_nobody_holds_its_lock(run):
    row = job(run)
    with hold(row.pk):
        assert put_back() == []
        row.refresh_from_db()
        assert row.status == Status.RUNNING
    assert put_back_in_time() == [row.pk]
    row.refresh_from_db()
    assert (row.status, row.worker_ids) == (Status.READY, ["w0"])
    assert put_back() == []


@pytest.mark.parametrize("status", [Status.READY, Status.SUCCESSFUL, Status.FAILED])
def test_only_running_tasks_are_put_back(run, status):
    row = job(run, status=status)
    assert put_back() == []
    row.refresh_from_db()
    assert row.status == status


def test_a_task_that_ended_three_workers_fails_and_its_page_says_so(run):
    row = job(run, workers=3)
    assert put_back() == [row.pk]
    row.refresh_from_db()
    assert row.status == Status.FAILED
    assert row.exception_class_path == "gisportal.portal.jobs.WorkerLost"
    assert "3 workers died while they did this task, the last of them w2" in (
        row.traceback
    )
    assert row.finished_at is not None
    run.refresh_from_db()
    assert (run.state, run.refusal["code"]) == ("refused", "work_failed")


def test_a_lost_task_that_the_code_forgot_is_given_up_too(run):
    row = job(run, workers=3)
    DBTaskResult.objects.filter(pk=row.pk).update(task_path="surveys.tasks.gone")
    assert put_back() == [row.pk]
    row.refresh_from_db()
    assert row.status == Status.FAILED


def test_a_worker_holds_the_lock_while_it_does_a_task(run, monkeypatch):
    done = []
    monkeypatch.setattr(tasks, "check_run", lambda *, run: done.append(put_back()))
    row = job(run, status=Status.READY, workers=0)
    worker().run()
    assert done == [[]]
    row.refresh_from_db()
    assert (row.status, row.worker_ids) == (Status.SUCCESSFUL, ["mine"])


def test_a_worker_lets_go_of_a_task_that_was_taken_from_it(run, monkeypatch):
    done = []
    monkeypatch.setattr(tasks, "check_run", lambda *, run: done.append(run))
    claimed = job(run)
    DBTaskResult.objects.filter(pk=claimed.pk).update(worker_ids=["w0", "other"])
    worker().run_task(claimed)
    assert done == []
    claimed.refresh_from_db()
    assert (claimed.status, claimed.worker_ids) == (Status.RUNNING, ["w0", "other"])


def test_work_that_fails_leaves_no_page_waiting(run, monkeypatch):
    def broken(*, run):
        raise OSError("the disk is full")

    monkeypatch.setattr(tasks, "check_run", broken)
    row = job(run, status=Status.READY, workers=0)
    worker().run()
    row.refresh_from_db()
    assert row.status == Status.FAILED
    assert "the disk is full" in row.traceback
    run.refresh_from_db()
    assert (run.state, run.refusal["code"]) == ("refused", "work_failed")


def test_an_import_that_is_done_is_not_given_up(run, town):
    ImportRun.objects.filter(pk=run.pk).update(state="done")
    give_up(municipality=town, run=run.pk)
    run.refresh_from_db()
    assert (run.state, run.refusal) == ("done", None)


@pytest.mark.parametrize("state", ["ready", "refused", "done"])
def test_a_task_whose_run_has_moved_on_does_nothing(run, town, state, monkeypatch):
    monkeypatch.setattr(tasks, "check_run", pytest.fail)
    monkeypatch.setattr(tasks, "apply_run", pytest.fail)
    ImportRun.objects.filter(pk=run.pk).update(state=state)
    tasks.check_upload.func(town.pk, run.pk)
    tasks.apply_upload.func(town.pk, run.pk)


def test_a_task_without_its_upload_does_nothing(town):
    survey_tasks.check_in_background.func(town.pk, 0)
    survey_tasks.load_in_background.func(town.pk, 0)
    survey_tasks.publish_in_background.func(town.pk, 0)


def test_a_chore_goes_on_after_a_bad_turn(caplog):
    turns = []

    def stumble():
        turns.append(1)
        if len(turns) == 1:
            raise OperationalError("gone")
        if len(turns) == 2:
            raise ValueError("odd payment")

    with caplog.at_level(logging.WARNING), beside(Chore(stumble, every=0.001)):
        while len(turns) < 3:
            time.sleep(0.001)
    assert "The database doesn't answer: gone" in caplog.text
    assert "odd payment" in caplog.text


def test_the_worker_waits_for_a_database_that_went_away(monkeypatch, caplog):
    mine, calls = worker(), []

    def run():
        calls.append(1)
        if len(calls) == 1:
            raise OperationalError("gone")
        mine.running = False

    monkeypatch.setattr(mine, "run", run)
    monkeypatch.setattr(command.time, "sleep", calls.append)
    monkeypatch.setattr(command.connection, "close", lambda: None)
    command.work(mine)
    assert calls == [1, command.WAIT_FOR_DATABASE, 1]
    assert "The database doesn't answer: gone" in caplog.text


def test_a_second_signal_leaves_the_task_as_a_kill_would(monkeypatch):
    left = []
    monkeypatch.setattr("os._exit", left.append)
    mine = worker()
    mine.running_task = True
    mine.shutdown(15, None)
    assert (mine.running, left) == (False, [])
    monkeypatch.setattr(Worker.__base__, "shutdown", lambda *_: None)
    mine.shutdown(15, None)
    assert left == [1]


def test_the_worker_names_its_process():
    name = command.worker_name()
    assert len(name) <= 64
    assert name != command.worker_name()

"""Tasks that outlive their worker: see docs/decisions/0006.

A worker holds a lock in PostgreSQL for as long as it runs a task. The lock ends
with the worker's process, however that ends; so a task that is marked as running
while its lock is free was left behind, and is put back.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from types import FrameType
from typing import NoReturn
from uuid import UUID

from django.core.exceptions import SuspiciousOperation
from django.db import (
    DEFAULT_DB_ALIAS,
    InterfaceError,
    OperationalError,
    connection,
    connections,
    transaction,
)
from django_tasks import TaskResultStatus
from django_tasks.signals import task_finished
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult

logger = logging.getLogger(__name__)

# How many workers may die of one task before it counts as what killed them.
TRIES = 3
PUT_BACK = files("gisportal.portal").joinpath("sql/put_back.sql").read_text()
HOLD_TASK = files("gisportal.portal").joinpath("sql/hold_task.sql").read_text()
DATABASE_AWAY = (OperationalError, InterfaceError)


class WorkerLost(Exception):
    """A task whose worker died each time it was tried."""


@contextmanager
def hold(task: UUID) -> Iterator[None]:
    """Keep a task's lock, on a connection that nothing else uses."""
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        with own.cursor() as cursor:
            cursor.execute(HOLD_TASK, {"task": str(task)})
        yield
    finally:
        own.close()


@transaction.atomic
def put_back() -> list[UUID]:
    """Make the tasks of dead workers ready again; gives their keys.

    What was tried three times fails, and its app hears of it by `task_finished`.
    """
    with connection.cursor() as cursor:
        cursor.execute(PUT_BACK, {"tries": TRIES})
        found = cursor.fetchall()
    for key, status in found:
        if status == TaskResultStatus.FAILED:
            _give_up(DBTaskResult.objects.get(pk=key))
        else:
            logger.warning("Task id=%s lost its worker; it will be done again.", key)
    return [key for key, _status in found]


def _give_up(lost: DBTaskResult) -> None:
    lost.set_failed(
        WorkerLost(
            f"{len(lost.worker_ids)} workers died while they did this task, the last"
            f" of them {lost.worker_ids[-1]}. It isn't tried again. Look in the"
            " system's log for what ended them, such as a lack of memory."
        )
    )
    logger.error("Task id=%s lost its worker too often and is given up.", lost.pk)
    try:
        result = lost.task_result
    except (ImportError, SuspiciousOperation):
        logger.exception("Task id=%s is no longer in the code.", lost.pk)
    else:
        task_finished.send(sender=type(result.task.get_backend()), task_result=result)


class Worker(db_worker.Worker):
    """The package's worker, holding the lock of the task it does."""

    def run_task(self, db_task_result: DBTaskResult) -> None:
        with hold(db_task_result.pk):
            # Between its claim and its lock a task may be put back, even taken by
            # another worker. Each claim adds to the list.
            ours = DBTaskResult.objects.filter(
                pk=db_task_result.pk,
                status=TaskResultStatus.RUNNING,
                worker_ids=db_task_result.worker_ids,
            )
            if ours.exists():
                super().run_task(db_task_result)

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        if not self.running:
            _leave_at_once()
        super().shutdown(signum, frame)


def _leave_at_once() -> NoReturn:
    """As a kill would: raising here would mark the task as failed."""
    logger.warning("Leaving the present task; the next worker does it again.")
    os._exit(1)


class Chore(threading.Thread):
    """Work done at once and then every so many seconds, until it is stopped."""

    def __init__(self, work: Callable[[], object], *, every: float) -> None:
        super().__init__(name=getattr(work, "__name__", "chore"), daemon=True)
        self.work, self.every = work, every
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.is_set():
            try:
                self.work()
            except DATABASE_AWAY as error:
                logger.warning("The database doesn't answer: %s", error)
            except Exception:
                # One payment that can't be asked about must not end the asking.
                logger.exception("This goes on with the next turn: %s", self.name)
            finally:
                connection.close()
            self.stopped.wait(self.every)


@contextmanager
def beside(*chores: Chore) -> Iterator[None]:
    """Chores done in threads of their own meanwhile."""
    for chore in chores:
        chore.start()
    try:
        yield
    finally:
        for chore in chores:
            chore.stopped.set()
        for chore in chores:
            chore.join(timeout=5)

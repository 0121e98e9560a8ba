from __future__ import annotations

import logging
import os
import socket
import time
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.utils.crypto import get_random_string

from gisportal.portal.jobs import DATABASE_AWAY, Chore, Worker, beside, put_back

logger = logging.getLogger(__name__)

# Seconds.
LOOK_FOR_WORK = 1
LOOK_FOR_LOST = 10
ASK_ABOUT_PAYMENTS = 120
DELIVER = 20
WAIT_FOR_DATABASE = 2
# Background work gives way to people and phones that wait for an answer.
NICENESS = 10


class Command(BaseCommand):
    help = "Do background work, and take up what a worker that died left behind."

    def handle(self, *args: Any, **options: Any) -> None:
        os.nice(NICENESS)
        worker = Worker(
            queue_names=["*"],
            excluded_queue_names=[],
            interval=LOOK_FOR_WORK,
            batch=False,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=worker_name(),
        )
        worker.configure_signals()
        with beside(
            Chore(put_back, every=LOOK_FOR_LOST),
            Chore(reconcile_payments, every=ASK_ABOUT_PAYMENTS),
            Chore(deliver_webhooks, every=DELIVER),
        ):
            work(worker)


def worker_name() -> str:
    """Host, process and a random end: where to look when it died."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{get_random_string(6)}"


def reconcile_payments() -> None:
    call_command("reconcile_payments", minutes=2)


def deliver_webhooks() -> None:
    call_command("deliver_webhooks")


def work(worker: Worker) -> None:
    """Until a signal; a database that goes away is waited for."""
    while worker.running:
        try:
            worker.run()
        except DATABASE_AWAY as error:
            logger.warning("The database doesn't answer: %s", error)
            connection.close()
            time.sleep(WAIT_FOR_DATABASE)

"""A worker that is killed in the middle of its work, on the real server."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.demo import Demo

pytestmark = pytest.mark.slow

ENQUEUE = """
from surveys.models import Round
from surveys.publish import request_publication
from surveys.tasks import publish_in_background
from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
town = Municipality.objects.get(slug="wadi-zaytoun")
with tenant(town):
    asked = request_publication(round=Round.objects.get(code="2026-spring"), by=None)
    task = publish_in_background.enqueue(town.pk, asked.pk)
print("ENQUEUED", asked.pk, task.id)
"""


@contextmanager
def town_transaction(demo: Demo, municipality: int) -> Iterator[Callable]:
    """A transaction of the town on a connection of its own; gives a way to ask."""
    connection = demo.connect()
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.municipality', %s, true)", [str(municipality)]
        )

        def ask(sql: str, *values: object) -> tuple:
            cursor.execute(sql, values)
            return cursor.fetchone()

        yield ask
    connection.close()


def town_of(demo: Demo) -> int:
    with town_transaction(demo, 0) as ask:
        return ask("SELECT id FROM geography_municipality WHERE slug = 'wadi-zaytoun'")[
            0
        ]


def task_state(demo: Demo, task: str) -> tuple[str, list[str]]:
    with town_transaction(demo, 0) as ask:
        return ask(
            "SELECT status, worker_ids FROM django_tasks_database_dbtaskresult"
            " WHERE id = %s",
            task,
        )


def wait_until(demo: Demo, task: str, status: str, claims: int) -> list[str]:
    """The workers that claimed the task, once it has this status."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        now, workers = task_state(demo, task)
        if now == status and len(workers) == claims:
            return workers
        time.sleep(0.1)
    log = (demo.logs / "worker.log").read_text()[-3000:]
    raise AssertionError(f"the task is {now} after {workers}: {log}")


def until_running(state: Callable[[], str]) -> None:
    """The worker claims the task first, and says so in the publication then."""
    end = time.monotonic() + 120
    while (now := state()) != "running":
        assert now == "waiting"
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_publication_outlives_the_kill_of_its_worker(live_town: Demo) -> None:
    town = town_of(live_town)
    publication = "SELECT state, release_number FROM surveys_publication WHERE id = %s"
    releases = "SELECT count(*), max(number) FROM indicators_release"
    with town_transaction(live_town, town) as ask:
        before, latest = ask(releases)

    with town_transaction(live_town, town) as ask:
        # The publishing waits for this row, so that the kill comes in its middle.
        ask("SELECT id FROM surveys_round WHERE code = '2026-spring' FOR NO KEY UPDATE")
        output = live_town.manage("shell", "-v", "0", "-c", ENQUEUE)
        asked, task = output.split("ENQUEUED")[-1].split()
        (killed,) = wait_until(live_town, task, "RUNNING", claims=1)
        until_running(lambda: ask(publication, asked)[0])
        os.kill(int(killed.split("-")[-2]), signal.SIGKILL)
        live_town.start_worker()
        first, second = wait_until(live_town, task, "RUNNING", claims=2)
        assert first == killed != second
        assert ask(publication, asked)[0] == "running"

    wait_until(live_town, task, "SUCCESSFUL", claims=2)
    with town_transaction(live_town, town) as ask:
        state, number = ask(publication, asked)
        after, _ = ask(releases)
    assert state == "done"
    assert after - before == (number > latest)

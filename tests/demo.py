"""The demo as a newcomer gets it: own database, real server, real worker."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2
import requests

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Demo:
    """A running demo: `url` without a trailing slash; `environment` for commands."""

    url: str
    environment: dict[str, str]
    logs: Path
    processes: ExitStack

    def start_worker(self) -> None:
        """One more worker, to the end of the demo."""
        self.processes.enter_context(
            running(["manage.py", "worker"], self.environment, self.logs / "worker.log")
        )

    def manage(self, *arguments: str) -> str:
        """Output of a `manage.py` command against the demo's database."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def connect(self, *, as_owner: bool = False) -> psycopg2.extensions.connection:
        """A bare connection, by default under the role that serves."""
        key = "DATABASE_URL" if as_owner else "APPLICATION_DATABASE_URL"
        url = self.environment[key].replace("postgis://", "postgresql://")
        return psycopg2.connect(url)


def database_url(database: dict, name: str, user: str) -> str:
    host = quote(database["HOST"] or "", safe="")
    port = f":{database['PORT']}" if database["PORT"] else ""
    password = f":{quote(database['PASSWORD'])}" if database["PASSWORD"] else ""
    return f"postgis://{user}{password}@{host}{port}/{name}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(arguments: list[str], environment: dict, log: Path) -> Iterator[None]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)


def wait_for(url: str, log: Path, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            requests.get(url, timeout=10)
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"the server did not answer: {log.read_text()[-2000:]}")


def drop(cursor: psycopg2.extensions.cursor, name: str) -> None:
    try:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    except psycopg2.errors.InsufficientPrivilege:
        # The owner may not end an autovacuum by force; without force, the server does.
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')


@contextmanager
def demo(*, owner: dict, application: dict, folder: Path) -> Iterator[Demo]:
    """Make a database from the PostGIS template, load the demo, serve it."""
    name = f"{owner['NAME']}_demo{os.environ.get('PYTEST_XDIST_WORKER', '')}"
    port = free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(owner, name, owner["USER"]),
        "APPLICATION_DATABASE_URL": database_url(
            application, name, application["USER"]
        ),
        "SECRET_KEY": "only for this run of the tests",
        "DEMO": "1",
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "PYTHONWARNINGS": "ignore",
    }
    server = psycopg2.connect(
        database_url(owner, "postgres", owner["USER"]).replace(
            "postgis:", "postgresql:"
        )
    )
    server.autocommit = True
    with server.cursor() as cursor:
        drop(cursor, name)
        cursor.execute(
            f'CREATE DATABASE "{name}" TEMPLATE "{owner["TEST"]["TEMPLATE"]}"'
        )
    processes = ExitStack()
    here = Demo(f"http://127.0.0.1:{port}", environment, folder, processes)
    try:
        here.manage("migrate", "--verbosity", "0")
        here.manage("collectstatic", "--noinput", "--verbosity", "0")
        here.manage("load_demo")
        web = [
            "-m",
            "gunicorn",
            "gisportal.wsgi",
            "--threads",
            "8",
            "-b",
            f"127.0.0.1:{port}",
        ]
        with processes:
            processes.enter_context(running(web, environment, folder / "web.log"))
            here.start_worker()
            wait_for(f"{here.url}/ar/", folder / "web.log")
            yield here
    finally:
        with server.cursor() as cursor:
            drop(cursor, name)
        server.close()

"""The demo as a newcomer gets it: own database, real server, real worker."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2
import requests

from gisportal import settings as configuration

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
def running(
    arguments: list[str], environment: dict, log: Path, handed: Sequence[int] = ()
) -> Iterator[None]:
    """A Python program; `handed` are descriptors of files that it takes over."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=handed,
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                # A worker ends its task first, which on a slow machine is long.
                process.kill()
                process.wait()


def wait_for(url: str, log: Path, seconds: float = 300) -> None:
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


def source_name(owner: dict) -> str:
    return f"{owner['NAME']}_demo"


def drop_source(owner: dict) -> None:
    """At the end of a run: its processes have their own copies."""
    with closing(maintenance(owner)) as server, server.cursor() as cursor:
        drop(cursor, source_name(owner))


def maintenance(owner: dict) -> psycopg2.extensions.connection:
    url = database_url(owner, "postgres", owner["USER"])
    server = psycopg2.connect(url.replace("postgis:", "postgresql:"))
    server.autocommit = True
    return server


def loaded_once(owner: dict, application: dict, shared: Path) -> Path:
    """The demo in a database and a folder from which each process of a run copies."""
    folder = shared / "demo"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            name, making = source_name(owner), shared / "demo-in-making"
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            with closing(maintenance(owner)) as server, server.cursor() as cursor:
                drop(cursor, name)
                cursor.execute(
                    f'CREATE DATABASE "{name}" TEMPLATE "{owner["TEST"]["TEMPLATE"]}"'
                )
            here = Demo(
                "",
                environment_of(owner, application, name, making),
                making,
                ExitStack(),
            )
            here.manage("migrate", "--verbosity", "0")
            # `./run test` has just collected them; it takes a quarter of a minute.
            shutil.copytree(configuration.STATIC_ROOT, making / "static")
            here.manage("load_demo")
            making.rename(folder)
    return folder


def environment_of(
    owner: dict, application: dict, name: str, folder: Path
) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database_url(owner, name, owner["USER"]),
        "APPLICATION_DATABASE_URL": database_url(
            application, name, application["USER"]
        ),
        "SECRET_KEY": "only for this run of the tests",
        "DEMO": "1",
        "DATA_DIR": str(folder),
        "PYTHONWARNINGS": "ignore",
    }


@contextmanager
def demo(
    *, owner: dict, application: dict, folder: Path, shared: Path
) -> Iterator[Demo]:
    """Serve a copy of the demo, which the run's first process to need it loads.

    `shared` is a folder that all processes of the run have and no other run.
    """
    made = loaded_once(owner, application, shared)
    shutil.copytree(made, folder, dirs_exist_ok=True)
    name = f"{source_name(owner)}_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    # Taken here and handed over: what is merely free is another program's soon.
    door = socket.create_server(("127.0.0.1", 0))
    port = door.getsockname()[1]
    environment = environment_of(owner, application, name, folder) | {"PORT": str(port)}
    server = maintenance(owner)
    with server.cursor() as cursor:
        drop(cursor, name)
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source_name(owner)}"')
    processes = ExitStack()
    here = Demo(f"http://127.0.0.1:{port}", environment, folder, processes)
    web = [
        *("-m", "gunicorn", "gisportal.wsgi", "--threads", "8"),
        *("-b", f"fd://{door.fileno()}"),
    ]
    try:
        with processes, door:
            processes.enter_context(
                running(web, environment, folder / "web.log", [door.fileno()])
            )
            here.start_worker()
            wait_for(f"{here.url}/ar/", folder / "web.log")
            yield here
    finally:
        with server.cursor() as cursor:
            drop(cursor, name)
        server.close()

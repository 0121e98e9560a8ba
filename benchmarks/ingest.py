"""Submissions of a 250-question form over OpenRosa, beside a bare durable insert.

    python benchmarks/ingest.py [SECONDS]

Makes the demo in a database of its own, beside the one of DATABASE_URL, and removes it.
Both sides use the same number of connections, and commit each submission durably. Each
submission is of a household of its own, names its parcel and has a position. The client
fills in ready-made bodies and speaks HTTP over bare sockets, so that it costs
little of the machine that it shares with the server; what each part costs is told.
"""

import os
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from random import choice, uniform
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisportal.settings")

from benchmarks._spent import spent
from gisportal import settings
from tests.demo import Demo, demo, free_port, running, wait_for

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 60
CONNECTIONS = 8
WORKERS = 2
QUESTIONS = 250
TOWN = "ain-tineh"
UNCHECKED = """
SELECT count(*)
  FROM surveys_submission
  JOIN surveys_round ON surveys_round.id = surveys_submission.round_id
 WHERE surveys_round.code = 'bench'
   AND checked_at IS NULL
"""
SETUP = f"""
from layers.geography.models import Municipality, Parcel
from layers.geography.tenancy import tenant
from surveys.questionnaires.services import add_version, publish_version
from surveys.rounds.services import open_round
from surveys.services import create_round
from datetime import date
rows = ["| survey |", "| | type | name | label |", "| | text | household_id | Number |"]
rows += ["| | text | parcel_code | Parcel |", "| | geopoint | location | Place |"]
kinds = ["text", "integer", "decimal", "date", "select_one yn"]
rows += [f"| | {{kinds[n % 5]}} | q{{n}} | Question {{n}} |" for n in range({QUESTIONS - 3})]
rows += ["| choices |", "| | list_name | name | label |", "| | yn | yes | Yes |"]
rows += ["| settings |", "| | form_id | version |", "| | bench | 1 |"]
town = Municipality.objects.get(slug="{TOWN}")
with tenant(town):
    text = chr(10).join(rows)
    version = add_version(municipality=town, content=text.encode(), name="a.md", by=None)
    publish_version(version=version)
    round = create_round(municipality=town, code="bench", names={{"ar": "bench"}},
        starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31),
        school_year_start=date(2025, 9, 1))
    open_round(round=round, form=version.form)
    parcels = Parcel.objects.of(town).current().values_list("code", flat=True)
    print("PARCELS", *parcels[:1000])
"""
VALUES = ("كلام بالعربية", "42", "1.25", "2026-11-02", "yes")
ANSWERS = "".join(f"<q{n}>{VALUES[n % 5]}</q{n}>" for n in range(QUESTIONS - 3))
EDGE = "an-edge-between-parts"
BODY = (
    f'--{EDGE}\r\nContent-Disposition: form-data; name="xml_submission_file";'
    ' filename="a.xml"\r\nContent-Type: text/xml\r\n\r\n%b'
    f"\r\n--{EDGE}--\r\n"
).encode()
XML = (
    "<data id='bench' version='1'><household_id>%b</household_id>"
    "<parcel_code>%b</parcel_code><location>%b 900 5</location>"
    f"{ANSWERS}<meta><instanceID>uuid:%b</instanceID></meta></data>"
).encode()


def submission(parcel: bytes) -> bytes:
    """The XML of one interview; each has its own instance ID and household."""
    key = str(uuid4()).encode()
    place = f"{uniform(33.7, 33.9):.6f} {uniform(35.8, 36):.6f}".encode()
    return XML % (key[:13], parcel, place, key)


def together(work) -> int:
    """How often `work` was done in SECONDS, by CONNECTIONS threads."""
    counts = [0] * CONNECTIONS
    end = time.monotonic() + SECONDS

    def loop(n: int) -> None:
        do = work()
        while time.monotonic() < end:
            do()
            counts[n] += 1

    threads = [threading.Thread(target=loop, args=(n,)) for n in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def phone(url: str, parcels: list[bytes]):
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port), 60)
    head = (
        f"POST {address.path}/submission HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: multipart/form-data; boundary={EDGE}\r\n"
        "Content-Length: %d\r\n\r\n%b"
    ).encode()

    def send() -> None:
        body = BODY % submission(choice(parcels))
        connection.sendall(head % (len(body), body))
        answer = connection.recv(65536)
        while not answer.endswith(b"</OpenRosaResponse>"):
            more = connection.recv(65536)
            assert more, answer
            answer += more
        assert answer.startswith(b"HTTP/1.1 201"), answer

    return send


def floor(here: Demo, parcels: list[bytes]):
    connection = here.connect(as_owner=True)

    def store() -> None:
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO bench_floor (content) VALUES (%s)",
                [submission(choice(parcels))],
            )

    return store


class Observer:
    """Looks into the town's database beside what runs."""

    def __init__(self, here: Demo) -> None:
        self.connection = here.connect(as_owner=True)
        self.connection.autocommit = True
        self.one(
            "SELECT set_config('app.municipality', id::text, false)"
            f" FROM geography_municipality WHERE slug = '{TOWN}'"
        )
        self.backend = self.one("SELECT pg_backend_pid()")

    def one(self, sql: str) -> Any:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    def spent(self) -> Counter[str]:
        return spent(self.backend)

    def wait_for_checks(self) -> float:
        """Seconds until the worker has looked at every record."""
        began = time.monotonic()
        while self.one(UNCHECKED):
            time.sleep(0.2)
        return time.monotonic() - began


def measure(here: Demo, url: str, parcels: list[bytes]) -> None:
    observer = Observer(here)
    before = observer.spent()
    sent = together(lambda: phone(url, parcels))
    cost = observer.spent() - before
    lag = observer.wait_for_checks()
    checks = (observer.spent() - before)["worker"]
    with here.connect(as_owner=True) as connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_floor (id bigserial PRIMARY KEY, content bytea)"
        )
    bare = together(lambda: floor(here, parcels))
    size = len(submission(parcels[0]))
    print(f"{QUESTIONS} questions, {size:,} bytes, {CONNECTIONS} connections")
    print(f"OpenRosa       {sent / SECONDS:8.1f} submissions/s")
    print(f"bare insert    {bare / SECONDS:8.1f} rows/s")
    print(f"ratio          {sent / bare:8.2f}")
    print(f"checked by the worker {lag:.0f} s after the last")
    for kind in ("web", "database", "client"):
        print(f"{kind:14} {1000 * cost[kind] / sent:8.2f} ms of CPU a submission")
    print(f"worker, checks {1000 * checks / sent:8.2f} ms of CPU a submission")


def main() -> None:
    owner, application = (settings._database(as_owner=flag) for flag in (True, False))
    with (
        tempfile.TemporaryDirectory() as folder,
        demo(owner=owner, application=application, folder=Path(folder)) as here,
    ):
        _before, parcels = here.manage("shell", "-c", SETUP).split("PARCELS ")
        said = here.manage(
            "surveyor_access", f"surveyor@{TOWN}.example", "--municipality", TOWN
        )
        secret = next(w for w in said.split() if "/collect/" in w).partition(
            "/collect/"
        )[2]
        port = free_port()
        web = ["-m", "gunicorn", "gisportal.wsgi", "--preload", "--no-control-socket"]
        web += ["--workers", str(WORKERS), "--threads", "8", "-b", f"127.0.0.1:{port}"]
        with running(web, here.environment, Path(folder) / "bench.log"):
            url = f"http://127.0.0.1:{port}/collect/{secret}"
            wait_for(f"http://127.0.0.1:{port}/ar/", Path(folder) / "bench.log")
            measure(here, url, [code.encode() for code in parcels.split()])


if __name__ == "__main__":
    main()

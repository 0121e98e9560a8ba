"""Submissions of a 250-question form over OpenRosa, beside a bare durable insert.

    python benchmarks/ingest.py [SECONDS]

Makes the demo in a database of its own, beside the one of DATABASE_URL, and removes it.
Both sides use the same number of connections, and commit each submission durably.
"""

import http.client
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisportal.settings")

from gisportal import settings
from tests.demo import Demo, demo, free_port, running, wait_for

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 60
CONNECTIONS = 8
WORKERS = 3
QUESTIONS = 250
TOWN = "ain-tineh"
SETUP = f"""
from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.questionnaires.services import add_version, publish_version
from surveys.rounds.services import open_round
from surveys.services import create_round
from datetime import date
rows = ["| survey |", "| | type | name | label |", "| | text | household_id | Number |"]
kinds = ["text", "integer", "decimal", "date", "select_one yn"]
rows += [f"| | {{kinds[n % 5]}} | q{{n}} | Question {{n}} |" for n in range({QUESTIONS})]
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
print("READY")
"""
VALUES = ("كلام بالعربية", "42", "1.25", "2026-11-02", "yes")


def submission() -> bytes:
    """The XML of one interview; each has its own instance ID and household."""
    key = uuid4()
    answers = "".join(f"<q{n}>{VALUES[n % 5]}</q{n}>" for n in range(QUESTIONS))
    return (
        f"<data id='bench' version='1'><household_id>{key.hex[:12]}</household_id>{answers}"
        f"<meta><instanceID>uuid:{key}</instanceID></meta></data>"
    ).encode()


def multipart(xml: bytes) -> tuple[bytes, str]:
    edge = uuid4().hex
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="xml_submission_file";'
        ' filename="a.xml"\r\nContent-Type: text/xml\r\n\r\n'
    )
    return head.encode() + xml + f"\r\n--{edge}--\r\n".encode(), edge


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


def phone(url: str):
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)

    def send() -> None:
        body, edge = multipart(submission())
        headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
        connection.request("POST", f"{address.path}/submission", body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 201, answer.status

    return send


def floor(here: Demo):
    connection = here.connect(as_owner=True)

    def store() -> None:
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO bench_floor (content) VALUES (%s)", [submission()]
            )

    return store


def main() -> None:
    owner, application = (settings._database(as_owner=flag) for flag in (True, False))
    with (
        tempfile.TemporaryDirectory() as folder,
        demo(owner=owner, application=application, folder=Path(folder)) as here,
    ):
        assert "READY" in here.manage("shell", "-c", SETUP)
        said = here.manage(
            "surveyor_access", f"surveyor@{TOWN}.example", "--municipality", TOWN
        )
        secret = next(w for w in said.split() if "/collect/" in w).partition(
            "/collect/"
        )[2]
        port = free_port()
        web = ["-m", "gunicorn", "gisportal.wsgi", "--preload", "--no-control-socket"]
        web += ["--workers", str(WORKERS), "--threads", "4", "-b", f"127.0.0.1:{port}"]
        with running(web, here.environment, Path(folder) / "bench.log"):
            url = f"http://127.0.0.1:{port}/collect/{secret}"
            wait_for(f"http://127.0.0.1:{port}/ar/", Path(folder) / "bench.log")
            phone(url)()
            sent = together(lambda: phone(url))
        with here.connect(as_owner=True) as connection, connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE bench_floor (id bigserial PRIMARY KEY, content bytea)"
            )
        bare = together(lambda: floor(here))
    size = len(submission())
    print(f"{QUESTIONS} questions, {size:,} bytes, {CONNECTIONS} connections")
    print(f"OpenRosa       {sent / SECONDS:8.1f} submissions/s")
    print(f"bare insert    {bare / SECONDS:8.1f} rows/s")
    print(f"ratio          {sent / bare:8.2f}")


if __name__ == "__main__":
    main()

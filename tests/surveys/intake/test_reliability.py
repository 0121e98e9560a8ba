"""Nothing that a phone was told is there gets lost, and nothing comes twice: on a real
server that is killed, and under files that mean harm.

`SUBMISSIONS` and `HOSTILE` set how many; CI sends few, a release many.
"""

from __future__ import annotations

import io
import logging
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
import requests

from tests.demo import ROOT, Demo, free_port, wait_for

pytestmark = pytest.mark.slow
logger = logging.getLogger(__name__)

TOWN = "ain-tineh"
SUBMISSIONS = int(os.environ.get("SUBMISSIONS", "150"))
HOSTILE = int(os.environ.get("HOSTILE", "160"))
TAKEN = {201, 202}
MEMORY_MB = 600


@pytest.fixture(scope="module")
def base(live_town: Demo) -> str:
    said = live_town.manage(
        "surveyor_access", f"surveyor@{TOWN}.example", "--municipality", TOWN
    )
    address = next(word for word in said.split() if "/collect/" in word)
    return address.partition("/collect/")[2]


def xml(instance: str, *, persons: int = 4) -> bytes:
    return (
        f"<data id='child_needs' version='2026112701'><visit><household_id>{instance[5:13]}"
        f"</household_id></visit><household_module><persons>{persons}</persons>"
        "<interview_date>2026-11-02</interview_date></household_module>"
        f"<meta><instanceID>{instance}</instanceID></meta></data>"
    ).encode()


def post(url: str, content: bytes, files: dict | None = None) -> requests.Response:
    parts = {
        "xml_submission_file": ("submission.xml", content, "text/xml"),
        **(files or {}),
    }
    return requests.post(f"{url}/submission", files=parts, timeout=30)


def count(demo: Demo, sql: str, *values: object) -> tuple:
    with demo.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM geography_municipality WHERE slug = %s", [TOWN])
        cursor.execute(
            "SELECT set_config('app.municipality', %s, true)",
            [str(cursor.fetchone()[0])],
        )
        cursor.execute(sql, values)
        return cursor.fetchone()


def test_fifty_times_at_once_is_one_record(live_town, base):
    url = f"{live_town.url}/collect/{base}"
    instance = "uuid:5f000000-0000-4000-8000-000000000050"
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _n: post(url, xml(instance)), range(50)))
    assert {each.status_code for each in answers} <= TAKEN
    assert [each.status_code for each in answers].count(201) == 1
    sql = "SELECT count(*) FROM surveys_submission WHERE instance_id = %s"
    assert count(live_town, sql, instance) == (1,)
    other = post(url, xml(instance, persons=9))
    assert other.status_code == 409


@pytest.mark.parametrize("pieces", [1, 7, 4000])
def test_a_body_in_chunks_is_read_to_its_end(live_town, base, pieces):
    instance = f"uuid:5f000000-0000-4000-8000-0000000c{pieces:04}"
    request = requests.Request(
        "POST", "http://x", files={"xml_submission_file": ("a.xml", xml(instance))}
    ).prepare()
    length = -(-len(request.body) // pieces)
    answer = requests.post(
        f"{live_town.url}/collect/{base}/submission",
        data=(
            request.body[n : n + length] for n in range(0, len(request.body), length)
        ),
        headers={"Content-Type": request.headers["Content-Type"]},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    sql = "SELECT count(*) FROM surveys_submission WHERE instance_id = %s"
    assert count(live_town, sql, instance) == (1,)


def test_chunks_without_end_are_refused(live_town, base):
    """At the limit, before anything is kept."""
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    size = 101 * 2**20
    pieces = (head if n == 0 else bytes(2**20) for n in range(size // 2**20))
    try:
        answer = requests.post(
            f"{live_town.url}/collect/{base}/submission",
            data=pieces,
            headers={"Content-Type": "multipart/form-data; boundary=x"},
            timeout=60,
        )
    except requests.ConnectionError:
        return  # Told while still sending: the connection is shut.
    assert answer.status_code == 413


class Server:
    """A web server of the demo's that dies and comes back."""

    def __init__(self, demo: Demo) -> None:
        self.demo, self.port = demo, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = demo.logs / "killed.log"
        self.start()

    def start(self) -> None:
        command = ["-m", "gunicorn", "gisportal.wsgi", "--threads", "8", "--preload"]
        command += ["--no-control-socket", "-b", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.demo.environment,
            stdout=self.log.open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        wait_for(f"{self.url}/ar/", self.log)

    def peak_megabytes(self) -> int:
        """The most memory that one of its processes ever held."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        pids = [str(self.process.pid), *children.read_text().split()]
        status = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
        return (
            max(int(re.findall(r"VmHWM:\s+(\d+)", each)[0]) for each in status) // 1024
        )

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def insist(server: Server, base: str, instance: str) -> None:
    """As a phone does: again and again, until it is told that it was taken."""
    while True:
        try:
            answer = post(f"{server.url}/collect/{base}", xml(instance))
        except requests.RequestException:
            time.sleep(0.1)
            continue
        assert answer.status_code in TAKEN, answer.text
        return


def test_a_server_killed_again_and_again_loses_and_doubles_nothing(live_town, base):
    chance = random.Random(1)
    instances = [
        f"uuid:{UUID(int=chance.getrandbits(128), version=4)}"
        for _n in range(SUBMISSIONS)
    ]
    server = Server(live_town)
    over = threading.Event()
    kills = 0

    def murder() -> None:
        nonlocal kills
        while not over.wait(chance.uniform(0.3, 1.5)):
            server.kill()
            kills += 1
            server.start()

    murderer = threading.Thread(target=murder)
    murderer.start()
    try:
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda each: insist(server, base, each), instances))
    finally:
        over.set()
        murderer.join()
        server.kill()
    found = count(
        live_town,
        "SELECT count(*), count(DISTINCT instance_id) FROM surveys_submission"
        " WHERE instance_id = ANY(%s)",
        instances,
    )
    logger.info("%s submissions, %s kills", SUBMISSIONS, kills)
    assert found == (SUBMISSIONS, SUBMISSIONS)
    assert kills > 0


def bomb() -> bytes:
    entities = "".join(f"<!ENTITY e{n} '&e{n - 1};&e{n - 1};'>" for n in range(1, 40))
    return f"<!DOCTYPE d [<!ENTITY e0 'ha'>{entities}]><d>&e39;</d>".encode()


def giant_picture() -> bytes:
    """A PNG that says it is 50,000 pixels square."""
    size = (50_000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    head = b"IHDR" + size
    return (
        b"\x89PNG\r\n\x1a\n"
        + len(size).to_bytes(4, "big")
        + head
        + zlib.crc32(head).to_bytes(4, "big")
        + b"\x00" * 200
    )


def zip_bomb() -> bytes:
    """A hundred megabytes of zeros in a hundred kilobytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", bytes(100_000_000))
    return packed.getvalue()


ZIP_BOMB = zip_bomb()
# Pictures to one program, a page or an archive to another.
POLYGLOTS = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00<html><script>alert(1)</script></html>\xff\xd9",
    b"\x89PNG\r\n\x1a\n" + ZIP_BOMB,
    b"%PDF-1.4\n<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
)


def hostile(chance: random.Random, number: int) -> tuple[bytes, dict]:
    good = xml(f"uuid:{UUID(int=chance.getrandbits(128), version=4)}")
    named = good.replace(b"<meta>", b"<photo>a.jpg</photo><meta>")
    cut = chance.randrange(1, len(good))
    flipped = bytearray(good)
    for _flip in range(5):
        flipped[chance.randrange(len(flipped))] = chance.randrange(256)
    kinds = (
        lambda: (good[:cut], {}),
        lambda: (bytes(flipped), {}),
        lambda: (bomb(), {}),
        lambda: (b"<a>" * 10_000 + b"</a>" * 10_000, {}),
        lambda: (good.decode().encode("utf-16"), {}),
        lambda: (b'<?xml version="1.0" encoding="wrong"?>' + good, {}),
        lambda: (good.replace(b"4</persons>", b"\x00</persons>"), {}),
        lambda: (good.replace(b"4</persons>", b"9" * 400 + b"</persons>"), {}),
        lambda: (good.replace(b"2026-11-02", b"0000-99-99"), {}),
        lambda: (good.replace(b"uuid:", b"uuid:" + b"x" * 5000), {}),
        lambda: (named, {"a": ("../../etc/passwd\x00.jpg", b"x", "image/jpeg")}),
        lambda: (named, {"a": ("a.jpg", giant_picture(), "image/jpeg")}),
        lambda: (
            named,
            {"a": ("a.jpg", b"GIF89a<script>alert(1)</script>", "image/gif")},
        ),
        lambda: (named, {"a": ("a.jpg", b"PK\x03\x04" + b"\x00" * 500, "image/jpeg")}),
        lambda: (chance.randbytes(300), {"a": ("a.jpg", chance.randbytes(300), "x/y")}),
        lambda: (named, {"a": ("a.jpg", ZIP_BOMB, "image/jpeg")}),
        lambda: (named, {"a": ("a.jpg", chance.choice(POLYGLOTS), "image/jpeg")}),
        lambda: (ZIP_BOMB, {}),
        lambda: (b"\x1f\x8b" + zlib.compress(bytes(10_000_000)), {}),
        lambda: (
            b'<!DOCTYPE d [<!ENTITY f SYSTEM "file:///etc/passwd">]><d>&f;</d>',
            {},
        ),
    )
    return kinds[number % len(kinds)]()


def test_uploads_that_mean_harm_break_nothing(live_town, base):
    server = Server(live_town)
    url = f"{server.url}/collect/{base}"
    chance = random.Random(3)
    made = [hostile(chance, number) for number in range(HOSTILE)]
    before = count(live_town, "SELECT count(*) FROM surveys_arrival")[0]
    try:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda each: post(url, *each), made))
        peak = server.peak_megabytes()
    finally:
        server.kill()
    met = Counter(each.status_code for each in answers)
    logger.info("%s uploads: %s; %s MB", HOSTILE, met, peak)
    assert peak < MEMORY_MB
    failed = [each.status_code for each in answers if each.status_code >= 500]
    assert failed == []
    taken = sum(each.status_code in {201, 202, 409} for each in answers)
    after = count(live_town, "SELECT count(*) FROM surveys_arrival")[0]
    distinct = len({content for content, _files in made})
    assert after - before <= distinct
    assert taken > 0
    loose = count(
        live_town,
        "SELECT count(*) FROM surveys_submission AS s"
        " LEFT JOIN surveys_submissionevent AS e ON e.submission_id = s.id"
        " WHERE e.id IS NULL AND s.arrival_id IS NOT NULL",
    )
    assert loose == (0,)
    kept = count(
        live_town,
        "SELECT count(*) FROM surveys_attachment WHERE sha256 <> '' AND content_type"
        " LIKE '%%html%%'",
    )
    assert kept == (0,)

"""Records going out: pages of a million repeat rows, and files of 250,000 records.

    python benchmarks/take_out.py [SUBMISSIONS] [ROWS] [KIND… | pages]

Makes the demo in a database of its own, fills one town with copies of its records by
SQL, measures beside the same rows read by a bare cursor, and removes it all.
"""

import base64
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import requests

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisportal.settings")

from gisportal import settings
from tests.demo import Demo, demo

SUBMISSIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 250_000
ROWS = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
DATA = ("data@wadi-zaytoun.example", "wadi-zaytoun-demo")
TOWN = "wadi-zaytoun"
KINDS = ["csv", "xlsx", "gpkg", "geojson", "spss", "stata"]
COLUMNS = """municipality_id, round_id, household_id, version_id, source, state, outcome,
 interviewed_on, surveyor, head_name, phone, parcel_id, zone_id, placed_by, stratum, psu,
 weight, answers, digest, received_at, changed_at, withdrawal_reason, instance_id"""
FILL = f"""
INSERT INTO surveys_submission ({COLUMNS})
SELECT {COLUMNS.replace("instance_id", "'uuid:' || gen_random_uuid()").replace("state,", "'received',")}
  FROM (SELECT s.* FROM surveys_submission s JOIN surveys_round r ON r.id = s.round_id
         WHERE r.code = '2026-spring' AND s.version_id IS NOT NULL ORDER BY s.id LIMIT 500) one,
       generate_series(1, {SUBMISSIONS} / 500)
"""
REPEAT = f"""
INSERT INTO surveys_repeatrow (municipality_id, submission_id, round_id, "table", ordinal,
       code, name, sex, birth_date, answers)
SELECT s.municipality_id, s.id, s.round_id, 'children', n, n::text, '', 'female', '2018-05-20',
       '{{"sex": "female", "school": "yes", "child_id": "1"}}'
  FROM surveys_submission s, generate_series(1, {ROWS} / {SUBMISSIONS}) n
 WHERE s.state = 'received'
"""
WRITE = """
import resource, sys, time
from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.models import Round
from surveys.out.services import request_export, write_export
from django.contrib.auth import get_user_model
town = Municipality.objects.get(slug="{town}")
by = get_user_model().objects.get(email="{user}")
with tenant(town):
    round = Round.objects.get(code="2026-spring")
    export = request_export(round=round, kind="{kind}", by=by)
    began = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = write_export(export=export)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print("FIGURES", done.done, time.perf_counter() - began, before // 1024, peak // 1024, done.size)
"""


def in_town(cursor) -> None:
    cursor.execute(
        "SELECT set_config('app.municipality', id::text, true) "
        "FROM geography_municipality WHERE slug = %s",
        [TOWN],
    )


def fill(here: Demo) -> None:
    with here.connect() as connection, connection.cursor() as cursor:
        in_town(cursor)
        cursor.execute(FILL)
        cursor.execute(REPEAT)
        cursor.execute("SELECT count(*) FROM surveys_repeatrow")
        print(f"rows of the repeat: {cursor.fetchone()[0]:,}", flush=True)
    owner = here.connect(as_owner=True)
    owner.autocommit = True
    owner.cursor().execute("VACUUM ANALYZE surveys_submission, surveys_repeatrow")


PAGES = {
    "first page of the repeat": ".svc/Submissions.children?$top=250",
    "one row of the repeat": ".svc/Submissions.children?$top=1",
    "page after 900,000 rows": ".svc/Submissions.children?$top=250&$skiptoken={deep}",
    "count of the repeat": ".svc/Submissions.children?$top=0&$count=true",
    "first page of records": ".svc/Submissions?$top=250",
    "page after 200,000 records": ".svc/Submissions?$top=250&$skiptoken={late}",
    "list of 250 submissions": "/submissions?limit=250",
}


def measure_pages(here: Demo, deep: str, late: str) -> None:
    """Medians of eleven requests, by token, so without a password hash."""
    session = requests.post(
        f"{here.url}/v1/sessions",
        json={"email": DATA[0], "password": DATA[1]},
        timeout=60,
    ).json()
    headers = {"Authorization": f"Bearer {session['token']}"}
    projects = requests.get(
        f"{here.url}/v1/projects", headers=headers, timeout=60
    ).json()
    form = f"{here.url}/v1/projects/{projects[0]['id']}/forms/child_needs"
    for name, path in PAGES.items():
        taken = []
        for _try in range(11):
            began = time.perf_counter()
            answer = requests.get(
                form + path.format(deep=deep, late=late), headers=headers, timeout=300
            )
            taken.append(time.perf_counter() - began)
            answer.raise_for_status()
        print(f"{name}: {median(taken) * 1000:.0f} ms", flush=True)


def key_after(here: Demo, table: str, rows: int) -> str:
    """A `$skiptoken` that so many rows lie before."""
    with here.connect() as connection, connection.cursor() as cursor:
        in_town(cursor)
        cursor.execute(f"SELECT id FROM {table} ORDER BY id OFFSET {rows} LIMIT 1")
        after = json.dumps({"after": cursor.fetchone()[0]}).encode()
        return "01" + base64.urlsafe_b64encode(after).decode()


def bare_page(here: Demo) -> float:
    taken = []
    for _try in range(11):
        with here.connect() as connection, connection.cursor() as cursor:
            in_town(cursor)
            began = time.perf_counter()
            cursor.execute(
                "SELECT r.*, s.instance_id FROM surveys_repeatrow r JOIN surveys_submission s "
                "ON s.id = r.submission_id WHERE r.\"table\" = 'children' ORDER BY r.id LIMIT 250"
            )
            cursor.fetchall()
            taken.append(time.perf_counter() - began)
    return median(taken)


def bare_read(here: Demo) -> float:
    """The same records through a server-side cursor, written nowhere."""
    with here.connect() as connection, connection.cursor() as setting:
        in_town(setting)
        began = time.perf_counter()
        for table in ("surveys_submission", "surveys_repeatrow"):
            with connection.cursor(name=f"all_{table}") as cursor:
                cursor.execute(f"SELECT * FROM {table}")
                for _row in cursor:
                    pass
        return time.perf_counter() - began


def write(here: Demo, kind: str) -> None:
    code = WRITE.format(town=TOWN, user=DATA[0], kind=kind)
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", code],
        cwd=ROOT,
        env=here.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    _word, rows, seconds, before, peak, size = next(
        line for line in done.stdout.splitlines() if line.startswith("FIGURES")
    ).split()
    print(
        f"{kind}: {int(rows):,} rows in {float(seconds):.0f} s, "
        f"{int(size) / 1e6:.0f} MB; memory {before} -> {peak} MB",
        flush=True,
    )


def main() -> None:
    owner, application = (settings._database(as_owner=each) for each in (True, False))
    with (
        tempfile.TemporaryDirectory() as folder,
        demo(owner=owner, application=application, folder=Path(folder)) as here,
    ):
        fill(here)
        measure_pages(
            here,
            key_after(here, "surveys_repeatrow", ROWS * 9 // 10),
            key_after(here, "surveys_submission", SUBMISSIONS * 8 // 10),
        )
        print(f"first page of the repeat, bare: {bare_page(here) * 1000:.0f} ms")
        print(f"bare cursor over everything: {bare_read(here):.0f} s", flush=True)
        for kind in KINDS:
            if kind in (sys.argv[3:] or KINDS):
                write(here, kind)
    print(
        f"this program: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB"
    )


if __name__ == "__main__":
    main()

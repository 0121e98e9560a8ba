"""The review queue of a town with a million records: its first page and each filter.

    python benchmarks/review_queue.py [SUBMISSIONS] [STEP]

Makes the demo in a database of its own, fills one town with copies of its records by
SQL, asks for the page as a browser does and for the same 50 records by psycopg, then moves
STEP records (100,000) in one step with all that match, and removes it all.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisportal.settings")

import requests

from gisportal import settings
from tests.demo import Demo, demo

SUBMISSIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
STEP = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
TOWN, DATA = "wadi-zaytoun", ("data@wadi-zaytoun.example", "wadi-zaytoun-demo")
TRIES = 11
COLUMNS = """municipality_id, round_id, household_id, version_id, source, state, outcome,
 interviewed_on, surveyor, head_name, phone, parcel_id, zone_id, placed_by, stratum, psu,
 weight, answers, digest, received_at, changed_at, checked_at, withdrawal_reason,
 instance_id"""
# A tenth waits, a fiftieth of these has no parcel; the rest was dealt with.
GIVEN = {
    "state,": """(CASE WHEN n %% 10 = 0 THEN (ARRAY['received', 'has_issues', 'corrected'])[1 + n / 10 %% 3]
                  WHEN n %% 10 = 1 THEN 'sent_back' ELSE 'rejected' END),""",
    "parcel_id,": "CASE WHEN n %% 500 = 0 THEN NULL ELSE parcel_id END,",
    "household_id,": """(SELECT h.id FROM surveys_household h
                        WHERE h.code = 'Q' || lpad(n::text, 7, '0')),""",
    "received_at,": "now() - n * interval '1 second',",
    "changed_at,": "now() - interval '1 day',",
    "checked_at,": "now(),",
    "instance_id": "'uuid:' || gen_random_uuid()",
}
HOUSES = """
INSERT INTO surveys_household (municipality_id, code, uuid)
SELECT one.municipality_id, 'Q' || lpad(n::text, 7, '0'), gen_random_uuid()
  FROM (SELECT municipality_id FROM surveys_submission LIMIT 1) one, generate_series(1, %s) n
"""
FINDINGS = """
INSERT INTO surveys_finding (municipality_id, submission_id, check_code, weight, question, particulars, found_at)
SELECT municipality_id, id, CASE WHEN id % 3 = 0 THEN 'too_fast' ELSE 'wrong_hours' END,
       1 + id % 9, '', '{}', now()
  FROM surveys_submission WHERE instance_id LIKE 'uuid:%' AND id % 5 = 0
    ON CONFLICT DO NOTHING
"""
BARE = """
SELECT s.id, h.code, z.name_ar, s.state, s.surveyor, s.received_at,
       (SELECT count(*) FROM surveys_finding f WHERE f.submission_id = s.id AND f.dismissed_at IS NULL)
  FROM surveys_submission s JOIN surveys_household h ON h.id = s.household_id
  LEFT JOIN geography_zone z ON z.id = s.zone_id
 WHERE s.withdrawn_at IS NULL AND s.state = 'received' AND s.municipality_id = {town}
 ORDER BY s.queue_rank, s.received_at, s.id LIMIT 50
"""


def town_of(cursor) -> int:
    cursor.execute(
        "SELECT set_config('app.municipality', id::text, true), id "
        "FROM geography_municipality WHERE slug = %s",
        [TOWN],
    )
    return cursor.fetchone()[1]


def copied() -> str:
    given = COLUMNS
    for name, value in GIVEN.items():
        given = given.replace(name, value)
    return f"""
    INSERT INTO surveys_submission ({COLUMNS})
    SELECT {given}
      FROM generate_series(1, %s) n
      JOIN (SELECT s.*, row_number() OVER (ORDER BY s.id) - 1 AS place
              FROM surveys_submission s JOIN surveys_round r ON r.id = s.round_id
             WHERE r.code = '2026-spring' AND s.version_id IS NOT NULL LIMIT 500) one
        ON one.place = n %% 500
    """


def fill(here: Demo) -> None:
    with here.connect() as connection, connection.cursor() as cursor:
        town_of(cursor)
        cursor.execute(HOUSES, [SUBMISSIONS])
        cursor.execute(copied(), [SUBMISSIONS])
        began = time.perf_counter()
        cursor.execute(FINDINGS)
        print(
            f"findings, ranked by the trigger: {cursor.rowcount:,} in {time.perf_counter() - began:.0f} s"
        )
        cursor.execute("SELECT count(*) FROM surveys_submission")
        print(f"records of the town: {cursor.fetchone()[0]:,}", flush=True)
    owner = here.connect(as_owner=True)
    owner.autocommit = True
    tables = "surveys_submission, surveys_household, surveys_finding"
    owner.cursor().execute(f"VACUUM ANALYZE {tables}")


def signed_in(here: Demo) -> requests.Session:
    session = requests.Session()
    address = f"{here.url}/en/account/login/"
    session.get(address, timeout=60)
    session.post(
        address,
        data={
            "login": DATA[0],
            "password": DATA[1],
            "csrfmiddlewaretoken": session.cookies["csrftoken"],
        },
        headers={"Referer": address},
        timeout=60,
    )
    return session


def timed(session: requests.Session, url: str) -> tuple[float, str]:
    taken = []
    for _try in range(TRIES):
        began = time.perf_counter()
        answer = session.get(url, timeout=300)
        taken.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.status_code
    return median(taken), answer.text


def bare(here: Demo) -> float:
    taken = []
    for _try in range(TRIES):
        with here.connect() as connection, connection.cursor() as cursor:
            town = town_of(cursor)
            began = time.perf_counter()
            cursor.execute(BARE.format(town=town))
            assert len(cursor.fetchall()) == 50
            taken.append(time.perf_counter() - began)
    return median(taken)


def deep(session: requests.Session, url: str, pages: int) -> str:
    """The address of a page that many pages on."""
    address = url
    for _page in range(pages):
        text = session.get(address, timeout=60).text
        link = text.partition('rel="next" href="')[2].partition('"')[0]
        address = url + link.replace("&amp;", "&")
    return address


def move(here: Demo) -> None:
    code = f"""
import time
from django.contrib.auth import get_user_model
from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.models import Submission
from surveys.review.bulk import begin_step
from surveys.review.queue import Asked
from surveys.review.tasks import step_in_background
town = Municipality.objects.get(slug={TOWN!r})
by = get_user_model().objects.get(email={DATA[0]!r})
with tenant(town):
    keys = list(Submission.objects.filter(state="rejected").values_list("pk", flat=True)[:{STEP}])
    bulk = begin_step(municipality=town, action="reopen", by=by, keys=keys)
began = time.perf_counter()
step_in_background.call(town.pk, bulk.pk)
with tenant(town):
    bulk.refresh_from_db()
print("FIGURES", bulk.done, time.perf_counter() - began)
"""
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", code],
        cwd=ROOT,
        env=here.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(x for x in done.stdout.splitlines() if x.startswith("FIGURES"))
    _word, moved, seconds = line.split()
    print(f"one step with {int(moved):,} records: {float(seconds):.1f} s")


def main() -> None:
    owner, application = (settings._database(as_owner=each) for each in (True, False))
    with (
        tempfile.TemporaryDirectory() as folder,
        demo(owner=owner, application=application, folder=Path(folder)) as here,
    ):
        fill(here)
        floor = bare(here)
        print(f"the same 50 records by psycopg: {floor * 1000:.1f} ms")
        session = signed_in(here)
        url = f"{here.url}/en/{TOWN}/surveys/review/"
        asked = {
            "first page": "",
            "approved": "?state=approved",
            "of a round": "?round=2026-spring",
            "rejected, of a round": "?round=2026-spring&state=rejected",
            "without a parcel": "?place=none",
            "by a finding": "?check=too_fast",
            "by a finding, rejected": "?check=too_fast&state=rejected",
            "by number": "?number=Q0500000",
            "numbers that begin so": "?number=Q05",
        }
        for name, query in asked.items():
            seconds, _text = timed(session, url + query)
            print(f"{name}: {seconds * 1000:.0f} ms", flush=True)
        seconds, _text = timed(session, deep(session, url, 40))
        print(f"40 pages on: {seconds * 1000:.0f} ms", flush=True)
        move(here)


if __name__ == "__main__":
    main()

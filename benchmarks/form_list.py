"""The list of 200 forms as a phone asks for it, beside the smallest request it makes.

    python benchmarks/form_list.py [REQUESTS]

Makes the demo in a database of its own, beside the one of DATABASE_URL, and removes it.
The yardstick is HEAD /submission: the same access check, one empty answer.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

import requests

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisportal.settings")

from gisportal import settings
from tests.demo import demo

REQUESTS = int(sys.argv[1]) if len(sys.argv) > 1 else 400
FORMS = 200
TOWN = "ain-tineh"
SETUP = f"""
from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.questionnaires.services import add_version, publish_version
from surveys.rounds.services import open_round
from surveys.services import create_round
from datetime import date
town = Municipality.objects.get(slug="{TOWN}")
with tenant(town):
    for n in range({FORMS}):
        rows = ["| survey |", "| | type | name | label |", "| | text | household_id | Number |",
                "| settings |", "| | form_id | version |", f"| | bench{{n}} | 1 |"]
        version = add_version(
            municipality=town, content=chr(10).join(rows).encode(), name="a.md", by=None)
        publish_version(version=version)
        round = create_round(municipality=town, code=f"bench{{n}}", names={{"ar": "bench"}},
            starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31),
            school_year_start=date(2025, 9, 1))
        open_round(round=round, form=version.form)
print("READY")
"""


def timed(method: str, url: str) -> list[float]:
    """Milliseconds of each request, one after another on one connection."""
    taken = []
    with requests.Session() as session:
        for _request in range(REQUESTS):
            began = time.perf_counter()
            answer = session.request(method, url, timeout=60)
            taken.append((time.perf_counter() - began) * 1000)
            answer.raise_for_status()
    if method == "GET":
        assert answer.text.count("<formID>") >= FORMS
    return taken


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
        url = f"{here.url}/collect/{secret}"
        for method, path in (("GET", "formList"), ("HEAD", "submission")):
            taken = timed(method, f"{url}/{path}")
            print(
                f"{method:4} {path:10} median {median(taken):6.1f} ms, "
                f"95th percentile {quantiles(taken, n=20)[-1]:6.1f} ms"
            )


if __name__ == "__main__":
    main()

"""Canaries go in by the real upload and are looked for everywhere else."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.demo import Demo
from tests.factories.surveys import child, household, workbook_file

TOWN = "wadi-zaytoun"
ROUND = "2026-spring"
PASSWORD = "wadi-zaytoun-demo"
CANARIES = (
    "Canaryname",
    "كناريّة",
    "Canaryhead",
    "79 999 123",
    "79999123",
    "CANARYHOUSE",
    "CANARYKID",
    "2013-03-17",
    "Canarysurveyor",
    "35.8205123",
    "33.7905321",
)
MAP_PAGES = (
    "map/",
    "map/?view=table",
    "map/values.json",
    "map/view.csv",
    "map/view.geojson",
    "map/view.html",
    "map/layers/zones.geojson",
    "map/layers/parcels.csv",
    "map/layers/facilities.csv",
    "indicators/",
    "indicators/?view=changes",
    "figures/errors/",
    "figures/town/",
    "figures/zone/Z05/",
    "figures/files/figures.csv",
    "figures/files/sdmx.csv",
    "figures/files/geosight.csv",
    "",
)


class Reader(requests.Session):
    """Somebody with a browser, signed in."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__()
        self.url = url
        self.headers["Referer"] = url
        self.send_form(
            f"{url}/en/account/login/",
            {"login": f"{name}@{TOWN}.example", "password": PASSWORD},
        )
        assert "sessionid" in self.cookies, name

    def at(self, path: str) -> str:
        return f"{self.url}/en/{TOWN}/{path}"

    def send_form(
        self, url: str, data: dict, *, to: str = "", **more: Any
    ) -> requests.Response:
        page = self.get(url).text
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found, url
        token = {"csrfmiddlewaretoken": found[1]}
        return self.post(to or url, {**data, **token}, **more)


def hidden(text: str) -> set[str]:
    return {canary for canary in CANARIES if canary in text}


def canary_file() -> bytes:
    """A household of the town's own middle, with one child; and one that is wrong."""
    home = {
        "head_name": "Canaryhead",
        "phone": "79 999 123",
        "surveyor": "Canarysurveyor",
        "longitude": 35.82051234,
        "latitude": 33.79053214,
        "stratum": "canary",
    }
    kid = {
        "child_id": "CANARYKID",
        "name": "Canaryname كناريّة",
        "birth_date": date(2013, 3, 17),
    }
    return workbook_file(
        [household(**home) | {"household_id": "CANARYHOUSE"}],
        [child(**kid) | {"household_id": "CANARYHOUSE"}],
    )


def faulty_file() -> bytes:
    """Canaries where each is a fault, so that every message could quote one."""
    home = {"head_name": "Canaryhead", "phone": "79999123", "weight": "Canaryname"}
    kid = {"name": "Canaryname", "sex": "كناريّة", "birth_date": "Canaryhead"}
    return workbook_file(
        [household(**home) | {"household_id": "CANARYHOUSE", "persons": "CANARYKID"}],
        [child(**kid) | {"household_id": "CANARYHOUSE", "child_id": "CANARYKID"}],
    )


def upload(reader: Reader, content: bytes, name: str) -> str:
    answer = reader.send_form(
        reader.at(f"surveys/rounds/{ROUND}/upload/"),
        {},
        files={"answers": (name, content)},
    )
    found = re.search(r"/surveys/uploads/(\d+)/", answer.url)
    assert found, answer.text[-2000:]
    return found[1]


@pytest.fixture(scope="module")
def planted(live_town: Demo) -> Demo:
    """The demo after canaries were uploaded, read, published and withdrawn."""
    manager = Reader(live_town.url, "data")
    upload(manager, faulty_file(), "Canaryname.xlsx")
    key = upload(manager, canary_file(), "answers.xlsx")
    page = manager.at(f"surveys/uploads/{key}/")
    manager.send_form(page, {}, to=f"{page}load/")
    manager.send_form(page, {}, to=manager.at(f"surveys/files/uploads/{key}/approve/"))
    records = manager.at(f"surveys/rounds/{ROUND}/submissions/")
    found = manager.send_form(records, {"q": "Canaryhead"})
    record = re.search(r"/surveys/submissions/(\d+)/", found.text)
    assert record, found.text[-3000:]
    assert (
        "Canaryname"
        in manager.get(manager.at(f"surveys/submissions/{record[1]}/")).text
    )
    manager.send_form(manager.at(f"surveys/rounds/{ROUND}/publish/"), {})
    wait_until_published(live_town)
    return live_town


def wait_until_published(here: Demo) -> None:
    with here.connect(as_owner=True) as connection, connection.cursor() as cursor:
        town(cursor, TOWN)
        end = time.monotonic() + 180
        while time.monotonic() < end:
            cursor.execute(
                "SELECT state FROM surveys_publication ORDER BY id DESC LIMIT 1"
            )
            (state,) = cursor.fetchone()
            if state in {"done", "failed"}:
                break
            time.sleep(0.5)
    assert state == "done"


def town(cursor, slug: str) -> None:
    cursor.execute(
        "SELECT set_config('app.municipality', id::text, false)"
        " FROM geography_municipality WHERE slug = %s",
        [slug],
    )


def tables(cursor) -> Iterator[str]:
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'm')"
        " AND relnamespace = 'public'::regnamespace ORDER BY relname"
    )
    for (name,) in cursor.fetchall():
        yield name


def test_no_table_outside_the_surveys_names_a_child(planted):
    found = {}
    with planted.connect(as_owner=True) as connection, connection.cursor() as cursor:
        town(cursor, TOWN)
        for name in tables(cursor):
            cursor.execute(f'SELECT t::text FROM "{name}" AS t')
            found[name] = hidden("\n".join(row for (row,) in cursor.fetchall()))
    assert found["surveys_repeatrow"]  # The search finds what is there.
    leaks = {name: what for name, what in found.items() if what}
    assert {name for name in leaks if not name.startswith("surveys_")} == set()


def test_no_file_outside_the_upload_store_names_a_child(planted):
    leaks = {}
    store = planted.logs / "media" / "surveys"
    for path in planted.logs.rglob("*"):
        if path.is_file() and store not in path.parents:
            text = path.read_bytes().decode("utf-8", "ignore")
            if hidden(text) or hidden(str(path)):
                leaks[str(path)] = hidden(text + str(path))
    assert leaks == {}
    assert any(store.rglob("*"))


def test_files_of_the_upload_store_are_for_the_server_alone(planted):
    store = planted.logs / "media" / "surveys"
    for path in [store, *store.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path
    assert not any(hidden(path.name) for path in store.rglob("*"))


@pytest.mark.parametrize("who", ["planner", "admin"])
def test_no_answer_of_the_map_names_a_child(planted, who):
    reader = Reader(planted.url, who)
    for page in MAP_PAGES:
        answer = reader.get(reader.at(page))
        assert answer.status_code in {200, 403}, page
        assert not hidden(answer.text + str(answer.headers)), page


@pytest.mark.parametrize("who", ["planner", "surveyor", "clerk", "admin", "resident"])
def test_nobody_but_the_data_manager_meets_a_record(planted, who):
    reader = Reader(planted.url, who)
    with planted.connect(as_owner=True) as connection, connection.cursor() as cursor:
        town(cursor, TOWN)
        cursor.execute("SELECT id FROM surveys_submission WHERE head_name ~ 'Canary'")
        (record,) = cursor.fetchone()
        cursor.execute("SELECT id FROM surveys_upload")
        uploads = [pk for (pk,) in cursor.fetchall()]
    pages = [
        "surveys/",
        f"surveys/rounds/{ROUND}/",
        f"surveys/rounds/{ROUND}/submissions/",
        f"surveys/submissions/{record}/",
        *(f"surveys/uploads/{pk}/" for pk in uploads),
        *(f"surveys/uploads/{pk}/marked.xlsx" for pk in uploads),
    ]
    for page in pages:
        answer = reader.get(reader.at(page))
        assert answer.status_code in {200, 403, 404}, page
        assert not hidden(answer.text), page


def test_a_withheld_zone_has_no_number_of_children_or_households(planted):
    reader = Reader(planted.url, "planner")
    for breakdown in ("all", "sex:female", "sex:male"):
        figures = reader.get(
            reader.at("map/values.json"), params={"breakdown": breakdown}
        ).json()
        for row in [*figures["zones"].values(), figures["town"]]:
            if row["flag"] in {"withheld", "no_data"}:
                told = {row[key] for key in ("value", "low", "high", "n")}
                assert told == {None}
                assert row["asked"] == ""
            else:
                assert row["n"] % 5 == 0
    with planted.connect(as_owner=True) as connection, connection.cursor() as cursor:
        town(cursor, TOWN)
        cursor.execute(
            "SELECT count(*), count(estimate), count(n), count(households), count(se)"
            " FROM indicators_estimate WHERE flag IN ('withheld', 'no_data')"
        )
        assert cursor.fetchone()[1:] == (0, 0, 0, 0)
        cursor.execute("SELECT definitions, digest FROM indicators_release")
        assert not hidden(json.dumps(cursor.fetchall()))


def log_of(here: Demo) -> str:
    return "".join(
        Path(here.logs / name).read_text() for name in ("web.log", "worker.log")
    )


def test_a_fault_tells_the_log_no_names(planted):
    """A record that cannot be read back leaves a traceback without its values."""
    reader = Reader(planted.url, "data")
    answer = reader.get(reader.at("surveys/uploads/999999/"))
    assert answer.status_code == 404
    assert not hidden(log_of(planted))

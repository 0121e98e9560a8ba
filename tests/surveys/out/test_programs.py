"""/v1 and OData, as programs that know nothing of this server use them."""

import json
from pathlib import Path

import odata
import pytest
import requests
from pyodk.client import Client

from tests.demo import Demo

DATA = ("data@wadi-zaytoun.example", "wadi-zaytoun-demo")


@pytest.fixture
def pyodk(live_town: Demo, tmp_path: Path):
    """The program as it is published, with a configuration of its own."""
    config = tmp_path / "pyodk.toml"
    config.write_text(
        f'[central]\nbase_url = "{live_town.url}"\nusername = "{DATA[0]}"\n'
        f'password = "{DATA[1]}"\n'
    )
    with Client(config_path=str(config), cache_path=str(tmp_path / "cache")) as client:
        projects = client.projects.list()
        assert [project.name for project in projects] == ["Wadi al-Zaytoun"]
        client.projects.default_project_id = projects[0].id
        for part in (client.forms, client.submissions, client.entities):
            part.default_project_id = projects[0].id
        yield client


def root(demo: Demo) -> str:
    projects = requests.get(f"{demo.url}/v1/projects", auth=DATA, timeout=30).json()
    return f"{demo.url}/v1/projects/{projects[0]['id']}/forms/child_needs.svc"


def test_pyodk_lists_forms_and_pulls_submissions_and_entities(pyodk):
    (form,) = [each for each in pyodk.forms.list() if each.xmlFormId == "child_needs"]
    assert form.state == "open"
    records = pyodk.submissions.list(form_id="child_needs")
    one = pyodk.submissions.get(records[0].instanceId, form_id="child_needs")
    assert one.instanceId == records[0].instanceId
    table = pyodk.submissions.get_table(form_id="child_needs", count=True, top=50)
    assert table["@odata.count"] == len(records)
    assert len(table["value"]) == 50
    assert "head_name" not in table["value"][0]
    children = pyodk.submissions.get_table(
        form_id="child_needs", table_name="Submissions.children", top=5
    )
    known = {each.instanceId for each in records}
    assert {row["__Submissions-id"] for row in children["value"]} <= known
    households = pyodk.entities.list(entity_list_name="households")
    again = pyodk.entities.get_table(entity_list_name="households")
    assert {each.uuid for each in households} == {row["__id"] for row in again["value"]}


def test_pyodk_reviews_and_comments(pyodk):
    waiting = pyodk.submissions.get_table(
        form_id="child_needs", filter="__system/reviewState eq null", top=1
    )
    key = waiting["value"][0]["__id"]
    pyodk.submissions.review(
        key, "hasIssues", form_id="child_needs", comment="راجع العمر"
    )
    assert pyodk.submissions.get(key, form_id="child_needs").reviewState == "hasIssues"
    said = pyodk.submissions.list_comments(key, form_id="child_needs")
    assert "راجع العمر" in {each.body for each in said}


def test_a_generic_client_reads_every_page_of_the_feed(live_town: Demo):
    session = requests.Session()
    session.auth = DATA
    service = odata.ODataService(
        f"{root(live_town)}/", session=session, reflect_entities=True
    )
    described = service.entities["Submissions"]
    rows = list(service.query(described).limit(5))
    assert len(rows) == 5
    assert all(row.persons is None or row.persons > 0 for row in rows)


def test_pages_link_to_the_next_and_hold_each_row_once(live_town: Demo):
    url, seen, pages = f"{root(live_town)}/Submissions?$count=true", [], 0
    while url:
        answer = requests.get(url, auth=DATA, timeout=60)
        assert answer.headers["OData-Version"] == "4.0"
        found = answer.json()
        seen += [row["__id"] for row in found["value"]]
        total, url, pages = (
            found["@odata.count"],
            found.get("@odata.nextLink"),
            pages + 1,
        )
    assert len(seen) == len(set(seen)) == total
    assert pages == -(-total // 1000)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("$top=x", 400),
        ("$skiptoken=zz", 400),
        ("$filter=name eq 'a'", 400),
        ("$filter=(((", 400),
        ("$filter=" + "(" * 500 + "__system/submitterId eq 1", 400),
        ("$filter=__system/submissionDate gt 2026-99-99", 400),
        (
            "$filter=__system/submissionDate gt 2020-01-01 and not (__system/reviewState eq 'approved')",
            200,
        ),
        ("$apply=groupby((x))", 501),
        ("$orderby=persons", 501),
        ("$select=__id,persons&$top=1", 200),
    ],
)
def test_queries_are_answered_or_refused_with_words(live_town: Demo, query, status):
    answer = requests.get(
        f"{root(live_town)}/Submissions?{query}", auth=DATA, timeout=30
    )
    assert answer.status_code == status, answer.text
    assert status == 200 or answer.json()["message"]


def test_nobody_else_gets_in(live_town: Demo):
    url = root(live_town)
    assert requests.get(url, timeout=30).status_code == 401
    wrong = (DATA[0], "wrong")
    assert requests.get(url, auth=wrong, timeout=30).status_code == 401
    for other in ("surveyor", "planner", "resident", "admin"):
        auth = (f"{other}@wadi-zaytoun.example", DATA[1])
        assert requests.get(url, auth=auth, timeout=30).status_code == 404, other
        listed = requests.get(f"{live_town.url}/v1/projects", auth=auth, timeout=30)
        assert json.loads(listed.text) == []


def test_a_session_ends_when_it_is_closed(live_town: Demo):
    made = requests.post(
        f"{live_town.url}/v1/sessions",
        json={"email": DATA[0], "password": DATA[1]},
        timeout=30,
    ).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    url = f"{live_town.url}/v1/users/current"
    assert requests.get(url, headers=bearer, timeout=30).json()["email"] == DATA[0]
    requests.delete(f"{live_town.url}/v1/sessions/{made['token']}", timeout=30)
    assert requests.get(url, headers=bearer, timeout=30).status_code == 401


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"email": 1}', b"\x00\xff"])
def test_a_strange_sign_in_is_refused_with_words(live_town: Demo, body):
    answer = requests.post(f"{live_town.url}/v1/sessions", data=body, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["message"]

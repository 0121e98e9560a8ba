"""/v1 and OData, as programs that know nothing of this server use them."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import odata
import pytest
import requests
from pyodk.client import Client
from pyodk.errors import PyODKError

from surveys.out import odata as odata_words
from surveys.out.odata import identifier
from tests.demo import Demo

JSON = "application/json; odata.metadata=minimal"
EDM = f"{{{odata_words.EDM}}}"
PYTHON = {
    "Edm.String": str,
    "Edm.Int64": int,
    "Edm.Double": (int, float),
    "Edm.Date": str,
    "Edm.DateTimeOffset": str,
    f"{odata_words.SCHEMA}.metadata": dict,
}
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


def test_pyodk_writes_lists_of_entities(pyodk):
    schools = {"entity_list_name": "schools"}
    made = pyodk.entities.create(
        label="مدرسة الوادي", data={"pupils": "210"}, **schools
    )
    assert made.currentVersion.version == 1
    changed = pyodk.entities.update(
        made.uuid, data={"pupils": "230"}, base_version=1, **schools
    )
    assert changed.currentVersion.version == 2
    assert changed.currentVersion.label == "مدرسة الوادي"
    with pytest.raises(PyODKError, match="it is at version 2"):
        pyodk.entities.update(
            made.uuid, data={"pupils": "1"}, base_version=1, **schools
        )
    pyodk.entities.merge(
        [
            {"label": "مدرسة الوادي", "pupils": 230, "gate": "north"},
            {"label": "مدرسة التل", "pupils": 90},
        ],
        **schools,
    )
    table = {row["label"]: row for row in pyodk.entities.get_table(**schools)["value"]}
    assert table["مدرسة الوادي"]["gate"] == "north"
    assert table["مدرسة الوادي"]["__system"]["version"] == 3
    assert table["مدرسة التل"]["pupils"] == "90"
    pyodk.entities.merge([], delete_not_matched=True, **schools)
    assert pyodk.entities.list(**schools) == []


def test_pyodk_can_not_write_what_records_are_made_into(pyodk):
    with pytest.raises(PyODKError, match="made of the records themselves"):
        pyodk.entities.create(
            label="H99", data={"head_name": "x"}, entity_list_name="households"
        )


def test_excel_and_power_bi_find_what_they_ask_for(live_town: Demo):
    """The headers and order of requests of Power Query's OData.Feed."""
    asks = {
        "OData-MaxVersion": "4.0",
        "MaxDataServiceVersion": "3.0",
        "Accept": "application/json;odata.metadata=minimal;q=1.0,application/json;q=0.8",
        "Prefer": "odata.maxpagesize=20",
    }
    url = root(live_town)
    refused = requests.get(url, headers=asks, timeout=30)
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")
    service = requests.get(url, headers=asks, auth=DATA, timeout=30).json()
    described = requests.get(f"{url}/$metadata", headers=asks, auth=DATA, timeout=30)
    assert described.headers["Content-Type"] == "application/xml"
    tables = {each["name"]: each["url"] for each in service["value"]}
    rows, address = [], f"{url}/{tables['Submissions.children']}?$top=50"
    while address:
        answer = requests.get(address, headers=asks, auth=DATA, timeout=30)
        assert answer.headers["OData-Version"] == "4.0"
        assert answer.headers["Content-Type"] == JSON
        assert answer.headers["Preference-Applied"] == "odata.maxpagesize=20"
        found = answer.json()
        assert len(found["value"]) <= 20
        rows, address = [*rows, *found["value"]], found.get("@odata.nextLink")
    assert len({row["__id"] for row in rows}) == len(rows) == 50
    chosen = requests.get(
        f"{url}/Submissions?$select=__id,persons&$top=1&$count=true",
        auth=DATA,
        timeout=30,
    ).json()
    assert chosen["@odata.context"].endswith("#Submissions(__id,persons)")
    assert set(chosen["value"][0]) == {"__id", "persons"}


def test_the_description_names_every_column_with_its_type(live_town: Demo):
    url = root(live_town)
    described = ET.fromstring(
        requests.get(f"{url}/$metadata", auth=DATA, timeout=30).content
    )
    for name in ("Submissions", "Submissions.children"):
        entity = described.find(f".//{EDM}EntityType[@Name='{identifier(name)}']")
        types = {
            each.get("Name"): each.get("Type")
            for each in entity.findall(f"{EDM}Property")
        }
        answer = requests.get(f"{url}/{name}?$top=200", auth=DATA, timeout=30).json()
        assert all(set(row) == set(types) for row in answer["value"])
        for row in answer["value"]:
            for key, value in row.items():
                assert value is None or isinstance(value, PYTHON[types[key]]), key


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

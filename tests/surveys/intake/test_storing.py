from datetime import UTC, date, datetime

import pytest
from django.utils import timezone
from lxml import etree

from surveys.intake.services import (
    Incoming,
    replace_record,
    store_records,
    stored_record,
)
from surveys.models import Submission
from surveys.record import read_record
from tests.factories.forms import instance_xml, make_version, receiving_round

ANSWERS = """
<start>2026-04-18T09:00:00.000+03:00</start><end>2026-04-18T09:25:00.000+03:00</end>
<household_id>H1</household_id><location>33.80 35.84 900 6.5</location>
<interview_date>2026-04-18</interview_date><head_name>ليلى</head_name>
<persons>5</persons><water_source>piped</water_source>
<children><child_id>C1</child_id><name>نور</name><sex>female</sex>
<birth_date>2018-05-20</birth_date></children>
<children><child_id>C2</child_id><sex>male</sex><birth_date>2020-01-02</birth_date></children>
"""


@pytest.fixture
def round(town):
    return receiving_round(make_version(town))


def incoming(round, xml, **more):
    version = round.form.published()
    record = read_record(etree.fromstring(xml), version.structure)
    return version, Incoming(record, Submission.Source.PHONE, **more)


def test_a_record_is_stored_with_its_children(round):
    version, one = incoming(round, instance_xml(ANSWERS), instance_id="uuid:1")
    (stored,) = store_records(round=round, version=version, incoming=[one])
    stored.refresh_from_db()
    assert stored.household.code == "H1"
    assert stored.head_name == "ليلى"
    assert stored.accuracy == 6.5
    assert stored.geometry.coords == (35.84, 33.80)
    assert (stored.ended_at - stored.started_at).total_seconds() == 25 * 60
    children = stored.rows.children().order_by("pk")
    assert [(each.code, each.sex) for each in children] == [
        ("C1", "female"),
        ("C2", "male"),
    ]
    assert stored_record(stored) == one.record
    assert [event.kind for event in stored.events.all()] == ["received"]


def test_an_edit_keeps_the_record_and_tells_the_difference(round):
    version, one = incoming(round, instance_xml(ANSWERS), instance_id="uuid:1")
    (stored,) = store_records(round=round, version=version, incoming=[one])
    stored.state = Submission.State.SENT_BACK
    stored.save()
    other = ANSWERS.replace(">piped<", ">surface<").replace(">نور<", ">نورا<")
    version, two = incoming(round, instance_xml(other), instance_id="uuid:2")
    replace_record(submission=stored, incoming=two, version=version)
    stored.refresh_from_db()
    assert stored.state == "corrected"
    assert stored.instance_id == "uuid:2"
    event = stored.events.get(kind="edited")
    assert event.before == {"water_source": "piped", "children[1]/name": "نور"}
    assert event.after == {"water_source": "surface", "children[1]/name": "نورا"}


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Africa/Tunis", date(2026, 12, 31)), ("Asia/Beirut", date(2027, 1, 1))],
)
def test_an_interview_without_a_date_is_of_the_towns_own_day(
    round, monkeypatch, zone, day
):
    round.municipality.time_zone = zone
    round.starts_on, round.ends_on = date(2026, 10, 1), date(2027, 3, 31)
    answers = "".join(
        line for line in ANSWERS.splitlines(keepends=True) if "-04-18" not in line
    )
    answers += "<head_name>ليلى</head_name><persons>5</persons>"
    version, one = incoming(round, instance_xml(answers), instance_id="uuid:1")
    moment = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    (stored,) = store_records(round=round, version=version, incoming=[one])
    assert stored.interviewed_on == day

"""What the browser is told, and what it may send."""

import json
import re
from datetime import datetime

import pyogrio
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from layers.geography.models import Parcel
from surveys.intake.receiving import Sender, receive
from surveys.models import Arrival, RecordRead, Submission, Target
from surveys.review.services import take_step
from tests.factories.accounts import staff
from tests.factories.forms import HOUSEHOLD, instance_xml, make_version, receiving_round
from tests.factories.geography import ParcelFactory, ZoneFactory, square

ANSWERS = """<household_id>H1</household_id><parcel_code>12</parcel_code>
<interview_date>2026-04-18</interview_date><persons>4</persons>"""


@pytest.fixture
def round(town):
    zone = ZoneFactory(municipality=town, geometry=square(35.80, 33.78, 0.04))
    ParcelFactory(
        municipality=town, code="12", zone=zone, geometry=square(35.81, 33.79, 0.001)
    )
    return receiving_round(make_version(town, text=HOUSEHOLD))


@pytest.fixture
def surveyor(town):
    return staff(town, "surveyor")


def url(town, name, *more):
    with override("ar"):
        return reverse(f"surveys:collect:{name}", args=[town.slug, *more])


def xml_of(number=1, answers=ANSWERS):
    return instance_xml(answers, instance_id=f"uuid:b-{number}")


def post(client, town, content):
    file = SimpleUploadedFile("submission.xml", content, "text/xml")
    return client.post(url(town, "send"), {"xml_submission_file": file})


def test_the_device_is_told_its_forms_with_hashes_and_its_parcels(
    client, town, round, surveyor
):
    parcel = Parcel.objects.of(town).get(code="12")
    Target.objects.create(
        municipality=town, round=round, parcel=parcel, surveyor=surveyor
    )
    client.force_login(surveyor)
    state = client.get(url(town, "state")).json()
    (form,) = state["forms"]
    assert form["code"] == round.form.code
    assert form["parts"]["parcel"].endswith("/parcel_code")
    served = client.get(form["url"])
    assert served.content.decode() == round.form.published().xform
    assert [each["parcel"] for each in state["targets"]] == ["12"]
    assert state["user"]["id"] == str(surveyor.pk)


def test_sent_twice_it_is_one_record_from_a_browser(client, town, round, surveyor):
    client.force_login(surveyor)
    content = xml_of()
    assert post(client, town, content).status_code == 201
    assert post(client, town, content).status_code == 202
    (record,) = Submission.objects.of(town)
    assert record.source == Submission.Source.BROWSER
    assert record.by == surveyor


def test_other_answers_under_the_same_id_are_refused_with_words(
    client, town, round, surveyor
):
    client.force_login(surveyor)
    post(client, town, xml_of())
    answer = post(client, town, xml_of(answers=ANSWERS.replace("H1", "H2")))
    assert answer.status_code == 409
    assert answer.json()["message"]


@pytest.mark.parametrize("body", [{}, {"xml_submission_file": "text"}])
def test_a_post_without_a_file_is_answered_with_words(client, town, surveyor, body):
    client.force_login(surveyor)
    answer = client.post(url(town, "send"), body)
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_who_sent_a_record_gets_it_back_with_the_comment_and_nobody_else(
    client, town, round, surveyor
):
    sender = Sender(municipality=town, by=surveyor, channel=Arrival.Channel.BROWSER)
    record = receive(sender=sender, content=xml_of()).arrival.submission
    take_step(
        submission=record,
        action="send_back",
        by=staff(town, "data_manager"),
        note="العمر غير واضح",
    )
    client.force_login(surveyor)
    (returned,) = client.get(url(town, "state")).json()["returned"]
    assert returned["comments"] == [{"question": "", "note": "العمر غير واضح"}]
    given = client.get(returned["url"]).json()
    assert "<household_id>H1</household_id>" in given["xml"]
    assert RecordRead.objects.filter(submission=record, reader=surveyor).exists()

    client.force_login(staff(town, "surveyor"))
    assert client.get(url(town, "state")).json()["returned"] == []
    assert client.get(returned["url"]).status_code == 404


def test_the_page_may_run_webassembly_and_other_pages_may_not(client, town, surveyor):
    client.force_login(surveyor)
    policy = client.get(url(town, "desk"))["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "'unsafe-eval'" not in policy.replace("'wasm-unsafe-eval'", "")
    assert "unsafe-inline" not in policy
    other = client.get(reverse("surveys:list", args=[town.slug]))
    assert "wasm" not in other["Content-Security-Policy"]


def test_the_worker_keeps_files_that_are_there(client, town, surveyor):
    client.force_login(surveyor)
    source = client.get(url(town, "worker")).content.decode()
    given = json.loads(re.search(r"const given = (.*);", source)[1])
    assert given["page"] == url(town, "desk")
    assert any("collect" in file for file in given["files"])
    manifest = client.get(url(town, "manifest")).json()
    assert manifest["dir"] == "rtl"
    assert manifest["scope"] == given["page"]


def test_the_clock_is_told(client, town, surveyor):
    client.force_login(surveyor)
    before = timezone.now()
    told = client.get(url(town, "state")).json()["now"]
    assert before <= datetime.fromisoformat(told) <= timezone.now()


def test_a_surveyor_takes_along_the_map_of_an_assigned_zone(
    client, town, round, surveyor, tmp_path
):
    parcel = Parcel.objects.of(town).get(code="12")
    zone = parcel.zone or ZoneFactory(municipality=town, geometry=parcel.geometry)
    Parcel.objects.filter(pk=parcel.pk).update(zone=zone)
    client.force_login(surveyor)
    assert client.get(url(town, "zone_map", zone.code)).status_code == 404
    Target.objects.create(
        municipality=town, round=round, parcel=parcel, surveyor=surveyor
    )
    address = url(town, "zone_map", zone.code)
    assert address in client.get(f"/ar/{town.slug}/surveys/").content.decode()
    answer = client.get(address)
    assert "no-store" in answer["Cache-Control"]
    assert (
        f'filename="{town.slug}-{zone.code}.mbtiles"' in answer["Content-Disposition"]
    )
    path = tmp_path / "zone.mbtiles"
    path.write_bytes(b"".join(answer.streaming_content))
    found = pyogrio.read_dataframe(path, layer="parcels")
    assert "12" in set(found["code"])
    client.force_login(staff(town, "surveyor"))
    assert client.get(address).status_code == 404

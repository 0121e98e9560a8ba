"""What a data manager sees of the checks, and changes."""

import pytest
from django.urls import reverse

from surveys.intake.receiving import Sender, receive
from surveys.models import Arrival, CheckSetting, Finding, Submission
from surveys.quality.definitions import CHECKS
from surveys.quality.services import check_next, compare_records, settings_of
from tests.factories.accounts import staff
from tests.factories.forms import instance_xml, make_version, receiving_round
from tests.factories.geography import ParcelFactory, ZoneFactory, square

ANSWERS = """<start>2026-04-18T09:00:00.000+03:00</start>
<end>2026-04-18T09:02:00.000+03:00</end>
<household_id>H{number}</household_id><parcel_code>12</parcel_code>
<interview_date>2026-04-18</interview_date><persons>4</persons>"""


@pytest.fixture
def round(town):
    zone = ZoneFactory(municipality=town, geometry=square(35.80, 33.78, 0.04))
    ParcelFactory(
        municipality=town, code="12", zone=zone, geometry=square(35.81, 33.79, 0.001)
    )
    made = receiving_round(make_version(town))
    sender = Sender(
        municipality=town, by=staff(town, "surveyor"), channel=Arrival.Channel.PHONE
    )
    for number in (1, 2):
        xml = instance_xml(
            ANSWERS.format(number=number), instance_id=f"uuid:q-{number}"
        )
        receive(sender=sender, content=xml)
    check_next(round=made)
    compare_records(round=made)
    return made


@pytest.fixture
def manager(client, town):
    person = staff(town, "data_manager")
    client.force_login(person)
    return person


def url(round, name):
    return reverse(
        f"surveys:quality:{name}", args=[round.municipality.slug, round.code]
    )


def form_of(round, **changes):
    """The settings as the page shows them, with some changed."""
    on = settings_of(round)
    data = {}
    for code, check in CHECKS.items():
        if code in on:
            data[code] = "on"
        for name, value in on.get(code, check.defaults).items():
            data[f"{code}-{name}"] = value
    for key, value in changes.items():
        if value is None:
            data.pop(key)
        else:
            data[key] = value
    return data


def test_the_overview_counts_by_check_surveyor_and_day(client, round, manager):
    page = client.get(url(round, "overview"))
    found = {each.check.code: each.open for each in page.context["checks"]}
    assert found["too_fast"] == 2
    (surveyor,) = page.context["surveyors"]
    assert (surveyor.records, surveyor.minutes, surveyor.serious) == (2, 2.0, 2)
    assert [(records, faulty) for _day, records, faulty in page.context["days"]] == [
        (2, 2)
    ]
    assert "check=too_fast" in page.content.decode()


def test_a_threshold_is_changed_and_the_records_are_looked_at_again(
    client, round, manager
):
    client.post(url(round, "settings"), form_of(round, **{"too_fast-minutes": "1.5"}))
    assert settings_of(round)["too_fast"] == {"minutes": 1.5}
    assert Submission.objects.filter(round=round, checked_at=None).count() == 2
    check_next(round=round)
    assert not Finding.objects.filter(check_code="too_fast").exists()


def test_a_check_that_is_off_finds_nothing(client, round, manager):
    client.post(url(round, "settings"), form_of(round, too_fast=None))
    assert "too_fast" not in settings_of(round)
    check_next(round=round)
    assert not Finding.objects.filter(check_code="too_fast").exists()


@pytest.mark.parametrize("given", ["", "soon", "0", "1000", "nan"])
def test_a_threshold_out_of_range_is_refused_and_nothing_is_saved(
    client, round, manager, given
):
    answer = client.post(
        url(round, "settings"), form_of(round, **{"too_fast-minutes": given})
    )
    assert answer.status_code == 422
    assert not CheckSetting.objects.filter(round=round).exists()


def test_a_round_without_records_says_so(client, town, manager):
    empty = receiving_round(make_version(town, form_id="other"))
    page = client.get(url(empty, "overview")).content.decode()
    assert "No record has come in yet." in page

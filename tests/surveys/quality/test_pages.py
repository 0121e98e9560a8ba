"""The pages on which a data manager sees and sets the checks."""

from datetime import date

import pytest
from django.urls import reverse

from surveys.models import CheckSetting, Finding, Submission
from surveys.quality.definitions import CHECKS, GROUPS
from surveys.quality.explanations import EXPLANATIONS
from surveys.quality.services import check_next, compare_records, settings_of
from tests.factories.accounts import staff
from tests.surveys.quality.test_checks import found, send


@pytest.fixture
def manager(town, client):
    person = staff(town, "data_manager")
    client.force_login(person)
    return person


def page(name, round, *more):
    return reverse(
        f"surveys:quality:{name}", args=[round.municipality.slug, round.code, *more]
    )


def test_every_check_is_explained_and_listed_once():
    listed = [code for _title, codes in GROUPS for code in codes]
    assert sorted(listed) == sorted(CHECKS) == sorted(EXPLANATIONS)


def test_the_dashboard_counts_findings_by_check_and_surveyor(
    client, manager, round, town
):
    surveyor = staff(town, "surveyor")
    send(round, by=surveyor, end="2026-04-18T09:02:00.000+03:00")
    found(round)
    response = client.get(page("dashboard", round), HTTP_ACCEPT_LANGUAGE="en")
    text = response.content.decode()
    assert "Too fast" in text
    assert "check=too_fast" in text
    (figures,) = response.context["surveyors"]
    assert figures.name == surveyor.full_name
    assert (figures.interviews, figures.minutes, figures.serious) == (1, 2, 1)
    assert response.context["productivity"].rows == [(surveyor.full_name, [1], 1)]


def test_shares_are_counted_over_all_answers_of_a_surveyor(client, manager, round):
    send(round, water_source="other")
    send(round, household_id="H2", water_source="dont_know", children=())
    figures = client.get(page("dashboard", round)).context["surveyors"]
    # Two waters and one child's sex were chosen from lists.
    assert [(each.other, each.unknown) for each in figures] == [(33, 33)]


def test_a_round_without_records_says_so(client, manager, round):
    text = client.get(
        page("dashboard", round), HTTP_ACCEPT_LANGUAGE="en"
    ).content.decode()
    assert "No records yet" in text


def test_a_check_is_switched_off_and_set_back(client, manager, round):
    change = page("change", round, "too_fast")
    client.post(change, {"minutes": "6"})
    assert "too_fast" not in settings_of(round)
    client.post(change, {"enabled": "on", "minutes": "12"})
    assert settings_of(round)["too_fast"] == {"minutes": 12}
    client.post(change, {"usual": "1"})
    assert settings_of(round)["too_fast"] == {"minutes": 6}
    assert not CheckSetting.objects.exists()


def test_a_threshold_outside_its_limits_is_refused_in_words(client, manager, round):
    response = client.post(
        page("change", round, "too_fast"),
        {"enabled": "on", "minutes": "5000"},
        HTTP_HX_REQUEST="true",
    )
    assert "120" in response.content.decode()
    assert not CheckSetting.objects.exists()


def test_holidays_are_set_by_their_dates(client, manager, round):
    stored = send(round)
    change = page("change", round, "day_off")
    client.post(change, {"enabled": "on", "weekend": "6", "holidays": "2026-04-17"})
    assert found(round, stored) == set()
    client.post(change, {"enabled": "on", "weekend": "6", "holidays": "2026-04-18"})
    client.post(page("run", round))
    assert found(round, stored) == {("day_off", "interview_date")}
    assert "2026-04-18" in client.get(page("settings", round)).content.decode()


def test_a_saturday_is_a_day_off_where_the_country_rests(client, manager, round):
    stored = send(round)
    assert date(2026, 4, 18).isoweekday() == 6
    client.post(page("change", round, "day_off"), {"enabled": "on", "weekend": "0"})
    assert ("day_off", "interview_date") in found(round, stored)


def test_running_again_looks_at_every_record(client, manager, round):
    stored = send(round, end="2026-04-18T09:02:00.000+03:00")
    found(round)
    client.post(page("change", round, "too_fast"), {"minutes": "6"})
    client.post(page("run", round))
    stored.refresh_from_db()
    assert stored.checked_at is None
    while check_next(round=round):
        pass
    compare_records(round=round)
    assert not Finding.objects.filter(check_code="too_fast").exists()
    assert Submission.objects.get().checked_at


def test_a_surveyor_sees_no_dashboard(client, town, round):
    client.force_login(staff(town, "surveyor"))
    assert client.get(page("dashboard", round)).status_code == 403

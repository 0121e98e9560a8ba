"""A round that is changed, closed and opened again after it was made."""

from datetime import date

import pytest
from django.urls import reverse

from surveys.errors import RoundRefused
from surveys.intake.services import Incoming, store_records
from surveys.models import Round, Submission
from surveys.record import Record
from surveys.rounds.services import Plan, close_round, draw_sample, open_round
from tests.factories.accounts import staff
from tests.factories.forms import make_version, receiving_round
from tests.factories.geography import ParcelFactory, ZoneFactory, square

NEAR_METRES = 50 / 92_500


@pytest.fixture
def round(town):
    for n in range(2):
        zone = ZoneFactory(
            municipality=town, code=f"Z{n}", geometry=square(35.80 + n, 33.78, 0.04)
        )
        ParcelFactory(
            municipality=town,
            code=f"P{n}",
            zone=zone,
            geometry=square(35.81 + n, 33.79, 0.001),
        )
    return receiving_round(make_version(town))


@pytest.fixture
def page(client, town, round):
    client.force_login(staff(town, "data_manager"))
    given = {
        "name_ar": round.name_ar,
        "name_en": round.name_en,
        "name_fr": round.name_fr,
        "starts_on": round.starts_on,
        "ends_on": round.ends_on,
        "school_year_start": round.school_year_start,
        "tolerance": 30,
        "nonresponse": "none",
    }

    def post(name="edit", **changes):
        url = reverse(f"surveys:rounds:{name}", args=[town.slug, round.code])
        more = {**given, **changes} if name == "edit" else changes
        answer = client.post("/en" + url[3:], more, follow=True)
        round.refresh_from_db()
        return " ".join(answer.content.decode().split())

    return post


def arrive(round, **answers):
    record = Record({"household_id": "H1", "interview_date": "2026-04-18", **answers})
    one = Incoming(record, Submission.Source.PHONE)
    version = round.form.published()
    (stored,) = store_records(round=round, version=version, incoming=[one])
    return stored


def test_what_follows_is_told_before_anything_changes(page, round):
    text = page(school_year_start="2025-09-15", name_en="Spring, again")
    assert "School ages are counted anew" in text
    assert "2025-09-15" in text
    assert round.school_year_start == date(2025, 9, 1)
    text = page(school_year_start="2025-09-15", name_en="Spring, again", confirmed="1")
    assert "The round is changed." in text
    assert (round.name_en, round.school_year_start) == (
        "Spring, again",
        date(2025, 9, 15),
    )
    assert round.restated_at
    assert "Nothing was changed." in page(
        school_year_start="2025-09-15", name_en="Spring, again"
    )


def test_days_that_would_leave_interviews_outside_are_refused(page, round):
    arrive(round)
    text = page(starts_on="2026-04-19", confirmed="1")
    assert "1 interview would be outside, of 2026-04-18." in text
    assert round.starts_on < date(2026, 4, 18)
    assert "The round is changed." in page(starts_on="2026-04-18", confirmed="1")


def test_a_year_that_begins_after_the_round_is_refused(page, round):
    text = page(school_year_start="2027-09-01", confirmed="1")
    assert "The school year begins after the last interview." in text
    assert "before the first" in page(ends_on="2020-01-01", confirmed="1")
    assert round.school_year_start == date(2025, 9, 1)


def test_zones_outside_which_the_sample_lies_are_refused(page, round):
    page(zones=["Z0", "Z1"], confirmed="1")
    assert round.zones == ["Z0", "Z1"]
    draw_sample(round=round, plan=Plan(design="census", zones=("Z0", "Z1")))
    text = page(zones=["Z0"], confirmed="1")
    assert "Parcels of the sample lie in other zones." in text
    assert round.zones == ["Z0", "Z1"]
    assert "Select a valid choice" in page(zones=["nowhere"], confirmed="1")
    draw_sample(round=round, plan=Plan(design="census", zones=("Z0",)))
    round.refresh_from_db()
    assert round.zones == ["Z0"]


def test_a_wider_tolerance_reaches_the_parcel(page, round):
    place = {
        "type": "Point",
        "coordinates": [35.811 + NEAR_METRES, 33.7905],
        "accuracy": 5,
    }
    assert arrive(round, location=place).placed_by == Submission.PlacedBy.ZONE
    page(tolerance=60, confirmed="1")
    stored = arrive(round, household_id="H2", location=place)
    assert stored.placed_by == Submission.PlacedBy.NEAREST
    assert "less than or equal to 100" in page(tolerance=101, confirmed="1")
    assert round.tolerance == 60


def test_a_round_is_closed_and_opened_again_after_asking(client, town, page, round):
    arrive(round)
    url = "/en" + reverse("surveys:rounds:close", args=[town.slug, round.code])[3:]
    text = " ".join(client.get(url).content.decode().split())
    assert "1 record still waits for review." in text
    assert Round.objects.get().receiving
    assert "Closed." in page("close")
    assert (round.receiving, round.status) == (False, "closed")
    again = url.replace("close", "reopen")
    assert "at their next refresh" in client.get(again).content.decode()
    assert "Open." in page("reopen")
    assert (round.receiving, round.status) == (True, "open")


def test_a_round_keeps_the_questionnaire_it_has_answers_to(town, round):
    arrive(round)
    close_round(round=round)
    other = make_version(town, form_id="other").form
    with pytest.raises(RoundRefused, match="Answers to another questionnaire"):
        open_round(round=round, form=other)

"""Observations follow each approved record, whichever way it changes."""

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from layers.indicators.current.figures import estimates_now
from layers.indicators.models import Observation, ObservationSet, Release, SampleUnit
from surveys.following import AT_ONCE, far_behind, follow, follow_in_background
from surveys.models import ChangedHousehold, Round, Submission, Target
from surveys.publish import publish_round, response_factors
from surveys.review.services import take_step
from surveys.services import withdraw_submission
from tests.factories.accounts import staff
from tests.factories.geography import ParcelFactory, ZoneFactory, square
from tests.factories.observations import answers_of
from tests.factories.surveys import RoundFactory, child, household, load

COUNT = 30


@pytest.fixture
def reviewer(town):
    return staff(town, "data_manager")


@pytest.fixture
def round(town):
    for n, code in enumerate(("Z1", "Z2")):
        place = square(35.80 + n / 10, 33.78, 0.04)
        zone = ZoneFactory(municipality=town, code=code, geometry=place)
        spot = square(35.81 + n / 10, 33.79, 0.0009)
        ParcelFactory(municipality=town, code=str(12 + n), zone=zone, geometry=spot)
    round = RoundFactory(municipality=town)
    rows = [
        household(
            n,
            parcel_code="12" if n % 2 else "13",
            water_source="piped" if n % 3 else "surface",
        )
        for n in range(COUNT)
    ]
    load(
        round, rows, [child(n, n, sex=("female", "male")[n % 2]) for n in range(COUNT)]
    )
    return round


def record(round, number=3) -> Submission:
    return round.submissions.get(household__code=f"H{number}")


def stored(round):
    """What stands below: households with weight, zone and children's values."""
    found = ObservationSet.objects.get(code=round.code)
    return {
        unit.key: (
            unit.zone.code,
            unit.weight,
            unit.response_class,
            unit.stratum_psus,
            sorted((each.key, each.age_months) for each in unit.children.all()),
            [answers_of(each) for each in unit.children.order_by("key")],
        )
        for unit in found.units.select_related("zone").prefetch_related("children")
    }


def assert_as_if_made_anew(round):
    """The same observations and estimates as when all records are read again."""
    found = follow(round=round)
    assert not ChangedHousehold.objects.exists()
    step_by_step = stored(round), estimates_now(found, [])[0]
    Round.objects.filter(pk=round.pk).update(restated_at=timezone.now())
    found = follow(round=round)
    assert stored(round) == step_by_step[0]
    assert found.response_factors == response_factors(round)
    for name in ("estimate", "variance", "count"):
        np.testing.assert_allclose(
            getattr(step_by_step[1], name),
            getattr(estimates_now(found, [])[0], name),
            1e-9,
            1e-14,
        )


def test_nothing_approved_is_nothing_below(town):
    assert follow(round=RoundFactory(municipality=town)) is None
    assert not ObservationSet.objects.exists()


def test_what_is_approved_is_below_and_published_nowhere(round):
    follow(round=round)
    assert len(stored(round)) == COUNT
    assert not Release.objects.exists()


def test_one_withdrawn_goes_and_only_it_is_read(round, reviewer):
    follow(round=round)
    kept = set(SampleUnit.objects.values_list("pk", flat=True))
    withdraw_submission(submission=record(round), by=reviewer, reason="moved away")
    assert ChangedHousehold.objects.count() == 1
    follow(round=round)
    left = set(SampleUnit.objects.values_list("pk", flat=True))
    assert len(left) == COUNT - 1
    assert left < kept
    assert_as_if_made_anew(round)


def test_one_sent_back_goes_and_comes_again_when_approved(round, reviewer):
    before = follow(round=round) and stored(round)
    for action in ("send_back", "reopen"):
        take_step(submission=record(round), action=action, by=reviewer, note="look")
    follow(round=round)
    assert len(stored(round)) == COUNT - 1
    take_step(submission=record(round), action="approve", by=reviewer)
    follow(round=round)
    assert stored(round) == before
    assert_as_if_made_anew(round)


def test_a_change_by_plain_sql_is_seen(round):
    follow(round=round)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE surveys_submission SET weight = 9, answers ="
            " jsonb_set(answers, '{water_source}', '\"surface\"') WHERE id = %s",
            [record(round).pk],
        )
    follow(round=round)
    assert 9 in {weight for _zone, weight, *_more in stored(round).values()}
    assert_as_if_made_anew(round)


def test_response_classes_follow_who_was_met(round, town):
    Round.objects.filter(pk=round.pk).update(nonresponse=Round.Nonresponse.ZONE)
    round.refresh_from_db()
    for each in ("12", "13"):
        Target.objects.create(
            municipality=town,
            round=round,
            parcel=record(round, 1 if each == "12" else 2).parcel,
            outcome="complete",
        )
    follow(round=round)
    assert_as_if_made_anew(round)
    zone = record(round, 1).zone
    spot = square(35.815, 33.795, 0.0009)
    other = ParcelFactory(municipality=town, code="14", zone=zone, geometry=spot)
    Target.objects.create(
        municipality=town, round=round, parcel=other, outcome="refused"
    )
    found = follow(round=round)
    assert found.response_factors == {str(zone.pk): 2.0} | {
        key: 1.0 for key in found.response_factors if key != str(zone.pk)
    }
    assert_as_if_made_anew(round)


def test_after_a_publication_it_goes_on_from_there(round, reviewer):
    publish_round(round=round, by=reviewer)
    round.refresh_from_db()
    assert not ChangedHousehold.objects.exists()
    withdraw_submission(submission=record(round), by=reviewer, reason="moved away")
    assert_as_if_made_anew(round)
    assert Release.objects.count() == 1


def test_another_rounds_records_stay_out(round, town, reviewer):
    follow(round=round)
    other = RoundFactory(municipality=town)
    load(other, [household(1, parcel_code="12")], [child(1, 1)])
    follow(round=other)
    assert len(stored(other)) == 1
    assert len(stored(round)) == COUNT


def test_many_at_once_are_left_to_the_worker(round, town, monkeypatch):
    monkeypatch.setattr("surveys.following.AT_ONCE", COUNT - 1)
    assert AT_ONCE >= COUNT
    assert far_behind(round)
    follow_in_background.call(town.pk, round.pk)
    round.refresh_from_db()
    assert not far_behind(round)
    assert Observation.objects.count() == COUNT


@pytest.fixture
def page(client, round, reviewer):
    client.force_login(reviewer)

    def page(**asked):
        address = f"/en/{round.municipality.slug}/surveys/rounds/{round.code}/figures/"
        return client.get(address, asked).content.decode()

    return page


def test_the_page_has_the_figures_of_this_moment(page, round, reviewer):
    assert "(*)" in page()
    assert "30 asked" in page()
    take_step(submission=record(round), action="send_back", by=reviewer, note="look")
    for number in range(4, 10):
        taken = record(round, number)
        take_step(submission=taken, action="send_back", by=reviewer, note="look")
    assert "30 asked" not in page()


def test_a_zone_is_too_small_to_be_told(page):
    assert "15 asked" not in page(zone="Z1")
    assert "too few children were asked" in page(zone="Z1")


def test_the_page_waits_for_the_worker(page, monkeypatch):
    monkeypatch.setattr("surveys.following.AT_ONCE", 3)
    assert "being computed" in page()


def test_a_round_without_approved_records_says_so(page, round):
    Submission.objects.update(state=Submission.State.RECEIVED)
    assert "No figures yet" in page()


def test_a_surveyor_does_not_see_them(client, round, town):
    client.force_login(staff(town, "surveyor"))
    address = f"/en/{town.slug}/surveys/rounds/{round.code}/figures/"
    assert client.get(address).status_code == 403

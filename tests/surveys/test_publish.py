import json
import logging
from datetime import date

import pytest
from django.db import connection

from layers.indicators.models import (
    Estimate,
    Observation,
    ObservationSet,
    Release,
    SampleUnit,
    Woman,
)
from surveys.errors import NothingToPublish
from surveys.following import follow
from surveys.models import Publication, Submission
from surveys.publish import opaque_key, publish_round
from surveys.services import withdraw_submission
from tests.factories.accounts import staff
from tests.factories.geography import ParcelFactory, ZoneFactory
from tests.factories.observations import answers_of, factors_of
from tests.factories.surveys import RoundFactory, child, household, load, woman

CANARIES = (
    "Canaryname",
    "كناري",
    "Canaryhead",
    "79999123",
    "CANARYHOUSE",
    "CANARYKID",
    "2013-03-17",
    "17/03/2013",
    "35.8205123",
    "33.7905321",
    "Canarysurveyor",
)


@pytest.fixture
def round(town):
    zone = ZoneFactory(municipality=town, code="Z1")
    ParcelFactory(municipality=town, code="1187", zone=zone)
    return RoundFactory(municipality=town)


def test_answers_arrive_as_canonical_variables(round):
    load(
        round,
        [
            household(
                parcel_code="1187",
                stratum="core",
                frame_households=80,
                internet="no",
                water_source="surface",
                water_minutes=40,
            ),
            household(2, parcel_code="1187", stratum="core", frame_households=80),
        ],
        [
            child(1, school_attended_this_year="no"),
            child(
                2,
                birth_date=date(2012, 1, 1),
                selected_5_17="yes",
                economic_hours=20,
                chores_hours=3,
            ),
        ],
    )
    publish_round(round=round, by=None)
    unit, childless = SampleUnit.objects.order_by("pk")
    assert (unit.zone.code, unit.stratum, unit.stratum_psus) == ("Z1", "core", 80)
    assert (unit.weight, unit.psu) == (4.5, unit.key)
    assert childless.children.count() == 0
    first, drawn = unit.children.order_by("pk")
    assert first.age_months == 118
    answers = answers_of(first)
    assert answers["attends_school"] == 0
    assert answers["school_age"] == 9
    assert answers["internet"] == 0
    assert answers["water_improved"] == 0
    assert "economic_hours" not in answers
    assert factors_of(first) == {}
    assert answers_of(drawn)["economic_hours"] == 20
    assert factors_of(drawn) == {"module_5_17": 2}


def test_women_of_20_to_24_arrive_as_two_answers_and_an_age(round):
    load(
        round,
        [
            household(1, parcel_code="1187", women_20_24=3),
            household(2, parcel_code="1187"),
        ],
        [child()],
        [
            woman(woman_age=24, woman_age_married=14),
            woman(woman_age=20, woman_married="no", woman_age_married=None),
            woman(woman_age=21, woman_married=None, woman_age_married=None),
        ],
    )
    publish_round(round=round, by=None)
    rows = Woman.objects.order_by("-age_years").values_list(
        "unit__key", "age_years", "married_before_15", "married_before_18"
    )
    key = opaque_key(round.municipality_id, "H1")
    assert list(rows) == [
        (key, 24, True, True),
        (key, 21, None, None),
        (key, 20, False, False),
    ]
    assert Observation.objects.count() == 1
    withdrawn = Submission.objects.get(household__code="H1")
    withdraw_submission(submission=withdrawn, by=None, reason="Asked for.")
    observation_set = follow(round=round)
    assert observation_set == ObservationSet.objects.get()
    assert not Woman.objects.exists()


def test_publishing_twice_gives_the_same_observations_and_release(round):
    load(round, [household(parcel_code="1187")], [child()])
    first = publish_round(round=round, by=None)
    before = [(each.pk, answers_of(each)) for each in Observation.objects.all()]
    again = publish_round(round=round, by=None)
    assert again.pk == first.pk
    after = [(each.pk, answers_of(each)) for each in Observation.objects.all()]
    assert after == before
    assert Publication.objects.filter(state="done").count() == 2
    round.refresh_from_db()
    assert round.status == "published"


def test_a_correction_is_a_new_release_and_the_old_one_stays(round):
    load(round, [household(parcel_code="1187")], [child()])
    first = publish_round(round=round, by=None)
    assert not round.has_news()
    load(round, [household(parcel_code="1187", internet="no")], [child()])
    assert round.has_news()
    second = publish_round(round=round, by=None)
    assert second.number == first.number + 1
    assert answers_of(Observation.objects.get())["internet"] == 0
    assert Release.objects.count() == 2


def test_a_withdrawn_submission_withdraws_its_observations(round):
    manager = staff(round.municipality, "data_manager")
    load(
        round,
        [household(n, parcel_code="1187") for n in (1, 2)],
        [child(1, of=1), child(1, of=2)],
    )
    publish_round(round=round, by=manager)
    withdrawn = Submission.objects.get(household__code="H1")
    withdraw_submission(submission=withdrawn, by=manager, reason="Asked for.")
    assert round.has_news()
    publish_round(round=round, by=manager)
    key = opaque_key(round.municipality_id, "H2")
    assert SampleUnit.objects.get().key == key
    assert Observation.objects.count() == 1


def test_a_household_without_zone_is_in_no_figure(round):
    far = household(2, longitude=0.5, latitude=0.5)
    load(round, [household(1, parcel_code="1187"), far], [child(1, of=2)])
    publish_round(round=round, by=None)
    assert SampleUnit.objects.count() == 1
    assert not Observation.objects.exists()


def test_an_empty_round_is_not_published(round):
    with pytest.raises(NothingToPublish, match="No approved household"):
        publish_round(round=round, by=None)
    assert not Publication.objects.exists()


def test_a_household_keeps_its_key_over_rounds_and_nothing_leads_back(round, settings):
    key = opaque_key(round.municipality_id, "H1")
    assert key == opaque_key(round.municipality_id, "H1")
    assert key != opaque_key(round.municipality_id, "H2")
    assert key != opaque_key(round.municipality_id + 1, "H1")
    settings.SECRET_KEY = "another"
    assert key != opaque_key(round.municipality_id, "H1")


def rows_of_every_other_table() -> dict[str, str]:
    """All tables outside surveys_*, each as one text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.oid::regclass::text FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname = 'public'"
            " AND c.relname NOT LIKE 'surveys\\_%'"
            " AND has_table_privilege(c.oid, 'SELECT')"
        )
        tables = [name for (name,) in cursor.fetchall()]
        texts = {}
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table} AS t")
            texts[table] = "\n".join(text for (text,) in cursor.fetchall())
    return texts


def test_nothing_that_names_a_child_leaves_the_surveys(round, caplog, client):
    caplog.set_level(logging.DEBUG)
    canary = {
        "household_id": "CANARYHOUSE",
        "head_name": "Canaryhead",
        "phone": "79999123",
        "surveyor": "Canarysurveyor",
        "longitude": 35.8205123,
        "latitude": 33.7905321,
    }
    kid = {
        "household_id": "CANARYHOUSE",
        "child_id": "CANARYKID",
        "name": "Canaryname كناري",
        "birth_date": date(2013, 3, 17),
    }
    others = range(2, 40)
    load(
        round,
        [
            household(**canary),
            *(
                household(
                    n,
                    parcel_code="1187",
                    surveyor="Farah",
                    internet="yes" if n % 3 else "no",
                )
                for n in others
            ),
        ],
        [child(**kid), *(child(1, of=n) for n in others)],
    )
    manager = staff(round.municipality, "data_manager")
    client.force_login(manager)
    slug = round.municipality.slug
    client.get(f"/en/{slug}/surveys/submissions/{Submission.objects.first().pk}/")
    client.post(f"/en/{slug}/surveys/rounds/{round.code}/publish/")
    assert Estimate.objects.exclude(estimate=None).exists()
    texts = rows_of_every_other_table()
    assert texts["indicators_observation"]
    assert texts["indicators_estimate"]
    texts["the log"] = caplog.text
    texts["the release"] = json.dumps(
        [
            *ObservationSet.objects.values(),
            *Estimate.objects.values(),
            *Release.objects.values(),
        ],
        default=str,
    )
    for place, text in texts.items():
        for canary_value in CANARIES:
            assert canary_value not in text, f"{canary_value} in {place}"
    # The canaries are where they belong, so the search would have found them.
    assert Submission.objects.filter(head_name="Canaryhead").exists()

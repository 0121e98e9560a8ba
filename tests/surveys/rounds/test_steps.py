"""The way from the questionnaire to the figures, as the round's page tells it."""

import pytest
from django.utils import timezone

from surveys.models import Publication, Target
from surveys.rounds.services import Plan, balance_assignments, draw_sample, open_round
from surveys.rounds.steps import steps_of
from tests.factories.accounts import staff
from tests.factories.forms import make_version
from tests.factories.geography import ParcelFactory, ZoneFactory, square
from tests.factories.surveys import RoundFactory


@pytest.fixture
def round(town):
    zone = ZoneFactory(municipality=town, code="Z1")
    for n in range(4):
        ParcelFactory(
            municipality=town,
            code=f"1-{n}",
            zone=zone,
            geometry=square(35.82 + n / 2000, 33.79, 0.0004),
        )
    return RoundFactory(municipality=town)


def told(round):
    return {step.title: (step.standing.value, step.said) for step in steps_of(round)}


def next_step(round):
    (found,) = (step for step in steps_of(round) if step.standing == "next")
    return found


def test_a_new_round_begins_with_the_questionnaire(town, round):
    assert next_step(round).title == "Questionnaire"
    assert next_step(round).link.endswith("/surveys/forms/")
    make_version(town)
    assert next_step(round).said == "Choose it and open the round."


def test_each_step_follows_the_one_that_was_done(town, round):
    surveyor = staff(town, "surveyor")
    open_round(round=round, form=make_version(town).form)
    assert next_step(round).title == "Sample"
    draw_sample(round=round, plan=Plan(design="census"))
    assert next_step(round).title == "Who goes where"
    balance_assignments(round=round, surveyors=[surveyor], by=None)
    assert told(round)["Who goes where"] == ("done", "4 of 4 parcels have a surveyor")
    assert next_step(round).title == "Phones"
    round.targets.filter(parcel__code="1-0").update(outcome=Target.Outcome.COMPLETE)
    assert told(round)["Visits"] == ("next", "1 of 4 parcels visited")
    round.targets.update(outcome=Target.Outcome.REFUSED)
    assert next_step(round).title == "Review"


def test_a_release_that_is_older_than_the_answers_is_said(town, round):
    assert told(round)["Publish"] == ("later", "No release yet.")
    Publication.objects.create(
        municipality=town,
        round=round,
        state=Publication.State.DONE,
        release_number=3,
        finished_at=timezone.now(),
    )
    assert told(round)["Publish"] == ("done", "Release 3 is up to date.")

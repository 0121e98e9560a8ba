"""Who was interviewed also stands for who was not, class by class."""

import pytest
from django.urls import reverse

from layers.indicators.models import ObservationSet
from layers.indicators.samples.sample import read_sample
from surveys.models import Target
from surveys.publish import publish_round
from surveys.rounds.nonresponse import classes
from surveys.rounds.services import Plan, draw_sample
from tests.factories.accounts import staff
from tests.factories.geography import ParcelFactory, ZoneFactory, square
from tests.factories.surveys import RoundFactory, child, household, load

# By zone, what became of its parcels.
OUTCOMES = {
    "Z0": ["complete", "complete", "refused", "pending", "vacant"],
    "Z1": ["complete", "complete", "complete", "complete", "not_residential"],
    "Z2": ["refused", "nobody_home"],
}


@pytest.fixture
def round(town):
    for number, (code, outcomes) in enumerate(OUTCOMES.items()):
        zone = ZoneFactory(municipality=town, code=code)
        for n in range(len(outcomes)):
            ParcelFactory(
                municipality=town,
                code=f"{code}-{n}",
                zone=zone,
                geometry=square(35.82 + n / 2000, 33.79 + number / 500, 0.0004),
            )
    made = RoundFactory(municipality=town, nonresponse="zone")
    draw_sample(round=made, plan=Plan(design="census"))
    for code, outcomes in OUTCOMES.items():
        for n, outcome in enumerate(outcomes):
            chosen = made.targets.filter(parcel__code=f"{code}-{n}")
            chosen.update(outcome=outcome)
    return made


def test_the_interviewed_stand_for_the_eligible_of_their_class(round):
    first, second, silent = classes(round)
    assert [(each.eligible, each.interviewed) for each in (first, second, silent)] == [
        (4, 2),
        (4, 4),
        (2, 0),
    ]
    # Ten parcels may be lived in; the two of the silent zone are shared by the others.
    assert first.factor == pytest.approx(4 / 2 * 10 / 8)
    assert second.factor == pytest.approx(4 / 4 * 10 / 8)
    assert first.factor * 2 + second.factor * 4 == pytest.approx(10)


@pytest.mark.parametrize(("by", "count"), [("none", 0), ("stratum", 3), ("psu", 12)])
def test_classes_are_those_of_the_round(round, by, count):
    round.nonresponse = by
    assert len(classes(round)) == count


def test_before_any_interview_nothing_is_raised(round):
    Target.objects.filter(round=round).update(outcome="pending")
    assert {each.factor for each in classes(round)} == {1.0}


def test_published_weights_are_raised(round):
    load(
        round,
        [household(1, parcel_code="Z0-0", weight=3), household(2, parcel_code="Z1-0")],
        [child(1), child(1, of=2)],
    )
    publish_round(round=round, by=None)
    sample = read_sample(ObservationSet.objects.get())
    weights = sample.unit_weight * sample.unit_factor
    by_zone = dict(zip(sample.unit_zone, weights, strict=True))
    codes = [zone.code for zone in sample.zones]
    assert by_zone[codes.index("Z0")] == pytest.approx(3 * 2.5)


def test_the_page_reports_the_response_by_class(client, town, round):
    client.force_login(staff(town, "data_manager"))
    url = "/en" + reverse("surveys:rounds:field", args=[town.slug, round.code])[3:]
    text = " ".join(client.get(url).content.decode().split())
    assert "Classes of non-response" in text
    assert "2.50" in text
    assert "<bdi>50 %</bdi>" in text

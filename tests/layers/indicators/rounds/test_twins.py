from dataclasses import replace
from datetime import date

import pytest
from django.core.exceptions import ValidationError

from layers.geography.models import Zone
from layers.indicators.models import Release
from layers.indicators.services import compute_release
from tests.factories.geography import ZoneFactory
from tests.factories.observations import households


@pytest.fixture
def again(put, town, release):
    """Computes a release of units that come under another code."""

    def again(units):
        later = {"code": "summer", "reference_date": date(2026, 5, 30)}
        return compute_release(municipality=town, observation_set=put(units, **later))

    return again


def test_the_same_interviews_under_another_code_are_not_published(again):
    with pytest.raises(
        ValidationError, match="holds the interviews of the round spring"
    ):
        again(households())
    assert Release.objects.count() == 1


def test_nor_are_they_under_another_kind_of_zones(again, town):
    for place in range(6):
        ZoneFactory(municipality=town, code=f"S{place}", kind=Zone.Kind.SECTION)
    units = [
        replace(unit, zone_code=f"S{place % 6}", stratum="all")
        for place, unit in enumerate(households())
    ]
    with pytest.raises(ValidationError, match="publishing them twice"):
        again(units)


def test_nor_with_a_few_answers_more(again):
    units = households()
    for place, unit in enumerate(units):
        children = [
            replace(child, values=child.values | {"absent_days": place % 5})
            for child in unit.children
        ]
        units[place] = replace(unit, children=children)
    with pytest.raises(ValidationError, match="could be subtracted"):
        again(units)


def test_the_same_households_half_a_year_older_are_another_round(again):
    units = [
        replace(
            unit,
            children=[
                replace(child, age_months=child.age_months + 6)
                for child in unit.children
                if child.age_months < 210
            ],
        )
        for unit in households()
    ]
    assert again(units).number == 2


def test_a_correction_of_the_same_round_is_no_twin(put, town, release):
    changed = compute_release(municipality=town, observation_set=put(households()[4:]))
    assert changed.number == 2

from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from layers.geography.models import Zone
from layers.geography.tenancy import set_tenant
from layers.indicators.models import Estimate, Observation, ObservationSet, Release
from layers.indicators.samples.observations import ChildRow, UnitRow
from layers.indicators.services import compute_release
from tests.factories.geography import MunicipalityFactory, ZoneFactory
from tests.factories.observations import answers_of, households


def stored():
    return [
        (each.pk, each.key, answers_of(each))
        for each in Observation.objects.order_by("pk")
    ]


def test_the_same_observations_again_change_nothing(put):
    put(households())
    before = stored()
    put(households()[::-1])
    assert stored() == before
    assert ObservationSet.objects.count() == 1


def test_a_household_that_is_gone_takes_its_children_along(put):
    units = households()
    first = put(units)
    kept = [unit for unit in units if unit.zone_code != "Z2"]
    put(kept)
    keys = {child.key for unit in kept for child in unit.children}
    assert set(Observation.objects.values_list("key", flat=True)) == keys
    assert first.units.count() == len(kept)


def test_households_without_children_are_kept(put):
    units = households()
    assert any(not unit.children for unit in units)
    assert put(units).units.count() == len(units)


def test_a_new_title_leaves_the_observations_alone(put, titles):
    first = put(households())
    again = put(households(), titles=titles | {"en": "April round"})
    assert again.title_en == "April round"
    assert (again.pk, again.digest) == (first.pk, first.digest)


def unit(**changes):
    return replace(UnitRow("u1", "Z1", "Z1", "u1", 1.0, 10), **changes)


def child(**changes):
    return unit(children=[replace(ChildRow("c1", "female", 30), **changes)])


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ([unit(zone_code="Z9")], "The municipality has no zone Z9. Import the zones"),
        ([unit(), unit()], "The key u1 occurs twice. Keep one of the two records."),
        ([unit(weight=0.0)], "Household u1 needs a weight above zero."),
        ([unit(weight=float("nan"))], "Household u1 needs a weight above zero."),
        (
            [unit(), unit(key="u2", stratum_psus=11)],
            "Stratum Z1 has households with different frame sizes.",
        ),
        (
            [unit(stratum_psus=1), unit(key="u2", psu="u2", stratum_psus=1)],
            "Stratum Z1 has 2 sampling units but a frame of only 1.",
        ),
        ([child(sex="girl")], "Child c1: sex cannot be girl."),
        ([child(age_months=216)], "Child c1: age_months cannot be 216."),
        ([child(values={"phone": 1})], "Child c1: phone is no canonical variable."),
        ([unit(values={"phone": 1})], "Household u1: phone is no canonical variable"),
        (
            [unit(values={"attends_school": 1})],
            "Household u1: attends_school is no canonical variable of a home.",
        ),
        ([unit(values={"persons": -1})], "Household u1: persons cannot be -1."),
        ([child(values={"persons": -1})], "Child c1: persons cannot be -1."),
        (
            [child(values={"persons": float("nan")})],
            "Child c1: persons cannot be nan.",
        ),
        (
            [child(weight_factors={"module_5_17": 0})],
            "Child c1: module_5_17 cannot be 0.",
        ),
    ],
)
def test_bad_observations_are_refused_with_the_place_and_the_way_out(
    put, units, message
):
    with pytest.raises(ValidationError) as refused:
        put(units)
    assert refused.value.messages[0].startswith(message)
    assert not ObservationSet.objects.exists()


def test_a_round_without_a_title_in_each_language_is_refused(put, titles):
    with pytest.raises(ValidationError, match="a title in Arabic, English and French"):
        put(households(), titles=titles | {"fr": ""})


def test_a_release_holds_each_zone_the_town_and_both_sexes(put, town, zones):
    release = compute_release(municipality=town, observation_set=put(households()))
    figures = Estimate.objects.of_release(release).of_indicator("was_water")
    sexes = figures.filter(breakdown__in=["all", "sex:female", "sex:male"])
    assert sexes.count() == (len(zones) + 1) * 3
    whole = figures.of_town().of_breakdown("all").get()
    assert (whole.flag, whole.reason) == ("reliable", "")
    assert 0 < whole.low < whole.estimate < whole.high < 1
    assert whole.n % 5 == 0
    without = figures.of_breakdown("all").get(zone__code="Z4")
    assert (without.flag, without.reason) == ("no_data", "no_data")


def test_withheld_figures_are_stored_without_values(put, town):
    release = compute_release(municipality=town, observation_set=put(households()))
    hidden = Estimate.objects.of_release(release).filter(flag="withheld")
    assert hidden.exists()
    for row in hidden:
        values = row.estimate, row.se, row.low, row.high, row.n, row.households
        assert values == (None,) * 6
        assert row.reason


def test_the_same_observations_give_the_same_release(put, town):
    first = compute_release(municipality=town, observation_set=put(households()))
    again = compute_release(municipality=town, observation_set=put(households()))
    assert (again.pk, Release.objects.count()) == (first.pk, 1)


def test_changed_observations_give_the_next_number_and_leave_the_old_figures(put, town):
    first = compute_release(municipality=town, observation_set=put(households()))
    before = list(Estimate.objects.of_release(first).order_by("pk").values())
    second = compute_release(municipality=town, observation_set=put(households(2)))
    assert (first.number, second.number) == (1, 2)
    assert list(Estimate.objects.of_release(first).order_by("pk").values()) == before


def test_a_round_without_households_has_no_release(put, town):
    with pytest.raises(ValidationError, match="The round spring holds no household"):
        compute_release(municipality=town, observation_set=put([]))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE indicators_estimate SET estimate = 0.5",
        "DELETE FROM indicators_estimate",
        "UPDATE indicators_release SET number = 9",
        "DELETE FROM indicators_release",
    ],
)
def test_the_database_refuses_to_change_a_release(put, town, statement):
    compute_release(municipality=town, observation_set=put(households()))
    with (
        pytest.raises(IntegrityError, match="A release is frozen"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_another_municipality_sees_no_observation_and_no_figure(put, town):
    compute_release(municipality=town, observation_set=put(households()))
    set_tenant(MunicipalityFactory())
    assert not Observation.objects.exists()
    assert not Estimate.objects.exists()
    set_tenant(None)
    assert not ObservationSet.objects.exists()


def test_where_kinds_share_a_code_the_quarter_is_meant(put, town, zones):
    section = ZoneFactory(municipality=town, code="Z1", kind=Zone.Kind.SECTION)
    places = put(households()).units.values_list("zone", flat=True)
    assert section.pk not in places
    assert zones[0].pk in places

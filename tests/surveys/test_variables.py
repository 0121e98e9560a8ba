from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.ages import months_between, years_between
from surveys.variables import (
    Child,
    GrowthMeasures,
    child_variables,
    growth_values,
    household_variables,
    module_5_17_factor,
)

INTERVIEW = date(2026, 4, 18)
SCHOOL_YEAR = date(2025, 9, 1)


def of_child(birth: date, **answers) -> dict:
    return child_variables(
        Child("female", birth, answers),
        interviewed_on=INTERVIEW,
        school_year_start=SCHOOL_YEAR,
    )


@pytest.mark.parametrize(
    ("birth", "day", "months"),
    [
        (date(2024, 4, 18), date(2026, 4, 18), 24),
        (date(2024, 4, 19), date(2026, 4, 18), 23),
        (date(2026, 4, 18), date(2026, 4, 18), 0),
        (date(2026, 1, 31), date(2026, 2, 28), 0),
        (date(2026, 1, 31), date(2026, 3, 1), 1),
        (date(2024, 2, 29), date(2025, 2, 28), 11),
        (date(2024, 2, 29), date(2025, 3, 1), 12),
    ],
)
def test_age_counts_completed_months(birth, day, months):
    assert months_between(birth, day) == months


@given(st.dates(date(1990, 1, 1), date(2026, 1, 1)), st.integers(0, 17))
def test_a_child_is_one_year_older_on_its_birthday(birth, years):
    birthday = date(birth.year + years, birth.month, min(birth.day, 28))
    if birth.day <= 28:
        assert years_between(birth, birthday) == years


def test_school_age_is_the_age_at_the_start_of_the_school_year():
    # Six in November, so five when the school year began.
    assert of_child(date(2019, 11, 1))["school_age"] == 5
    assert of_child(date(2019, 9, 1))["school_age"] == 6


def test_a_child_born_after_the_school_year_began_has_school_age_zero():
    assert of_child(date(2026, 1, 1))["school_age"] == 0


@pytest.mark.parametrize(
    ("answer", "value"),
    [("yes", 1), ("no", 0), ("dont_know", None), (None, None)],
)
def test_what_is_not_known_stays_unknown(answer, value):
    values = of_child(
        date(2022, 1, 1), school_attended_this_year=answer, birth_registered=answer
    )
    assert values["attends_school"] == value
    assert values["birth_registered"] == value


def test_stimulation_counts_the_activities_of_children_aged_two_to_four():
    answers = {"stim_read": "yes", "stim_songs": "yes", "stim_play": "no"}
    assert of_child(date(2023, 1, 1), **answers)["stim_activities"] == 2
    assert of_child(date(2025, 1, 1), **answers)["stim_activities"] is None
    assert of_child(date(2023, 1, 1))["stim_activities"] is None


def test_hours_of_work_count_only_for_the_drawn_child():
    hours = {"economic_hours": 12.0, "chores_hours": 3.0}
    drawn = of_child(date(2014, 1, 1), selected_5_17="yes", **hours)
    other = of_child(date(2014, 1, 1), selected_5_17="no", **hours)
    assert (drawn["economic_hours"], drawn["chores_hours"]) == (12, 3)
    assert (other["economic_hours"], other["chores_hours"]) == (None, None)


def test_the_drawn_child_stands_for_all_of_five_to_seventeen():
    births = [date(2008, 4, 19), date(2021, 4, 18), date(2021, 4, 19), date(2014, 1, 1)]
    children = [Child("male", birth, {}) for birth in births]
    assert module_5_17_factor(children, interviewed_on=INTERVIEW) == 3
    assert module_5_17_factor(children[2:3], interviewed_on=INTERVIEW) is None


@pytest.mark.parametrize(
    ("source", "improved"),
    [
        ("piped", 1),
        ("borehole", 1),
        ("protected_well", 1),
        ("tanker", 1),
        ("bottled", 1),
        ("unprotected_well", 0),
        ("surface", 0),
        (None, None),
    ],
)
def test_water_is_improved_by_its_source(source, improved):
    assert household_variables({"water_source": source})["water_improved"] == improved


@pytest.mark.parametrize(
    ("sanitation", "improved"),
    [
        ("flush_sewer", 1),
        ("flush_septic", 1),
        ("pit_slab", 1),
        ("pit_open", 0),
        ("none", 0),
        (None, None),
    ],
)
def test_sanitation_is_improved_by_its_kind(sanitation, improved):
    values = household_variables({"sanitation": sanitation})
    assert values["sanitation_improved"] == improved


def test_a_household_that_answered_nothing_has_no_values():
    assert set(household_variables({}).values()) == {None}


def test_who_never_went_to_school_is_out_of_it():
    """The form does not ask them whether they went this year."""
    never = of_child(date(2016, 1, 1), school_ever="no")
    assert (never["attends_school"], never["completed_level"]) == (0, 0)
    unsure = of_child(date(2016, 1, 1), school_ever="dont_know")
    assert (unsure["attends_school"], unsure["completed_level"]) == (None, None)


def test_school_levels_are_numbers():
    values = of_child(
        date(2012, 1, 1),
        school_ever="yes",
        school_level="lower_secondary",
        completed_level="primary",
        school_grade=7,
    )
    assert values["school_level"] == 2
    assert values["completed_level"] == 1
    assert values["school_grade"] == 7


@pytest.mark.parametrize(
    ("seen", "place"),
    [("observed", 1), ("no_place", 0), ("no_permission", None), (None, None)],
)
def test_a_place_to_wash_hands_is_known_only_where_it_was_seen(seen, place):
    values = household_variables({"handwashing": seen, "handwashing_soap": "no"})
    assert values["handwashing_place"] == place
    assert values["handwashing_soap"] == 0


@pytest.mark.parametrize(
    ("chosen", "value"),
    [
        (["none"], 0),
        ("none", 0),
        (["cash", "food"], 1),
        ("cash food", 1),
        ([], None),
        (None, None),
    ],
)
def test_any_help_is_a_transfer(chosen, value):
    assert household_variables({"transfers": chosen})["social_transfer"] == value


@pytest.mark.parametrize(
    ("answer", "value"),
    [("yes", 1), ("exhausted", 1), ("no", 0), ("not_applicable", 0), (None, None)],
)
def test_a_way_of_coping_that_is_used_up_counts(answer, value):
    assert household_variables({"lcs_beg": answer})["lcs_beg"] == value


def test_days_of_food_stay_numbers():
    values = household_variables({"fcs_meat": "3", "rcsi_meals": 2, "fcs_oil": ""})
    assert (values["fcs_meat"], values["rcsi_meals"], values["fcs_oil"]) == (3, 2, None)


@pytest.mark.parametrize(
    ("answers", "value"),
    [
        ({"stim_read": "yes", "stim_with_father": ["stim_read", "stim_play"]}, 2),
        ({"stim_read": "yes", "stim_with_father": "none"}, 0),
        # Nobody did anything, so the father did nothing: he is not asked about.
        (dict.fromkeys(("stim_read", "stim_play"), "no"), 0),
        ({"stim_read": "yes"}, None),
        ({}, None),
    ],
)
def test_activities_with_the_father(answers, value):
    assert of_child(date(2023, 1, 1), **answers)["stim_father"] == value


@pytest.mark.parametrize(
    ("answer", "value"),
    [("card", 1), ("recall", 1), ("no", 0), ("dont_know", None), (None, None)],
)
def test_a_dose_counts_by_card_or_recall(answer, value):
    assert of_child(date(2025, 1, 1), vac_mcv1=answer)["vac_mcv1"] == value


def test_being_breastfed_is_a_food_group_once():
    fed = {"breastfed_yesterday": "yes", "foods_yesterday": ["grains", "breastmilk"]}
    assert of_child(date(2025, 4, 1), **fed)["food_groups"] == 2
    untold = {"breastfed_yesterday": "yes", "foods_yesterday": "grains eggs"}
    assert of_child(date(2025, 4, 1), **untold)["food_groups"] == 3
    assert of_child(date(2025, 4, 1), breastfed_yesterday="yes")["food_groups"] is None


@pytest.mark.parametrize(
    ("answers", "mother", "father"),
    [
        ({"living_with": "both"}, (1, 1), (1, 1)),
        ({"living_with": "mother", "father_alive": "no"}, (1, 1), (0, 0)),
        ({"living_with": "neither", "mother_alive": "dont_know"}, (0, None), (0, None)),
        ({}, (None, None), (None, None)),
    ],
)
def test_a_parent_in_the_home_is_alive(answers, mother, father):
    values = of_child(date(2015, 1, 1), **answers)
    assert (values["mother_here"], values["mother_alive"]) == mother
    assert (values["father_here"], values["father_alive"]) == father


def test_questions_of_the_drawn_child_count_for_it_alone():
    asked = {"fcf_walk": "3", "discipline_k": "yes"}
    older, younger = date(2015, 1, 1), date(2023, 1, 1)
    drawn = of_child(older, selected_5_17="yes", **asked)
    assert (drawn["fcf_walk"], drawn["discipline_k"]) == (3, 1)
    other = of_child(older, selected_5_17="no", **asked)
    assert (other["fcf_walk"], other["discipline_k"]) == (None, None)
    # Of children under five all are asked.
    assert of_child(younger, **asked)["discipline_k"] == 1


def measures(**changes):
    return GrowthMeasures(
        **{
            "sex": "female",
            "age_days": 400,
            "weight_kg": 9.0,
            "length_cm": 74.0,
            "measured_as": "lying",
            "oedema": None,
            "muac_mm": 140.0,
            "measured": True,
        }
        | changes
    )


def test_a_measured_child_of_whom_nothing_is_said_has_no_oedema():
    assert growth_values(measures())["oedema"] == 0
    assert growth_values(measures(oedema=1))["oedema"] == 1
    assert growth_values(measures(measured=False, muac_mm=None))["oedema"] is None


def test_nothing_measured_gives_no_growth():
    bare = measures(measured=False, muac_mm=None, weight_kg=None, length_cm=None)
    assert set(growth_values(bare).values()) == {None}


@pytest.mark.parametrize("answer", [["yes"], 5, 5.5, [], "\u0661", {"a": 1}, True])
def test_an_answer_of_another_kind_is_no_answer(answer):
    """A form of one's own may ask anything under the names of the library."""
    names = ("handwashing", "lcs_beg", "transfers", "fcs_meat")
    values = household_variables(dict.fromkeys(names, answer))
    assert values["handwashing_place"] is None
    assert values["lcs_beg"] is None
    asked = ("school_ever", "school_level", "living_with", "vac_bcg", "married")
    child = of_child(date(2015, 1, 1), **dict.fromkeys(asked, answer))
    assert {child[name] for name in ("school_level", "vac_bcg", "married")} == {None}


@pytest.mark.parametrize(
    ("answer", "country", "code"),
    [
        ("lebanese", "LB", 1),
        ("palestinian", "PS", 1),
        ("palestinian", "LB", 3),
        ("syrian", "LB", 2),
        ("lebanese", "TN", 4),
        ("other", "LY", 4),
        (None, "LB", None),
    ],
)
def test_the_country_decides_who_is_a_national(answer, country, code):
    values = household_variables({"nationality": answer}, country=country)
    assert values["nationality"] == code


def test_a_home_without_assets_is_not_one_that_was_not_asked():
    some = household_variables({"assets": "car power"})
    assert (some["asset_car"], some["asset_power"], some["asset_computer"]) == (1, 1, 0)
    assert household_variables({"assets": "none"})["asset_car"] == 0
    assert household_variables({})["asset_car"] is None

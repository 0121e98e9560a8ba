from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.ages import months_between, years_between
from surveys.variables import (
    Child,
    child_variables,
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

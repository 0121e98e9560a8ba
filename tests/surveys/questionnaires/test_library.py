"""The questionnaire that comes with the product, and what its answers are good for."""

from datetime import date

import pytest
from openpyxl import load_workbook

from layers.indicators.samples.observations import VARIABLES
from surveys.models import FormVersion
from surveys.questionnaires.compiling import compile_xlsform
from surveys.questionnaires.library import LIBRARY
from surveys.questionnaires.parts import (
    USUAL,
    USUAL_IN_ROSTER,
    USUAL_OF_WOMEN,
    find_parts,
)
from surveys.questionnaires.services import install_library_form
from surveys.variables import Child, child_variables, household_variables

FORM = LIBRARY["child_needs"]
LANGUAGES = ("ar", "en", "fr")
# Weights and strata come from the sample, not from the household.
OF_THE_DESIGN = {"stratum", "weight", "frame_households"}
OF_THE_POSITION = {"latitude", "longitude"}


@pytest.fixture(scope="module")
def structure():
    return compile_xlsform(FORM.content, FORM.file_name).structure


def test_everything_a_person_reads_is_in_three_languages(structure):
    asked = [q for table in structure.tables for q in table.questions if q.asked]
    texts = [
        *((q.path, q.labels) for q in asked),
        *((q.path, q.hints) for q in asked if q.hints),
        *((q.path, q.required_message) for q in asked if q.required),
        *((q.path, q.constraint_message) for q in asked if q.constraint),
        *((g.path, g.labels) for g in structure.groups),
        *(
            (f"{name}={choice.value}", choice.labels)
            for name, choices in structure.choices.items()
            for choice in choices
        ),
    ]
    untold = [
        (path, language)
        for path, labels in texts
        for language in LANGUAGES
        if not labels.get(language)
    ]
    assert untold == []


def test_the_form_plays_every_part(structure):
    parts = find_parts(structure)
    assert set(parts.main) == set(USUAL)
    assert parts.roster == "children"
    # Its age is counted in months.
    assert set(parts.roster_keys) == set(USUAL_IN_ROSTER) - {"age"}
    assert parts.women == "women"
    assert set(parts.woman_keys) == set(USUAL_OF_WOMEN)


@pytest.mark.parametrize(
    "module",
    [
        "agreement",
        "household_module",
        "wash_module",
        "food_module",
        "early_module",
        "ecdi_module",
        "health_module",
        "nutrition_module",
        "education_module",
        "functioning_2_4",
        "functioning_5_17",
        "drawn_child",
        "discipline_module",
        "woman",
    ],
)
def test_a_module_asks_something(structure, module):
    questions = [q for table in structure.tables for q in table.questions]
    assert any(f"/{module}/" in q.path and q.asked for q in questions)


def test_answers_give_every_variable_an_indicator_needs(structure):
    """The names in `surveys.variables` are the names in the form."""

    class Asked(dict):
        def get(self, key, default=None):
            self[key] = True
            return default

    main, child = Asked(), Asked()
    found = set(household_variables(main))
    found |= set(child_variables_of(child))
    assert found == set(VARIABLES)
    assert set(main) <= {q.key for q in structure.main.questions}
    assert set(child) <= {q.key for q in structure.table("children").questions}


def child_variables_of(answers):
    return child_variables(
        Child("female", date(2023, 1, 1), answers),
        interviewed_on=date(2026, 4, 18),
        school_year_start=date(2025, 9, 1),
    )


@pytest.mark.parametrize("sheet", ["households", "children", "women"])
def test_the_demo_towns_rounds_answer_this_form(structure, sheet):
    book = load_workbook("fixtures/wadi-zaytoun/round-2026-spring.xlsx", read_only=True)
    headers = {cell.value for cell in next(book[sheet].iter_rows(max_row=1))}
    table = structure.main if sheet == "households" else structure.table(sheet)
    known = {q.key for q in table.questions} | OF_THE_DESIGN | OF_THE_POSITION
    assert headers - {"household_id"} <= known


def test_installing_twice_adds_it_once(town):
    first = install_library_form(municipality=town, code="child_needs", by=None)
    again = install_library_form(municipality=town, code="child_needs", by=None)
    assert first == again
    assert first.state == FormVersion.State.PUBLISHED
    assert first.form.name_ar == "حاجات الأولاد"

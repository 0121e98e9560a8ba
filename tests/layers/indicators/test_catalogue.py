import re
from importlib import resources

import numpy as np
import pytest
from django.utils import translation

from layers.indicators import catalogue
from layers.indicators.catalogue import (
    CatalogueError,
    check_families,
    indicators,
    read_indicator,
)
from layers.indicators.samples.observations import MODULES, VARIABLES

NAN = float("nan")
SOURCE = (resources.files(catalogue) / "ecd_stim.toml").read_text("utf-8")


def decided(code, **answers):
    """ "out", "no" or "need" per child; what is not given is missing."""
    (size,) = {len(values) for values in answers.values()}
    names = ["age_months", *MODULES, *VARIABLES]
    columns = {name: np.full(size, NAN) for name in names}
    columns |= {name: np.array(values, float) for name, values in answers.items()}
    columns["age_years"] = columns["age_months"] // 12
    eligible, in_need = indicators()[code].decide(columns)
    assert not (in_need & ~eligible).any()
    return np.where(eligible, np.where(in_need, "need", "no"), "out").tolist()


def test_the_catalogue_holds_the_named_indicators():
    assert set(indicators()) >= {
        *("edu_oos_primary", "edu_oos_lowsec", "edu_oos_upsec", "ecd_stim"),
        *("pro_birthreg", "pro_labour", "was_water", "was_sanit"),
        *("hou_crowd", "hou_internet"),
    }


@pytest.mark.parametrize("code", sorted(indicators()))
def test_every_indicator_speaks_three_languages_and_names_its_standard(code):
    indicator = indicators()[code]
    said = (indicator.titles, indicator.descriptions, indicator.standard.definitions)
    for texts in [*said, *([indicator.notes] if indicator.notes else [])]:
        assert re.search(r"[\u0600-\u06ff]", texts["ar"])
        assert len(set(texts.values())) == 3
    assert indicator.standard.link.startswith("https://")


def test_the_title_follows_the_reader():
    with translation.override("fr"):
        assert indicators()["hou_crowd"].title == "Logement surpeuplé"
    with translation.override("ar"):
        assert indicators()["hou_crowd"].title == "أطفال في بيوت مكتظة"


def test_school_age_counts_at_the_beginning_of_the_school_year():
    """A child of seven who was five then is in no school age band."""
    ages = {"age_months": [84, 84, 84], "school_age": [5, 6, 11]}
    answers = ages | {"attends_school": [0, 0, 0]}
    assert decided("edu_oos_primary", **answers) == ["out", "need", "need"]
    assert decided("edu_oos", **answers) == ["out", "need", "need"]


def test_who_does_not_know_of_school_stays_in_the_denominator():
    answers = {"school_age": [8, 8, 8], "attends_school": [1, 0, NAN]}
    assert decided("edu_oos_primary", **answers) == ["no", "need", "no"]


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [("edu_oos_primary", 6, 11), ("edu_oos_lowsec", 12, 14), ("edu_oos_upsec", 15, 17)],
)
def test_each_school_band_includes_both_ends(code, first, last):
    ages = [first - 1, first, last, last + 1]
    found = decided(code, school_age=ages, attends_school=[1] * 4)
    assert found == ["out", "no", "no", "out"]


def test_stimulation_is_for_24_to_59_months_and_four_of_six_activities():
    found = decided(
        "ecd_stim",
        age_months=[23, 24, 59, 60, 30, 30],
        stim_activities=[0, 3, 4, 0, 6, NAN],
    )
    assert found == ["out", "need", "no", "out", "no", "out"]


def test_an_unknown_registration_counts_as_none():
    found = decided(
        "pro_birthreg", age_months=[0, 59, 59, 60], birth_registered=[0, 1, NAN, 0]
    )
    assert found == ["need", "no", "need", "out"]


@pytest.mark.parametrize(
    ("years", "economic", "chores", "expected"),
    [
        (4, 40, 40, "out"),
        (5, 1, 0, "need"),
        (11, 0, 21, "no"),
        (11, 0, 22, "need"),
        (12, 13, 0, "no"),
        (12, 14, 0, "need"),
        (14, 0, 22, "need"),
        (15, 42, 60, "no"),
        (15, 43, 0, "need"),
        (17, 43, NAN, "need"),
        (17, 0, NAN, "no"),
        (10, 0, NAN, "out"),
        (18, 60, 60, "out"),
    ],
)
def test_labour_has_a_threshold_for_each_age(years, economic, chores, expected):
    found = decided(
        "pro_labour",
        age_months=[years * 12],
        economic_hours=[economic],
        chores_hours=[chores],
        module_5_17=[2],
    )
    assert found == [expected]


def test_labour_is_known_of_selected_children_only():
    found = decided(
        "pro_labour", age_months=[120], economic_hours=[5], chores_hours=[0]
    )
    assert found == ["out"]


def test_water_needs_a_good_source_within_thirty_minutes():
    found = decided(
        "was_water",
        age_months=[0, 215, 60, 60, 60],
        water_improved=[1, 1, 0, 1, 0],
        water_minutes=[30, 31, 0, NAN, NAN],
    )
    assert found == ["no", "need", "need", "out", "need"]


def test_sanitation_needs_a_good_toilet_of_ones_own():
    found = decided(
        "was_sanit",
        age_months=[60] * 4,
        sanitation_improved=[1, 1, 0, 1],
        sanitation_shared=[0, 1, NAN, NAN],
    )
    assert found == ["no", "need", "need", "out"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("version = 1\n", "", "ecd_stim.toml: 'version' is missing"),
        ('"left_out"', '"ignored"', "'ignored' is not a valid Unknown"),
        ('unit = "months"', 'unit = "days"', 'in months or years, not "days"'),
        ("from = 24", "from = 60", "the age window is empty"),
        ('moment = "interview"', 'moment = "birth"', '"birth" is no moment'),
        ('moment = "interview"', 'moment = "school_year"', "school year is in years"),
        ('fr = "Peu d\'éveil précoce"', 'fr = ""', "a text has no fr"),
        ("stim_activities", "stim_played", '"stim_played" is no canonical variable'),
        ('code = "ecd_stim"', 'code = "ecd"', 'holds the code "ecd"'),
        ('code = "ecd_stim"', "code =", "ecd_stim.toml: Invalid value"),
        (
            'moment = "interview"',
            'moment = "interview"\nmodule = "module_2_4"',
            '"module_2_4" is no module',
        ),
    ],
)
def test_a_wrong_file_is_refused_by_name_and_reason(old, new, message):
    assert old in SOURCE
    with pytest.raises(CatalogueError, match=re.escape(message)):
        read_indicator("ecd_stim.toml", SOURCE.replace(old, new))


def test_a_family_differs_in_nothing_but_age():
    toddlers = read_indicator("ecd_stim.toml", SOURCE)
    stricter = read_indicator(
        "ecd_none.toml",
        SOURCE.replace('"ecd_stim"', '"ecd_none"\nfamily = "ecd_stim"', 1).replace(
            "below = 4", "below = 1"
        ),
    )
    with pytest.raises(CatalogueError, match=r"ecd_none\.toml: differs from ecd_stim"):
        check_families([toddlers, stricter])


def test_what_a_round_did_not_ask_has_no_figure():
    """Else the sources that decide by themselves, all of them bad, would be the figure."""
    ages = [30, 30, 30]
    assert decided("was_water", age_months=ages, water_improved=[0, 1, 1]) == 3 * [
        "out"
    ]
    assert decided("pro_birthreg", age_months=ages) == 3 * ["out"]
    assert decided("edu_oos", age_months=[100] * 3, school_age=[8] * 3) == 3 * ["out"]


def test_a_question_that_was_asked_of_some_decides_for_all():
    found = decided(
        "was_water",
        age_months=[30, 30, 30],
        water_improved=[0, 1, 1],
        water_minutes=[NAN, 10, NAN],
    )
    assert found == ["need", "no", "out"]

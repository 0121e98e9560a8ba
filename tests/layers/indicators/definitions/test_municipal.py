"""Each definition on hand-made children: in need, not in need, not known, not meant."""

import numpy as np
import pytest

from layers.indicators.catalogue import indicators
from layers.indicators.definitions.rules import BASICS
from layers.indicators.samples.observations import MODULES, OF_WOMEN, VARIABLES

NAN = float("nan")
ECDI = {f"ec{number}": 0 for number in range(21, 39)}
FCS = {
    f"fcs_{each}": 0
    for each in (
        *("staples", "pulses", "meat", "dairy"),
        *("vegetables", "fruit", "oil", "sugar"),
    )
}
RCSI = {
    f"rcsi_{each}": 0 for each in ("cheaper", "borrow", "meals", "portions", "adults")
}
LCS = {
    f"lcs_{each}": 0
    for each in (
        *("sell_goods", "savings", "credit", "debt", "sell_tools", "health"),
        *("withdraw_school", "sell_home", "beg", "child_work"),
    )
}
FCF = {
    f"fcf_{each}": 1
    for each in (
        *("see", "hear", "walk", "selfcare", "speak_in", "speak_out", "learn"),
        *("remember", "concentrate", "change", "control", "friends"),
    )
} | {"fcf_anxious": 5, "fcf_depressed": 5}
UCF = {
    f"ucf_{each}": 1
    for each in (
        *("see", "hear", "walk", "fine", "understand", "speak", "learn", "play"),
    )
} | {"ucf_behave": 1}
HIT = {f"discipline_{letter}": 0 for letter in "abcdefghijk"}
DIET = {"food_groups": 5, "breastfed": 1, "meals": 3, "milk_feeds": 0}
SELECTED = {"module_5_17": 3}


def skills(count: int, *, sad: int = 5, kicks: int = 1) -> dict:
    """`count` of the 18 things that a child can or can't do."""
    names = list(ECDI)[:count]
    return ECDI | dict.fromkeys(names, 1) | {"ec39": sad, "ec40": kicks}


def judged(code: str, *children: dict) -> list[str]:
    """ "need", "no" or "out" per child; what is not given is missing."""
    names = [*BASICS, *MODULES, *VARIABLES, *OF_WOMEN]
    columns = {
        name: np.array([child.get(name, NAN) for child in children], float)
        for name in names
    }
    columns["age_months"] = np.array([child.get("age", 30) for child in children])
    columns["age_years"] = columns["age_months"] // 12
    columns["girl"] = np.array([child.get("girl", 1) for child in children])
    eligible, in_need = indicators()[code].decide(columns)
    return np.where(eligible, np.where(in_need, "need", "no"), "out").tolist()


# The code, then pairs of a child and what becomes of it. Every list has at least one child
# in need, one not in need and one of whom the answer is not known.
CASES = {
    "pro_marriage": [
        ({"age": 264, "married_before_18": 1}, "need"),
        ({"age": 264, "married_before_18": 0}, "no"),
        ({"age": 264}, "out"),
        ({"age": 239, "married_before_18": 1}, "out"),
        ({"age": 300, "married_before_18": 1}, "out"),
    ],
    "pro_marriage_15": [
        ({"age": 264, "married_before_15": 1, "married_before_18": 1}, "need"),
        ({"age": 264, "married_before_15": 0, "married_before_18": 1}, "no"),
        ({"age": 264}, "out"),
    ],
    "edu_nar_primary": [
        ({"school_age": 7, "attends_school": 1, "school_level": 1, "completed_level": 0}, "no"),
        ({"school_age": 7, "attends_school": 1, "school_level": 0, "completed_level": 0}, "need"),
        ({"school_age": 11, "attends_school": 0, "completed_level": 1}, "no"),
        ({"school_age": 11, "attends_school": 0, "completed_level": 0}, "need"),
        ({"school_age": 7}, "need"),
        ({"school_age": 5, "attends_school": 0, "completed_level": 0}, "out"),
    ],
    "edu_nar_lowsec": [
        ({"school_age": 13, "attends_school": 1, "school_level": 1, "completed_level": 0}, "need"),
        ({"school_age": 13, "attends_school": 1, "school_level": 2, "completed_level": 1}, "no"),
        ({"school_age": 13}, "need"),
    ],
    "edu_nar_upsec": [
        ({"school_age": 16, "attends_school": 1, "school_level": 2, "completed_level": 1}, "need"),
        ({"school_age": 16, "attends_school": 1, "school_level": 3, "completed_level": 2}, "no"),
        ({"school_age": 16}, "need"),
    ],
    "edu_ece": [
        ({"age": 36, "early_education": 0}, "need"),
        ({"age": 59, "early_education": 1}, "no"),
        ({"age": 40}, "need"),
        ({"age": 35, "early_education": 0}, "out"),
    ],
    "edu_readiness": [
        ({"age": 80, "school_level": 1, "school_grade": 1, "preprimary_last_year": 0}, "need"),
        ({"age": 80, "school_level": 1, "school_grade": 1, "preprimary_last_year": 1}, "no"),
        ({"age": 80, "school_level": 1, "school_grade": 1}, "need"),
        ({"age": 80, "school_level": 1, "school_grade": 2, "preprimary_last_year": 0}, "out"),
        ({"age": 80, "school_level": 0}, "out"),
    ],
    "edu_absence": [
        ({"age": 90, "attends_school": 1, "absent_days": 1}, "need"),
        ({"age": 90, "attends_school": 1, "absent_days": 0}, "no"),
        ({"age": 90, "attends_school": 1}, "out"),
        ({"age": 90, "attends_school": 0, "absent_days": 3}, "out"),
    ],
    "ecd_ontrack": [
        *[
            ({"age": age} | skills(least - 2), "no")
            for age, least in ((24, 7), (29, 7), (30, 9), (36, 11), (42, 13), (48, 15), (59, 15))
        ],
        *[
            ({"age": age} | skills(least - 3), "need")
            for age, least in ((24, 7), (29, 7), (30, 9), (36, 11), (42, 13), (48, 15), (59, 15))
        ],
        # Daily sadness, and more blows than other children, count as two items not met.
        ({"age": 24} | skills(5, sad=1), "need"),
        ({"age": 24} | skills(5, sad=2), "no"),
        ({"age": 24} | skills(5, kicks=4), "need"),
        ({"age": 24} | skills(5, kicks=3), "no"),
        # An item that is not known counts as not met.
        ({"age": 24} | skills(5) | {"ec21": NAN}, "need"),
        ({"age": 24}, "out"),
        ({"age": 60} | skills(0), "out"),
    ],
    "ecd_stim_father": [
        ({"stim_father": 3}, "need"),
        ({"stim_father": 4}, "no"),
        ({}, "out"),
        ({"age": 23, "stim_father": 0}, "out"),
    ],
    "ecd_books": [({"books": 2}, "need"), ({"books": 3}, "no"), ({}, "out")],
    "ecd_inadequate_care": [
        ({"left_alone_days": 1}, "need"),
        ({"left_alone_days": 0, "left_with_child_days": 2}, "need"),
        ({"left_alone_days": 0, "left_with_child_days": 0}, "no"),
        ({"left_alone_days": 0}, "out"),
    ],
    "imm_penta3": [
        ({"age": 12, "vac_penta3": 0}, "need"),
        ({"age": 23, "vac_penta3": 1}, "no"),
        ({"age": 20}, "need"),
        ({"age": 24, "vac_penta3": 0}, "out"),
    ],
    "imm_mcv2": [
        ({"age": 24, "vac_mcv2": 0}, "need"),
        ({"age": 35, "vac_mcv2": 1}, "no"),
        ({"age": 30}, "need"),
        ({"age": 23, "vac_mcv2": 0}, "out"),
    ],
    "imm_full": [
        ({"age": 15, "vac_bcg": 1, "vac_polio3": 1, "vac_penta3": 1, "vac_mcv1": 1}, "no"),
        ({"age": 15, "vac_bcg": 1, "vac_polio3": 1, "vac_penta3": 1, "vac_mcv1": 0}, "need"),
        ({"age": 15, "vac_bcg": 1, "vac_polio3": 1, "vac_penta3": 1}, "need"),
    ],
    "imm_zero": [
        ({"age": 15, "vac_penta1": 0}, "need"),
        ({"age": 15, "vac_penta1": 1}, "no"),
        ({"age": 15}, "need"),
    ],
    "nut_stunt": [({"haz": -2.01}, "need"), ({"haz": -2}, "no"), ({}, "out")],
    "nut_stunt_severe": [({"haz": -3.01}, "need"), ({"haz": -3}, "no"), ({}, "out")],
    "nut_waste": [
        ({"whz": -2.01, "oedema": 0}, "need"),
        ({"oedema": 1}, "need"),
        ({"whz": -2, "oedema": 0}, "no"),
        ({"oedema": 0}, "out"),
    ],
    "nut_waste_severe": [
        ({"whz": -2.5, "oedema": 0}, "no"),
        ({"whz": -3.2, "oedema": 0}, "need"),
        ({"oedema": 1}, "need"),
        ({}, "out"),
    ],
    "nut_under": [({"waz": -2.1}, "need"), ({"waz": -1.9}, "no"), ({}, "out")],
    "nut_over": [({"whz": 2.1}, "need"), ({"whz": 2}, "no"), ({}, "out")],
    "nut_muac": [
        ({"age": 6, "muac_mm": 124, "oedema": 0}, "need"),
        ({"age": 6, "muac_mm": 125, "oedema": 0}, "no"),
        ({"age": 6, "muac_mm": 130, "oedema": 1}, "need"),
        ({"age": 6, "oedema": 0}, "out"),
        ({"age": 5, "muac_mm": 100, "oedema": 0}, "out"),
    ],
    "nut_mad": [
        ({"age": 9} | DIET, "no"),
        ({"age": 9} | DIET | {"food_groups": 4}, "need"),
        ({"age": 9} | DIET | {"meals": 2}, "need"),
        ({"age": 8} | DIET | {"meals": 2}, "no"),
        ({"age": 9} | DIET | {"breastfed": 0, "meals": 2, "milk_feeds": 2}, "no"),
        ({"age": 9} | DIET | {"breastfed": 0, "meals": 4, "milk_feeds": 1}, "need"),
        ({"age": 9} | DIET | {"breastfed": 0, "meals": 0, "milk_feeds": 6}, "need"),
        ({"age": 9} | DIET | {"breastfed": 0, "meals": 1, "milk_feeds": 2}, "need"),
        ({"age": 9} | DIET | {"meals": NAN}, "out"),
        ({"age": 9, "food_groups": 2}, "need"),
        ({"age": 24} | DIET | {"food_groups": 1}, "out"),
    ],
    "foo_fcs": [
        # 7x2 + 7x3 = 35, then half a point more.
        (FCS | {"fcs_staples": 7, "fcs_pulses": 7}, "need"),
        (FCS | {"fcs_staples": 7, "fcs_pulses": 7, "fcs_oil": 1}, "no"),
        (FCS | {"fcs_meat": 7, "fcs_dairy": 2}, "no"),
        (FCS | {"fcs_vegetables": NAN}, "out"),
    ],
    "foo_fcs_oil": [
        (FCS | {"fcs_staples": 7, "fcs_pulses": 7, "fcs_vegetables": 7}, "need"),
        (FCS | {"fcs_staples": 7, "fcs_pulses": 7, "fcs_vegetables": 7, "fcs_sugar": 1}, "no"),
        (FCS | {"fcs_fruit": NAN}, "out"),
    ],
    "foo_rcsi": [
        (RCSI | {"rcsi_adults": 5, "rcsi_borrow": 2}, "need"),
        (RCSI | {"rcsi_adults": 6}, "no"),
        (RCSI | {"rcsi_meals": NAN}, "out"),
    ],
    "foo_lcs": [
        (LCS | {"lcs_withdraw_school": 1}, "need"),
        (LCS | {"lcs_beg": 1}, "need"),
        (LCS | {"lcs_debt": 1}, "no"),
        (LCS | {"lcs_beg": NAN}, "out"),
        (LCS | {"lcs_beg": NAN, "lcs_sell_tools": 1}, "need"),
        # Of no use to know more: stress alone is no need.
        (LCS | {"lcs_debt": NAN}, "no"),
    ],
    "pro_discipline": [
        ({"age": 12} | HIT | {"discipline_d": 1}, "need"),
        ({"age": 59} | HIT | {"discipline_a": 1, "discipline_b": 1, "discipline_e": 1}, "no"),
        ({"age": 60} | HIT | {"discipline_k": 1} | SELECTED, "need"),
        ({"age": 60} | HIT | {"discipline_k": 1}, "out"),
        ({"age": 30}, "out"),
        ({"age": 11} | HIT, "out"),
        ({"age": 180} | HIT | SELECTED, "out"),
    ],
    "pro_discipline_severe": [
        ({"age": 30} | HIT | {"discipline_i": 1}, "need"),
        ({"age": 30} | HIT | {"discipline_f": 1}, "no"),
        ({"age": 30}, "out"),
    ],
    "pro_labour_mics6": [
        ({"age": 132, "economic_hours": 0, "chores_hours": 27} | SELECTED, "no"),
        ({"age": 132, "economic_hours": 0, "chores_hours": 28} | SELECTED, "need"),
        ({"age": 180, "economic_hours": 0, "chores_hours": 42} | SELECTED, "no"),
        ({"age": 180, "economic_hours": 0, "chores_hours": 43} | SELECTED, "need"),
        ({"age": 144, "economic_hours": 13, "chores_hours": 0} | SELECTED, "no"),
        ({"age": 144, "economic_hours": 14, "chores_hours": 0} | SELECTED, "need"),
        ({"age": 132, "economic_hours": 0} | SELECTED, "out"),
        ({"age": 132, "economic_hours": 9, "chores_hours": 50}, "out"),
    ],
    "pro_marriage_now": [
        ({"age": 180, "married": 1}, "need"),
        ({"age": 215, "married": 0}, "no"),
        ({"age": 200}, "out"),
        ({"age": 200, "married": 1, "girl": 0}, "out"),
        ({"age": 179, "married": 1}, "out"),
    ],
    "pro_orphan": [
        ({"mother_alive": 1, "father_alive": 0}, "need"),
        ({"mother_alive": 1, "father_alive": 1}, "no"),
        ({"mother_alive": NAN, "father_alive": 1}, "no"),
    ],
    "pro_living": [
        ({"mother_here": 0, "father_here": 0}, "need"),
        ({"mother_here": 1, "father_here": 0}, "no"),
        ({}, "out"),
    ],
    "dis_cfm_5_17": [
        ({"age": 60} | FCF | {"fcf_walk": 3} | SELECTED, "need"),
        ({"age": 60} | FCF | {"fcf_walk": 2} | SELECTED, "no"),
        ({"age": 60} | FCF | {"fcf_depressed": 1} | SELECTED, "need"),
        ({"age": 60} | FCF | {"fcf_depressed": 2} | SELECTED, "no"),
        ({"age": 60} | FCF | {"fcf_hear": NAN} | SELECTED, "no"),
        ({"age": 60} | SELECTED, "out"),
        ({"age": 60} | FCF | {"fcf_walk": 4}, "out"),
    ],
    "dis_cfm_2_4": [
        ({"age": 24} | UCF | {"ucf_play": 4}, "need"),
        ({"age": 24} | UCF | {"ucf_behave": 4}, "no"),
        ({"age": 24} | UCF | {"ucf_behave": 5}, "need"),
        ({"age": 24}, "out"),
        ({"age": 60} | UCF | {"ucf_play": 4}, "out"),
    ],
    "was_hand": [
        ({"handwashing_place": 0}, "need"),
        ({"handwashing_place": 1, "handwashing_water": 1, "handwashing_soap": 0}, "need"),
        ({"handwashing_place": 1, "handwashing_water": 1, "handwashing_soap": 1}, "no"),
        # Not allowed to see it.
        ({}, "out"),
    ],
    "was_premises": [
        ({"water_minutes": 1}, "need"),
        ({"water_minutes": 0}, "no"),
        ({}, "out"),
    ],
    "hou_crowd": [
        ({"persons": 7, "sleeping_rooms": 2}, "need"),
        ({"persons": 6, "sleeping_rooms": 2}, "no"),
        ({"persons": 6}, "out"),
    ],
    "hou_internet": [({"internet": 0}, "need"), ({"internet": 1}, "no"), ({}, "out")],
    "soc_transfer": [
        ({"social_transfer": 0}, "need"),
        ({"social_transfer": 1}, "no"),
        ({}, "out"),
    ],
}  # fmt: skip

# Told in test_catalogue.py.
TOLD_ELSEWHERE = {
    *("edu_oos", "edu_oos_primary", "edu_oos_lowsec", "edu_oos_upsec", "ecd_stim"),
    *("pro_birthreg", "pro_labour", "was_water", "was_sanit"),
}


@pytest.mark.parametrize("code", sorted(CASES))
def test_a_child_is_judged_as_the_standard_has_it(code):
    children, expected = zip(*CASES[code], strict=True)
    assert judged(code, *children) == list(expected)


def test_every_indicator_has_its_cases():
    assert set(CASES) | TOLD_ELSEWHERE == set(indicators())
    assert all(
        {"need", "no"} <= {said for _child, said in each} for each in CASES.values()
    )


def test_selected_children_stand_for_the_others_and_young_ones_for_themselves():
    columns = {
        "age_months": np.array([30.0, 70.0, 70.0]),
        "module_5_17": np.array([NAN, 3.0, NAN]),
    }
    factor = indicators()["pro_discipline"].population.factor(columns)
    assert factor.tolist()[:2] == [1.0, 3.0]
    assert np.isnan(factor[2])

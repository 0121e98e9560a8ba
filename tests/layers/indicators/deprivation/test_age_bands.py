from fractions import Fraction

import numpy as np
import pytest

from layers.indicators.catalogue import indicators
from layers.indicators.deprivation.age_bands import BANDS, index_of
from layers.indicators.samples.observations import MODULES, VARIABLES
from tests.layers.indicators.pages import rows_of

NEEDY = {
    "water_improved": 0.0,
    "water_minutes": 0.0,
    "sanitation_improved": 1.0,
    "sanitation_shared": 0.0,
    "persons": 4.0,
    "sleeping_rooms": 2.0,
    "internet": 1.0,
    "birth_registered": 1.0,
    "attends_school": 1.0,
    "stim_activities": 6.0,
    "haz": 0.0,
    **dict.fromkeys(
        ("vac_bcg", "vac_polio3", "vac_penta3", "vac_mcv1", "vac_mcv2"), 1.0
    ),
}
"""A child without basic water and with all else."""


def columns(*children):
    """Variables of children who differ from `NEEDY` in what is given."""
    rows = [
        NEEDY | {"school_age": child["age_months"] // 12} | child for child in children
    ]
    names = ("age_months", *MODULES, *VARIABLES)
    return {
        name: np.array([row.get(name, np.nan) for row in rows], dtype=float)
        for name in names
    }


def found(band, *children, **options):
    return index_of(columns(*children), band, indicators(), **options)


def test_every_band_names_indicators_of_the_catalogue_and_weighs_them_in_full():
    for name, band in BANDS.items():
        codes = {code for codes in band.dimensions.values() for code in codes}
        assert codes <= set(indicators())
        index = found(name, {"age_months": band.first}, {"age_months": band.after - 1})
        assert index.inside.tolist() == [True, True]
        assert sum(index.structure.weights) == 1
        assert set(index.structure.indicators) == codes
        assert index.unasked == ()


def test_the_bands_meet_without_a_gap():
    bounds = [(band.first, band.after) for band in BANDS.values()]
    assert [after for _, after in bounds[:-1]] == [first for first, _ in bounds[1:]]
    assert (bounds[0][0], bounds[-1][1]) == (0, 18 * 12)


def test_dimensions_weigh_alike_and_so_do_their_indicators():
    index = found("5-11", {"age_months": 100})
    weights = dict(
        zip(index.structure.indicators, index.structure.weights, strict=True)
    )
    assert weights == dict.fromkeys(
        ("was_water", "was_sanit", "hou_crowd", "edu_oos", "hou_internet"),
        Fraction(1, 5),
    )
    assert index.structure.scores(index.deprived).tolist() == [1]
    assert index.structure.total == 5


def test_indicators_of_one_dimension_share_its_weight():
    index = found(
        "5-11",
        {"age_months": 100},
        dimensions={"home": ("was_water", "was_sanit"), "school": ("edu_oos",)},
    )
    assert index.structure.weights == [Fraction(1, 4), Fraction(1, 4), Fraction(1, 2)]


def test_whole_weights_are_the_points_themselves():
    index = found(
        "5-11",
        {"age_months": 100},
        dimensions={"home": ("was_water", "was_sanit"), "school": ("edu_oos",)},
        weights={"was_water": 2, "was_sanit": 2, "edu_oos": 4},
    )
    assert index.structure.points.tolist() == [2, 2, 4]
    assert index.structure.total == 8
    assert index.structure.scores(index.deprived).tolist() == [2]


def test_children_of_other_ages_are_outside():
    index = found("24-59m", {"age_months": 23}, {"age_months": 24}, {"age_months": 60})
    assert index.inside.tolist() == [False, True, False]
    assert index.dropped == 0


def test_a_child_with_an_answer_missing_is_dropped_and_counted():
    index = found(
        "5-11",
        {"age_months": 100},
        {"age_months": 100, "internet": np.nan},
        {"age_months": 100, "water_improved": 1.0, "water_minutes": np.nan},
    )
    assert index.inside.tolist() == [True, False, False]
    assert index.dropped == 2


def test_an_unknown_that_the_standard_counts_is_no_missing_answer():
    index = found(
        "0-23m",
        {"age_months": 10},
        {"age_months": 10, "birth_registered": 0.0},
        {"age_months": 10, "birth_registered": np.nan},
    )
    place = index.structure.indicators.index("pro_birthreg")
    assert index.inside.tolist() == [True, True, True]
    assert index.deprived[:, place].tolist() == [False, True, True]


def test_below_the_age_of_an_indicator_a_child_is_not_deprived_in_it():
    index = found(
        "5-11",
        {"age_months": 65, "school_age": 5.0, "attends_school": 0.0},
        {"age_months": 100, "attends_school": 0.0},
    )
    place = index.structure.indicators.index("edu_oos")
    assert index.inside.tolist() == [True, True]
    assert index.deprived[:, place].tolist() == [False, True]


def test_what_a_round_did_not_ask_is_left_out_and_the_rest_weighs_more():
    children = [{"age_months": age, "internet": np.nan} for age in (100, 120)]
    index = found("5-11", *children)
    assert index.unasked == ("hou_internet",)
    assert "hou_internet" not in index.structure.indicators
    assert index.structure.dimensions == (
        "water",
        "sanitation",
        "housing",
        "education",
    )
    assert index.inside.tolist() == [True, True]


def test_a_municipality_chooses_its_own_dimensions():
    index = found(
        "12-17",
        {"age_months": 150},
        dimensions={"water": ("was_premises",), "school": ("edu_oos",)},
    )
    assert index.structure.indicators == ("was_premises", "edu_oos")


@pytest.mark.parametrize(
    ("band", "dimensions", "words"),
    [
        ("5-12", None, 'there is no band "5-12"; there are 0-23m'),
        ("5-11", {"a": ("nothing",)}, 'there is no indicator "nothing"'),
        ("12-17", {"a": ("pro_birthreg",)}, "no indicator was asked"),
    ],
)
def test_what_cannot_be_built_is_refused(band, dimensions, words):
    with pytest.raises(ValueError, match=words):
        found(band, {"age_months": 150}, dimensions=dimensions)


def test_the_page_lists_the_bands():
    stated = {
        row["band"]: row["dimensions"]
        for row in rows_of("deprivation.md", "| band | dimensions |")
    }
    assert stated == {
        name: "; ".join(
            f"{dimension}: " + ", ".join(f"`{code}`" for code in codes)
            for dimension, codes in band.dimensions.items()
        )
        for name, band in BANDS.items()
    }

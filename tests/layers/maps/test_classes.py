import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.maps import classes
from layers.maps.errors import UnfitView
from layers.maps.scheme import Scheme

percent = st.lists(st.integers(0, 100), min_size=1, max_size=200)
methods = st.sampled_from(sorted(classes.METHODS))
counts = st.integers(classes.FEWEST, classes.MOST)


@given(percent, methods, counts)
def test_every_value_has_a_class_and_more_need_is_never_a_lower_one(
    values, method, count
):
    ends = classes.breaks(values, count, method)
    places = [classes.class_of(value, ends) for value in sorted(values)]
    assert places == sorted(places)
    assert 1 <= len(ends) <= count
    assert ends == sorted(set(ends))
    assert ends[-1] == max(values)


@given(percent, st.sampled_from(["jenks", "quantile"]), counts)
def test_no_class_is_empty(values, method, count):
    ends = classes.breaks(values, count, method)
    assert {classes.class_of(value, ends) for value in values} == set(range(len(ends)))


def test_few_distinct_values_are_classes_of_their_own():
    assert classes.breaks([7, 3, 3]) == [3, 7]
    assert classes.breaks([]) == []


def test_groups_are_found_where_the_gaps_are():
    assert classes.breaks([1, 2, 11, 12, 30, 31, 50, 52, 80, 81]) == [2, 12, 31, 52, 81]


def test_each_method_draws_its_own_limits():
    values = [0, 1, 2, 3, 4, 5, 6, 7, 20, 100]
    assert classes.breaks(values, 5, "quantile") == [1, 3, 5, 7, 100]
    assert classes.breaks(values, 5, "equal") == [20, 40, 60, 80, 100]
    # Mean 14.8, standard deviation 29.0: limits half a deviation about the mean.
    assert classes.breaks(values, 5, "deviation") == [0, 29, 58, 100]


def test_limits_by_hand_reach_to_the_highest_value():
    scheme = Scheme.asked({"method": "manual", "breaks": "10، 25,40"})
    assert scheme.limits == (10, 25, 40)
    assert scheme.ends([3, 30]) == [10, 25, 40, 100]
    assert scheme.query == {"method": "manual", "breaks": "10,25,40"}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"method": "manual"}, "Write whole numbers"),
        ({"method": "manual", "breaks": "ten"}, "Write whole numbers"),
        ({"method": "manual", "breaks": "10,,20"}, "Write whole numbers"),
        (
            {"method": "manual", "breaks": "20,10"},
            "must rise and begin above 0: 10, 20",
        ),
        ({"method": "manual", "breaks": "0,10"}, "must rise and begin above 0: 10"),
        ({"method": "manual", "breaks": "10,101"}, "none above 100"),
        ({"method": "manual", "breaks": "1,2,3,4,5,6,7"}, "at most 6 limits"),
        ({"method": "magic"}, "no method “magic”"),
        ({"classes": "90"}, "from 2 to 7"),
        ({"classes": "x"}, "from 2 to 7"),
        ({"palette": "rainbow"}, "no colours “rainbow”"),
    ],
)
def test_what_is_no_classification_is_refused_with_the_way_out(query, said):
    with pytest.raises(UnfitView, match=said):
        Scheme.asked(query)


def test_exact_figures_belong_where_they_are_and_wide_ones_are_doubtful():
    ends = [10, 20, 30, 40, 50]
    assert classes.doubtful([(15, 0)] * 9, ends) == 0
    assert classes.doubtful([(10, 15)] * 10, ends) >= 5


def test_a_figure_on_a_border_is_as_likely_on_either_side():
    assert classes._outside(10.5, 1, [10, 90]) == pytest.approx(0.5, abs=0.01)


def test_certainty_falls_with_the_coefficient_of_variation():
    assert [classes.certainty(50, error) for error in (0, 6, 6.1, 20, 21)] == [
        2,
        2,
        1,
        1,
        0,
    ]
    assert classes.certainty(0, 1) == 0

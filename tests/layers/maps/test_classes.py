import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.maps import classes

percent = st.lists(st.integers(0, 100), min_size=1, max_size=200)


@given(percent)
def test_every_value_has_a_class_and_more_need_is_never_a_lower_one(values):
    ends = classes.breaks(values)
    places = [classes.class_of(value, ends) for value in sorted(values)]
    assert places == sorted(places)
    assert 1 <= len(ends) <= classes.CLASSES
    assert ends == sorted(set(ends))
    assert ends[-1] == max(values)


@given(percent)
def test_no_class_is_empty(values):
    ends = classes.breaks(values)
    assert {classes.class_of(value, ends) for value in values} == set(range(len(ends)))


def test_few_distinct_values_are_classes_of_their_own():
    assert classes.breaks([7, 3, 3]) == [3, 7]
    assert classes.breaks([]) == []


def test_groups_are_found_where_the_gaps_are():
    assert classes.breaks([1, 2, 11, 12, 30, 31, 50, 52, 80, 81]) == [2, 12, 31, 52, 81]


def test_exact_figures_belong_where_they_are_and_wide_ones_are_doubtful():
    ends = [10, 20, 30, 40, 50]
    assert classes.doubtful([(15, 15, 15)] * 9, ends) == 0
    assert classes.doubtful([(10, 0, 60)] * 10, ends) >= 5


def test_a_figure_on_a_border_is_as_likely_on_either_side():
    border = [(10.5, 8.5, 12.5)]
    assert classes._outside(*border[0], [10, 90]) == pytest.approx(0.5, abs=0.01)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.indicators.definitions.grammar import RuleError, read_condition

NAN = float("nan")


def decided(source, **columns):
    """ "yes", "no" or "unknown" per child."""
    arrays = {name: np.array(values, float) for name, values in columns.items()}
    verdict = read_condition(source).decide(arrays)
    names = np.where(verdict.known, np.where(verdict.true, "yes", "no"), "unknown")
    return names.tolist()


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"is": 2}, ["no", "yes", "no", "unknown"]),
        ({"at_least": 2}, ["no", "yes", "yes", "unknown"]),
        ({"above": 2}, ["no", "no", "yes", "unknown"]),
        ({"at_most": 2}, ["yes", "yes", "no", "unknown"]),
        ({"below": 2}, ["yes", "no", "no", "unknown"]),
        ({"at_least": 2, "at_most": 2}, ["no", "yes", "no", "unknown"]),
    ],
)
def test_a_comparison_with_a_missing_value_is_unknown(bounds, expected):
    source = {"variable": "persons"} | bounds
    assert decided(source, persons=[1, 2, 3, NAN]) == expected


def test_any_is_true_as_soon_as_one_part_is():
    source = {
        "any": [{"variable": "persons", "is": 1}, {"variable": "internet", "is": 1}]
    }
    columns = {"persons": [1, 1, 2, 2, NAN], "internet": [0, NAN, 0, NAN, 1]}
    assert decided(source, **columns) == ["yes", "yes", "no", "unknown", "yes"]


def test_all_is_false_as_soon_as_one_part_is():
    source = {
        "all": [{"variable": "persons", "is": 1}, {"variable": "internet", "is": 1}]
    }
    columns = {"persons": [1, 1, 2, 2, NAN], "internet": [1, NAN, 1, NAN, 0]}
    assert decided(source, **columns) == ["yes", "unknown", "no", "no", "no"]


def test_a_home_without_a_sleeping_room_has_too_many_to_a_room():
    source = {"variable": "persons", "per": "sleeping_rooms", "above": 3}
    columns = {"persons": [3, 4, 6, 7, 2, 2], "sleeping_rooms": [1, 1, 2, 2, 0, NAN]}
    assert decided(source, **columns) == ["no", "yes", "no", "yes", "yes", "unknown"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"variable": "phone", "is": 1}, '"phone" is no canonical variable'),
        (
            {"variable": "persons", "per": "rooms", "above": 1},
            '"rooms" is no canonical variable',
        ),
        ({"variable": "persons"}, 'the comparison of "persons" has no bound'),
        ({"variable": "persons", "equals": 1}, '"equals" is no bound; use one of is'),
        ({"any": []}, '"any" stands alone and holds a list of conditions'),
        (
            {"all": [{"variable": "persons", "is": 1}], "variable": "persons"},
            '"all" stands alone and holds a list of conditions',
        ),
    ],
)
def test_a_condition_that_cannot_be_read_says_why(source, message):
    with pytest.raises(RuleError, match=message):
        read_condition(source)


def test_a_sum_weighs_its_parts_and_is_unknown_where_one_is():
    source = {
        "sum": [
            {"variable": "persons", "times": 2},
            {"variable": "sleeping_rooms"},
        ],
        "above": 6,
    }
    columns = {"persons": [2, 3, NAN], "sleeping_rooms": [2, 1, 9]}
    assert decided(source, **columns) == ["no", "yes", "unknown"]


COUNTED = [{"variable": "persons", "is": 1}, {"variable": "internet", "is": 1}]


def test_a_count_is_decided_as_soon_as_the_rest_cannot_change_it():
    columns = {"persons": [1, 1, 2, NAN, NAN], "internet": [1, NAN, NAN, NAN, 0]}
    at_least_one = {"count": COUNTED, "at_least": 1}
    assert decided(at_least_one, **columns) == [
        *("yes", "yes", "unknown", "unknown", "unknown")
    ]
    both = {"count": COUNTED, "at_least": 2}
    assert decided(both, **columns) == ["yes", "unknown", "no", "unknown", "no"]


def test_a_count_may_take_unknown_as_not_met_unless_all_is_unknown():
    source = {"count": COUNTED, "unknown": "not_met", "at_least": 1}
    columns = {"persons": [NAN, 2, NAN], "internet": [1, NAN, NAN]}
    assert decided(source, **columns) == ["yes", "no", "unknown"]


WORST = [
    {"score": 1, "variable": "internet", "is": 0},
    {"score": 2, "variable": "persons", "above": 5},
]


def test_the_worst_is_the_highest_step_that_is_reached():
    columns = {"internet": [0, 1, 0, NAN, 0], "persons": [2, 2, 6, 6, NAN]}
    reached = {"worst": WORST, "at_least": 2}
    assert decided(reached, **columns) == ["no", "no", "yes", "yes", "unknown"]
    any_of_them = {"worst": WORST, "at_least": 1}
    assert decided(any_of_them, **columns) == ["yes", "no", "yes", "yes", "yes"]


def test_bounds_may_depend_on_the_age():
    source = {
        "variable": "persons",
        "by_age": [
            {"from": 24, "to": 29, "below": 2},
            {"from": 30, "to": 40, "below": 4},
        ],
    }
    columns = {
        "age_months": [24, 29, 30, 41, 30],
        "persons": [1, 2, 3, 1, NAN],
    }
    assert decided(source, **columns) == ["yes", "no", "yes", "no", "unknown"]


def test_a_term_gives_a_number_or_a_condition_a_name():
    terms = {
        "crowd": {"variable": "persons", "above": 5},
        "score": {"sum": [{"variable": "persons", "times": 3}]},
    }
    columns = {"persons": np.array([2.0, 6.0])}
    for source in ({"term": "crowd"}, {"term": "score", "at_least": 18}):
        verdict = read_condition(source, terms=terms).decide(columns)
        assert verdict.true.tolist() == [False, True]


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"a": {"term": "b"}, "b": {"term": "a"}}, "round in a loop: a > b > a"),
        (
            {"a": {"sum": [{"variable": "persons"}, {"term": "a"}]}},
            "round in a loop: a > a",
        ),
        ({"a": {"any": [{"term": "c"}]}}, 'there is no term "c"'),
        ({"a": 3}, 'the term "a" is no table'),
        ({"a": {"count": [], "at_least": 1}}, '"count" holds a list'),
        ({"a": {"variable": "nothing"}}, '"nothing" is no canonical variable'),
        ({"a": {"sum": [{"variable": "persons", "times": 0}]}}, "a number above zero"),
        (
            {"a": {"worst": [{"score": 0, "variable": "persons", "is": 1}]}},
            "ascend from above zero",
        ),
    ],
)
def test_a_term_that_cannot_be_read_is_refused_even_unused(terms, message):
    with pytest.raises(RuleError, match=message):
        read_condition({"variable": "persons", "is": 1}, terms=terms)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"term": "x", "is": 1}, 'there is no term "x"'),
        ({"variable": "persons", "sum": [], "is": 1}, "a number is one of"),
        ({"variable": "persons", "is": True}, "needs a number"),
        ({"variable": "persons", "is": "two"}, "needs a number"),
        ({"variable": "persons", "by_age": [], "is": 1}, "bounds of each age band"),
        ({"variable": "persons", "by_age": []}, "holds a list of age bands"),
        ({"variable": "persons", "by_age": [{"from": 1}]}, "has from, to and bounds"),
        (
            {
                "variable": "persons",
                "by_age": [
                    {"from": 1, "to": 5, "is": 1},
                    {"from": 5, "to": 9, "is": 1},
                ],
            },
            "do not overlap",
        ),
        ({"count": [{"variable": "persons"}], "at_least": 1}, "has no bound"),
    ],
)
def test_what_makes_no_sense_is_refused(source, message):
    with pytest.raises(RuleError, match=message):
        read_condition(source)


def test_conditions_nested_without_end_are_refused():
    source = {"variable": "persons", "is": 1}
    for _ in range(30):
        source = {"all": [source]}
    with pytest.raises(RuleError, match="nested too deep"):
        read_condition(source)


SOME = st.one_of(st.just(NAN), st.integers(0, 4).map(float))


@given(st.lists(st.tuples(SOME, SOME, SOME), min_size=1, max_size=20))
def test_knowing_more_never_turns_a_verdict(answers):
    """What is decided while answers are missing stays so whatever they turn out to be."""
    names = ("persons", "sleeping_rooms", "internet")
    conditions = [
        {"count": [{"variable": name, "above": 1} for name in names], "at_least": 2},
        {"sum": [{"variable": name, "times": 2} for name in names], "at_most": 9},
        {
            "worst": [
                {"score": 1, "variable": "persons", "above": 2},
                {"score": 3, "all": [{"variable": name, "is": 0} for name in names]},
            ],
            "at_least": 2,
        },
    ]
    table = np.array(answers, float)
    for source in conditions:
        condition = read_condition(source)
        first = condition.decide(dict(zip(names, table.T, strict=True)))
        for fill in (0.0, 2.0, 4.0):
            full = np.where(np.isnan(table), fill, table)
            later = condition.decide(dict(zip(names, full.T, strict=True)))
            assert later.known.all()
            assert (later.true == first.true)[first.known].all()

import numpy as np
import pytest

from layers.indicators.grammar import RuleError, read_condition

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

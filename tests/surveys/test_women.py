"""From what a young woman says to two facts, or to nothing."""

import pytest

from layers.indicators.samples.observations import WomanRow
from surveys.questionnaires.parts import Parts
from surveys.women import woman_row

PARTS = Parts(
    {},
    women="wives",
    woman_keys={
        "woman_age": "age",
        "woman_married": "ever",
        "woman_age_married": "first",
    },
    values={"woman_married": {"1": "yes", "2": "no"}},
)


@pytest.mark.parametrize(
    ("answers", "row"),
    [
        ({"age": 20, "ever": "1", "first": 14}, WomanRow(20, True, True)),
        ({"age": 24, "ever": "1", "first": "15"}, WomanRow(24, False, True)),
        ({"age": 22, "ever": "1", "first": 18}, WomanRow(22, False, False)),
        ({"age": 22, "ever": "2"}, WomanRow(22, False, False)),
        # An age says that she married, whether or not the question before was answered.
        ({"age": 22, "first": 16}, WomanRow(22, False, True)),
        ({"age": 22, "ever": "1"}, WomanRow(22, None, None)),
        ({"age": 22}, WomanRow(22, None, None)),
        ({"age": 22, "ever": "2", "first": 16}, WomanRow(22, None, None)),
        ({"age": 22, "ever": "1", "first": 23}, WomanRow(22, None, None)),
        ({"age": 22, "ever": "1", "first": "long ago"}, WomanRow(22, None, None)),
        ({"age": 19, "ever": "1", "first": 14}, None),
        ({"age": 25, "ever": "1", "first": 14}, None),
        ({"ever": "1", "first": 14}, None),
    ],
)
def test_what_is_kept_of_a_woman(answers, row):
    assert woman_row(answers, PARTS) == row

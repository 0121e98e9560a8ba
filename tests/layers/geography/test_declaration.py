"""A layer says its colours once; all that draw it ask the same question."""

import pytest

from layers.geography.declaration import Shade, Style

LOW, HIGH = Shade("low", "#111111", "#eeeeee", 2.0), Shade("high", "#222222", "#dddddd")
OTHERS = Shade("others", "#333333", "#cccccc")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.5, OTHERS), (1, LOW), (2, LOW), (2.1, HIGH), (1e9, HIGH), (None, OTHERS)],
)
def test_an_upper_end_belongs_to_its_class(value, expected):
    style = Style((LOW, HIGH), field="n", numbers=True, others=OTHERS, least=1)
    assert style.shade(value) is expected


def test_what_is_in_no_class_is_drawn_only_where_others_are():
    oak = Shade("oak", "#111111", "#eeeeee", "oak")
    assert Style((oak,), field="kind").shade("pine") is None
    assert Style((oak,), field="kind", others=OTHERS).shade("pine") is OTHERS
    assert Style((oak,)).shade("anything") is oak
    bounded = Style((LOW,), field="n", numbers=True)
    assert bounded.shade(3) is None


def test_marks_grow_with_the_root_of_their_number_up_to_an_end():
    style = Style((LOW,), size=6, grows_with="n")
    assert [style.radius(n) for n in (None, 1, 4, 9, 1000)] == [6, 6, 8, 10, 18]
    assert Style((LOW,), size=6).radius(9) == 6

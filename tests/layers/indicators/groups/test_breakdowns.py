import pytest
from django.utils import translation

from layers.indicators.groups.breakdowns import (
    DIMENSIONS,
    PAIRS,
    crossed,
    dimensions_of,
    is_key,
    label_of,
    offered,
    ordered,
)


def test_every_group_has_a_label_in_three_languages():
    for dimension in DIMENSIONS.values():
        for labels in (dimension.labels, *dimension.categories.values()):
            assert set(labels) == {"ar", "en", "fr"}
            assert all(labels.values())
        assert len(dimension.categories) > 1


def test_what_may_harm_a_group_is_sensitive():
    strict = {name for name, each in DIMENSIONS.items() if each.sensitive}
    assert strict == {"disability", "nationality", "displacement"}


def test_a_key_names_no_one_or_two_dimensions():
    assert dimensions_of("all") == ()
    assert dimensions_of("wealth:1") == ("wealth",)
    assert dimensions_of("sex:female+wealth:1") == ("sex", "wealth")
    assert len(PAIRS) == 15


@pytest.mark.parametrize(
    "key",
    [
        *("", "sex", "sex:", "sex:none", "none:1", "wealth:1+sex:female"),
        *("sex:female+sex:male", "sex:female+age:0-4+wealth:1", "all+sex:female"),
    ],
)
def test_nothing_else_is_a_key(key):
    assert not is_key(key)


@pytest.mark.parametrize(
    ("language", "said"),
    [("ar", "بنات، أفقر خُمس"), ("en", "girls, poorest fifth")],
)
def test_two_crossed_are_said_one_after_another(language, said):
    with translation.override(language):
        assert label_of(crossed("sex:female", "wealth:1")) == said
        assert label_of("gone:1") == "gone:1"


def test_groups_are_offered_by_dimension_in_the_declared_order():
    keys = ["wealth:2", "sex:male", "all", "sex:female", "sex:male+wealth:2", "gone:1"]
    assert ordered(keys) == [
        *("all", "sex:female", "sex:male", "wealth:2", "sex:male+wealth:2")
    ]
    with translation.override("en"):
        found = list(offered(keys))
    assert [each["name"] for each in found] == [
        *("", "Girls and boys", "Wealth of the household")
    ]
    assert found[1]["groups"] == [("sex:female", "girls"), ("sex:male", "boys")]

from django.utils import translation

from layers.indicators.releases import latest_release, view
from layers.indicators.services import compute_release
from tests.factories.observations import households


def test_a_view_has_all_zones_the_town_and_what_the_legend_says(release):
    found = view(release, indicator="hou_internet")
    assert set(found["zones"]) == {"Z1", "Z2", "Z3", "Z4"}
    assert found["zones"]["Z4"] == {
        **dict.fromkeys(("estimate", "se", "low", "high", "n")),
        "flag": "no_data",
        "reason": "no_data",
    }
    poor, rich = found["zones"]["Z3"], found["zones"]["Z1"]
    assert poor["estimate"] > rich["estimate"]
    assert found["town"]["n"] == found["legend"]["children"]
    assert found["legend"] == {
        "children": found["town"]["n"],
        "households": found["legend"]["households"],
        "release": 1,
        "round": "Spring round",
        "reference_date": "2026-04-30",
        "definition_version": 1,
    }
    assert found["legend"]["households"] > 100


def test_a_view_speaks_the_readers_language(release):
    with translation.override("ar"):
        found = view(release, indicator="hou_internet", breakdown="sex:female")
    assert found["title"] == "أطفال بلا إنترنت في البيت"
    assert found["legend"]["round"] == "جولة الربيع"
    assert found["breakdown"] == "sex:female"


def test_a_view_takes_one_query(release, django_assert_num_queries):
    with django_assert_num_queries(1):
        view(release, indicator="hou_internet")


def test_the_latest_release_is_that_of_the_newest_round(put, town, release):
    older = put(households(3), code="autumn", reference_date="2025-10-01")
    correction = compute_release(municipality=town, observation_set=older)
    assert correction.number == 2
    assert latest_release(town) == release
    assert latest_release(town, "autumn") == correction
    assert latest_release(town, "winter") is None

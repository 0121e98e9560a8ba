from datetime import UTC, date, datetime

import pytest
from django.utils.translation import override

from layers.geography.models import Municipality
from layers.geography.templatetags.places import clock, country_name, day

TWENTY_THIRD = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("country", "words"),
    [
        ("LB", "23 تشرين الثاني 2026"),
        ("PS", "23 تشرين الثاني 2026"),
        ("TN", "23 نوفمبر 2026"),
        ("LY", "23 نوفمبر 2026"),
        ("ZZ", "23 نوفمبر 2026"),
    ],
)
def test_months_have_the_names_of_the_country(country, words):
    with override("ar"):
        assert day(TWENTY_THIRD, Municipality(country=country)) == words


def test_january_is_janfi_in_tunisia_only():
    new_year = date(2027, 1, 1)
    with override("ar"):
        assert day(new_year, Municipality(country="TN")) == "1 جانفي 2027"
        assert day(new_year, Municipality(country="LY")) == "1 يناير 2027"


def test_other_languages_are_plain():
    town = Municipality(country="LB")
    with override("en"):
        assert day(TWENTY_THIRD, town) == "23 November 2026"
    with override("fr"):
        assert day(TWENTY_THIRD, town) == "23 novembre 2026"


def test_a_moment_is_told_on_the_towns_clock():
    town = Municipality(country="LB", time_zone="Asia/Beirut")
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    with override("en"):
        assert (day(late, town), clock(late, town)) == ("23 November 2026", "01:30")


def test_no_date_is_no_text():
    assert day(None, Municipality(country="LB")) == ""


def test_a_country_is_named_in_the_readers_language():
    with override("ar"):
        assert country_name("LB") == "لبنان"

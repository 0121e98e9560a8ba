from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from layers.indicators.models import Estimate, Release
from tests.factories.definitions import definition
from tests.factories.observations import households

SEXES = ("all", "sex:female", "sex:male")


def printed(slug, *arguments):
    out = StringIO()
    call_command("compute_indicators", *arguments, municipality=slug, stdout=out)
    return out.getvalue().splitlines()


def test_it_prints_the_figures_and_stores_nothing(put, town):
    put(households())
    lines = printed(town.slug, "spring", "--indicator", "was_water")
    assert lines[0].split() == [
        *("indicator", "zone", "children", "estimate"),
        *("se", "low", "high", "n", "flag"),
    ]
    sexes = [line for line in lines[1:-1] if line.split()[2] in SEXES]
    assert len(sexes) == 5 * 3
    assert lines[5].startswith("was_water             (town)       all         0.")
    assert lines[4].split() == [
        "was_water",
        "Z4",
        "all",
        *"-----",
        "no_data",
        "no_data",
    ]
    assert lines[-1] == "Nothing was stored; --release stores these figures."
    assert not Release.objects.exists()


def test_it_stores_a_release_on_demand(put, town):
    put(households())
    lines = printed(town.slug, "spring", "--release", "--breakdown", "sex:female")
    assert lines[-1] == "Stored as release 1."
    assert Estimate.objects.of_release(Release.objects.get()).exists()


def test_an_unknown_group_is_answered_with_the_known_ones(put, town):
    put(households())
    with pytest.raises(
        CommandError, match=r"no group sex:none\. Known: all, sex:female"
    ):
        printed(town.slug, "spring", "--breakdown", "sex:none")


def test_an_unknown_town_or_round_is_answered_with_the_known_ones(put, town):
    put(households())
    with pytest.raises(
        CommandError, match=rf"no municipality x\. There are: .*{town.slug}"
    ):
        printed("x", "spring")
    with pytest.raises(CommandError, match=r"no published round x\. Known: spring\."):
        printed(town.slug, "x")


def test_an_unknown_indicator_is_answered_with_the_known_ones(put, town):
    put(households())
    definition(town)
    with pytest.raises(CommandError, match=r"no indicator was_wine\. Known: .*own_wet"):
        printed(town.slug, "spring", "--indicator", "was_wine")
    lines = printed(town.slug, "spring", "--indicator", "own_wet")
    assert any(line.startswith("own_wet") for line in lines)

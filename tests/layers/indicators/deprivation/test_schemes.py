"""A town's scheme of deprivation: chosen on a page, tried, put in use."""

import pytest

from layers.indicators.definitions.municipal import catalogue_of
from layers.indicators.deprivation.schemes import (
    BandScheme,
    Scheme,
    check_scheme,
    read_scheme,
    scheme_of,
    usual_scheme,
)
from layers.indicators.deprivation.trial import try_scheme
from layers.indicators.errors import SchemeRefused
from layers.indicators.models import DeprivationScheme
from tests.factories.accounts import staff
from tests.factories.observations import households


@pytest.fixture
def planner(client, town):
    client.force_login(staff(town, "planner"))
    return client


@pytest.fixture
def at(town):
    return lambda rest="": f"/en/{town.slug}/indicators/deprivation/{rest}"


CHOSEN = {
    "weight:5-11:was_water": "2",
    "home:5-11:was_water": "water",
    "weight:5-11:edu_oos": "3",
    "home:5-11:edu_oos": "education",
    "cutoff:5-11": "3",
}


def one_band(weights, cutoff=1, band="5-11"):
    return Scheme(1, {band: BandScheme({"water": tuple(weights)}, weights, cutoff)})


def test_the_usual_scheme_can_be_used_and_read_back(town):
    usual = usual_scheme()
    check_scheme(usual, catalogue_of(town))
    again = read_scheme(usual.as_data(), 0)
    assert again.identity == usual.identity
    assert again.as_data() == usual.as_data()


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        (Scheme(1, {}), "Choose at least one thing"),
        (one_band({}), "nothing is chosen"),
        (one_band({"nonsense": 1}), "can't be used"),
        (one_band({"pro_birthreg": 1}), "about other ages"),
        (one_band({"pro_labour": 1}), "one child of each household"),
        (one_band({"was_water": 21}), "from 1 to 20"),
        (one_band({"was_water": 2}, cutoff=3), "from 1 to 2, the sum"),
    ],
)
def test_what_makes_no_scheme_is_refused_with_a_way_out(town, scheme, words):
    with pytest.raises(SchemeRefused, match=words):
        check_scheme(scheme, catalogue_of(town))


def test_a_planner_chooses_weights_and_puts_them_in_use(planner, at, town):
    answer = planner.post(at("change/"), CHOSEN, follow=True)
    assert "The draft is saved" in answer.content.decode()
    assert scheme_of(town).version == 0
    draft = DeprivationScheme.objects.get()
    assert draft.content == {
        "bands": {
            "5-11": {
                "cutoff": 3,
                "dimensions": {"water": {"was_water": 2}, "education": {"edu_oos": 3}},
            }
        }
    }
    planner.post(at(f"{draft.pk}/use/"))
    assert scheme_of(town).version == draft.version
    planner.post(at("change/"), CHOSEN | {"cutoff:5-11": "2"})
    second = DeprivationScheme.objects.get(version=2)
    planner.post(at(f"{second.pk}/use/"))
    states = dict(DeprivationScheme.objects.values_list("version", "state"))
    assert states == {1: "retired", 2: "in_use"}
    again = planner.post(at(f"{second.pk}/use/"), follow=True)
    assert "Only a draft can be put in use" in again.content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"cutoff:5-11": "6"}, "from 1 to 5, the sum of the weights"),
        ({"cutoff:5-11": ""}, "from 1 to 5, the sum of the weights"),
        ({"weight:5-11:was_water": "-1"}, "greater than or equal to 0"),
        ({"weight:5-11:was_water": "9" * 30}, "less than or equal to 20"),
        ({"home:5-11:was_water": "nowhere"}, "Select a valid choice"),
        ({"round": "999999999"}, "Select a valid choice"),
    ],
)
def test_a_wrong_choice_is_explained_and_nothing_is_kept(planner, at, wrong, words):
    answer = planner.post(at("change/"), CHOSEN | wrong)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not DeprivationScheme.objects.exists()


def test_a_trial_shows_every_limit_and_other_weights(planner, at, put):
    put(households())
    page = planner.post(at("try/"), CHOSEN).content.decode()
    assert "5 to 11 years" in page
    assert "half of the points on: Water" in page
    assert "Order of zones alike" in page
    assert planner.get(at()).status_code == 200
    assert planner.get(at("change/")).status_code == 200


def test_a_trial_tells_no_group_of_one_to_four(put, town):
    units = households(per_zone=25)
    observed = put(units)
    scheme = usual_scheme()
    known = catalogue_of(town)
    trials = try_scheme(scheme=scheme, known=known, observation_set=observed)
    hidden = 0
    for trial in trials:
        for _points, at in trial.cutoffs:
            if at.headcount is None:
                hidden += 1
                continue
            # Steps of five children at least.
            children = at.headcount * trial.children
            assert children == pytest.approx(0, abs=1) or children > 4
    assert hidden
    few = put(households(per_zone=8))
    small = try_scheme(scheme=scheme, known=known, observation_set=few)
    assert not any(trial.told for trial in small if trial.children < 50)

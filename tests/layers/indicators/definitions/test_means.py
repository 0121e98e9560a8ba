import pytest
from django.urls import reverse

from layers.geography.tenancy import tenant
from layers.indicators.definitions.drafting import move_definition
from layers.indicators.definitions.municipal import catalogue_of, means_of_town
from layers.indicators.errors import DefinitionRefused
from layers.indicators.models import Definition, ObservationSet
from tests.factories.accounts import staff
from tests.factories.means import mean_definition
from tests.factories.observations import households

TEXTS = [f"{part}_{each}" for part in ("title", "description", "unit") for each in ("ar", "en", "fr")]  # fmt: skip
FORM = {
    "name": "minutes",
    **dict.fromkeys(TEXTS, "minutes"),
    "dimension": "water_sanitation",
    "first": "0",
    "last": "17",
    "unit": "years",
    "moment": "interview",
    "module": "",
    "statistic": "mean",
    "number": "water_minutes",
    "least": "0",
    "most": "120",
    "worse": "higher",
}


@pytest.fixture
def planner(town):
    return staff(town, "planner")


def url(town, name, *rest):
    return reverse(f"indicators:{name}", args=[town.slug, *rest])


def test_a_mean_is_drafted_reviewed_and_put_in_use(client, town, put, planner):
    put(households())
    client.force_login(planner)
    sent = client.post(url(town, "create"), FORM | {"round": _round(town)}, follow=True)
    assert "Mean of: How many minutes to fetch water" in sent.content.decode()
    with tenant(town):
        draft = Definition.objects.get(code="own_minutes")
        move_definition(definition=draft, to="in_review", by=planner)
        move_definition(
            definition=draft, to="published", by=staff(town, "data_manager")
        )
        assert means_of_town(town)["own_minutes"].most == 120
        assert "own_minutes" not in catalogue_of(town)
    said = client.get(url(town, "detail", "own_minutes")).content.decode()
    assert "answers from 0 to 120 minutes" in said
    assert "own_minutes" in client.get(url(town, "list")).content.decode()
    again = client.get(url(town, "change", draft.pk)).content.decode()
    assert '<option value="mean" selected>' in again


def _round(town):
    with tenant(town):
        return ObservationSet.objects.of(town).get().pk


def preview(client, town, **changes):
    sent = FORM | dict.fromkeys(TEXTS, "") | {"round": _round(town)} | changes
    return client.post(url(town, "preview"), sent)


def test_the_preview_says_the_mean_of_the_town_coarsely(client, town, put, planner):
    put(households())
    client.force_login(planner)
    page = preview(client, town, unit_en="minutes")
    exact = page.context["figure"].estimate
    coarse = 5 * round(exact / 5)
    assert coarse != exact
    said = page.content.decode()
    assert f"On average about {coarse} minutes" in said
    assert "Between 5 and 10" in said
    assert page.context["asked"] % 25 == 0
    few = preview(client, town, first="17", last="17", unit_en="minutes")
    assert "would be withheld" in few.content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": ""}, "The number: This field is required."),
        ({"number": "internet"}, "internet is not one of the available choices"),
        ({"number": "ucf_seeing"}, "is not one of the available choices"),
        ({"least": "120", "most": "0"}, "Give a number above the least believable"),
        ({"least": "2000", "most": "3000"}, "answers from 0 to 1440"),
        ({"most": ""}, "Greatest believable value: This field is required."),
        ({"worse": "sideways"}, "sideways is not one of the available choices"),
        ({"least": "nan"}, "Enter a number."),
    ],
)
def test_what_is_no_mean_is_refused_with_what_to_do(
    client, town, put, planner, changes, words
):
    put(households())
    client.force_login(planner)
    assert words in preview(client, town, **changes).content.decode()


def test_a_mean_without_a_unit_is_not_saved(client, town, put, planner):
    put(households())
    client.force_login(planner)
    sent = client.post(
        url(town, "create"), FORM | {"round": _round(town), "unit_fr": ""}
    )
    assert "This field is required." in sent.content.decode()
    with tenant(town):
        assert not Definition.objects.exists()


def test_two_means_of_one_number_and_common_ages_are_not_in_use_together(town):
    mean_definition(town, population={"from": 5, "to": 11})
    other = mean_definition(
        town, code="own_other", state="in_review", population={"from": 11, "to": 14}
    )
    later = mean_definition(
        town, code="own_later", state="in_review", population={"from": 12, "to": 14}
    )
    with tenant(town):
        by = staff(town, "data_manager")
        with pytest.raises(DefinitionRefused, match="of ages in common"):
            move_definition(definition=other, to="published", by=by)
        move_definition(definition=later, to="published", by=by)
        assert set(means_of_town(town)) == {"own_minutes", "own_later"}

import pytest
from django.urls import reverse

from layers.geography.tenancy import tenant
from layers.indicators.catalogue import CatalogueError
from layers.indicators.definitions import drafting
from layers.indicators.definitions.drafting import move_definition, preview, save_draft
from layers.indicators.definitions.municipal import (
    catalogue_of,
    comparable,
    indicators_in,
)
from layers.indicators.errors import DefinitionRefused
from layers.indicators.models import Definition, Estimate
from layers.indicators.services import compute_release
from tests.factories.accounts import staff
from tests.factories.definitions import content, definition
from tests.factories.observations import households

FORM = {
    "name": "far_water",
    **{f"title_{each}": "Walk for water" for each in ("ar", "en", "fr")},
    **{f"description_{each}": "Ten minutes or more" for each in ("ar", "en", "fr")},
    "dimension": "water_sanitation",
    "first": "0",
    "last": "17",
    "unit": "years",
    "moment": "interview",
    "module": "",
    "statistic": "share",
    "join": "any",
    "unknown": "left_out",
    "variable_1": "water_minutes",
    "bound_1": "above",
    "value_1": "10",
    "variable_2": "internet",
    "bound_2": "is",
    "value_2": "0",
    "bound_3": "is",
}


@pytest.fixture
def planner(town):
    return staff(town, "planner")


@pytest.fixture
def other(town):
    return staff(town, "data_manager")


def url(town, name, *rest):
    return reverse(f"indicators:{name}", args=[town.slug, *rest])


def test_a_version_is_put_in_use_by_somebody_else(town, planner, other):
    with tenant(town):
        draft = save_draft(municipality=town, name="wet", content=content(), by=planner)
        assert (draft.code, draft.version, draft.state) == ("own_wet", 1, "draft")
        move_definition(definition=draft, to="in_review", by=planner)
        with pytest.raises(DefinitionRefused, match="Somebody else"):
            move_definition(definition=draft, to="published", by=planner)
        used = move_definition(definition=draft, to="published", by=other)
        assert used.decided_by == other
        assert catalogue_of(town)["own_wet"].own


def test_what_is_in_use_is_changed_by_a_next_version(town, planner, other):
    with tenant(town):
        first = definition(town, by=planner)
        draft = save_draft(
            municipality=town,
            name="own_wet",
            content=content(sensitive=True),
            by=planner,
        )
        assert draft.version == 2
        assert not catalogue_of(town)["own_wet"].sensitive
        move_definition(definition=draft, to="in_review", by=planner)
        with pytest.raises(DefinitionRefused, match="is being reviewed"):
            save_draft(municipality=town, name="own_wet", content=content(), by=planner)
        move_definition(definition=draft, to="published", by=other)
        first.refresh_from_db()
        assert first.state == "retired"
        assert catalogue_of(town)["own_wet"].identity == ("own_wet", 2)


@pytest.mark.parametrize("to", ["published", "retired", "draft", "", "burnt"])
def test_a_draft_takes_no_other_step_than_to_review(town, planner, to):
    draft = definition(town, by=planner, state="draft")
    with tenant(town), pytest.raises(DefinitionRefused, match="can't take this step"):
        move_definition(definition=draft, to=to, by=planner)


def test_a_definition_that_cannot_be_read_is_not_kept(town, planner):
    wrong = content(rule={"unknown": "left_out", "in_need": {"variable": "phone"}})
    with tenant(town):
        with pytest.raises(DefinitionRefused, match='"phone" is no canonical variable'):
            save_draft(municipality=town, name="wet", content=wrong, by=planner)
        assert not Definition.objects.exists()


def test_a_released_definition_stays_what_it_was(put, town, planner, other):
    with tenant(town):
        observed = put(households())
        before = compute_release(municipality=town, observation_set=observed)
        used = definition(town, by=planner)
        release = compute_release(municipality=town, observation_set=observed)
        assert release.number == before.number + 1
        figures = Estimate.objects.of_release(release).of_indicator("own_wet").of_town()
        assert figures.of_breakdown("all").get().n > 100
        move_definition(definition=used, to="retired", by=other)
        assert "own_wet" not in catalogue_of(town)
        assert indicators_in(release)["own_wet"].identity == ("own_wet", 1)
        after = compute_release(municipality=town, observation_set=observed)
        assert "own_wet" not in after.definitions
        assert not comparable(release, after, "own_wet")
        assert comparable(before, after, "was_water")


def test_figures_of_two_versions_are_never_compared(put, town, planner):
    with tenant(town):
        observed = put(households())
        first = definition(town, by=planner)
        one = compute_release(municipality=town, observation_set=observed)
        Definition.objects.filter(pk=first.pk).update(state="retired")
        definition(town, by=planner, version=2)
        two = compute_release(municipality=town, observation_set=observed)
    assert not comparable(one, two, "own_wet")
    assert comparable(one, two, "edu_oos")


def test_a_preview_says_what_a_release_would(put, town, planner):
    with tenant(town):
        observed = put(households())
        definition(town, by=planner)
        own = catalogue_of(town)["own_wet"]
        shown = preview(indicator=own, observation_set=observed).figure
        release = compute_release(municipality=town, observation_set=observed)
        stored = (
            Estimate.objects.of_release(release)
            .of_indicator("own_wet")
            .of_town()
            .of_breakdown("all")
            .get()
        )
    assert (shown.estimate, shown.n) == (stored.estimate, stored.n)
    assert shown.n % 5 == 0


def test_a_planner_makes_an_indicator_without_code(client, put, town, planner):
    observed = put(households())
    client.force_login(planner)
    form = FORM | {"round": observed.pk}
    untold = {name: "" for name in form if name.startswith(("name", "title", "desc"))}
    page = client.post(url(town, "preview"), form | untold).content.decode()
    assert "of 100 children" in page
    assert "or less" not in page
    assert "How many minutes to fetch water and come back: more than 10" in page
    answer = client.post(url(town, "create"), form, follow=True)
    assert answer.status_code == 200
    assert "Send to review" in answer.content.decode()
    with tenant(town):
        saved = Definition.objects.get()
    assert saved.code == "own_far_water"
    assert saved.content["rule"]["in_need"] == {
        "any": [
            {"variable": "water_minutes", "above": 10.0},
            {"variable": "internet", "is": 0.0},
        ]
    }
    again = client.get(url(town, "change", saved.pk)).content.decode()
    assert 'value="far_water"' in again


def test_a_preview_of_few_children_is_withheld(client, put, town, planner):
    observed = put(households(per_zone=3))
    client.force_login(planner)
    form = FORM | {"round": observed.pk, "last": "0"}
    page = client.post(url(town, "preview"), form).content.decode()
    assert "of 100 children" not in page
    assert "Too few children" in page or "no such child" in page


def test_a_preview_is_coarser_than_a_release(client, put, town, planner):
    observed = put(households())
    client.force_login(planner)
    page = client.post(url(town, "preview"), FORM | {"round": observed.pk})
    share, asked = page.context["out_of_100"], page.context["asked"]
    assert (share % 5, asked % 25) == (0, 0)
    assert abs(share - 100 * page.context["figure"].estimate) <= 2.5
    assert asked > 100


def test_one_person_tries_so_many_rules_a_day_and_no_more(
    client, put, town, planner, other, monkeypatch
):
    monkeypatch.setattr(drafting, "TRIALS", 2)
    observed = put(households())
    client.force_login(planner)

    def tried(minutes):
        form = FORM | {"round": observed.pk, "value_1": minutes}
        return client.post(url(town, "preview"), form).content.decode()

    assert all("of 100 children" in tried(each) for each in ("10", "20", "10"))
    refused = tried("30")
    assert "You have tried 2 different rules today" in refused
    assert "of 100 children" not in refused
    assert "of 100 children" in tried("20")
    client.force_login(other)
    assert "of 100 children" in tried("30")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"first": "9", "last": "3"}, "the age window is empty"),
        ({"value_1": ""}, "This field is required"),
        ({"value_2": ""}, "Give a number"),
        ({"value_1": "nan"}, "Enter a number"),
        ({"variable_1": "head_name"}, "Select a valid choice"),
        ({"name": "Far Water"}, "Enter a valid value"),
    ],
)
def test_a_form_that_makes_no_sense_says_what_to_do(
    client, put, town, planner, changes, message
):
    observed = put(households())
    client.force_login(planner)
    answer = client.post(url(town, "create"), FORM | {"round": observed.pk} | changes)
    assert message in answer.content.decode()
    with tenant(town):
        assert not Definition.objects.exists()


def test_the_page_of_a_version_offers_the_next_step_to_the_right_person(
    client, town, planner, other
):
    made = definition(town, by=planner, state="in_review")
    client.force_login(planner)
    page = client.get(url(town, "definition", made.pk)).content.decode()
    assert "Somebody else has to put it in use" in page
    assert 'value="published"' not in page
    client.force_login(other)
    page = client.get(url(town, "definition", made.pk)).content.decode()
    assert 'value="published"' in page
    client.post(url(town, "move", made.pk), {"to": "published"})
    made.refresh_from_db()
    assert made.state == "published"


def test_every_indicator_has_a_page_made_from_its_data(client, town, planner):
    client.force_login(planner)
    with tenant(town):
        codes = list(catalogue_of(town))
    for code in codes:
        answer = client.get(url(town, "detail", code))
        assert answer.status_code == 200, code
        assert f"<code>{code}</code>" in answer.content.decode()
    assert client.get(url(town, "detail", "nothing")).status_code == 404


def test_the_catalogue_is_searched_in_every_language(client, town, planner):
    client.force_login(planner)
    page = client.get(url(town, "list"), {"q": "TC.53"}).content.decode()
    assert "Development not on track" in page
    assert "Overcrowded home" not in page
    arabic = client.get(url(town, "list"), {"q": "الإنترنت"}).content.decode()
    assert "No internet at home" in arabic


def test_a_definition_that_was_spoiled_is_named(town, planner):
    made = definition(town, by=planner)
    with tenant(town):
        Definition.objects.filter(pk=made.pk).update(content={"rule": []})
        with pytest.raises(CatalogueError, match="own_wet 1"):
            catalogue_of(town)

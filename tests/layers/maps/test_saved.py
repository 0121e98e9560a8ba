"""Saved maps: whose they are, who reads them, what other sites see; comments."""

import pytest

from layers.maps.models import MapComment, SavedMap
from tests.factories.accounts import staff
from tests.factories.geography import MunicipalityFactory

STATE = "indicator=edu_oos&round=spring-2026&breakdown=all"
FORM = {"title": "Out of school", "words": "", "story": "", "place": 1, "state": STATE}


@pytest.fixture
def people(client, town, publish):
    publish()
    return {"planner": staff(town, "planner"), "data": staff(town, "data_manager")}


def at(town, rest=""):
    return f"/en/{town.slug}/map/{rest}"


def save(client, town, person, **more):
    client.force_login(person)
    answer = client.post(at(town, "saved/new/"), FORM | more)
    assert answer.status_code == 302, answer.content.decode()
    return SavedMap.objects.latest("pk")


def titles(client, town, person):
    client.force_login(person)
    return client.get(at(town, "saved/")).content.decode()


def test_a_map_is_its_owners_until_it_is_shared_with_a_role(client, town, people):
    saved = save(client, town, people["planner"])
    assert "Out of school" in titles(client, town, people["planner"])
    assert "Out of school" not in titles(client, town, people["data"])
    client.force_login(people["planner"])
    client.post(
        at(town, f"saved/{saved.pk}/"),
        FORM | {"title": "Renamed", "shared_with": ["data_manager"]},
    )
    assert "Renamed" in titles(client, town, people["data"])


@pytest.mark.parametrize("rest", ["", "delete/", "open/"])
def test_who_only_reads_a_map_cannot_change_it(client, town, people, rest):
    saved = save(client, town, people["planner"], shared_with=["data_manager"])
    client.force_login(people["data"])
    assert client.post(at(town, f"saved/{saved.pk}/{rest}"), FORM).status_code == 404
    saved.refresh_from_db()
    assert (saved.title, saved.token) == ("Out of school", "")


def test_deleting_asks_first(client, town, people):
    saved = save(client, town, people["planner"])
    url = at(town, f"saved/{saved.pk}/delete/")
    assert "Delete “Out of school”?" in client.get(url).content.decode()
    assert SavedMap.objects.exists()
    client.post(url)
    assert not SavedMap.objects.exists()


@pytest.mark.parametrize(
    "state", ["indicator=none", "mode=none", "method=manual&breaks=9,1", "round=x"]
)
def test_what_cannot_be_drawn_is_not_saved(client, town, people, state):
    client.force_login(people["planner"])
    answer = client.post(at(town, "saved/new/"), FORM | {"state": state})
    assert answer.status_code == 400
    assert not SavedMap.objects.exists()


def test_a_story_shows_its_maps_in_order_and_withheld_zones_blank(client, town, people):
    save(client, town, people["planner"], title="Second", story="Council", place=2)
    save(client, town, people["planner"], title="First", story="Council", place=1)
    page = client.get(at(town, "story/?name=Council")).content.decode()
    assert page.index("First") < page.index("Second")
    assert "Zone Q4: withheld" in page
    client.force_login(people["data"])
    assert client.get(at(town, "story/?name=Council")).status_code == 404


def test_a_map_without_a_place_comes_last_in_its_story(client, town, people):
    save(client, town, people["planner"], title="Other", story="School", place=9)
    save(client, town, people["planner"], title="First", story="Council", place=4)
    last = save(client, town, people["planner"], story="Council", place="")
    assert last.place == 5
    assert save(client, town, people["planner"], story="", place="").place == 1
    client.post(at(town, f"saved/{last.pk}/"), FORM | {"story": "Council", "place": ""})
    last.refresh_from_db()
    assert last.place == 5


def test_other_sites_see_a_map_only_while_it_is_open(client, town, people, settings):
    saved = save(client, town, people["planner"])
    client.post(at(town, f"saved/{saved.pk}/open/"))
    saved.refresh_from_db()
    client.logout()
    answer = client.get(at(town, f"embed/{saved.token}/"))
    assert answer.status_code == 200
    assert "X-Frame-Options" not in answer
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    page = answer.content.decode()
    assert "<script" not in page
    assert "Zone Q4" in page
    elsewhere = MunicipalityFactory()
    assert client.get(at(elsewhere, f"embed/{saved.token}/")).status_code == 404
    client.force_login(people["planner"])
    client.post(at(town, f"saved/{saved.pk}/open/"))
    client.logout()
    assert client.get(at(town, f"embed/{saved.token}/")).status_code == 404


def pin(client, town, person, **more):
    client.force_login(person)
    form = {"text": "A wall is missing.", "longitude": "35.83", "latitude": "33.8"}
    return client.post(at(town, "comments.json"), form | more)


def test_staff_read_a_comment_and_its_author_alone_deletes_it(client, town, people):
    pin(client, town, people["planner"])
    client.force_login(people["data"])
    (comment,) = client.get(at(town, "comments.json")).json()["comments"]
    assert (comment["text"], comment["mine"]) == ("A wall is missing.", False)
    url = at(town, f"comments/{comment['pk']}/delete/")
    assert client.post(url).status_code == 404
    client.force_login(people["planner"])
    assert client.post(url).status_code == 200
    assert not MapComment.objects.exists()


@pytest.mark.parametrize(
    "more",
    [{"text": ""}, {"text": "x" * 1001}, {"longitude": "NaN"}, {"latitude": "99"}],
)
def test_a_comment_without_words_or_place_is_refused(client, town, people, more):
    answer = pin(client, town, people["planner"], **more)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert not MapComment.objects.exists()

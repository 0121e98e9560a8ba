"""What a data manager does on the pages, from the file to the end of the layer."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from gisportal.accounts.roles import Role
from layers.geography.tenancy import set_tenant
from layers.maps.catalogue import layers_of
from layers.maps.models import SavedMap
from layers.own.models import LayerFile, OwnFeature, OwnLayer
from tests.factories.accounts import UserFactory, staff
from tests.factories.own import TREES, plain_layer, uploaded

SAID = {
    **{"name_ar": "أشجار", "name_en": "Trees", "name_fr": "", "description": ""},
    **{"attribution": "Parks office", "licence": "CC-BY-4.0", "min_zoom": "0"},
    **{"keep_2": "on", "ar_2": "النوع", "keep_3": "on", "type_3": "number"},
}


@pytest.fixture
def manager(client, town):
    client.force_login(staff(town, Role.DATA_MANAGER))
    return client


def at(town, name, *more):
    return reverse(f"own:{name}", args=[town.slug, *more])


def upload(client, url, content=TREES):
    file = SimpleUploadedFile("trees.csv", content.encode())
    return client.post(url, {"file": file}, follow=True)


def test_a_file_becomes_a_layer_with_the_columns_that_were_ticked(manager, town):
    page = upload(manager, at(town, "create"))
    shown = page.content.decode()
    assert "Samir" in shown
    assert page.context["form"]["keep_2"].initial is True
    assert page.context["form"]["keep_5"].initial is False
    file = LayerFile.objects.get()
    done = manager.post(at(town, "take", file.pk), SAID, follow=True)
    assert done.status_code == 200
    own = OwnLayer.objects.get()
    assert done.redirect_chain[-1][0] == at(town, "detail", own.slug)
    assert [each["name"] for each in own.fields] == ["kind", "height"]
    assert set(OwnFeature.objects.first().attributes) <= {"kind", "height"}
    layer = layers_of(town)[own.layer_name]
    assert (layer.attribution, layer.licence) == ("Parks office", "CC-BY-4.0")


def test_without_a_title_nothing_is_made(manager, town):
    file = uploaded(town)
    answer = manager.post(at(town, "take", file.pk), {**SAID, "name_ar": ""})
    assert answer.status_code == 422
    assert not OwnLayer.objects.exists()


def test_a_file_is_taken_in_once(manager, town):
    file = uploaded(town)
    for _time in range(2):
        manager.post(at(town, "take", file.pk), SAID)
    assert OwnLayer.objects.count() == 1


def test_the_page_of_colours_shows_what_would_come_and_keeps_it_on_demand(
    manager, town
):
    own = plain_layer(town)
    asked = {
        **{"how": "numbers", "numbers_of": "height", "ink": "cedar", "size": "6"},
        **{"palette": "violet", "classes": "3", "method": "equal", "opacity": "70"},
    }
    told = manager.get(at(town, "style_preview", own.slug), asked).json()
    assert [shade["value"] for shade in told["style"]["shades"]] == [0.5, 1.5, None]
    assert told["style"]["others"]["label"]
    own.refresh_from_db()
    assert own.style["how"] == "one"
    manager.post(at(town, "style", own.slug), asked)
    assert layers_of(town)["own-trees"].style.opacity == 0.7
    wrong = manager.get(at(town, "style_preview", own.slug), {**asked, "size": "99"})
    assert wrong.status_code == 400
    assert wrong.json()["error"]


def test_sharing_names_the_columns_that_tell_of_persons(manager, town):
    own = plain_layer(town)
    own.fields[0]["personal"] = True
    own.save()
    everyone = {"sharing": "everyone"}
    refused = manager.post(at(town, "share", own.slug), everyone)
    assert refused.status_code == 422
    assert "kind" in refused.content.decode()
    manager.post(at(town, "share", own.slug), {**everyone, "confirm_kind": "on"})
    own.refresh_from_db()
    assert own.published
    assert manager.post(at(town, "share", own.slug), {"sharing": "roles"}).status_code
    own.refresh_from_db()
    assert own.published


def test_who_uses_a_layer_is_said_before_it_goes(manager, town):
    own = plain_layer(town)
    for title, state in (
        ("Shade", "layers=own-trees:60,names,figures"),
        ("Schools", "layers=facilities"),
    ):
        SavedMap.objects.create(
            municipality=town,
            owner=UserFactory(),
            title=title,
            state=state,
            shared_with=["data_manager"],
        )
    manager.get(reverse("features:items", args=[town.slug, "own-trees"]))
    page = manager.get(at(town, "remove", own.slug))
    assert [each.title for each in page.context["uses"].maps] == ["Shade"]
    assert page.context["uses"].total == 1
    manager.post(at(town, "remove", own.slug))
    set_tenant(town)
    assert "own-trees" not in layers_of(town)
    manager.post(at(town, "restore", own.slug))
    assert "own-trees" in layers_of(town)


def test_a_large_file_waits_for_the_worker(manager, town, monkeypatch):
    monkeypatch.setattr("layers.own.views.AT_ONCE", 10)
    page = upload(manager, at(town, "create"))
    file = LayerFile.objects.get()
    assert file.state == LayerFile.State.WAITING
    assert 'id="progress"' in page.content.decode()
    assert manager.get(at(town, "progress", file.pk)).status_code == 200

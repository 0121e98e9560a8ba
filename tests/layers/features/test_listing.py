import pytest
from django.urls import reverse

from layers.maps.models import LayerVersion
from tests.factories.accounts import staff
from tests.factories.geography import MunicipalityFactory, ParcelFactory, ZoneFactory


@pytest.fixture
def filled(town):
    ZoneFactory(municipality=town)
    ParcelFactory(municipality=town)
    return town


def page(client, town):
    response = client.get(reverse("features:collections", args=[town.slug]) + "?f=html")
    assert response.status_code == 200
    return response


def test_everyone_reads_of_the_public_layers_and_the_staff_of_theirs(client, filled):
    tiles = f"/tiles/{filled.slug}/parcels/"
    text = page(client, filled).content.decode()
    assert f"/tiles/{filled.slug}/outlines/" in text
    assert tiles not in text
    client.force_login(staff(MunicipalityFactory(), "planner"))
    assert tiles not in page(client, filled).content.decode()
    client.force_login(staff(filled, "planner"))
    assert tiles in page(client, filled).content.decode()


def test_a_layer_says_when_it_changed(client, filled):
    listed = {each.layer.name: each for each in page(client, filled).context["rows"]}
    assert "facilities" not in listed
    raised = LayerVersion.objects.of(filled).get(source="geography_parcel").raised_at
    assert listed["outlines"].changed == raised


def test_a_new_version_has_a_new_time(filled):
    before = LayerVersion.objects.of(filled).get(source="geography_parcel")
    LayerVersion.objects.filter(pk=before.pk).update(raised_at="2020-01-01T00:00Z")
    ParcelFactory(municipality=filled)
    after = LayerVersion.objects.of(filled).get(source="geography_parcel")
    assert after.version == before.version + 1
    assert after.raised_at.year > 2020


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=العقارات", ["outlines"]),
        ("q=عَقَارات", ["outlines"]),
        ("q=PARCEL outline", ["outlines"]),
        ("q=parcelles", ["outlines"]),
        ("subject=land", ["zones", "outlines"]),
        ("subject=places", []),
        ("q=unicorn", []),
        ("subject=nothing", ["zones", "outlines"]),
    ],
)
def test_layers_are_found_by_title_in_any_spelling_and_by_subject(
    client, filled, query, found
):
    address = reverse("features:landing", args=[filled.slug])
    answer = client.get(f"{address}?f=html&{query}")
    assert [each.layer.name for each in answer.context["rows"]] == found
    assert ("No layer fits" in answer.content.decode()) == (not found)


def test_a_program_does_not_search_the_page(client, filled):
    address = reverse("features:landing", args=[filled.slug])
    assert client.get(f"{address}?f=json&q=parcels").status_code == 400

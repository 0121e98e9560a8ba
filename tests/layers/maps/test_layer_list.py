import pytest

from layers.maps.models import LayerVersion
from tests.factories.accounts import staff
from tests.factories.geography import MunicipalityFactory, ParcelFactory, ZoneFactory


def page(client, town, language="en"):
    response = client.get(f"/{language}/{town.slug}/map/layers/")
    assert response.status_code == 200
    return response


@pytest.fixture
def filled(town):
    ZoneFactory(municipality=town)
    ParcelFactory(municipality=town)
    return town


def test_everyone_reads_of_all_layers_and_takes_the_public_ones(client, filled):
    text = page(client, filled).content.decode()
    assert "Parcels in force with number and area, without owner." in text
    assert "staff of the town" in text
    assert "/map/layers/outlines.geojson" in text
    assert "/map/layers/parcels.geojson" not in text
    assert f"/tiles/{filled.slug}/outlines/" in text
    assert f"/tiles/{filled.slug}/parcels/" not in text


def test_the_staff_takes_theirs_too_and_others_do_not(client, filled):
    client.force_login(staff(filled, "planner"))
    assert "/map/layers/parcels.geojson" in page(client, filled).content.decode()
    client.force_login(staff(MunicipalityFactory(), "planner"))
    assert "/map/layers/parcels.geojson" not in page(client, filled).content.decode()


def test_each_layer_says_where_it_lies_and_when_it_changed(client, filled):
    listed = {x.layer.name: x for x in page(client, filled).context["layers"]}
    assert listed["facilities"].place is None
    assert listed["facilities"].changed is None
    box = listed["outlines"].place
    # The factories' parcel is a twentieth of the town's side, in its south-west.
    assert (box["x"], box["width"]) == pytest.approx((0, 5), abs=0.2)
    assert box["y"] + box["height"] == pytest.approx(100, abs=0.2)
    raised = LayerVersion.objects.of(filled).get(source="geography_parcel").raised_at
    assert listed["outlines"].changed == raised


def test_a_new_version_has_a_new_time(filled):
    before = LayerVersion.objects.of(filled).get(source="geography_parcel")
    LayerVersion.objects.filter(pk=before.pk).update(raised_at="2020-01-01T00:00Z")
    ParcelFactory(municipality=filled)
    after = LayerVersion.objects.of(filled).get(source="geography_parcel")
    assert after.version == before.version + 1
    assert after.raised_at.year > 2020

"""Who reads what: by role, by municipality, by key; never a row of another town."""

import base64
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from gisportal.accounts.models import ApiKey
from gisportal.accounts.roles import PERMISSIONS, Role
from gisportal.accounts.services import hash_of, issue_key, revoke_key
from gisportal.service_requests.layers import REQUESTS
from layers.geography.tenancy import set_tenant
from layers.maps import catalogue
from tests.factories.accounts import UserFactory, staff
from tests.factories.geography import (
    FacilityFactory,
    MunicipalityFactory,
    ParcelFactory,
    ZoneFactory,
)

# Requests are there as long as the town does not decide otherwise.
DECLARED = {**catalogue._layers, REQUESTS.name: REQUESTS}
LAYERS = sorted(DECLARED)


@pytest.fixture
def towns(db):
    """Two towns with a row of each kind; the codes say whose they are."""
    found = [MunicipalityFactory(slug="alpha"), MunicipalityFactory(slug="omega")]
    for each in found:
        set_tenant(each)
        ZoneFactory(municipality=each, code=f"{each.slug}-zone")
        ParcelFactory(municipality=each, code=f"{each.slug}-parcel")
        FacilityFactory(municipality=each, code=f"{each.slug}-place")
    return found


def allowed(layer, role):
    needed = DECLARED[layer].permission
    return needed is None or (role is not None and needed in PERMISSIONS[role])


def addresses(town, layer):
    yield reverse("features:items", args=[town.slug, layer])
    path = reverse("features:layer_file", args=[town.slug, layer])
    yield f"{path}?format=geojson"
    yield reverse("features:collection", args=[town.slug, layer])
    yield reverse("features:tilesets", args=[town.slug, layer])


def body(response):
    return (
        b"".join(response.streaming_content) if response.streaming else response.content
    )


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("role", [None, *Role])
def test_no_layer_leaks_by_role_and_municipality(client, towns, role, layer):
    """The role is held in the first town only; the second one's staff layers stay shut."""
    here, there = towns
    if role is not None:
        client.force_login(staff(here, role))
    for town in towns:
        other = there if town is here else here
        opens = allowed(layer, role if town is here else None)
        for address in addresses(town, layer):
            if "tiles" in address and not DECLARED[layer].tiled:
                continue
            response = client.get(address)
            assert (response.status_code == 200) == opens, (
                address,
                response.status_code,
            )
            assert other.slug.encode() not in body(response), address


@pytest.mark.parametrize("role", [None, *Role])
def test_lists_name_only_what_may_be_seen(client, towns, role):
    if role is not None:
        client.force_login(staff(towns[0], role))
    for town, held in zip(towns, (role, None), strict=True):
        said = client.get(reverse("features:collections", args=[town.slug])).json()
        wanted = {layer for layer in LAYERS if allowed(layer, held)}
        assert {each["id"] for each in said["collections"]} == wanted
        api = client.get(reverse("features:api", args=[town.slug])).json()
        (names,) = (
            each["schema"]["enum"]
            for each in api["paths"]["/collections/{collectionId}"]["get"]["parameters"]
            if each["name"] == "collectionId"
        )
        assert set(names) == wanted
        project = client.get(reverse("features:qgis_project", args=[town.slug])).content
        assert (b"typename='parcels'" in project) == allowed("parcels", held)


# -- keys --------------------------------------------------------------------------------


@pytest.fixture
def planner(town):
    return staff(town, Role.PLANNER)


@pytest.fixture
def key(planner):
    return issue_key(user=planner, name="QGIS", days=30)


def bearer(said):
    return {"Authorization": f"Bearer {said}"}


def basic(said, name="anyone"):
    return {
        "Authorization": "Basic " + base64.b64encode(f"{name}:{said}".encode()).decode()
    }


def test_a_key_opens_what_its_person_may_see(api, parcels, key):
    row, said = key
    address = "collections/parcels/items"
    day = timezone.localdate()
    refused = api.get(address)
    assert refused.status_code == 401
    assert refused["WWW-Authenticate"].startswith("Basic")
    for headers in (bearer(said), basic(said)):
        assert api.get(address, headers=headers).status_code == 200
    row.refresh_from_db()
    assert day <= row.last_used_on <= timezone.localdate()
    assert row.key_hash == hash_of(said)
    assert said not in str(row.__dict__)


def test_a_key_in_the_address_is_no_key(api, parcels, key):
    assert api.get("collections/parcels/items", api_key=key[1]).status_code == 401


@pytest.mark.parametrize("end", ["revoked", "late", "inactive", "left"])
def test_a_key_ends(api, parcels, planner, key, end):
    row, said = key
    if end == "revoked":
        revoke_key(key=row)
    elif end == "late":
        ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif end == "inactive":
        planner.is_active = False
        planner.save()
    else:
        planner.memberships.all().delete()
    response = api.get("collections/parcels/items", headers=bearer(said))
    assert response.status_code == (403 if end == "left" else 401)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer x",
        "Basic",
        "Basic !!",
        "Basic eA==",
        "Digest a",
        "x",
        "Basic /w==",
        ";",
    ],
)
def test_a_wrong_key_is_refused_also_for_public_layers(api, places, header):
    response = api.get("collections/zones/items", headers={"Authorization": header})
    assert response.status_code == 401


def test_a_key_counts_instead_of_the_session(api, parcels, client, town, key):
    client.force_login(staff(town, Role.PLANNER))
    other = issue_key(user=UserFactory(), name="A resident's", days=30)[1]
    assert api.get("collections/parcels/items").status_code == 200
    refused = api.get("collections/parcels/items", headers=bearer(other))
    assert refused.status_code == 403


def test_a_key_opens_nothing_but_layers(client, town, planner, key):
    """Neither pages of figures nor children's records at /v1."""
    desk = reverse("maps:desk", args=[town.slug])
    assert client.get(desk, headers=bearer(key[1])).status_code == 302
    assert client.get("/v1/projects", headers=bearer(key[1])).status_code == 401
    asked = reverse("features:layer_file", args=[town.slug, "zones"])
    # What a key may begin, a browser that another site leads here may not.
    from_outside = type(client)(enforce_csrf_checks=True)
    foreign = {**bearer(key[1]), "Origin": "https://elsewhere.example"}
    assert from_outside.post(asked, headers=foreign).status_code == 403


def test_the_page_shows_a_key_once(client, planner):
    client.force_login(planner)
    address = reverse("accounts:keys")
    page = client.post(address, {"name": "QGIS", "days": "90"}).content.decode()
    (row,) = ApiKey.objects.all()
    said = page.split('id="key">')[1].split("<")[0]
    assert hash_of(said) == row.key_hash
    assert row.expires_at - timezone.now() > timedelta(days=89)
    again = client.get(address).content.decode()
    assert said not in again
    assert "QGIS" in again
    client.post(reverse("accounts:revoke", args=[row.pk]))
    row.refresh_from_db()
    assert not row.usable


def test_nobody_revokes_anothers_key(client, planner, key, town):
    client.force_login(staff(town, Role.PLANNER))
    assert client.post(reverse("accounts:revoke", args=[key[0].pk])).status_code == 404
    assert ApiKey.objects.get().usable


def test_keys_are_for_the_signed_in(client, db):
    assert "/account/login/" in client.get(reverse("accounts:keys")).url


def test_a_key_that_lasts_as_long_as_one_wishes_is_refused(client, planner):
    client.force_login(planner)
    for given in ({"name": "x", "days": "9999"}, {"name": "", "days": "90"}, {}):
        assert client.post(reverse("accounts:keys"), given).status_code == 200
    assert not ApiKey.objects.exists()

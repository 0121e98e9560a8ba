"""Who meets a town's own layer: by role, municipality and sharing, in everything."""

import gzip
from itertools import product

import pytest
from django.urls import reverse

from gisportal.accounts.roles import PERMISSIONS, Role
from layers.geography.tenancy import set_tenant
from layers.maps.catalogue import layers_of, visible_layers
from layers.maps.models import LayerVersion
from layers.maps.search import search
from layers.own.models import LayerUse, OwnLayer
from tests.factories.accounts import UserFactory, staff
from tests.factories.geography import MunicipalityFactory
from tests.factories.own import plain_layer

Sharing = OwnLayer.Sharing
WAYS = {
    "keepers": {"sharing": Sharing.KEEPERS},
    "planners": {"sharing": Sharing.ROLES, "roles": ["planner"]},
    "everyone": {"sharing": Sharing.EVERYONE},
}


@pytest.fixture
def towns(db):
    """Two towns with the same three layers; their rows say whose they are."""
    found = [MunicipalityFactory(slug="alpha"), MunicipalityFactory(slug="omega")]
    for town in found:
        set_tenant(town)
        for slug, more in WAYS.items():
            plain_layer(town, slug=slug, **more)
    return found


def opens(slug, role):
    keeper = role is not None and "own.keep_layers" in PERMISSIONS[role]
    return keeper or slug == "everyone" or (slug, role) == ("planners", Role.PLANNER)


def tile_address(town, name):
    set_tenant(town)
    layer = layers_of(town)[name]
    version = LayerVersion.objects.of_layers([layer], town)[name]
    return f"/tiles/{town.slug}/{name}/{version}/0/0/0.mvt"


def addresses(town, name):
    yield tile_address(town, name)
    for route in ("items", "collection", "queryables", "tilesets", "qgis_layer"):
        yield reverse(f"features:{route}", args=[town.slug, name])
    file = reverse("features:layer_file", args=[town.slug, name])
    yield from (f"{file}?format={form}" for form in ("geojson",))
    grid = "WebMercatorQuad"
    yield reverse("features:tile", args=[town.slug, name, grid, 0, 0, 0])
    for form in ("csv", "geojson", "html"):
        yield reverse("maps:download_layer", args=[town.slug, name, form])


def body(response):
    found = (
        b"".join(response.streaming_content) if response.streaming else response.content
    )
    return gzip.decompress(found) if found[:2] == b"\x1f\x8b" else found


@pytest.mark.parametrize("role", [None, *Role])
def test_nothing_leaks_by_role_municipality_and_sharing(client, towns, role):
    """The role is held in the first town only."""
    here, there = towns
    user = staff(here, role) if role else None
    if user:
        client.force_login(user)
    for town, slug in product(towns, WAYS):
        allowed = opens(slug, role if town is here else None)
        other = there if town is here else here
        for address in addresses(town, f"own-{slug}"):
            response = client.get(address)
            assert response.status_code == (200 if allowed else 404), (role, address)
            said = body(response)
            assert f"of {other.slug}".encode() not in said, address
            assert allowed or "أشجار".encode() not in said, address


@pytest.mark.parametrize("role", [None, *Role])
def test_lists_and_search_name_only_what_may_be_seen(client, towns, role):
    here, _there = towns
    user = staff(here, role) if role else None
    if user:
        client.force_login(user)
    wanted = {f"own-{slug}" for slug in WAYS if opens(slug, role)}
    said = client.get(reverse("features:collections", args=["alpha"])).json()
    named = {each["id"] for each in said["collections"]}
    assert {name for name in named if name.startswith("own-")} == wanted
    if user:
        set_tenant(here)
        found = search(here, user, "of alpha")
        assert {row["title"].partition(" ")[0] for row in found} == {
            name.removeprefix("own-") for name in wanted
        }
        assert not search(here, user, "of omega")


def test_what_can_be_taken_back_is_never_kept_by_others(client, towns, settings):
    here, _there = towns
    answer = client.get(tile_address(here, "own-everyone"))
    assert answer["Cache-Control"] == "no-cache"
    assert not list((settings.DATA_DIR / "tiles" / "public").rglob("own-*"))
    address = tile_address(here, "own-everyone")
    OwnLayer.objects.of(here).filter(slug="everyone").update(sharing=Sharing.KEEPERS)
    known = {"HTTP_IF_NONE_MATCH": answer["ETag"]}
    assert client.get(address, **known).status_code == 404
    client.force_login(staff(here, Role.DATA_MANAGER))
    assert client.get(address)["Cache-Control"] == "private, no-store"


def test_who_lost_the_role_lost_the_layer(towns):
    here, _there = towns
    user = staff(here, Role.PLANNER)
    set_tenant(here)
    assert "own-planners" in {x.name for x in visible_layers(user, here)}
    user.memberships.all().delete()
    again = type(user).objects.get(pk=user.pk)
    assert "own-planners" not in {x.name for x in visible_layers(again, here)}


def test_uses_are_counted_by_day_and_role_and_by_nobody(client, towns):
    here, _there = towns
    items = reverse("features:items", args=["alpha", "own-everyone"])
    client.get(items)
    client.force_login(staff(here, Role.PLANNER))
    client.get(items)
    client.get(items)
    file = reverse("features:layer_file", args=["alpha", "own-everyone"])
    client.get(f"{file}?format=csv")
    set_tenant(here)
    rows = set(LayerUse.objects.values_list("who", "how", "count"))
    assert rows == {
        ("everyone", "features", 1),
        ("planner", "features", 2),
        ("planner", "file", 1),
    }
    assert {field.name for field in LayerUse._meta.get_fields()} == {
        *("id", "municipality", "layer", "day", "how", "who", "count")
    }


def test_a_stranger_keeps_no_layer(client, towns):
    client.force_login(UserFactory())
    answer = client.post(reverse("own:remove", args=["alpha", "everyone"]))
    assert answer.status_code == 403

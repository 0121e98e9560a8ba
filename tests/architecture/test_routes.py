"""Every route, every role, own and other municipality: nobody in who doesn't belong."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.translation import override

from gisportal.accounts.roles import Role
from tests.architecture.routes import ACCESS, EVERYONE, SIGNED_IN
from tests.factories.accounts import UserFactory, staff
from tests.factories.geography import MunicipalityFactory

SAMPLES = {
    "municipality": None,
    "int": 999_999,
    "slug": "nothing",
    "str": "nothing",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "case_number": "2026-99999",
    "path": "nothing",
}
# What a regular expression in an address asks for: a staff layer, because the
# public ones are for everyone.
MORE = {
    "explorer:download": {"form": "figures.csv"},
    "maps:download_view": {"form": "csv"},
    "maps:download_layer": {"layer": "parcels", "form": "csv"},
    **{
        f"features:{name}": {"name": "parcels"}
        for name in (
            *("collection", "queryables", "items", "feature", "layer_file"),
            *("qgis_layer", "tilesets"),
        )
    },
    "features:tileset": {"name": "parcels", "grid": "WebMercatorQuad"},
    "features:tile": {
        **{"name": "parcels", "grid": "WebMercatorQuad"},
        **{"matrix": 14, "row": 6500, "column": 9800},
    },
}


def routes(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, dict]]:
    """Names of the routes of a municipality, each with its parameters' converters."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inner = (
                f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            )
            for name, converters in routes(pattern, inner):
                yield name, {**pattern.pattern.converters, **converters}
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield f"{namespace}{pattern.name}", dict(pattern.pattern.converters)


TOWN_ROUTES = {
    name: converters
    for name, converters in routes(get_resolver())
    if "municipality" in converters
}


def address(name: str, slug: str) -> str:
    """An address of the route whose row, where it names one, does not exist."""
    converters = TOWN_ROUTES[name]
    values = {
        key: slug if key == "municipality" else SAMPLES[kind(converter)]
        for key, converter in converters.items()
    } | MORE.get(name, {})
    with override("en"):
        return reverse(name, kwargs=values)


def kind(converter: object) -> str:
    name = type(converter).__name__.removesuffix("Converter").lower()
    return {"number": "case_number", "string": "str"}.get(name, name)


def test_every_route_of_a_municipality_has_an_entry():
    assert TOWN_ROUTES.keys() - ACCESS.keys() == set()
    assert ACCESS.keys() - TOWN_ROUTES.keys() == set()


def let_in(client, url: str) -> bool:
    """Whether the gate opens, whatever is behind it; a fault is never an answer."""
    response = client.get(url)
    if response.status_code == 405:
        response = client.post(url)
    assert response.status_code < 500, url
    if response.status_code == 302 and "/account/login/" in response.url:
        return False
    return response.status_code not in {401, 403}


@pytest.mark.parametrize("name", sorted(TOWN_ROUTES))
def test_strangers_meet_the_gate(client, town, name):
    assert let_in(client, address(name, town.slug)) == (ACCESS[name] == EVERYONE)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_its_own_doors_and_no_others(client, town, role):
    client.force_login(staff(town, role))
    for name in TOWN_ROUTES:
        allowed = ACCESS[name] in (EVERYONE, SIGNED_IN) or role in ACCESS[name]
        assert let_in(client, address(name, town.slug)) == allowed, name


def test_no_role_counts_in_another_municipality(client, town):
    elsewhere = MunicipalityFactory()
    user = UserFactory()
    for role in Role:
        user.memberships.create(municipality=elsewhere, role=role)
    client.force_login(user)
    for name in TOWN_ROUTES:
        allowed = ACCESS[name] in (EVERYONE, SIGNED_IN)
        assert let_in(client, address(name, town.slug)) == allowed, name


def test_an_unknown_municipality_is_not_found(client, db):
    for name in TOWN_ROUTES:
        assert client.get(address(name, "nowhere")).status_code == 404, name

"""Requests that no map sends, and people who may not see a tile."""

import os
import random
from urllib.parse import quote

import pytest

from gisportal.accounts.roles import PERMISSIONS, Role
from layers.maps.catalogue import layer_named
from tests.factories.accounts import UserFactory, staff
from tests.factories.geography import (
    FacilityFactory,
    MunicipalityFactory,
    ParcelFactory,
    ZoneFactory,
)
from tests.layers.maps.tile_addresses import address, features, tile_of, version

# The whole run of 20,000 takes minutes: MALFORMED=20000 ./run test tests/layers/maps
MALFORMED = int(os.environ.get("MALFORMED", "400"))

TEXTS = [
    "", " ", ".", "..", "../..", "%00", "\x00", "\r\nX: y", "'", '"', "''; DROP TABLE x",
    "%s", "%(z)s", "{z}", "zones", "outlines", "parcels", "-", "0-0", "a" * 300, "ع" * 90,
    "\ud7ff", "\U0001f600", "null", "NaN", "Infinity", "-1", "1e9", "0x10", "1.5", "٣",
    "9" * 30, "9" * 5000, "00014", "14", "9822", "6549", "~", "\\", "|", "zones/..",
]  # fmt: skip
METHODS = [
    "GET",
    "GET",
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "OPTIONS",
    "PATCH",
    "X",
]
HEADERS = {
    "If-None-Match": ["*", '"', 'W/"a"', '"a", "b"', "a" * 9000, "\x7f", '""'],
    "Accept-Encoding": ["gzip", "gzip;q=0", "br", "*", "", "gzip" * 500, "ØGZIP"],
    "Range": ["bytes=0-1", "bytes=9-1", "x"],
    "If-Modified-Since": ["yesterday", "Thu, 01 Jan 0000 00:00:00 GMT", "9" * 40],
}


def malformed(chance, town):
    good = [
        town.slug, "zones", version(town, "zones"), "14", "9822", "6549.mvt",
    ]  # fmt: skip
    parts = [
        chance.choice(TEXTS) if chance.random() < 0.4 else each
        for each in (*good[:5], chance.choice([good[5], "6549", "6549.png", "x.mvt"]))
    ]
    if chance.random() < 0.1:
        chance.shuffle(parts)
    if chance.random() < 0.1:
        parts = parts[: chance.randrange(6)]
    path = "/tiles/" + "/".join(quote(part, errors="replace") for part in parts)
    if chance.random() < 0.2:
        path += "?" + quote(chance.choice(TEXTS))
    headers = {
        name: chance.choice(values)
        for name, values in HEADERS.items()
        if chance.random() < 0.3
    }
    return chance.choice(METHODS), path, headers


def test_no_malformed_request_is_a_server_error(client, town):
    ZoneFactory(municipality=town)
    chance = random.Random(5)
    answers = set()
    for _ in range(MALFORMED):
        method, path, headers = malformed(chance, town)
        response = client.generic(method, path, headers=headers)
        assert response.status_code < 500, (method, path, headers)
        answers.add(response.status_code)
    assert {200, 404, 405} <= answers


LAYERS = ("zones", "outlines", "facilities", "parcels")
INSIDE = {"zones": 14, "outlines": 16, "facilities": 14, "parcels": 16}


@pytest.fixture
def two_towns(town):
    other = MunicipalityFactory()
    for each in (town, other):
        ZoneFactory(municipality=each, code=f"Z-{each.slug}")
        ParcelFactory(municipality=each, code=f"P-{each.slug}")
        FacilityFactory(municipality=each, code=f"F-{each.slug}")
    return town, other


def may(role, of, town, layer):
    permission = layer_named(layer).permission
    return permission is None or (of == town and permission in PERMISSIONS[role])


@pytest.mark.parametrize("role", [*Role, None])
def test_no_role_sees_tiles_of_a_town_that_is_not_its_own(client, two_towns, role):
    town, other = two_towns
    client.force_login(UserFactory() if role is None else staff(town, role))
    for asked in two_towns:
        for name in LAYERS:
            place = (35.83, 33.80) if name != "parcels" else (35.8205, 33.7905)
            url = address(asked, name, tile_of(*place, INSIDE[name]))
            for _again in (1, 2):  # The second time from the cache.
                response = client.get(url)
                allowed = layer_named(name).permission is None or (
                    role is not None and may(role, town, asked, name)
                )
                assert response.status_code == (200 if allowed else 403), (role, name)
                if allowed:
                    codes = {
                        f["properties"].get("code", "")
                        for f in features(response, name)
                    }
                    assert not any(
                        code.endswith(f"-{other.slug}") for code in codes
                    ) or (asked == other)
                caching = response.headers.get("Cache-Control", "")
                if layer_named(name).permission is not None:
                    assert "public" not in caching


def test_the_staff_of_one_town_never_fills_the_public_cache(
    client, two_towns, settings
):
    town, _other = two_towns
    client.force_login(staff(town, Role.PLANNER))
    at = tile_of(35.8205, 33.7905, 16)
    assert client.get(address(town, "parcels", at)).status_code == 200
    assert client.get(address(town, "outlines", at)).status_code == 200
    kept = [p.relative_to(settings.DATA_DIR) for p in settings.DATA_DIR.rglob("*.gz")]
    assert {path.parts[:2] + path.parts[3:4] for path in kept} == {
        ("tiles", "private", "parcels"),
        ("tiles", "public", "outlines"),
    }

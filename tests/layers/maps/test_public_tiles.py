"""Public tiles are answered before session, language and forms are looked at."""

import pytest
from django.conf import settings
from django.db import OperationalError, connection

from layers.geography import statements
from layers.maps import middleware, views
from tests.factories.accounts import staff
from tests.factories.geography import ParcelFactory
from tests.layers.maps.tile_addresses import address, features, tile_of

AT = tile_of(35.8205, 33.7905, 16)


@pytest.fixture
def outlines(town):
    ParcelFactory(municipality=town)
    return address(town, "outlines", AT)


def test_a_public_tile_needs_no_session_and_differs_by_nothing_but_encoding(
    client, town, outlines
):
    client.force_login(staff(town, "planner"))
    response = client.get(outlines, headers={"Accept-Language": "fr"})
    assert len(features(response, "outlines")) == 1
    assert response["Vary"] == "Accept-Encoding"
    assert not response.cookies
    assert response["X-Content-Type-Options"] == "nosniff"
    assert not hasattr(response.wsgi_request, "session")


def test_head_tells_what_get_does(client, outlines):
    got, told = client.get(outlines), client.head(outlines)
    names = ("ETag", "Cache-Control", "Content-Type", "Content-Length", "Vary")
    assert [told.get(name) for name in names] == [got.get(name) for name in names]
    assert told.content == b""


def test_forms_and_other_hosts_are_refused_as_everywhere(client, outlines):
    assert client.post(outlines).status_code == 405
    assert (
        client.get(outlines, headers={"Host": "elsewhere.example"}).status_code == 400
    )


def test_an_address_without_a_tile_is_told_in_the_readers_language(client, outlines):
    missing = outlines.replace("/16/", "/3/")
    response = client.get(missing, headers={"Accept-Language": "fr"})
    assert response.status_code == 404
    assert response["Content-Language"] == "fr"


def test_a_tile_of_the_staff_is_never_answered_there(client, town, outlines):
    response = client.get(address(town, "parcels", AT))
    assert response.status_code == 403
    assert hasattr(response.wsgi_request, "session")


def test_a_failing_database_gets_the_usual_page(client, outlines, monkeypatch):
    def fail(*_said, **_named):
        raise OperationalError("out of memory")

    monkeypatch.setattr(views.tiles, "render", fail)
    client.raise_request_exception = False
    response = client.get(outlines)
    assert response.status_code == 500
    assert "<html" in response.content.decode()


@pytest.fixture
def own_connection(db, monkeypatch):
    """Beside the one that holds the test's transaction."""
    made = connection.copy()
    monkeypatch.setattr(statements, "connection", made)
    yield made
    made.close()


def backend_of(asked):
    with asked.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def test_a_connection_that_died_is_made_anew(own_connection):
    former = backend_of(own_connection)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [former])
    assert statements.at_once(lambda: backend_of(own_connection)) != former


def test_a_statement_that_fails_is_not_asked_twice(own_connection):
    asked = []

    def ask():
        asked.append(1)
        with own_connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 20; SELECT pg_sleep(5)")

    with pytest.raises(OperationalError):
        statements.at_once(ask)
    assert asked == [1]


def test_it_stands_before_all_that_knows_who_asks():
    here = settings.MIDDLEWARE.index(
        f"{middleware.__name__}.{middleware.PublicTileMiddleware.__name__}"
    )
    security = settings.MIDDLEWARE.index(
        "django.middleware.security.SecurityMiddleware"
    )
    assert here == security + 1

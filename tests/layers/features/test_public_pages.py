"""A program's page of a public layer is read outside a transaction, as its town's."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from layers.geography.declaration import Layer
from layers.geography.tenancy import set_tenant
from layers.maps import catalogue
from tests.factories.geography import MunicipalityFactory

ITEMS = "collections/facilities/items"
# Two features, for whom row security takes as the town that the layer is of.
NAMED = """
    SELECT unnest('{1,2}'::bigint[]) AS id, NULL::geometry AS geometry, NULL::geometry AS geometry_3857
     WHERE current_setting('app.municipality', true) = %(municipality)s::text
"""


@pytest.fixture
def guarded(monkeypatch):
    layer = Layer(name="guarded", title="-", geometry="point", sql=NAMED, tables=())
    monkeypatch.setitem(catalogue._layers, layer.name, layer)


def transactions(api, path, **more):
    with CaptureQueriesContext(connection) as queries:
        assert api.get(path, **more).status_code == 200
    return sum("SAVEPOINT" in each["sql"] for each in queries.captured_queries)


def test_json_of_a_public_layer_opens_none_and_a_page_for_people_does(api, places):
    assert transactions(api, ITEMS) == 0
    assert transactions(api, ITEMS, f="json") == 0
    assert transactions(api, ITEMS, f="html") > 0
    assert transactions(api, ITEMS, headers={"Accept": "text/html"}) > 0


def test_row_security_is_told_the_town_of_the_address(api, guarded):
    set_tenant(MunicipalityFactory())
    found = api.json("collections/guarded/items")
    assert (found["numberReturned"], found["numberMatched"]) == (2, 2)


def test_a_whole_layers_number_is_told_of_its_town(api, guarded, monkeypatch):
    monkeypatch.setattr("layers.features.pages.COUNTED", 0)
    set_tenant(MunicipalityFactory())
    found = api.json("collections/guarded/items", limit=1)
    assert (found["numberReturned"], found["numberMatched"]) == (1, 2)

"""The page for sending: one file, the layer's colours, nothing that runs from a cell."""

import re

from django.utils.translation import override

from layers.maps import folium_page
from layers.own.layers import declared
from layers.own.models import OwnFeature
from layers.own.restyling import refreshed
from layers.own.services import style_layer
from layers.own.styles import Chosen
from tests.factories.own import plain_layer


def test_a_page_holds_the_layer_in_its_colours(town):
    own = plain_layer(town, name_en="Trees", description="Shade in the town")
    chosen = Chosen(how="numbers", field="height", classes=3, palette="violet")
    style_layer(own=own, chosen=refreshed(own, chosen))
    with override("en"):
        page = folium_page.layer_page(declared(own), town)
    assert "Shade in the town" in page
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", page)
    for shade in declared(own).style.legend:
        assert shade.light in page


def test_what_a_cell_says_is_never_run(town):
    own = plain_layer(town)
    hostile = "</script><script>alert(1)</script>{{ 7*7 }}"
    OwnFeature.objects.update(attributes={"kind": hostile})
    page = folium_page.layer_page(declared(own), town)
    assert "alert(1)</script>" not in page
    assert "{{ 7*7 }}" not in page


def test_a_large_layer_is_for_files(town, client, monkeypatch):
    own = plain_layer(town, sharing="everyone")
    monkeypatch.setattr(folium_page, "MOST", 2)
    answer = client.get(f"/en/{town.slug}/map/layers/{own.layer_name}.html")
    assert answer.status_code == 400
    assert "Features of this layer: 3" in answer.content.decode()

import gzip

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from layers.geography import layers
from layers.geography.models import Parcel, Zone
from layers.maps import catalogue, tiles, views
from layers.maps.catalogue import layer_named
from layers.maps.models import LayerVersion
from tests.factories.accounts import staff
from tests.factories.geography import (
    FacilityFactory,
    MunicipalityFactory,
    ParcelFactory,
    ZoneFactory,
)
from tests.layers.maps.tile_addresses import address, features, tile_of, version

# The tiles that hold the factories' square at 35.82° E, 33.79° N.
Z10, Z14, Z16 = (10, 613, 409), (14, 9822, 6549), (16, 39288, 26199)
FOR_EVER = "public, max-age=31536000, immutable"


def test_a_zone_comes_with_its_code_and_three_names_and_nothing_else(client, town):
    zone = ZoneFactory(municipality=town, code="Q7", name_ar="حي الملعب")
    response = client.get(address(town, "zones", tile_of(35.83, 33.80, 14)))
    (found,) = features(response, "zones")
    assert found["id"] == zone.pk
    assert found["properties"] == {
        "code": "Q7",
        "name_ar": "حي الملعب",
        "name_en": zone.name_en,
        "name_fr": zone.name_fr,
    }


def test_a_parcel_outline_carries_its_id_only(client, town):
    parcel = ParcelFactory(municipality=town)
    response = client.get(address(town, "outlines", tile_of(35.8205, 33.7905, 16)))
    (found,) = features(response, "outlines")
    assert (found["id"], found["properties"]) == (parcel.pk, {})


def test_a_label_stands_inside_its_zone_once(client, town):
    ZoneFactory(municipality=town)
    count = 0
    z, x, y = tile_of(35.82, 33.79, 14)
    for dx in range(-1, 3):
        for dy in range(-2, 2):
            response = client.get(address(town, "zones_labels", (z, x + dx, y + dy)))
            count += sum(
                0 <= f["geometry"]["coordinates"][0] < 4096
                and 0 <= f["geometry"]["coordinates"][1] < 4096
                for f in features(response, "zones_labels")
            )
    assert count == 1


def test_other_towns_and_retired_rows_are_not_in_the_tile(client, town):
    ParcelFactory(municipality=MunicipalityFactory())
    ParcelFactory(municipality=town, valid_until="2026-01-01")
    response = client.get(address(town, "outlines", tile_of(35.8205, 33.7905, 16)))
    assert features(response, "outlines") == []


def test_a_public_tile_of_the_present_version_is_kept_for_ever(client, town):
    ZoneFactory(municipality=town)
    response = client.get(address(town, "zones", Z14))
    assert response.status_code == 200
    assert response["Cache-Control"] == FOR_EVER
    assert response["Content-Type"] == "application/vnd.mapbox-vector-tile"
    assert not response["ETag"].startswith("W/")


def test_a_known_tile_is_answered_with_304(client, town):
    url = address(town, "zones", Z14)
    etag = client.get(url)["ETag"]
    response = client.get(url, headers={"If-None-Match": etag})
    assert (response.status_code, response.content) == (304, b"")


def test_gzip_and_plain_have_different_etags_and_the_same_content(client, town):
    ZoneFactory(municipality=town)
    url = address(town, "zones", tile_of(35.83, 33.80, 14))
    plain = client.get(url)
    zipped = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert zipped["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.content) == plain.content
    assert zipped["ETag"] != plain["ETag"]
    assert "Accept-Encoding" in zipped["Vary"]


def test_a_cached_public_tile_needs_no_query(client, town):
    url = address(town, "zones", Z14)
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    # Town with version, and tile, in no transaction but that of the message which reads rows.
    _, cut = [query["sql"] for query in queries]
    assert f"set_config('app.municipality', {town.pk}::text, true)" in cut
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    assert [query["sql"] for query in queries] == []


def test_a_public_tile_goes_to_the_disk_after_its_answer(client, town):
    folder = tiles.disk(public=True).root / town.slug
    request = RequestFactory().get(address(town, "zones", Z14))
    z, x, y = Z14
    response = views.tile(request, town.slug, "zones", "now", z=z, x=x, y=y)
    assert not list(folder.rglob("*.mvt.gz"))
    response.close()
    (kept,) = folder.rglob("*.mvt.gz")
    assert gzip.decompress(kept.read_bytes()) == response.content


def test_another_version_answers_the_present_content_and_is_not_kept(client, town):
    ZoneFactory(municipality=town)
    at = tile_of(35.83, 33.80, 14)
    response = client.get(address(town, "zones", at, "0-old"))
    assert response["Cache-Control"] == "no-cache"
    assert len(features(response, "zones")) == 1


@pytest.mark.parametrize(
    "write",
    [
        lambda town: ParcelFactory(municipality=town),
        lambda town: Parcel.objects.bulk_create(
            [ParcelFactory.build(municipality=town, code=f"b{n}") for n in range(3)]
        ),
        lambda town: Parcel.objects.of(town).update(area=1),
        lambda town: Parcel.objects.of(town).delete(),
        lambda town: raw(
            "UPDATE geography_parcel SET area = 2 WHERE municipality_id = %s", town
        ),
    ],
)
def test_every_kind_of_write_raises_the_version(town, write):
    ParcelFactory(municipality=town)
    before = version(town, "outlines")
    elsewhere = MunicipalityFactory()
    ParcelFactory(municipality=elsewhere)
    other = version(elsewhere, "outlines")
    write(town)
    assert version(town, "outlines") != before
    assert version(elsewhere, "outlines") == other


def raw(statement, town):
    with connection.cursor() as cursor:
        cursor.execute(statement, [town.pk])


def test_one_statement_raises_the_version_once_and_zones_leave_parcels_alone(town):
    Parcel.objects.bulk_create(
        [ParcelFactory.build(municipality=town, code=f"b{n}") for n in range(5)]
    )
    ZoneFactory(municipality=town)
    versions = dict(LayerVersion.objects.of(town).values_list("source", "version"))
    assert versions == {"geography_parcel": 1, "geography_zone": 1}


def test_a_write_shows_in_the_next_version_of_the_tile(client, town):
    at = tile_of(35.83, 33.80, 14)
    assert features(client.get(address(town, "zones", at)), "zones") == []
    ZoneFactory(municipality=town)
    assert len(features(client.get(address(town, "zones", at)), "zones")) == 1


def test_staff_layers_are_refused_to_strangers_residents_and_other_towns(client, town):
    url = address(town, "parcels", Z14)
    assert client.get(url).status_code == 403
    for person in (staff(town, "resident"), staff(MunicipalityFactory(), "planner")):
        client.force_login(person)
        assert client.get(url).status_code == 403


def test_a_planner_gets_staff_tiles_that_are_never_stored(client, town):
    ParcelFactory(municipality=town, code="77")
    client.force_login(staff(town, "planner"))
    response = client.get(address(town, "parcels", tile_of(35.8205, 33.7905, 16)))
    assert response["Cache-Control"] == "private, no-store"
    assert features(response, "parcels")[0]["properties"] == {"code": "77"}


def test_a_staff_tile_in_the_cache_is_still_refused_to_strangers(client, town):
    url = address(town, "parcels", Z14)
    client.force_login(staff(town, "planner"))
    assert client.get(url).status_code == 200
    client.logout()
    assert client.get(url).status_code == 403


@pytest.mark.parametrize(
    ("name", "at", "said"),
    [
        ("outlines", Z10, "has tiles from zoom 13 to 16"),
        ("zones", (22, 0, 0), "has tiles from zoom 0 to 16"),
        ("zones", (4, 16, 0), "columns and rows go from 0 to 15"),
    ],
)
def test_a_tile_that_cannot_be_says_which_can(town, name, at, said):
    with override("en"), pytest.raises(tiles.NoSuchTile, match=said):
        tiles.check_address(layer_named(name), *at)


def test_a_tile_out_of_range_or_of_an_unknown_layer_or_town_is_not_found(client, town):
    assert client.get(address(town, "zones", (4, 16, 0))).status_code == 404
    assert client.get(f"/tiles/{town.slug}/persons/1/14/1/1.mvt").status_code == 404
    assert client.get("/tiles/nowhere/zones/1/14/1/1.mvt").status_code == 404


def test_small_outlines_are_left_out_where_they_would_be_below_a_pixel(client, town):
    ZoneFactory(municipality=town)
    response = client.get(address(town, "zones", tile_of(35.83, 33.80, 3)))
    assert features(response, "zones") == []


def test_facilities_show_kind_and_name(client, town):
    FacilityFactory(municipality=town, code="F1")
    response = client.get(address(town, "facilities", tile_of(35.83, 33.80, 14)))
    (found,) = features(response, "facilities")
    assert set(found["properties"]) == {"code", "kind", "name_ar", "name_en", "name_fr"}


def test_blocks_do_not_mix_with_quarters(client, town):
    ZoneFactory(municipality=town, kind=Zone.Kind.BLOCK)
    response = client.get(address(town, "zones", tile_of(35.83, 33.80, 14)))
    assert features(response, "zones") == []


def test_two_layers_of_one_name_are_refused(monkeypatch):
    monkeypatch.setattr(layers, "LAYERS", layers.LAYERS[:1] * 2)
    with pytest.raises(ImproperlyConfigured, match="'zones' a second time"):
        catalogue.gather()
    monkeypatch.undo()
    catalogue.gather()

"""An edit changes the very next tile that it touches, and no other."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from layers.geography.models import Parcel
from layers.maps import tiles
from layers.maps.catalogue import layer_named
from layers.maps.models import LayerEdit, LayerVersion, tile_version
from tests.factories.geography import MunicipalityFactory, ParcelFactory, square
from tests.layers.maps.tile_addresses import address, features, tile_of, version

FOR_EVER = "public, max-age=31536000, immutable"
HERE, THERE = (35.8305, 33.8005), (35.8705, 33.8005)


def parcel_at(town, place, side=0.0005):
    west, south = place
    return ParcelFactory(municipality=town, geometry=square(west, south, side))


def tile_at(place):
    west, south = place
    return tile_of(west + 0.0002, south + 0.0002, 16)


def of_tile(town, at):
    z, x, y = at
    return tile_version(layer_named("outlines"), town, z=z, x=x, y=y)


def move(parcel, place, side=0.0005):
    parcel.geometry = square(*place, side)
    parcel.save()


@pytest.fixture
def rendered(monkeypatch):
    """Which tiles PostGIS has cut since."""
    asked, cut = [], tiles.render

    def render(**wanted):
        asked.append((wanted["z"], wanted["x"], wanted["y"]))
        return cut(**wanted)

    monkeypatch.setattr(tiles, "render", render)
    return asked


def test_an_edited_parcel_changes_its_tile_and_leaves_the_neighbours_bytes(
    client, town, rendered
):
    parcel = parcel_at(town, HERE)
    parcel_at(town, THERE)
    here, there = tile_at(HERE), tile_at(THERE)
    before = {at: client.get(address(town, "outlines", at)) for at in (here, there)}
    rendered.clear()
    move(parcel, HERE, side=0.0004)
    after = {at: client.get(address(town, "outlines", at)) for at in (here, there)}
    assert rendered == [here]
    assert after[here]["ETag"] != before[here]["ETag"]
    assert after[there]["ETag"] == before[there]["ETag"]
    assert after[there].content == before[there].content
    known = {"If-None-Match": before[there]["ETag"]}
    assert (
        client.get(address(town, "outlines", there), headers=known).status_code == 304
    )


def test_the_address_of_an_untouched_tile_stays_good_for_ever(client, town):
    parcel = parcel_at(town, HERE)
    parcel_at(town, THERE)
    former = version(town, "outlines")
    move(parcel, HERE, side=0.0004)
    untouched = client.get(address(town, "outlines", tile_at(THERE), former))
    touched = client.get(address(town, "outlines", tile_at(HERE), former))
    assert untouched["Cache-Control"] == FOR_EVER
    assert touched["Cache-Control"] == "no-cache"


def test_a_version_that_is_still_to_come_is_not_kept(client, town):
    parcel_at(town, HERE)
    number, digest = version(town, "outlines").split("-")
    for to_come in (f"{int(number) + 1}-{digest}", f"{'9' * 40}-{digest}", digest, "-"):
        response = client.get(address(town, "outlines", tile_at(HERE), to_come))
        assert response["Cache-Control"] == "no-cache"
        assert len(features(response, "outlines")) == 1


def test_a_moved_parcel_leaves_one_tile_and_enters_another(client, town):
    parcel = parcel_at(town, HERE)
    move(parcel, THERE)
    counts = [
        len(features(client.get(address(town, "outlines", tile_at(at))), "outlines"))
        for at in (HERE, THERE)
    ]
    assert counts == [0, 1]
    versions = {of_tile(town, tile_at(at)).name for at in (HERE, THERE)}
    assert versions == {version(town, "outlines")}


def test_what_is_just_outside_a_tile_counts_where_the_tile_shows_it(client, town):
    z, x, y = tile_at(HERE)
    size = tiles.WORLD / 2**z
    parcel_at(town, HERE)
    before = of_tile(town, (z, x + 1, y)).name
    east = -tiles.WORLD / 2 + (x + 1) * size
    middle = tiles.WORLD / 2 - (y + 0.5) * size
    box = [east - size / 100 - 2, middle, east - size / 100, middle + 2]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE geography_parcel SET geometry = ST_Multi(ST_Transform("
            " ST_MakeEnvelope(%s, %s, %s, %s, 3857), 4326)) WHERE municipality_id = %s",
            [*box, town.pk],
        )
    assert of_tile(town, (z, x + 1, y)).name != before
    response = client.get(address(town, "outlines", (z, x + 1, y)))
    assert len(features(response, "outlines")) == 1


@pytest.mark.parametrize(
    ("write", "boxes"),
    [
        (lambda town: Parcel.objects.of(town).update(area=1), 4),
        (lambda town: Parcel.objects.of(town).delete(), 2),
        (
            lambda town: Parcel.objects.bulk_create(
                ParcelFactory.build(municipality=town, code=f"b{n}") for n in range(20)
            ),
            1,
        ),
    ],
)
def test_few_rows_leave_a_box_each_and_many_one_for_all(town, write, boxes):
    parcel_at(town, HERE)
    parcel_at(town, THERE)
    last = LayerVersion.objects.of(town).get(source="geography_parcel").version
    write(town)
    edits = LayerEdit.objects.of(town).filter(version__gt=last)
    assert {each.version for each in edits} == {last + 1}
    assert len(edits) == boxes


def test_an_edit_in_another_town_changes_nothing_here(town):
    parcel_at(town, HERE)
    before = of_tile(town, tile_at(HERE)).name
    parcel_at(MunicipalityFactory(), HERE)
    assert of_tile(town, tile_at(HERE)).name == before


def test_the_oldest_boxes_are_given_up_in_time(client, town):
    parcel, still = parcel_at(town, HERE), tile_at(THERE)
    parcel_at(town, THERE)
    first = client.get(address(town, "outlines", still))
    for n in range(200):
        Parcel.objects.filter(pk=parcel.pk).update(area=n)
    present = LayerVersion.objects.of(town).get(source="geography_parcel")
    assert 0 < present.version - present.floor <= 128
    assert LayerEdit.objects.of(town).count() <= 2 * 128
    assert LayerEdit.objects.of(town).earliest("version").version > present.floor
    # The tile is cut again, and the browser learns that it is the same.
    again = client.get(
        address(town, "outlines", still), headers={"If-None-Match": first["ETag"]}
    )
    assert again.status_code == 304


def test_a_write_that_is_rolled_back_leaves_no_version(town):
    parcel = parcel_at(town, HERE)
    before = version(town, "outlines")
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT here")
        Parcel.objects.filter(pk=parcel.pk).update(area=3)
        assert version(town, "outlines") != before
        cursor.execute("ROLLBACK TO SAVEPOINT here")
    assert version(town, "outlines") == before


def test_a_page_is_told_of_so_many_boxes_and_a_floor_before_them(town, monkeypatch):
    parcel = parcel_at(town, HERE)
    parcel_at(town, THERE)
    move(parcel, HERE, side=0.0004)
    monkeypatch.setattr("layers.maps.models.versions.TOLD", 2)
    (told,) = LayerEdit.objects.of_layer(layer_named("outlines"), town)
    assert told["floor"] == 2
    assert [box[0] for box in told["boxes"]] == [3, 3]


def test_a_tile_kept_on_disk_is_answered_by_a_process_that_never_saw_it(client, town):
    parcel_at(town, HERE)
    url = address(town, "outlines", tile_at(HERE), of_tile(town, tile_at(HERE)).name)
    first = client.get(url)
    tiles.cache.clear()
    with CaptureQueriesContext(connection) as queries:
        again = client.get(url)
    assert (again.content, again["ETag"]) == (first.content, first["ETag"])
    assert [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]] == []

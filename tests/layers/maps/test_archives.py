"""Archives read back by readers of their own: pmtiles, SQLite and GDAL."""

import gzip
import json
import sqlite3

import mapbox_vector_tile
import pyogrio
import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override
from pmtiles.reader import MmapSource, Reader, all_tiles

from layers.geography.models import Parcel
from tests.factories.geography import ParcelFactory, ZoneFactory, square
from tests.layers.maps.tile_addresses import address, content_of, tile_of

CENTRE = (35.8205, 33.7905)


@pytest.fixture
def planted(town):
    ZoneFactory(municipality=town, code="Q1", geometry=square(side=0.004))
    ZoneFactory(municipality=town, code="Q2", geometry=square(west=35.83, side=0.004))
    ParcelFactory(municipality=town, code="1")
    ParcelFactory(municipality=town, code="2", geometry=square(west=35.831, side=0.001))
    return town


def export(town, path, *more):
    call_command("export_tiles", str(path), "--municipality", town.slug, *more)
    return path


def test_pmtiles_hold_what_the_server_sends(client, planted, tmp_path):
    path = export(planted, tmp_path / "town.pmtiles")
    with path.open("rb") as file:
        reader = Reader(MmapSource(file))
        z, x, y = tile_of(*CENTRE, 16)
        found = mapbox_vector_tile.decode(gzip.decompress(reader.get(z, x, y)))
        header, told = reader.header(), reader.metadata()
        tiles = dict(all_tiles(MmapSource(file)))
    assert set(found) == {"zones", "outlines"}
    for name, layer in found.items():
        served = content_of(client.get(address(planted, name, (z, x, y))))
        assert layer == mapbox_vector_tile.decode(served)[name]
    assert (header["min_zoom"], header["max_zoom"]) == (min(t[0] for t in tiles), 16)
    assert header["min_lon_e7"] < CENTRE[0] * 1e7 < header["max_lon_e7"]
    assert "parcels" not in {layer["id"] for layer in told["vector_layers"]}
    assert told["attribution"] == planted.name_en


def test_every_parcel_is_in_the_archive(planted, tmp_path):
    path = export(planted, tmp_path / "t.pmtiles", "--layers", "parcels", "outlines")
    with path.open("rb") as file:
        contents = [d for (z, _, _), d in all_tiles(MmapSource(file)) if z == 16]
    ids = {
        feature["id"]
        for content in contents
        for feature in mapbox_vector_tile.decode(gzip.decompress(content))["parcels"][
            "features"
        ]
    }
    assert ids == set(Parcel.objects.of(planted).values_list("pk", flat=True))


def test_mbtiles_of_a_zone_hold_the_zone_and_not_the_town(planted, tmp_path):
    path = export(planted, tmp_path / "q1.mbtiles", "--zone", "Q1")
    with sqlite3.connect(path) as file:
        facts = dict(file.execute("SELECT name, value FROM metadata"))
        tiles = file.execute(
            "SELECT tile_column, tile_row, tile_data FROM tiles WHERE zoom_level = 16"
        ).fetchall()
    assert facts["format"] == "pbf"
    assert json.loads(facts["json"])["vector_layers"][0]["id"]
    z, x, y = tile_of(*CENTRE, 16)
    _, far, _ = tile_of(35.8315, 33.7905, 16)
    columns = {column for column, _, _ in tiles}
    assert (x, 2**z - 1 - y) in {(column, row) for column, row, _ in tiles}
    assert far not in columns
    west, _south, east, _north = map(float, facts["bounds"].split(","))
    assert west == pytest.approx(35.82)
    assert east == pytest.approx(35.824)


@pytest.mark.parametrize("name", ["t.mbtiles", "t.pmtiles"])
def test_gdal_opens_the_archive(planted, tmp_path, name):
    path = export(planted, tmp_path / name, "--layers", "parcels", "zones")
    layers = {str(layer) for layer in pyogrio.list_layers(path)[:, 0]}
    assert layers == {"parcels", "zones"}
    parcels = pyogrio.read_dataframe(path, layer="parcels")
    assert set(parcels["code"]) == {"1", "2"}
    bounds = parcels.to_crs(4326).total_bounds
    assert bounds == pytest.approx([35.82, 33.79, 35.832, 33.791], abs=1e-4)


def test_what_can_not_be_exported_says_why_and_leaves_no_file(town, tmp_path):
    for arguments, said in (
        (["t.zip"], "must end in .pmtiles or .mbtiles"),
        (["t.pmtiles", "--zone", "Q9"], "There is no zone Q9"),
        (["t.pmtiles", "--layers", "persons"], "There is no layer “persons”"),
        (["t.pmtiles"], "have nothing there"),
        (["t.mbtiles"], "have nothing there"),
        (["none/t.pmtiles"], "There is no folder"),
    ):
        name, *more = arguments
        with override("en"), pytest.raises(CommandError, match=said):
            export(town, tmp_path / name, *more)
    assert list(tmp_path.glob("*t.*")) == []

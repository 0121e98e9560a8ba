"""Every format that a manager may bring, as GDAL writes it."""

import zipfile

import numpy as np
import pyogrio
import pytest
import shapely

from layers.geography.files.request import Options
from layers.own.models import LayerFile, OwnFeature
from layers.own.services import check_file, choose_options, decide, take_in
from tests.factories.own import decided, uploaded

State = LayerFile.State
NAMES = np.array(["حديقة", "Jardin"], dtype=object)
SQUARES = [
    shapely.box(35.83, 33.8, 35.831, 33.801),
    shapely.box(35.84, 33.8, 35.841, 33.801),
]
# Crosses itself.
BOW = shapely.Polygon(
    [(35.83, 33.8), (35.831, 33.801), (35.831, 33.8), (35.83, 33.801)]
)


def write(path, driver, shapes, layer="parks", **more):
    kinds = {shape.geom_type for shape in shapes}
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(shapes, dtype=object)),
        [NAMES[: len(shapes)], np.arange(len(shapes)) * 1.5],
        ["title", "size"],
        layer=layer,
        driver=driver,
        geometry_type=kinds.pop() if len(kinds) == 1 else "Unknown",
        crs="EPSG:4326",
        **more,
    )
    return path.read_bytes() if path.is_file() else b""


def shapefile(folder):
    write(folder / "parks.shp", "ESRI Shapefile", SQUARES, encoding="UTF-8")
    packed = folder / "parks.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for part in folder.glob("parks.*"):
            if part != packed:
                archive.write(part, part.name)
    return packed.read_bytes()


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.gpkg", lambda folder: write(folder / "a.gpkg", "GPKG", SQUARES)),
        ("a.fgb", lambda folder: write(folder / "a.fgb", "FlatGeobuf", SQUARES)),
        ("a.kml", lambda folder: write(folder / "a.kml", "LIBKML", SQUARES)),
        ("a.zip", shapefile),
    ],
)
def test_a_format_is_read_with_its_words_and_numbers(town, tmp_path, name, make):
    file = uploaded(town, make(tmp_path), name)
    assert (file.state, file.report["kind"]) == (State.READY, "polygon"), file.refusal
    columns = {each["name"].casefold(): each for each in file.report["columns"]}
    # FlatGeobuf puts rows in an order of its own.
    rows = zip(columns["title"]["first"], columns["size"]["first"], strict=True)
    assert sorted(rows) == sorted(zip(NAMES, ("0", "1.5"), strict=True))
    assert columns["size"]["type"] == "number"


def test_of_three_layers_one_is_chosen_and_what_crosses_itself_is_mended(
    town, tmp_path
):
    path = tmp_path / "three.gpkg"
    write(path, "GPKG", SQUARES, "parks")
    write(path, "GPKG", [shapely.Point(35.83, 33.8)], "lamps", append=True)
    content = write(path, "GPKG", [BOW], "ponds", append=True)
    file = uploaded(town, content, "three.gpkg")
    assert file.refusal == {
        "code": "several_layers",
        "params": {"layers": "parks, lamps, ponds"},
    }
    choose_options(file=file, options=Options(layer="ponds"))
    check_file(file=file)
    assert [how for _row, how, _change in file.report["repaired"]] == ["self_crossing"]
    decide(file=file, decided=decided(file))
    take_in(file=file)
    assert OwnFeature.objects.get().geometry.valid


def test_a_hostile_kml_reads_nothing_else(town):
    said = b"""<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>
    <kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>&x;</name>
    <Point><coordinates>35.83,33.8</coordinates></Point></Placemark></Document></kml>"""
    file = uploaded(town, said, "a.kml")
    assert "root:" not in str(file.report) + str(file.refusal)

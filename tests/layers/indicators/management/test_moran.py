import csv
import io
import json
from pathlib import Path

import geopandas
import pytest
from django.core.management import CommandError, call_command
from pyogrio import write_dataframe
from shapely import Polygon, box

from layers.indicators.modelled import spatial
from tests.layers.indicators.modelled.test_spatial import LATTICE, LOCAL, WHOLE

# Sudden infant deaths of 1974 by births in 100 counties (Cressie 1993), where present.
COUNTIES = (
    Path(__file__).parents[5] / "shared/data/suppression/nc_sids_counties.geojson"
)

SPEC = {"value": "y", "area": "zone", "neighbours": "near"}


def near(place):
    column, row = place % 5, place // 5
    return [
        f"Z{5 * r + c}"
        for c, r in (
            (column + 1, row),
            (column - 1, row),
            (column, row + 1),
            (column, row - 1),
        )
        if 0 <= c < 5 and 0 <= r < 4
    ]


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["zone", "y", "near", "x", "north"])
        for place, value in enumerate(LATTICE):
            writer.writerow(
                [f"Z{place}", value, " ".join(near(place)), place % 5, place // 5]
            )
    return path


@pytest.fixture
def run(data, tmp_path):
    def run(spec, **options):
        path, output = tmp_path / "spec.json", io.StringIO()
        path.write_text(json.dumps(spec))
        call_command("moran", str(data), spec=str(path), stdout=output, **options)
        return output.getvalue()

    return run


def test_named_neighbours_give_the_figures_of_esda(run):
    found = json.loads(run(SPEC | {"permutations": 199, "seed": 7}))
    assert found["moran"]["i"] == pytest.approx(WHOLE[0], abs=1e-12)
    assert [each["i"] for each in found["areas"]] == pytest.approx(LOCAL, abs=1e-12)
    assert found["areas"][0]["quadrant"] == "high-high"


@pytest.mark.parametrize(("rule", "same"), [("rook", True), ("queen", False)])
def test_neighbours_come_from_a_file_of_areas(run, tmp_path, rule, same):
    places = range(20)
    layer = geopandas.GeoDataFrame(
        {"code": [f"Z{p}" for p in places]},
        geometry=[box(p % 5, p // 5, p % 5 + 1, p // 5 + 1) for p in places],
        crs="EPSG:32636",
    )
    layer.to_file(tmp_path / "zones.gpkg")
    spec = {
        "value": "y",
        "area": "zone",
        "geometry": {"file": str(tmp_path / "zones.gpkg"), "id": "code", "rule": rule},
    }
    found = json.loads(run(spec))
    assert (abs(found["moran"]["i"] - WHOLE[0]) < 1e-12) is same
    bow = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    unfit = {
        '"Z19" has no geometry': layer.iloc[:-1],
        '"Z0" is twice': layer.iloc[[0, *places]],
        'area "Z0" in .* crosses itself': layer.set_geometry(
            [bow, *layer.geometry[1:]], crs=layer.crs
        ),
        "a table without geometry": layer.drop(columns="geometry"),
    }
    for words, other in unfit.items():
        (tmp_path / "zones.gpkg").unlink()
        write_dataframe(other, tmp_path / "zones.gpkg")
        with pytest.raises(CommandError, match=words):
            run(spec)


@pytest.mark.skipif(not COUNTIES.exists(), reason="the counties are not here")
def test_the_counties_give_the_figures_of_esda(tmp_path):
    # esda 2.9.0: Queen.from_dataframe, row-standardised; Moran(SID74 / BIR74).
    frame = geopandas.read_file(COUNTIES)
    frame["rate"] = frame["SID74"] / frame["BIR74"]
    frame[["FIPS", "rate"]].to_csv(tmp_path / "rates.csv", index=False)
    spec = {
        "area": "FIPS",
        "value": "rate",
        "geometry": {"file": str(COUNTIES), "id": "FIPS"},
    }
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    output = io.StringIO()
    call_command(
        "moran",
        str(tmp_path / "rates.csv"),
        spec=str(tmp_path / "spec.json"),
        stdout=output,
    )
    found = json.loads(output.getvalue())
    told = [found["moran"][name] for name in ("i", "variance", "z")]
    assert told == pytest.approx(
        [0.23091044884585776, 0.0040651336857609926, 3.780073771171808], abs=1e-9
    )
    quadrants = [each["quadrant"] for each in found["areas"]]
    counts = [quadrants.count(name) for name in spatial.QUADRANTS]
    assert counts == [26, 22, 38, 14]


def test_the_nearest_and_csv(run):
    spec = {"value": "y", "x": "x", "y": "north", "k": 4}
    rows = list(csv.DictReader(io.StringIO(run(spec, format="csv"))))
    assert [row["area"] for row in rows] == [str(n) for n in range(1, 21)]
    assert 0 < float(rows[0]["p_adjusted"]) <= 1


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"value": "y"}, "in one way"),
        (SPEC | {"k": 3}, "in one way"),
        ({"value": "y", "k": 3}, 'needs "x" and "y"'),
        ({"value": "y", "x": "x", "y": "north", "k": 20}, "between 1 and 19"),
        ({"value": "y", "neighbours": "near"}, 'needs "area"'),
        ({"area": "zone", "k": 3}, 'needs "value"'),
        (SPEC | {"neighbours": "x"}, 'Line 2, column "x": "0" is no area'),
        (SPEC | {"permutations": 5}, "whole number from 99"),
        (SPEC | {"level": 2}, "between 0 and 1"),
        (SPEC | {"wieghts": 1}, 'has no "wieghts"'),
        (SPEC | {"area": "x"}, "occurs twice"),
        (SPEC | {"area": ["zone"]}, '"area" is a text'),
        (SPEC | {"separator": ""}, '"separator" is a text'),
        (
            {"value": "y", "area": "zone", "geometry": {"file": 5, "id": "a"}},
            '"file" is a text',
        ),
        (
            {"value": "y", "area": "zone", "geometry": {"file": "none", "id": "a"}},
            "can't be read",
        ),
    ],
)
def test_a_wrong_specification_is_refused(run, spec, words):
    with pytest.raises(CommandError, match=words):
        run(spec)

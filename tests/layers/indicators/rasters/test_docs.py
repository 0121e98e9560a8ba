"""docs/rasters.md is read here: its tables hold what the code computes."""

import numpy as np
import pytest
import shapely

from layers.indicators.rasters import population as rasters
from layers.indicators.rasters import walking
from layers.indicators.rasters.coverage import Grid
from tests.layers.indicators.pages import rows_of
from tests.layers.indicators.rasters.test_population import METRES, write


def test_the_worked_example_is_what_is_computed(tmp_path):
    given = rows_of("rasters.md", "| cell | west | people | flooded |")
    people = np.array([[float(row["people"]) for row in given]])
    flooded = np.array([[float(row["flooded"]) for row in given]])
    path = write(tmp_path / "people.tif", people)
    grid = Grid(158000, 207000, 100, 100, 3, 1)
    expected = rows_of(
        "rasters.md", "| zone | west | east | people | exposed | share |"
    )
    zones = [
        shapely.box(
            158000 + float(row["west"]), 206900, 158000 + float(row["east"]), 207000
        )
        for row in expected
    ]
    mask = rasters.ArrayMask(flooded, grid, METRES)
    _all, found = rasters.concerned(path, zones, METRES, [mask])
    for at, row in enumerate(expected):
        assert found.people[at] == pytest.approx(float(row["people"]))
        assert found.concerned[at] == pytest.approx(float(row["exposed"]))
        share = found.concerned[at] / found.known[at]
        assert share == pytest.approx(float(row["share"]), abs=5e-5)
    assert found.people.sum() == pytest.approx(people.sum())


def test_the_speeds_are_those_of_the_code():
    rows = rows_of("rasters.md", "| slope | km/h | metres in 5 minutes, pace 0.6 |")
    for row in rows:
        metres = walking.speed(np.array([float(row["slope"])]))[0]
        assert metres * 60 / 1000 == pytest.approx(float(row["km/h"]), abs=5e-3)
        told = float(row["metres in 5 minutes, pace 0.6"])
        assert metres * 5 * 0.6 == pytest.approx(told, abs=0.5)

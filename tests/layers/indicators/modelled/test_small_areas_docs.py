"""docs/small-areas.md is read here: its tables hold what the commands answer."""

import csv
import io
import json

import pytest
from django.core.management import call_command

from tests.layers.indicators.pages import DOCS, rows_of

PAGE = DOCS / "small-areas.md"


@pytest.fixture
def answer(tmp_path):
    def answer(command, rows, spec):
        data, path, output = tmp_path / "d.csv", tmp_path / "s.json", io.StringIO()
        with data.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        path.write_text(json.dumps(spec))
        call_command(command, str(data), spec=str(path), stdout=output)
        return json.loads(output.getvalue())

    return answer


def test_the_modelled_figures_are_those_of_the_page(answer):
    spec = json.loads(
        PAGE.read_text("utf-8").split("(`{")[1].split("}`)")[0].join("{}")
    )
    rows = rows_of("small-areas.md", "| zone | n | share | se | no_water |")
    found = answer("fay_herriot", rows, spec)
    by_zone = {each["area"]: each for each in found["areas"]}
    expected = rows_of("small-areas.md", "| zone | modelled | rmse | shrinkage |")
    assert len(expected) == 4
    for row in expected:
        for name in ("modelled", "rmse", "shrinkage"):
            told = by_zone[row["zone"]][name]
            assert told == pytest.approx(float(row[name]), abs=5e-5)
    assert found["model"]["sigma2"] == pytest.approx(0.00552, abs=5e-6)


def test_morans_i_is_that_of_the_page(answer):
    rows = rows_of("small-areas.md", "| zone | need | neighbours |")
    spec = {"area": "zone", "value": "need", "neighbours": "neighbours"}
    found = answer("moran", rows, spec)
    (expected,) = rows_of("small-areas.md", "| zones | i | expected | variance | z |")
    for name, text in expected.items():
        assert found["moran"][name] == pytest.approx(float(text), abs=5e-5)
    assert found["islands"] == ["J"]


@pytest.mark.parametrize("command", ["fay_herriot", "moran"])
def test_every_key_of_a_specification_is_on_the_page(command):
    module = __import__(
        f"layers.indicators.management.commands.{command}", fromlist=["KNOWN"]
    )
    text = PAGE.read_text("utf-8")
    assert {key for key in module.KNOWN if f"`{key}`" not in text} == set()

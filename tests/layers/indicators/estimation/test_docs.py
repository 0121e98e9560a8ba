"""docs/estimation.md is read here: its example holds what the commands answer."""

import json
import re
from pathlib import Path

import pytest
from django.core.management import call_command

from layers.indicators.management.estimates import ANSWER, MORE, EstimateSpec
from layers.indicators.management.specification import Keys

PAGE = (Path(__file__).parents[4] / "docs/estimation.md").read_text("utf-8")
EXAMPLE = PAGE.split("## A worked example")[1]


def block(kind, text=EXAMPLE):
    return re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL).group(1)


def table(first):
    """The rows of the table whose heading starts so, as dicts of text."""
    lines = PAGE[PAGE.index(first) :].splitlines()
    names, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines[: lines.index("")]
    ]
    return [dict(zip(names, row, strict=True)) for row in rows[1:]]


@pytest.fixture
def run(tmp_path, capsys):
    def run(command, *arguments):
        data, spec = tmp_path / "data.csv", tmp_path / "spec.json"
        data.write_text(block("csv"))
        spec.write_text(block("json"))
        call_command(command, str(data), "--spec", str(spec), *arguments)
        return json.loads(capsys.readouterr().out)

    return run


def compare(found, rows):
    assert len(found) == len(rows)
    for ours, row in zip(found, rows, strict=True):
        for name, text in row.items():
            value = ours[name]
            shown = f"{value:.4f}" if isinstance(value, float) else str(value)
            assert shown == text, (name, row)


def test_the_estimates_of_the_page_are_those_of_the_command(run):
    compare(run("estimate"), table("| zone | round | estimate"))


def test_the_differences_of_the_page_are_those_of_the_command(run):
    found = run("contrast", "--first", "1", "--second", "2", "--each", "zone")
    compare(found, table("| zone | difference"))


def test_the_page_lists_every_key_and_every_column_of_the_answer(monkeypatch):
    known = []
    monkeypatch.setattr(Keys, "done", lambda self: known.extend(self.known))
    EstimateSpec.read(json.loads(block("json")))
    listed = [row["key"].strip("`") for row in table("| key | what")]
    assert sorted(known) == sorted(listed)
    for name in (*ANSWER, *MORE):
        assert f"`{name}`" in PAGE


def test_the_adjustments_of_the_page_are_a_specification():
    weights = json.loads(block("json", PAGE.split("## Adjusted weights")[1]))
    spec = EstimateSpec.read(json.loads(block("json")) | {"weights": weights})
    assert spec.sample.nonresponse.smallest == 10
    assert len(spec.sample.margins) == 2

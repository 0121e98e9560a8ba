"""docs/disclosure.md is read here: its example is what the command answers."""

import json
import re
from pathlib import Path

from django.core.management import call_command

from layers.indicators.disclosure.suppression import SENSITIVE, SMALLEST_GROUP, USUAL
from layers.indicators.management.linked import CHOICES, Layout

PAGE = (Path(__file__).parents[4] / "docs/disclosure.md").read_text("utf-8")


def table(heading):
    names = cells(heading)
    lines = PAGE[PAGE.index(heading) :].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append(dict(zip(names, cells(line), strict=True)))
    return rows


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def block(kind):
    return re.search(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)[1]


def test_the_worked_example_is_what_the_command_answers(tmp_path, capsys):
    data, spec = tmp_path / "table.csv", tmp_path / "spec.json"
    data.write_text(block("csv"), "utf-8")
    spec.write_text(block("json"), "utf-8")
    call_command("protect", str(data), spec=str(spec))
    rows = json.loads(capsys.readouterr().out)
    names = "place", "sex", "count", "pattern", "low", "high"
    expected = table("| place | sex | count | pattern | low | high |")
    found = [
        {name: "" if row[name] is None else str(row[name]) for name in names}
        for row in rows[: len(expected)]
    ]
    assert found == expected


def test_the_page_lists_every_key_of_a_specification():
    rows = table("| key | what it says | default |")
    keys = {row["key"].strip("`") for row in rows}
    assert keys == set(Layout.__dataclass_fields__) - {"mark"} | {"total"}
    for row in rows:
        for word in CHOICES.get(row["key"].strip("`"), ()):
            assert f"`{word}`" in row["what it says"] + row["default"], word


def test_the_thresholds_of_the_page_are_those_of_the_rules():
    children, households, groups, ends = table("| rule | usual | sensitive | source |")
    assert (children["usual"], children["sensitive"]) == (
        str(USUAL.children),
        str(SENSITIVE.children),
    )
    assert (households["usual"], households["sensitive"]) == (
        str(USUAL.households),
        str(SENSITIVE.households),
    )
    assert groups["sensitive"].startswith(str(SMALLEST_GROUP))
    assert (USUAL.shows_zero, SENSITIVE.shows_zero) == (True, False)
    assert (ends["usual"], ends["sensitive"]) == ("shown", "withheld")

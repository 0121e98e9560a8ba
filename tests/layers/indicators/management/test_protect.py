import csv
import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

SMALL = """region,place,sex,count
North,a,f,2
North,a,m,30
North,b,f,25
North,b,m,20
South,c,f,40
South,c,m,18
"""
SPEC = {
    "cells": ["place", "sex"],
    "threshold": 5,
    "totals": [["place"], ["region", "sex"], ["sex"], []],
}
COUNTIES = (
    Path(__file__).parents[5] / "shared/data/suppression/nc_sids_counties.geojson"
)


@pytest.fixture
def run(tmp_path, capsys):
    def run(text, spec, *options, form="json"):
        data, said = tmp_path / "table.csv", tmp_path / "spec.json"
        data.write_text(text, "utf-8")
        said.write_text(json.dumps(spec), "utf-8")
        call_command("protect", str(data), spec=str(said), format=form, **dict(options))
        found = capsys.readouterr()
        run.said = found.err
        if form == "csv":
            return list(csv.DictReader(io.StringIO(found.out)))
        return json.loads(found.out)

    return run


AUDIT = ("audit_only", True)


def hidden(rows):
    return [row for row in rows if row["pattern"] != "publish"]


def test_a_small_count_is_withheld_with_what_would_give_it_back(run):
    rows = run(SMALL, SPEC)
    assert len(rows) == 6 + 3 + 4 + 2 + 1
    assert [row["count"] for row in rows if row["pattern"] == "primary"] == [2]
    assert {row["protected"] for row in hidden(rows)} == {"yes"}
    assert len(hidden(rows)) == 4
    for row in hidden(rows):
        assert row["low"] <= row["count"] <= row["high"]
    small = rows[0]
    assert small["high"] - small["low"] >= 4
    assert "No pattern can withhold fewer than 4" in run.said


def test_totals_carry_their_columns_and_a_mark(run):
    rows = run(SMALL, SPEC)
    assert rows[6] == {
        **{"place": "a", "sex": "Total", "region": "Total"},
        **{"count": 32, "pattern": "publish", "low": None, "high": None},
        "protected": "",
    }
    assert rows[-1]["count"] == 135


def test_the_audit_alone_says_what_comes_back(run):
    rows = run(SMALL, SPEC, AUDIT)
    (only,) = hidden(rows)
    assert (only["low"], only["high"], only["protected"]) == (2, 2, "no")
    assert "1 of them can be worked out exactly" in run.said


def test_a_given_pattern_is_audited_as_it_stands(run):
    lines = SMALL.splitlines()
    said = ["pattern", "primary", "complementary", *["publish"] * 4]
    text = "\n".join(map(",".join, zip(lines, said, strict=True)))
    found = hidden(run(text, SPEC, AUDIT))
    assert [(row["low"], row["high"]) for row in found] == [(2, 2), (30, 30)]


def test_a_protected_table_passes_its_own_audit(run):
    """What the command writes is taken back by --audit-only, totals and all."""
    rows = run(SMALL, SPEC, form="csv")
    names = ("place", "sex", "region", "count", "pattern")
    regions = {"a": "North", "b": "North", "c": "South"}
    text = ",".join(names) + "\n"
    for number, row in enumerate(rows):
        region = regions[row["place"]] if number < 6 else row["region"]
        text += ",".join([row["place"], row["sex"], region, row["count"]])
        text += f",{row['pattern']}\n"
    again = run(text, SPEC, AUDIT)
    assert [row["low"] for row in hidden(again)] == [
        int(row["low"]) for row in hidden(rows)
    ]
    assert "0 are protected too little" in run.said


def test_totals_of_the_file_say_what_is_published(run):
    text = "place,sex,count\na,f,3\na,m,30\nb,f,9\nb,m,8\na,Total,33\nb,Total,17\n"
    spec = {"cells": ["place", "sex"], "threshold": 5}
    rows = run(text, spec)
    assert [row["count"] for row in rows] == [3, 30, 9, 8, 33, 17]
    assert [row["count"] for row in hidden(rows)] == [3, 30]


@pytest.mark.parametrize(
    ("zeros", "patterns"),
    [
        ("publish", {"publish", "complementary"}),
        ("withhold", {"primary"}),
        ("known", {"publish"}),
    ],
)
def test_noughts_are_treated_as_the_specification_says(run, zeros, patterns):
    text = "place,sex,count\na,f,3\na,m,0\nb,f,0\nb,m,9\nc,f,40\nc,m,50\n"
    rows = run(text, {"cells": ["place", "sex"], "threshold": 5, "zeros": zeros})
    noughts = {row["pattern"] for row in rows if row["count"] == 0}
    assert noughts <= patterns


def test_a_threshold_of_one_withholds_nothing(run):
    assert not hidden(run(SMALL, SPEC | {"threshold": 1}))


@pytest.mark.parametrize(
    ("text", "changes", "words"),
    [
        (SMALL.replace(",2\n", ",-2\n"), {}, "Line 2, column \"count\": -2 is no count"),
        (SMALL.replace(",2\n", ",2.5\n"), {}, "2.5 is no count of 0, 1, 2"),
        (SMALL.replace(",2\n", ",\n"), {}, "is empty; a number is needed"),
        (SMALL.replace("North,a,f,2\n", ""), {}, "The cell place a, sex f is missing"),
        (SMALL.replace("North,a,f", ",a,f"), {}, 'Line 2, column "region": is empty'),
        (SMALL.replace("South,c,m", "Total,c,m"), {}, '"Total" stands for totals; this is a cell'),
        (SMALL + "North,a,f,2\n", {}, "Lines 2 and 8 are the same cell"),
        (SMALL + "Total,a,Total,31\n", {}, "Line 8, column \"count\": the total is 31; its parts add up to 32"),
        (SMALL + "Total,z,Total,31\n", {}, "this total has no parts"),
        (SMALL + "Total,a,Total,32\nTotal,a,Total,32\n", {}, "the total of line 8"),
        (SMALL, {"cells": ["town"]}, 'There is no column "town"'),
        (SMALL, {"totals": [["town"]]}, 'There is no column "town"'),
        (SMALL, {"totals": ["place"]}, '"totals" needs lists of columns'),
        (SMALL, {"cells": []}, '"cells" needs one column'),
        (SMALL, {"count": "number"}, 'There is no column "number"'),
        (SMALL, {"threshold": 0}, '"threshold" needs a whole number from 1 on'),
        (SMALL, {"threshold": 4.5}, '"threshold" needs a whole number'),
        (SMALL, {"threshold": None}, '"threshold" needs a whole number'),
        (SMALL, {"width": 0}, '"width" needs a whole number from 1 on'),
        (SMALL, {"zeros": "maybe"}, '"zeros" is one of: publish, withhold, known'),
        (SMALL, {"margin": []}, 'The specification has no "margin"'),
    ],
)  # fmt: skip
def test_what_cannot_be_protected_is_refused(run, text, changes, words):
    with pytest.raises(CommandError, match=words.replace(".", r"\.")):
        run(text, {**SPEC, **changes})


def test_a_word_that_is_no_pattern_is_refused_with_its_line(run):
    text = "place,count,pattern\na,3,hide\nb,8,publish\n"
    with pytest.raises(CommandError, match='Line 2, column "pattern": "hide" is none'):
        run(text, {"cells": ["place"], "threshold": 5}, AUDIT)


def test_a_pattern_column_that_is_asked_for_must_be_there(run):
    with pytest.raises(CommandError, match='There is no column "mine"'):
        run(SMALL, SPEC | {"pattern": "mine"}, AUDIT)


NOUGHTS = "place,sex,count\na,f,3\na,m,0\nb,f,0\nb,m,40\n"


def test_where_all_beside_a_cell_is_known_its_totals_are_withheld(run):
    spec = {"cells": ["place", "sex"], "zeros": "known", "threshold": 5}
    rows = run(NOUGHTS, spec)
    assert {row["protected"] for row in hidden(rows)} == {"yes"}
    assert {row["place"] for row in hidden(rows) if row["sex"] == "Total"} >= {"a"}


def test_totals_that_must_stay_can_make_a_cell_unprotectable(run):
    spec = {"cells": ["place", "sex"], "zeros": "known", "threshold": 5}
    words = "The cell place a, sex f can't be protected"
    with pytest.raises(CommandError, match=words):
        run(NOUGHTS, spec | {"keep": [["place"]]})
    rows = run(SMALL, SPEC | {"keep": [["place"], ["sex"]]})
    assert all(row["pattern"] == "publish" for row in rows[6:9])


def test_a_total_to_keep_must_be_among_those_published(run):
    with pytest.raises(CommandError, match="and none is published"):
        run(SMALL, SPEC | {"keep": [["region"]]})


@pytest.fixture
def counties():
    if not COUNTIES.exists():
        pytest.skip(f"{COUNTIES.name} is not at hand")
    features = json.loads(COUNTIES.read_text("utf-8"))["features"]
    rows = [
        f"{each['properties']['FIPS']},{period},{each['properties'][period]:.0f}"
        for each in features
        for period in ("SID74", "SID79")
    ]
    return "\n".join(["county,period,count", *rows])


COUNTY_SPEC = {
    "cells": ["county", "period"],
    "threshold": 5,
    "totals": [["county"], ["period"], []],
}


def test_of_72_small_counts_of_real_counties_30_come_back(run, counties):
    rows = run(counties, COUNTY_SPEC | {"small_totals": "publish"}, AUDIT)
    assert len(hidden(rows)) == 72
    assert sum(row["low"] == row["high"] for row in hidden(rows)) == 30


@pytest.mark.parametrize("small_totals", ["publish", "withhold"])
def test_none_comes_back_from_the_pattern_that_is_found(run, counties, small_totals):
    spec = COUNTY_SPEC | {"small_totals": small_totals}
    rows = run(counties, spec, ("seconds", 300.0))
    assert {row["protected"] for row in hidden(rows)} == {"yes"}
    assert not any(row["low"] == row["high"] for row in hidden(rows))
    least = int(run.said.split("fewer than ")[1].split(".")[0])
    assert len(hidden(rows)) <= 1.2 * least

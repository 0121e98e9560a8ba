import json
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from layers.indicators.management.data import (
    DataError,
    as_csv,
    as_json,
    read_spec,
    read_table,
)


def table(folder: Path, text: str | bytes):
    path = folder / "data.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_table(str(path))


def test_columns_are_read_as_text_and_numbers(tmp_path):
    found = table(tmp_path, "\ufeffzone,y\nحي, 1.5 \n\nB,NA\n")
    assert list(found.text("zone")) == ["حي", "B"]
    np.testing.assert_equal(found.numbers("y", missing=True), [1.5, np.nan])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The file is empty"),
        ("a,b\n", "a heading and no rows"),
        ("a,\n1,2\n", "Column 2 has no name"),
        ("a,a\n1,2\n", 'Two columns are called "a"'),
        ("a,b\n1\n", "Line 2 has 1 cells; the heading has 2"),
        ('a\n"x\n', "Line 2 can't be read"),
        (b"a\n\xff\n", "not in UTF-8"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, text, words):
    with pytest.raises(DataError, match=words):
        table(tmp_path, text)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("x", '"x" is no number'),
        ("inf", "no finite number"),
        ("", "is empty; a number is needed"),
        ("1_000", '"1_000" is no number'),
        ('"1,5"', '"1,5" is no number; decimals stand after a point'),
        ("1e300", "1e300 is not 0 and not from 1e-30 to 1e.15 in size"),
        ("5e-324", "not from 1e-30"),
    ],
)
def test_a_cell_that_is_no_number_is_named(tmp_path, cell, words):
    found = table(tmp_path, f"k,a\n0,1\n\n0,{cell}\n")
    with pytest.raises(DataError, match=f'Line 4, column "a": .*{words}'):
        found.numbers("a")


@pytest.mark.parametrize("sign", [";", "\t"])
def test_semicolons_and_tabs_part_cells_where_the_heading_has_no_comma(tmp_path, sign):
    found = table(tmp_path, f"\r\nالحي{sign}y\r\nأ, ب{sign}2\r\n")
    assert found.names == ["الحي", "y"]
    assert list(found.text("الحي")) == ["أ, ب"]
    assert found.numbers("y").tolist() == [2]


def test_an_unknown_column_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(DataError, match=r'no column "c"\. There are: a, b'):
        table(tmp_path, "a,b\n1,2\n").text("c")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "in braces"),
        ('{"a": 1,\n}', "line 2: this is no JSON"),
        ("[" * 100_000, "too deep"),
        ('{"a": 1' + "0" * 5000 + "}", "the number 1000"),
        ('{"a": NaN}', "the number NaN"),
        ('{"a": {"weight": "w", "weight": "v"}}', 'has "weight" twice'),
    ],
)
def test_a_specification_that_is_none_is_refused(tmp_path, text, words):
    path = tmp_path / "spec.json"
    path.write_text(text)
    with pytest.raises(DataError, match=words):
        read_spec(str(path))


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(DataError, match=r"nowhere\.csv can't be read: No such file"):
        read_table("nowhere.csv")


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "data.csv").write_text("sex,age_days,weight_kg\nm,3,4\n")
    with pytest.raises(CommandError, match="can't be written: Is a directory"):
        call_command("zscores", str(tmp_path / "data.csv"), output=tmp_path)


def test_not_a_number_is_null_and_an_empty_cell():
    rows = [{"zone": "حي", "se": np.float64("nan"), "n": np.int64(3)}]
    assert json.loads(as_json(rows)) == [{"zone": "حي", "se": None, "n": 3}]
    assert as_csv(rows) == "zone,se,n\nحي,,3\n"


def test_what_is_no_table_is_no_csv():
    with pytest.raises(DataError, match="use --format json"):
        as_csv({"H": 0.5})

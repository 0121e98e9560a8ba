import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command

from layers.indicators.anthropometry import FLAG_LIMITS
from tests.layers.indicators.pages import rows_of

HEADING = "id,sex,age_days,weight_kg,lenhei_cm,measure,oedema,muac_cm\n"
CHILD = "a,m,365,9.6,75.7,l,n,14.6\n"


def run(tmp_path, text, *options):
    data = tmp_path / "data.csv"
    data.write_text(text, encoding="utf-8")
    output = io.StringIO()
    call_command("zscores", str(data), *options, stdout=output)
    return output.getvalue()


def rows(tmp_path, text, *options):
    return list(csv.DictReader(io.StringIO(run(tmp_path, text, *options))))


def test_scores_and_flags_are_added_and_everything_else_kept(tmp_path):
    (found,) = rows(tmp_path, "village," + HEADING + "حي," + CHILD)
    assert found["village"] == "حي"
    assert found["weight_kg"] == "9.6"
    kept = 1 + len(HEADING.split(","))
    assert list(found)[kept:] == [
        *("clenhei", "cbmi", "c9mo_flag"),
        *("zlen", "flen", "zlen_missing", "zwei", "fwei", "zwei_missing"),
        *("zwfl", "fwfl", "zwfl_missing", "zbmi", "fbmi", "zbmi_missing"),
        *("zac", "fac", "zac_missing"),
    ]
    # Boys' medians at 12 months are 9.65 kg, 75.75 cm and 14.64 cm.
    assert [found[name] for name in ("zwei", "zlen", "zac")] == [
        "-0.04",
        "-0.02",
        "-0.04",
    ]
    assert {found[f"f{name}"] for name in ("len", "wei", "wfl", "bmi", "ac")} == {"0"}
    assert {found[f"z{name}_missing"] for name in ("len", "wei", "wfl")} == {""}


def test_a_child_without_a_score_has_a_reason_and_empty_cells(tmp_path):
    child = "a,2,,9.6,75.7,h,y,\n"
    (found,) = rows(tmp_path, HEADING + child)
    assert (found["zlen"], found["flen"], found["zlen_missing"]) == ("", "", "no_age")
    assert found["zwfl_missing"] == "oedema"


def test_json_has_null_for_what_is_missing(tmp_path):
    (found,) = json.loads(
        run(tmp_path, "sex,age_days,muac_cm\n1,10,9\n", "--format=json")
    )
    assert found["zac"] is None
    assert found["fac"] is None
    assert found["zac_missing"] == "age_outside_standard"
    assert found["age_days"] == "10"


def test_months_serve_where_days_are_not_known(tmp_path):
    text = "sex,age_days,age_months,weight_kg\nf,,24,11.5\nf,731,3,11.5\nf,,30,11.5\n"
    first, second, third = rows(tmp_path, text)
    assert first["zwei"] == second["zwei"] != third["zwei"]
    (alone,) = rows(tmp_path, "sex,age_months,weight_kg\nf,24,11.5\n")
    assert alone["zwei"] == first["zwei"]


def test_letters_and_numbers_say_the_same(tmp_path):
    texts = (
        "M,365,9,L,N",
        "1.0,365,9,l,2.0",
        "1,365,9,l,2",
        "m,365,9,,",
        "m,365,9,NA,NA",
    )
    found = rows(tmp_path, "sex,age_days,weight_kg,measure,oedema\n" + "\n".join(texts))
    assert len({each["zwei"] for each in found}) == 1


def test_digits_are_chosen(tmp_path):
    (found,) = rows(tmp_path, HEADING + CHILD, "--digits=5")
    assert len(found["zwei"].partition(".")[2]) == 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sex,age_days\n1,3\n", "There is nothing to score"),
        ("sex,weight_kg\n1,3\n", 'neither a column "age_days" nor "age_months"'),
        ("age_days,weight_kg\n1,3\n", 'There is no column "sex"'),
        (
            HEADING + CHILD + "b,x,365,9,75,l,n,14\n",
            'Line 3, column "sex": "x" is none of 1, m, 2, f.',
        ),
        (
            HEADING + CHILD.replace("9.6", "9,6", 1),
            "Line 2 has 9 cells; the heading has 8.",
        ),
        (
            HEADING + CHILD.replace("9.6", "heavy"),
            'Line 2, column "weight_kg": "heavy" is no number.',
        ),
        (
            HEADING + CHILD.replace(",l,", ",lying,"),
            'Line 2, column "measure": "lying" is none of l, h.',
        ),
        (
            HEADING + CHILD.replace(",n,", ",?,"),
            'Line 2, column "oedema": "?" is none of y, 1, n, 2.',
        ),
        (
            "sex,age_days,weight_kg,zwei\n1,3,4,0\n",
            'The file has a column "zwei" already. Rename or remove it.',
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(tmp_path, text, words):
    output = tmp_path / "out.csv"
    with pytest.raises(CommandError) as refused:
        run(tmp_path, text, f"--output={output}")
    assert words in str(refused.value)
    assert not output.exists()


PAGE = "anthropometry.md"


def test_the_worked_example_of_the_page_is_what_the_command_answers(tmp_path):
    given = rows_of(
        PAGE,
        "| child | sex | age_days | weight_kg | lenhei_cm | measure | oedema | muac_cm |",
    )
    expected = rows_of(
        PAGE,
        "| child | clenhei | zlen | zwei | zwfl | fwfl | zwfl_missing | zbmi | zac |",
    )
    text = io.StringIO()
    writer = csv.DictWriter(text, list(given[0]))
    writer.writeheader()
    writer.writerows(given)
    found = rows(tmp_path, text.getvalue())
    assert [{name: row[name] for name in expected[0]} for row in found] == expected


def test_the_page_names_the_flags_and_limits_of_the_engine():
    stated = {
        row["score"].strip("`").removeprefix("z"): row["flagged"]
        for row in rows_of(PAGE, "| score | flag | what | flagged |")
    }
    limits = {
        name: f"beyond −{-low} and +{high}" for name, (low, high) in FLAG_LIMITS.items()
    }
    assert stated == limits

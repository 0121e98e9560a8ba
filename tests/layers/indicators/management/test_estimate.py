import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command

from tests.layers.indicators.estimation import r

DESIGN = {
    "weight": "weight",
    "strata": "stratum",
    "cluster": ["segment", "household"],
    "fpc": ["segments", "households"],
}
SHARE = DESIGN | {"statistic": "proportion", "numerator": "need"}
ANSWER = [
    "estimate",
    "se",
    "low",
    "high",
    "df",
    "deff",
    "n",
    "flag",
    "interval",
    "missing",
]


@pytest.fixture
def ask(tmp_path, capsys, notes):
    def ask(spec, *arguments, data=None, command="estimate"):
        path, table = tmp_path / "spec.json", tmp_path / "data.csv"
        path.write_text(json.dumps(spec), "utf-8")
        table.write_text(data or r.SAMPLE.read_text("utf-8"), "utf-8")
        call_command(command, str(table), "--spec", str(path), *arguments)
        written = capsys.readouterr()
        notes.append(written.err)
        return written.out

    return ask


@pytest.fixture
def notes():
    return []


@pytest.fixture
def said(notes):
    """What the last command said on the standard error."""
    return lambda: notes[-1]


@pytest.fixture
def refusal(ask):
    """The words with which a command refuses."""

    def refusal(*arguments, **options):
        with pytest.raises(CommandError) as refused:
            ask(*arguments, **options)
        return str(refused.value)

    return refusal


def test_each_row_has_its_domain_and_what_is_said_of_it(ask):
    rows = json.loads(ask(SHARE | {"domain": "zone"}))
    assert [row["zone"] for row in rows] == ["A", "B", "C"]
    assert list(rows[0]) == ["zone", *ANSWER, "se_without_fpc"]
    theirs = r.committed()["share in B"][0]
    assert rows[1]["estimate"] == pytest.approx(theirs["estimate"], rel=1e-9)
    assert rows[1]["low"] == pytest.approx(theirs["low"], rel=1e-9)
    assert {row["flag"] for row in rows} == {"few"}
    assert all(row["se_without_fpc"] > row["se"] for row in rows)


def test_the_same_as_csv(ask):
    rows = list(csv.DictReader(io.StringIO(ask(SHARE, "--format", "csv"))))
    row = json.loads(ask(SHARE))[0]
    assert [list(each) for each in rows] == [[*ANSWER, "se_without_fpc"]]
    assert float(rows[0]["estimate"]) == row["estimate"]


def test_domains_are_crossed_and_empty_pairs_stay(ask):
    spec = {"statistic": "mean", "numerator": "y", "domain": ["zone", "round"]}
    lines = ["zone,round,y", *(f"A,{n % 2 + 9},{n}" for n in range(9)), "B,9,4", "B,,7"]
    rows = json.loads(ask(spec, data="\n".join(lines)))
    assert [(row["zone"], row["round"], row["n"]) for row in rows] == [
        ("A", "9", 5),
        ("A", "10", 4),
        ("B", "9", 1),
        ("B", "10", 0),
    ]
    assert rows[3]["flag"] == "no_data"
    assert rows[3]["estimate"] is None


def test_yes_and_no_are_a_share_and_what_is_unknown_is_counted(ask):
    lines = ["y,x", *["yes,1"] * 30, *["NO,1"] * 30, *["true,0"] * 5, ",1", "NA,0"]
    spec = {"statistic": "proportion", "numerator": "y", "denominator": "x"}
    row = json.loads(ask(spec, data="\n".join(lines)))[0]
    assert (row["estimate"], row["n"], row["missing"]) == (0.5, 60, 1)
    assert row["flag"] == "reliable"


def test_every_interval_can_be_asked_for(ask):
    found = {
        name: json.loads(ask(SHARE | {"interval": name}))[0]
        for name in ("logit", "korn_graubard", "wilson", "clopper_pearson")
    }
    assert {row["interval"] for row in found.values()} == set(found)
    assert len({row["low"] for row in found.values()}) == 4


def test_a_ratio_of_parts_to_wholes_is_bounded_as_a_share(ask):
    lines = ["y,x", *["1,4"] * 30, *["2,3"] * 3, *["0,2"] * 20]
    spec = {"statistic": "ratio", "numerator": "y", "denominator": "x"}
    data = "\n".join(lines)
    assert json.loads(ask(spec, data=data))[0]["interval"] == "logit"
    plain = json.loads(ask(spec | {"interval": "t"}, data=data))[0]
    assert plain["interval"] == "t"
    assert plain["estimate"] - plain["low"] == pytest.approx(
        plain["high"] - plain["estimate"]
    )
    more = json.loads(ask(spec, data=data + "\n9,4"))[0]
    assert more["interval"] == "t"


def test_a_share_of_none_has_a_one_sided_interval(ask):
    lines = ["zone,y", *["A,0"] * 40, *["B,1", "B,0"] * 20]
    spec = {"statistic": "proportion", "numerator": "y", "domain": "zone"}
    rows = json.loads(ask(spec, data="\n".join(lines)))
    assert (rows[0]["estimate"], rows[0]["low"]) == (0, 0)
    assert rows[0]["interval"] == "clopper_pearson"
    assert rows[0]["high"] == pytest.approx(1 - 0.025 ** (1 / 40))


def test_nonresponse_and_known_totals_are_weighed_in(ask, said):
    lines = ["home,zone,weight,answered,y"]
    for home in range(40):
        answered = int(home % 4 > 0)
        zone = "AB"[home % 2]
        lines += [f"{home},{zone},2,{answered},{home % 3 if answered else ''}"] * 2
    weights = {
        "nonresponse": {"respondent": "answered", "classes": "zone", "unit": "home"},
        "poststratify": {"by": "zone", "totals": {"A": 100, "B": 300}},
    }
    spec = {"statistic": "total", "numerator": "one", "cluster": "home"}
    spec |= {"weight": "weight", "weights": weights, "domain": "zone"}
    data = "\n".join([lines[0] + ",one", *(line + ",1" for line in lines[1:])])
    rows = json.loads(ask(spec, data=data))
    assert 'Class "A": 50.0% responded, weights were multiplied by 2.0000.' in said()
    assert [row["estimate"] for row in rows] == pytest.approx([100, 300])
    assert [row["se"] for row in rows] == pytest.approx([0, 0], abs=1e-9)
    assert [row["n"] for row in rows] == [20, 40]
    weights["nonresponse"] |= {"smallest": 15, "merge": True}
    assert json.loads(ask(spec, data=data))
    assert 'Class "A" was joined with "B".' in said()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stratum": "x"}, 'unknown key "stratum". There are: statistic, numerator'),
        ({"statistic": "mode"}, "'mode'; it must be one of mean, total, ratio"),
        ({"statistic": "ratio"}, 'A ratio needs "denominator"'),
        ({"statistic": "total", "denominator": "x"}, "has no place in a total"),
        ({"numerator": None}, 'needs "numerator"'),
        ({"numerator": "nothing"}, 'There is no column "nothing". There are: stratum,'),
        ({"weight": False}, '"weight" is a column\'s name or a list of names'),
        ({"weights": {"rake": 0}}, '"rake" is a list of objects'),
        ({"numerator": "x"}, 'Line 2, column "x": "2" is neither 0 nor 1'),
        ({"weight": "zone"}, 'Line 2, column "zone": "'),
        ({"level": 95}, '"level" is 95; it lies between 0 and 1'),
        ({"interval": "wald"}, "'wald'; it must be one of logit"),
        ({"interval": "t"}, "a proportion takes logit"),
        ({"single_psu": "remove"}, "'remove'; it must be one of adjust, average"),
        ({"fpc": ["segments", "households", "x"]}, "names more stages than cluster"),
        ({"cluster": ["segment", "segment"]}, 'names the column "segment" twice'),
        ({"strata": ["stratum", "zone"]}, "names 2 columns; it takes one"),
        ({"strata": "zone"}, 'Cluster "1" is in two strata, "B" and "C"'),
        ({"fpc": ["x"]}, 'Stratum "S0" has two frame counts'),
        ({"weights": {"trim": 3}}, '"weights" has an unknown key "trim"'),
        (
            {"weights": {"rake": [{"by": "zone", "totals": {"A": "many"}}]}},
            'The known totals by zone: "A" needs one number',
        ),
        (
            {"weights": {"poststratify": {"by": "zone", "totals": {"A": 5}}}},
            'no known total for "B"',
        ),
        ({"domain": "n"}, 'names "n", a column of the answer'),
    ],
)
def test_a_specification_that_makes_no_sense_is_refused(refusal, change, words):
    assert words in refusal(SHARE | change)


PLAIN = {"statistic": "proportion", "numerator": "y", "weight": "w", "strata": "h"}


@pytest.mark.parametrize(
    ("row", "spec", "words"),
    [
        ("A,a,1,-2,1,5,1", {}, 'Line 4, column "w": the weight is -2'),
        ("A,a,1,,1,5,1", {}, 'Line 4, column "w": is empty; a number is needed'),
        ("A,a,1,x,1,5,1", {}, 'Line 4, column "w": "x" is no number'),
        (",a,1,1,1,5,1", {}, 'Line 4, column "h": is empty'),
        ("NA,a,1,1,1,5,1", {}, 'Line 4, column "h": "NA" stands for not known'),
        ("B,a,1,1,1,,1", {"fpc": "f"}, 'Stratum "B" has no frame count'),
        (
            "B,a,1,1,1,0.2,1",
            {"fpc": "f"},
            'Stratum "B" has 1 sampled units but a frame',
        ),
        (
            "B,a,1,1,1,5,1",
            {"cluster": "u"},
            'Cluster "a" is in two strata, "A" and "B"',
        ),
        ("B,b,1,1,1,5,1", {"single_psu": "fail"}, 'Stratum "B" has a single sampling'),
        ("A,a,1,1,1,5,0", {"denominator": "x"}, 'Column "x" is zero in every row'),
        (
            "A,a,1,1,1,5,0",
            {"statistic": "ratio", "denominator": "x"},
            'Column "x" is zero in every row',
        ),
        ("A,a,3,1,1,5,0", {}, 'Line 4, column "y": "3" is neither 0 nor 1'),
    ],
)
def test_wrong_rows_are_named(refusal, row, spec, words):
    data = f"h,u,y,w,z,f,x\nA,a,1,1,1,5,0\nA,b,0,1,1,5,0\n{row}\n"
    assert words in refusal(PLAIN | spec, data=data)


def test_nothing_is_written_when_the_data_is_refused(refusal, tmp_path):
    place = tmp_path / "answer.json"
    refusal(SHARE | {"level": 2}, "--output", str(place))
    assert not place.exists()


ROUNDS = {
    "statistic": "proportion",
    "numerator": "y",
    "cluster": "home",
    "strata": "zone",
}


def rounds(*, version=None):
    """Two zones; in North the need falls from 60 % to 20 %, in South it stays."""
    lines = ["zone,home,round,y,version"]
    for zone, second in (("North", 2), ("South", 6)):
        for home in range(60):
            for number, share in ((1, 6), (2, second)):
                y = int(home % 10 < share)
                lines.append(f"{zone},{zone}{home},{number},{y},{version or number}")
    return "\n".join(lines)


def compare(ask, spec, *arguments, data):
    found = ask(
        ROUNDS | spec, "--first", "1", "--second", "2", *arguments, data=data,
        command="contrast",
    )  # fmt: skip
    return json.loads(found)


def test_two_rounds_are_compared_with_what_they_share(ask):
    (row,) = compare(ask, {"domain": "round"}, data=rounds())
    assert row["difference"] == pytest.approx(-0.2)
    apart = json.loads(ask(ROUNDS | {"domain": "round"}, data=rounds()))
    variance = sum(each["se"] ** 2 for each in apart) - 2 * row["covariance"]
    assert row["se"] ** 2 == pytest.approx(variance)
    assert row["covariance"] > 0
    assert (row["verdict"], row["df"]) == ("better", 118)


def test_the_rounds_are_compared_in_each_zone_and_corrected_for_their_number(ask):
    spec = {"domain": ["zone", "round"]}
    north, south = compare(ask, spec, "--each", "zone", data=rounds())
    assert (north["zone"], north["first"], north["second"]) == ("North", "1", "2")
    assert north["verdict"] == "better"
    assert north["p_adjusted"] == pytest.approx(north["p"])
    assert (south["verdict"], south["refusal"]) == ("refused", "zero_variance")
    assert south["p"] is None
    (higher, _) = compare(
        ask, spec, "--each", "zone", "--higher", "better", data=rounds()
    )
    assert higher["verdict"] == "worse"


def test_rounds_of_two_definitions_are_not_compared(ask):
    spec = {"domain": "round", "definition": "version"}
    (row,) = compare(ask, spec, data=rounds())
    assert (row["verdict"], row["refusal"]) == ("refused", "definition")
    (row,) = compare(ask, spec, data=rounds(version=1))
    assert row["verdict"] == "better"


@pytest.mark.parametrize(
    ("spec", "arguments", "words"),
    [
        ({}, ("--first", "1", "--second", "2"), 'needs "domain"'),
        (
            {"domain": "round"},
            ("--first", "1", "--second", "3"),
            'column "round" has no "3". There are: 1, 2.',
        ),
        ({"domain": "round"}, ("--first", "1", "--second", "1"), "not the same"),
        (
            {"domain": ["zone", "round"]},
            ("--first", "1", "--second", "2"),
            "--first takes 2 values: of zone, round, in this order",
        ),
        (
            {"domain": "round"},
            ("--first", "1", "--second", "2", "--each", "zone"),
            '--each "zone" is none of the domains round',
        ),
        (
            {"domain": "round"},
            ("--first", "1", "--second", "2", "--each", "round"),
            "leaves no domain to compare",
        ),
    ],
)
def test_domains_that_cannot_be_compared_are_refused(refusal, spec, arguments, words):
    found = refusal(ROUNDS | spec, *arguments, data=rounds(), command="contrast")
    assert words in found

import csv
import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

MILK = Path(__file__).parents[1] / "data/milk.csv"
SPEC = {
    "area": "area",
    "estimate": "mean",
    "se": "se",
    "n": "n",
    "covariates": ["major2", "major3", "major4"],
}


@pytest.fixture
def run(tmp_path):
    def run(spec, data=MILK, **options):
        path, output = tmp_path / "spec.json", io.StringIO()
        path.write_text(json.dumps(spec))
        call_command("fay_herriot", str(data), spec=str(path), stdout=output, **options)
        return output.getvalue()

    return run


def test_milk_answers_areas_and_the_model(run):
    found = json.loads(run(SPEC))
    first = found["areas"][0]
    assert first["direct"] == 1.099
    assert first["modelled"] == pytest.approx(1.0219703, abs=1e-5)
    assert first["rmse"] ** 2 == pytest.approx(first["mse"])
    assert first["cv"] == pytest.approx(first["rmse"] / first["modelled"])
    assert {each["label"] for each in found["areas"]} == {"modelled"}
    assert found["model"]["sigma2"] == pytest.approx(0.01855, abs=1e-5)
    assert found["model"]["coefficients"]["major4"] == pytest.approx(-0.2413, abs=1e-4)


def test_csv_has_a_row_for_each_area(run):
    rows = list(csv.DictReader(io.StringIO(run(SPEC, format="csv"))))
    assert len(rows) == 43
    assert rows[0]["label"] == "modelled"


def test_the_benchmark_is_the_direct_total(run):
    spec = SPEC | {"benchmark": {"weight": "n", "method": "ratio"}}
    found = json.loads(run(spec))
    rows = list(csv.DictReader(MILK.open()))
    weight = [float(row["n"]) for row in rows]
    direct = sum(
        w * float(row["mean"]) for w, row in zip(weight, rows, strict=True)
    ) / sum(weight)
    modelled = sum(
        w * each["modelled"] for w, each in zip(weight, found["areas"], strict=True)
    )
    assert modelled / sum(weight) == pytest.approx(direct)
    assert found["model"]["benchmark"] == pytest.approx(direct)


def shares(folder, **cells):
    """Twenty areas with a share, its variance and n; `cells` replace a column's end."""
    path = folder / "shares.csv"
    columns = {
        "area": [f"Z{i}" for i in range(20)],
        "p": [f"{0.1 + 0.03 * i + 0.02 * (i % 3):.3f}" for i in range(20)],
        "v": ["0.004"] * 20,
        "n": ["40"] * 20,
        "poor": [str(i) for i in range(20)],
    }
    for name, cell in cells.items():
        columns[name][-1] = cell
    lines = [",".join(columns), *map(",".join, zip(*columns.values(), strict=True))]
    path.write_text("\n".join(lines))
    return path


SHARE = {
    "area": "area", "estimate": "p", "variance": "v", "n": "n", "covariates": ["poor"]
}  # fmt: skip


@pytest.mark.parametrize("transform", ["none", "arcsine", "logit"])
def test_an_area_out_of_the_sample_is_synthetic(run, tmp_path, transform):
    data = shares(tmp_path, p="", v="", n="0")
    found = json.loads(run(SHARE | {"transform": transform}, data))["areas"]
    assert [each["synthetic"] for each in found] == [False] * 19 + [True]
    assert found[-1]["direct"] is None
    assert 0.6 < found[-1]["modelled"] < 0.8


def test_smoothing_lets_a_share_of_one_in(run, tmp_path):
    data = shares(tmp_path, p="1", v="0")
    with pytest.raises(CommandError, match="variance above zero"):
        run(SHARE, data)
    found = json.loads(run(SHARE | {"smooth": True}, data))
    variances = {each["direct_variance"] for each in found["areas"]}
    assert len(variances) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"covariates": []}, "No covariate differs"),
        ({"covariates": "poor"}, "a list of columns"),
        ({"covariates": ["rich"]}, 'no column "rich"'),
        ({"variance": "v", "se": "v"}, "one of them"),
        ({"transform": "log"}, "none, arcsine, logit"),
        ({"weights": "n"}, 'has no "weights"'),
        ({"benchmark": {"weight": "n", "method": "sum"}}, "ratio, difference"),
        ({"benchmark": "n"}, "an object with"),
        ({"area": "v"}, "occurs twice"),
        ({"n": ["n"]}, '"n" is a text'),
        ({"benchmark": {"weight": "n", "target": "nan"}}, "is a number"),
        ({"benchmark": {"weight": "n", "targets": 0.3}}, 'benchmark has no "targets"'),
        ({"smooth": "false"}, '"smooth" is true or false'),
        ({"benchmark": {"weight": 5}}, '"weight" is a text'),
    ],
)
def test_a_wrong_specification_is_refused(run, tmp_path, change, words):
    with pytest.raises(CommandError, match=words):
        run(SHARE | change, shares(tmp_path))


def test_a_negative_error_is_refused(run, tmp_path):
    data = shares(tmp_path)
    heading, first, *rest = data.read_text().splitlines()
    name = SHARE.get("se", SHARE.get("variance"))
    cells = first.split(",")
    place = heading.split(",").index(name)
    cells[place] = f"-{cells[place]}"
    data.write_text("\n".join([heading, ",".join(cells), *rest]))
    with pytest.raises(CommandError, match=f'Line 2, column "{name}": .* is negative'):
        run(SHARE, data)


def test_too_few_areas_are_refused(run, tmp_path):
    data = shares(tmp_path)
    data.write_text("\n".join(data.read_text().splitlines()[:12]))
    with pytest.raises(CommandError, match="Only 11 areas"):
        run(SHARE, data)

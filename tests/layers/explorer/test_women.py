"""Whom a figure is about is said wherever it stands."""

import csv
import io
import json
from dataclasses import replace
from datetime import date

import pytest
from openpyxl import load_workbook

from layers.indicators.services import compute_release, replace_observations
from tests.factories.observations import with_women
from tests.layers.explorer.conftest import ZONES, households


@pytest.fixture
def release(town, zones):
    units = [
        unit
        for zone, (number, share, _after) in ZONES.items()
        for unit in households(2026, zone, number, share)
    ]
    observed = replace_observations(
        municipality=town,
        code="spring-2026",
        titles=dict.fromkeys(("ar", "en", "fr"), "Spring"),
        reference_date=date(2026, 4, 1),
        source="Household survey",
        units=[replace(x, weight=4.0) for x in with_women(units)],
    )
    return compute_release(municipality=town, observation_set=observed)


def test_pages_say_women_where_they_say_children_of_other_figures(
    planner, read, town, release
):
    row = release.estimates.get(indicator="pro_marriage", zone__code="Q1")
    assert row.n > 50
    for view in ("zones", "rounds", "groups"):
        page = read(f"?view={view}&indicator=pro_marriage")
        assert "of 100 women aged 20 to 24" in page
        assert "Women asked" in page
        for word in (
            "Children asked",
            "Of 100 children",
            "Children in need",
            ">Girls<",
        ):
            assert word not in page
        other = read(f"?view={view}&indicator=edu_oos")
        assert "Children asked" in other
        assert "Women asked" not in other
    query = {"indicator": "pro_marriage", "round": "spring-2026"}
    said = planner.get(f"/en/{town.slug}/map/values.json", query).json()
    assert said["legend"]["heading"] == "Of 100 women"
    assert said["zones"]["Q1"]["says"] == f"{round(100 * row.estimate)} of 100 women"
    assert said["zones"]["Q4"]["range"] == "too few women were asked"
    assert {key["label"] for key in said["legend"]["keys"]} >= {
        "Withheld to protect women"
    }
    girls = planner.get(
        f"/en/{town.slug}/map/values.json", query | {"breakdown": "sex:female"}
    ).json()
    assert girls == said
    assert girls["everybody"]


def test_a_profile_counts_no_women_among_children(read, release):
    most = max(x.n or 0 for x in release.estimates.exclude(indicator="pro_marriage"))
    page = read("town/")
    assert f">{most}<" in page
    greatest = page[page.index("strip") : page.index('id="all"')]
    assert "Women married" not in greatest
    assert "(of 100 women aged 20 to 24)" in page[page.index('id="all"') :]


def test_files_tell_women_from_children(planner, at, release):
    def take(form):
        answer = planner.get(at(f"files/{form}"))
        return b"".join(answer.streaming_content)

    def lines(form):
        text = take(form).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    groups = {
        row["group"] for row in lines("figures.csv") if "marriage" in row["indicator"]
    } - {"girls", "boys", "all children"}
    assert "women aged 20 to 24" in groups
    of_women = [x for x in lines("sdmx.csv") if x["INDICATOR"] == "pro_marriage"]
    assert {(x["SEX"], x["AGE"]) for x in of_women} == {("F", "Y20T24")}
    told = [json.loads(x["attributes"]) for x in lines("geosight.csv")
            if x["indicator"] == "pro_marriage"]  # fmt: skip
    assert {x["who"] for x in told} == {"women"}
    book = load_workbook(io.BytesIO(take("figures.xlsx")), read_only=True)
    about = [row[:2] for row in book.worksheets[-1].iter_rows(values_only=True)]
    assert any(
        "Women married before age 18" in str(said) for name, said in about
        if name == "Women"
    )  # fmt: skip

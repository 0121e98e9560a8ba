import csv
import io
import json

import pytest
from openpyxl import load_workbook

from layers.explorer.sdmx import COLUMNS, group_codes
from layers.explorer.sdmx import DIMENSIONS as CODES
from layers.geography.models import Zone
from layers.indicators.groups.breakdowns import DIMENSIONS
from layers.indicators.models import AreaEstimate, Estimate
from tests.factories.geography import ZoneFactory
from tests.layers.explorer.conftest import ZONES

# What nobody may find in a file: values of a figure that is withheld.
VALUES = ("OBS_VALUE", "LOWER_BOUND", "UPPER_BOUND", "STD_ERROR", "SAMPLE_SIZE")


@pytest.fixture
def take(planner, at):
    def take(form, language="en"):
        response = planner.get(at(f"files/{form}", language))
        assert response.status_code == 200
        assert "attachment" in response["Content-Disposition"]
        assert "-release-" in response["Content-Disposition"]
        return b"".join(response.streaming_content)

    return take


@pytest.fixture
def lines(take):
    def lines(form, language="en"):
        text = take(form, language).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    return lines


def hidden(release):
    return sum(
        rows.filter(estimate=None).count()
        for rows in (release.estimates.all(), areas(release))
    )


def areas(release):
    return AreaEstimate.objects.of_release(release)


def test_the_csv_has_a_line_a_figure_with_its_release_and_definition(lines, two):
    rows = lines("figures.csv")
    assert len(rows) == two.estimates.count() + areas(two).count()
    assert {(row["release"], row["definition version"]) for row in rows} == {("2", "1")}
    row = next(
        row
        for row in rows
        if (row["indicator"], row["zone code"]) == ("edu_oos", "Q2")
        and row["group"] == "all children"
    )
    stored = two.estimates.get(indicator="edu_oos", breakdown="all", zone__code="Q2")
    assert float(row["percent"]) == pytest.approx(100 * stored.estimate)
    assert int(row["children asked, rounded"]) == stored.n
    assert int(row["children in need, estimated"]) == stored.total
    assert row["reliability"] == "reliable"


def test_larger_areas_follow_with_their_level_and_zones(
    lines, publish, town, zones, planner, at
):
    """Q1 and Q2 in section S1, the others in S2."""
    for code, inside in (("S1", zones[:2]), ("S2", zones[2:])):
        section = ZoneFactory(
            municipality=town, code=code, name_en=code, kind=Zone.Kind.SECTION
        )
        pks = [zone.pk for zone in inside]
        Zone.objects.filter(pk__in=pks).update(parent=section)
    release = publish()
    found = next(
        row
        for row in lines("figures.csv")
        if (row["indicator"], row["zone code"]) == ("edu_oos", "S1")
        and row["group"] == "all children"
    )
    stored = areas(release).of_indicator("edu_oos").of_breakdown("all")
    s1 = stored.get(area__zone__code="S1")
    assert (found["level"], found["its zones"]) == ("cadastral sections", "Q1+Q2")
    assert float(found["percent"]) == pytest.approx(100 * s1.estimate)
    codes = {row["geom_code"] for row in lines("geosight.csv")}
    assert codes == {town.slug, *ZONES, "S1", "S2"}
    places = {row["REF_AREA"] for row in lines("sdmx.csv")}
    assert f"{town.slug}.S1" in places
    page = planner.get(at("?view=areas&indicator=edu_oos&level=section&sort=name"))
    (section,) = page.context["chart"]
    assert [row.name for row, _change in section["table"]] == ["S1", "S2"]
    profile = planner.get(at("zone/Q1/")).content.decode()
    assert '<th scope="col" class="number">S1</th>' in profile


def test_withheld_figures_stand_there_without_values(lines, two):
    rows = [row for row in lines("figures.csv") if row["reliability"] == "withheld"]
    assert rows
    for row in rows:
        assert row["reason"]
        numbers = list(row.values())[9:19]
        assert numbers == [""] * 10, row


def test_headings_are_in_the_readers_language(take, two):
    headings = take("figures.csv", "ar").decode("utf-8-sig").splitlines()[0]
    assert "بالمئة" in headings.split(",")
    assert "degrés de liberté" in take("figures.csv", "fr").decode()


def test_a_name_that_a_spreadsheet_would_run_is_text(lines, zones, publish):
    zones[0].name_en = "=HYPERLINK(1)"
    zones[0].save()
    publish(source="+cmd")
    names = {row["zone"] for row in lines("figures.csv")}
    assert "'=HYPERLINK(1)" in names
    assert {row["DATA_SOURCE"] for row in lines("sdmx.csv")} == {"'+cmd"}


def test_the_workbook_has_a_sheet_a_table_from_the_right_in_arabic(take, two, zones):
    book = load_workbook(io.BytesIO(take("figures.xlsx", "ar")))
    assert book.sheetnames == [
        "الأرقام",
        "متوسّطات",
        "أخطاء المعاينة",
        "التغيّرات",
        "حاجات عدة",
        "مناطق أكبر",
        "عن الملف",
    ]
    assert all(sheet.sheet_view.rightToLeft for sheet in book)
    figures = book["الأرقام"]
    assert figures.max_row == two.estimates.count() + 1
    assert figures["A1"].font.bold
    assert figures.freeze_panes == "A2"
    english = load_workbook(io.BytesIO(take("figures.xlsx")))
    assert not any(sheet.sheet_view.rightToLeft for sheet in english)
    assert english["Changes"].max_row == two.changes.count() + 1
    shown = two.estimates.exclude(se=None).count()
    assert english["Sampling errors"].max_row == shown + 1


@pytest.mark.parametrize(
    ("key", "codes"),
    [
        ("all", ["_T", "Y5T17", "_T", "_T", "_T", "_T"]),
        ("sex:male+wealth:1", ["M", "Y5T17", "Q1", "_T", "_T", "_T"]),
        ("age:5-9", ["_T", "Y5T9", "_T", "_T", "_T", "_T"]),
        ("disability:yes+nationality:syrian", ["_T", "Y5T17", "_T", "PD", "SY", "_T"]),
    ],
)
def test_sdmx_has_a_column_for_each_dimension(key, codes):
    assert group_codes(key, "Y5T17") == codes


def test_sdmx_knows_every_category():
    known = {name: set(codes) for name, codes in CODES.items()}
    assert known == {name: set(x.categories) for name, x in DIMENSIONS.items()}


def test_a_workbook_runs_no_formula(take, zones, publish):
    zones[0].name_en = "=1+1"
    zones[0].save()
    publish()
    book = load_workbook(io.BytesIO(take("figures.xlsx")))
    kinds = {cell.data_type for sheet in book for row in sheet for cell in row}
    assert "f" not in kinds


def test_sdmx_columns_begin_as_the_field_guide_has_them(lines, two, town):
    rows = lines("sdmx.csv")
    assert list(rows[0]) == COLUMNS
    assert COLUMNS[:3] == ["STRUCTURE", "STRUCTURE_ID", "ACTION"]
    assert {tuple(row[name] for name in COLUMNS[:3]) for row in rows} == {
        ("dataflow", "GISPORTAL:CHILD_NEEDS(1.0)", "I")
    }
    keys = COLUMNS[3 : COLUMNS.index("TIME_PERIOD") + 1]
    assert len({tuple(row[key] for key in keys) for row in rows}) == len(rows)
    assert {row["SEX"] for row in rows} == {"_T", "F", "M"}
    assert {row["TIME_PERIOD"] for row in rows} == {"2026-04-01"}
    ages = {row["INDICATOR"]: row["AGE"] for row in rows if row["SEX"] != "_T"}
    moved = {row["DISPLACEMENT_STATUS"] for row in rows}
    assert moved == {"_T", "DISP", "NDISP"}
    assert (ages["edu_oos_primary"], ages["ecd_stim"]) == ("Y6T11", "M24T59")
    places = {row["REF_AREA"] for row in rows}
    assert places >= {town.slug, f"{town.slug}.Q1"}
    merged = areas(two).of_level("merged").values_list("area__codes", flat=True)
    assert {place for place in places if ".merged." in place} == {
        f"{town.slug}.merged.{codes.replace('+', '_')}" for codes in merged
    }
    assert merged


def test_sdmx_says_why_a_value_is_missing(lines, two):
    rows = lines("sdmx.csv")
    by_status = {status: [] for status in "AUQO"}
    for row in rows:
        by_status[row["OBS_STATUS"]].append(row)
    assert all(by_status.values())
    for row in by_status["Q"]:
        assert row["CONF_STATUS"] in ("C", "D")
        assert [row[name] for name in VALUES] == [""] * len(VALUES)
    assert all(row["OBS_VALUE"] for row in by_status["A"] + by_status["U"])
    secondary = Estimate.Reason.PROTECTS_OTHERS
    assert {row["OBS_COMMENT"] for row in rows if row["CONF_STATUS"] == "D"} <= {
        secondary
    }


def test_the_geosight_table_is_long_and_its_attributes_are_json(lines, two, town):
    rows = lines("geosight.csv")
    assert list(rows[0]) == ["geom_code", "date", "indicator", "value", "attributes"]
    assert len(rows) == two.estimates.count()
    for row in rows:
        said = json.loads(row["attributes"])
        assert said["release"] == 2
        if said["flag"] == "withheld":
            assert row["value"] == ""
            assert not {"low", "high", "n", "se", "children_in_need"} & said.keys()
    assert {row["geom_code"] for row in rows} == {town.slug, *ZONES}


def test_no_file_holds_a_number_for_a_figure_that_is_withheld(lines, two):
    assert hidden(two) > 0
    empty = [row for row in lines("sdmx.csv") if not row["OBS_VALUE"]]
    assert len(empty) == hidden(two)


def test_an_older_release_is_taken_by_its_number(planner, at, two):
    response = planner.get(at("files/figures.csv?release=1"))
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["round"] for row in rows} == {"Spring 2025"}

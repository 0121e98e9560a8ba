"""Filters: OGC API – Features part 3 with CQL2, text and JSON."""

import json

import pytest

from layers.features.errors import BadParameter
from layers.features.filters import parse
from tests.layers.features.test_core import walk

BOX = "POLYGON((35.815 33.79,35.835 33.79,35.835 33.81,35.815 33.81,35.815 33.79))"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("kind = 'school'", "01"),
        ("kind <> 'school'", "234"),
        ("kind = 'school' OR kind = 'clinic' AND code = 'F1'", "01"),
        ("(kind = 'school' OR kind = 'clinic') AND NOT code = 'F1'", "02"),
        ("code > 'F1' AND code <= 'F3'", "23"),
        ("code LIKE 'F_' AND name_en LIKE 'Place%'", "0123"),
        ("name_en NOT LIKE '%'", ""),
        ("code LIKE '\\%'", ""),
        ("CASEI(name_en) = CASEI('PLACE e')", "0"),
        ("CASEI(name_en) LIKE CASEI('PLACE%')", "0123"),
        ("code IN ('F0','F4','F9')", "04"),
        ("code NOT IN ('F0','F4')", "123"),
        ("code BETWEEN 'F1' AND 'F2'", "12"),
        ("name_ar = 'مكان 3'", "3"),
        ("name_en IS NULL", ""),
        ("name_en IS NOT NULL", "01234"),
        ("name_en = ''", "4"),
        ("name_en = 'it''s'", ""),
        ("true", "01234"),
        ("false", ""),
        (f"S_INTERSECTS(geometry,{BOX})", "12"),
        (f"S_WITHIN(geometry,{BOX})", "12"),
        (f"S_DISJOINT(geometry,{BOX})", "034"),
        ("S_INTERSECTS(geometry,BBOX(35.815,33.79,35.835,33.81))", "12"),
        ("S_EQUALS(geometry,POINT(35.81 33.8))", "0"),
        ("S_TOUCHES(geometry,LINESTRING(35.81 33.8,36 34))", "0"),
        (f"kind = 'clinic' AND S_INTERSECTS(geometry,{BOX})", "2"),
    ],
)
def test_a_filter_in_text_and_the_same_in_json(api, places, asked, found):
    wanted = [f"F{each}" for each in found]
    assert api.codes(filter=asked) == wanted
    tree = json.dumps(parse(asked, "cql2-text"))
    assert api.codes(filter=tree, filter_lang="cql2-json") == wanted


def test_numbers_are_compared_as_numbers(api, parcels, as_planner):
    assert api.codes("parcels", filter="official_area > 150 AND official_area < 1e3") == [
        "P02", "P07", "P10", "P11",
    ]  # fmt: skip
    assert api.codes("parcels", filter="official_area IS NULL") == [
        "P00", "P03", "P06", "P09",
    ]  # fmt: skip
    assert api.codes("parcels", official_area="100") == ["P01", "P05"]


def test_dates_are_compared_with_dates(api, as_planner, release):
    def found(asked):
        return bool(api.codes("figures", filter=asked, limit=1))

    assert found("reference_date = DATE('2026-04-30')")
    assert found("T_AFTER(reference_date, DATE('2026-04-29'))")
    assert not found("T_AFTER(reference_date, DATE('2026-04-30'))")
    assert found("T_DURING(reference_date, INTERVAL('2026-01-01','..'))")
    assert not found("T_BEFORE(reference_date, TIMESTAMP('2026-04-30T10:00:00Z'))")
    assert found("T_INTERSECTS(reference_date, INTERVAL('..','2026-04-30'))")


def test_fields_by_name_and_filters_join(api, places):
    assert api.codes(kind="school") == ["F0", "F1"]
    assert api.codes(kind="school", filter="code = 'F1'", bbox="35,33,36,34") == ["F1"]


def test_a_filter_goes_over_pages(api, places):
    found = walk(api, "facilities", limit=1, filter="kind <> 'clinic'")
    assert found == ["F0", "F1", "F3", "F4"]


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("code", "01234"),
        ("-code", "43210"),
        ("name_en", "43210"),
        ("kind,-code", "24310"),
        ("+kind,code", "24301"),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 10])
def test_sorting_goes_over_pages(api, places, order, found, limit):
    assert walk(api, "facilities", limit=limit, sortby=order) == [
        f"F{n}" for n in found
    ]


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_rows_without_a_value_come_last_either_way(api, parcels, as_planner, limit):
    empty = ["P00", "P03", "P06", "P09"]
    up = walk(api, "parcels", limit=limit, sortby="official_area")
    down = walk(api, "parcels", limit=limit, sortby="-official_area")
    assert up[-4:] == down[-4:] == empty
    assert len(set(up)) == len(set(down)) == 12
    assert up[:2] == ["P04", "P08"]
    assert down[:2] == ["P07", "P11"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("colour = 'red'", "no field “colour”"),
        ("geometry_3857 = 'x'", "no field"),
        ("municipality_id = 1", "no field"),
        ("kind = 1", "text with text"),
        ("kind", "true or not"),
        ("1", "true or not"),
        ("kind = TRUE", "compares"),
        ("pg_sleep(1) = 1", ""),
        ("kind LIKE 1", "text"),
        ("code LIKE 'x\\'", "don't close"),
        ("S_INTERSECTS(kind,POINT(1 2))", "geometries"),
        ("S_INTERSECTS(geometry,POLYGON((0 0,1 1)))", ""),
        ("S_INTERSECTS(geometry,POLYGON((0 0,2 2,2 0,0 2,0 0)))", "not valid"),
        ("S_INTERSECTS(geometry,POINT EMPTY)", "can't be read"),
        ("S_INTERSECTS(geometry,POINT(500 2))", "outside"),
        ("T_AFTER(kind,DATE('2026-01-01'))", "dates"),
        ("kind = DATE('2026-01-01')", "text with text"),
        ("kind = 'x", "don't close"),
        ("kind = ", "can't be read"),
        ("((((((((((((kind = 'x'))))))))))))", "nested"),
        ("(" * 3000 + "kind", "don't close"),
        ("-" * 3000 + "1 = 1", "nested"),
        ("NOT " * 900 + "kind = 'x'", "nested"),
        ("kind = '" + "x" * 5000 + "'", "too long"),
    ],
)
def test_what_is_no_filter_is_refused_with_the_reason(api, places, asked, said):
    assert said in api.refused(filter=asked)


@pytest.mark.parametrize(
    "asked",
    [
        *(
            "[]",
            "{}",
            "null",
            '"x"',
            '{"op":"and","args":[]}',
            '{"op":"zz","args":[1]}',
        ),
        *(
            '{"op":"=","args":[{"property":"kind"}]}',
            '{"op":"in","args":[{"property":"kind"},[]]}',
        ),
        '{"op":"=","args":[{"property":"kind"},"\\u0000"]}',
        '{"op":"=","args":[{"property":"kind"},"\\ud800"]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Polygon","coordinates":[]}]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"bbox":[1,2]}]}',
        '{"op":"like","args":[{"property":"kind"},"x\\\\"]}',
        '{"op":"not","args":[' * 60 + "true" + "]}" * 60,
        "[" * 3000,
    ],
)
def test_what_is_no_filter_in_json_is_refused(api, places, asked):
    assert api.refused(filter=asked, filter_lang="cql2-json")


def test_nobody_filters_or_sorts_by_figures(api, as_planner, release):
    for name in ("of_100", "low", "high", "n", "flag", "reason"):
        said = api.refused("figures", filter=f"{name} = 1")
        assert f"no field “{name}”" in said
        assert api.refused("figures", sortby=name)
        assert api.refused("figures", **{name: "1"})
        assert name not in api.json("collections/figures/queryables")["properties"]


def test_queryables_say_what_can_be_asked(api, places):
    said = api.json("collections/facilities/queryables")
    assert set(said["properties"]) == {
        "code", "kind", "name_ar", "name_en", "name_fr", "geometry",
    }  # fmt: skip
    assert said["additionalProperties"] is False


@pytest.mark.parametrize(
    "token",
    ["x", "W10", "WyJhIl0", "bnVsbA", "WzFd" * 500, "Wy0xXQ", "W3RydWVd", "%00"],
)
def test_a_page_that_nobody_was_sent_to_is_refused(api, places, token):
    if token == "WyJhIl0":
        assert api.refused(after=token)
    assert api.refused(after=token)


def test_the_guard_stops_what_would_end_the_process():
    for asked in (
        "(" * 2000 + "a=1" + ")" * 2000,
        "(" * 22 + "a=1",
        "'('='" + "(" * 500,
    ):
        with pytest.raises(BadParameter):
            parse(asked, "cql2-text")

"""Malformed questions are answered, never stumbled over.

`QUESTIONS` sets how many are asked; CI asks few, a release 20,000.
"""

import os
import random
from urllib.parse import quote

import pytest

from layers.features.filters import COMPARISONS, SPATIAL, TEMPORAL

pytestmark = pytest.mark.slow
QUESTIONS = int(os.environ.get("QUESTIONS", "400"))

NUMBERS = [
    *("0", "-0", "35.8", "33.8", "1e308", "-1e308", "1e999", "nan", "inf", "-inf", "٣"),
    *("9" * 400, "0x1", "1_0", "", " ", "+", "1e", ".", "180", "90", "-180.0000001", "2147483648"),
]  # fmt: skip
TEXTS = [
    *("'", '"', "\\", "%", "_", "''", "\x00", "\ud800", "\u202e", "حي", "𐎀" * 50, "a" * 5000),
    *("; DROP TABLE geography_zone", "%(municipality)s", "%s", "{0}", "{shape}", "<script>"),
    *("../../etc/passwd", "${x}", "\r\nX: y", "null", "None", "[]", "{}", "(" * 500, ")" * 500),
]  # fmt: skip
FIELDS = [
    "code",
    "kind",
    "name_ar",
    "geometry",
    "id",
    "area",
    "geometry_3857",
    "x",
    '"',
    "of_100",
]
SHAPES = [
    *("POINT(1 2)", "POINT(1e400 2)", "POINT(nan 2)", "POINT EMPTY", "POLYGON((0 0,1 1,0 0))"),
    *("POLYGON((0 0,2 2,2 0,0 2,0 0))", "LINESTRING(0 0)", "MULTIPOINT(1 2,3 4)"),
    *("GEOMETRYCOLLECTION(POINT(1 2))", "BBOX(1,2,3,4)", "BBOX(1,2)", "ENVELOPE(9,9,1,1)"),
]  # fmt: skip
SYSTEMS = [
    *("", "CRS84", "EPSG:4326", "[EPSG:3857]", "http://www.opengis.net/def/crs/EPSG/0/22770"),
    *("http://www.opengis.net/def/crs/EPSG/0/4326", "EPSG:99999999999", "EPSG:", "urn:x"),
]  # fmt: skip


def number(chance):
    return (
        chance.choice(NUMBERS)
        if chance.random() < 0.5
        else str(chance.uniform(-999, 999))
    )


def literal(chance):
    return chance.choice(
        [number(chance), f"'{chance.choice(TEXTS)}'", chance.choice(SHAPES),
         f"DATE('{chance.choice(TEXTS)}')", "DATE('2026-01-01')", "NULL", "true",
         "INTERVAL('..','2026-01-01')", chance.choice(FIELDS), f"CASEI('{chance.choice(FIELDS)}')"]
    )  # fmt: skip


def condition(chance, depth=0):
    if depth < 4 and chance.random() < 0.4:
        joined = chance.choice([" AND ", " OR ", " "])
        inner = joined.join(
            condition(chance, depth + 1) for _ in range(chance.randint(1, 3))
        )
        return chance.choice([f"({inner})", f"NOT ({inner})", inner])
    field, value = chance.choice(FIELDS), literal(chance)
    sign = chance.choice([*COMPARISONS, "LIKE", "IN", "BETWEEN", "IS"])
    called = chance.choice([*SPATIAL, *TEMPORAL, "casei", "pg_sleep", "bbox"]).upper()
    return chance.choice(
        [f"{field} {sign} {value}", f"{called}({field},{value})", f"{field} IN ({value},{value})",
         f"{field} BETWEEN {value} AND {value}", f"{field} IS NULL", value]
    )  # fmt: skip


def tree(chance, depth=0):
    if depth > 5 or chance.random() < 0.3:
        return chance.choice(
            [1, -1e400, None, True, "x", [], {}, {"property": chance.choice(FIELDS)},
             {"date": "x"}, {"date": None}, {"interval": ["..", ".."]}, {"bbox": [1, "2", 3, 4]},
             {"type": "Point", "coordinates": [1, 2]}, {"type": "Point", "coordinates": []},
             {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}, {"type": "x"}]
        )  # fmt: skip
    name = chance.choice([*COMPARISONS, *SPATIAL, *TEMPORAL, "and", "or", "not", "in", "like",
                          "between", "isNull", "casei", "zz"])  # fmt: skip
    return {
        "op": name,
        "args": [tree(chance, depth + 1) for _ in range(chance.randint(0, 3))],
    }


def written(said):
    if isinstance(said, dict):
        return "{" + ",".join(f'"{k}":{written(v)}' for k, v in said.items()) + "}"
    if isinstance(said, list):
        return "[" + ",".join(map(written, said)) + "]"
    return {True: "true", False: "false", None: "null"}.get(
        said, repr(said).replace("'", '"')
    )


def broken(chance, said):
    """The same with a piece lost, doubled or put elsewhere."""
    if not said or chance.random() < 0.6:
        return said
    start = chance.randrange(len(said))
    end = min(len(said), start + chance.randint(1, 8))
    return chance.choice(
        [said[:start] + said[end:], said[:end] + said[start:], said[:start]]
    )


def question(chance):
    moment = chance.choice(
        ["2026-01-01", "..", "", "x", "2026-13-01", "0000-00-00", "9999-12-31"]
    )
    every = {
        "bbox": lambda: ",".join(number(chance) for _ in range(chance.choice([4, 4, 4, 6, 3]))),
        "bbox-crs": lambda: chance.choice(SYSTEMS),
        "crs": lambda: chance.choice(SYSTEMS),
        "filter-crs": lambda: chance.choice(SYSTEMS),
        "filter": lambda: broken(chance, condition(chance)),
        "datetime": lambda: f"{moment}/{chance.choice([moment, '..', '2026-02-30'])}",
        "limit": lambda: number(chance),
        "sortby": lambda: ",".join(chance.choice(["-", "+", "", "--"]) + chance.choice(FIELDS) for _ in range(2)),
        "after": lambda: chance.choice([chance.choice(TEXTS), "WzFd", "WzFlNDAwXQ", "WyJhIiwxXQ"]),
        "f": lambda: chance.choice(["json", "html", "xml", ""]),
        "code": lambda: chance.choice(TEXTS),
        "official_area": lambda: number(chance),
        "zone": lambda: chance.choice(TEXTS),
    }  # fmt: skip
    names = chance.sample(sorted(every), chance.randint(1, 4))
    asked = [(name, every[name]()) for name in names]
    if chance.random() < 0.25:
        asked = [(n, v) for n, v in asked if n != "filter"]
        asked += [
            ("filter", broken(chance, written(tree(chance)))),
            ("filter-lang", "cql2-json"),
        ]
    return "&".join(
        f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}"
        for name, value in asked
    )


def test_malformed_questions_get_an_answer(api, places, parcels, as_planner):
    """Each seed is a question: a failure names it, and it can be asked again."""
    seen = {}
    for seed in range(QUESTIONS):
        chance = random.Random(seed)
        layer = chance.choice(["facilities", "parcels", "zones", "figures"])
        path = chance.choice(["items", "items", "items", "file"])
        query = question(chance)
        if path == "file":
            query += f"&format={chance.choice(['csv', 'geojson', 'x', ''])}"
        response = api.get(f"{api.root}collections/{layer}/{path}?{query}")
        assert response.status_code in {200, 400}, (seed, layer, path, query)
        seen[response.status_code] = seen.get(response.status_code, 0) + 1
        if response.status_code == 400 and path == "items":
            assert response.json()["description"], (seed, query)
        if response.streaming:
            assert b"".join(response.streaming_content)
    # Both kinds come: otherwise nothing was tried.
    assert min(seen[200], seen[400]) > QUESTIONS / 50

"""What someone learns who saves every published view and subtracts them from each other.

The town is simulated, so the truth is known: which children stand behind each figure. All
weights are equal, which helps who subtracts: a share times a number of children is then a
number of children.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date
from itertools import combinations

import numpy as np
import pytest

from layers.indicators.catalogue import indicators
from layers.indicators.groups import wealth
from layers.indicators.models import Area, AreaEstimate, Estimate, Release
from layers.indicators.releases import keys_in
from layers.indicators.samples.observations import MODULES, OF_WOMEN, VARIABLES, WOMEN
from layers.indicators.services import compute_release, replace_observations
from layers.maps.catalogue import layer_named
from layers.maps.models import LayerVersion
from tests.factories.accounts import staff
from tests.factories.geography import ZoneFactory, square
from tests.factories.observations import households, told_apart, with_women
from tests.layers.maps.test_tiles import features, tile_of

pytestmark = pytest.mark.slow

PAIRS = 10_000
ZONES = ("Z1", "Z2", "Z3", "Z4")
SECTIONS = {"QA": ("Z1", "Z4"), "QB": ("Z2", "Z3")}
"""QA without Z1 are the canaries."""
BREAKDOWNS = ("all", "sex:female", "sex:male")
GROUPS = dict(zip(("all children", "girls", "boys"), BREAKDOWNS, strict=True))
FORMATS = ("values.json", "view.csv", "view.geojson", "view.html", "table", "zone")
OF_AREAS = ("areas", "figures.csv", "desk")
ZOOMS = (10, 13, 16)
CANARY = "Canarykid-7f3a"


def plain(units):
    """With equal weights, also of the one child a household is asked about, and no frame."""
    return [
        replace(
            unit,
            weight=1.0,
            stratum_psus=None,
            children=[
                replace(child, weight_factors=dict.fromkeys(child.weight_factors, 1))
                for child in unit.children
            ],
        )
        for unit in units
    ]


def first_round():
    """Three zones, and a fourth with two households: its three children are canaries."""
    units = plain(with_women(told_apart(households(3, per_zone=70))))
    few = [unit for unit in units if len(unit.children) in {1, 2}][:2]
    canaries = [
        replace(
            unit,
            key=f"{CANARY}-{number}",
            psu=f"{CANARY}-{number}",
            zone_code="Z4",
            stratum="Z4",
            children=[
                replace(child, key=f"{CANARY}-{number}-{place}")
                for place, child in enumerate(unit.children)
            ],
        )
        for number, unit in enumerate(few)
    ]
    return units + canaries


def corrected(units):
    """One household of Z1 goes, one of Z2 answers otherwise, thirty come to Z3."""
    gone = next(x for x in units if x.zone_code == "Z1" and 0 < len(x.children) < 4)
    other = next(x for x in units if x.zone_code == "Z2" and len(x.children) == 2)
    turned = replace(
        other,
        children=[
            replace(child, values=child.values | {"internet": 1 - other.values["internet"]})
            for child in other.children
        ],
    )  # fmt: skip
    more = [
        replace(
            unit,
            key=f"more-{unit.key}",
            psu=f"more-{unit.key}",
            children=[replace(child, key=f"more-{child.key}") for child in unit.children],
        )
        for unit in plain(with_women(told_apart(households(8, per_zone=30), 8)))
        if unit.zone_code == "Z3"
    ]  # fmt: skip
    kept = [turned if unit is other else unit for unit in units if unit is not gone]
    return kept + more


def truth_of(name, units, keys, size, places):
    """Masks (size,) by (release, indicator, breakdown, place, measure)."""
    children = [(unit, child) for unit in units for child in unit.children]
    columns = {
        column: np.array(
            [
                {**unit.values, **child.values, **child.weight_factors}.get(column)
                for unit, child in children
            ],
            dtype=float,
        )
        for column in (*MODULES, *VARIABLES)
    }
    columns["age_months"] = np.array([float(x.age_months) for _, x in children])
    columns["age_years"] = columns["age_months"] // 12
    columns["girl"] = np.array([float(x.sex == "female") for _, x in children])
    own = np.array([keys[child.key] for _, child in children])
    groups = groups_of(children, columns)
    zone = np.array([unit.zone_code for unit, _ in children])
    found = of_women(name, units, keys, size, places)
    for code, indicator in indicators().items():
        if indicator.population.who == WOMEN:
            continue
        eligible, in_need = indicator.decide(columns)
        parts = {"n": eligible, "need": in_need, "rest": eligible & ~in_need}
        for breakdown, inside in groups.items():
            for where in (None,) if "+" in breakdown else places:
                here = inside & (np.isin(zone, where.split("+")) if where else True)
                for measure, part in parts.items():
                    mask = np.zeros(size, dtype=bool)
                    mask[own[part & here]] = True
                    found[name, code, breakdown, where, measure] = mask
    return found


def of_women(name, units, keys, size, places):
    """The same of the women, who are in no group."""
    women = [
        (unit, woman, keys[key_of(unit, place)])
        for unit in units
        for place, woman in enumerate(unit.women)
    ]
    columns = {
        column: np.array([getattr(woman, column) for _, woman, _ in women], dtype=float)
        for column in ("age_years", *OF_WOMEN)
    }
    columns["age_months"] = 12 * columns["age_years"]
    own = np.array([place for *_, place in women])
    zone = np.array([unit.zone_code for unit, *_ in women])
    found = {}
    for code, indicator in indicators().items():
        if indicator.population.who != WOMEN:
            continue
        eligible, in_need = indicator.decide(columns)
        parts = {"n": eligible, "need": in_need, "rest": eligible & ~in_need}
        for where in places:
            here = np.isin(zone, where.split("+")) if where else True
            for measure, part in parts.items():
                mask = np.zeros(size, dtype=bool)
                mask[own[part & here]] = True
                found[name, code, "all", where, measure] = mask
    return found


def key_of(unit, place):
    return f"{unit.key} woman {place}"


def groups_of(children, columns):
    """Masks of the children by breakdown, from what was said of each of them."""
    age = columns["age_years"]
    found = {"all": np.ones(len(age), dtype=bool)}
    codes = {
        "sex": {"female": columns["girl"] == 1, "male": columns["girl"] == 0},
        "age": {
            f"{first}-{last}": (age >= first) & (age <= last)
            for first, last in ((0, 4), (5, 9), (10, 14), (15, 17))
        },
        "wealth": {str(x): fifths_of(children, columns) == x for x in range(1, 6)},
        "disability": {
            name: sum(
                found.eligible & (found.in_need == wanted)
                for found in (
                    indicators()[code].judge(columns)
                    for code in ("dis_cfm_2_4", "dis_cfm_5_17")
                )
            ).astype(bool)
            for name, wanted in (("yes", True), ("no", False))
        },
        "nationality": {
            name: columns["nationality"] == code
            for code, name in enumerate(
                ("national", "syrian", "palestinian", "other"), start=1
            )
        },
        "displacement": {
            "yes": columns["displaced"] == 1,
            "no": columns["displaced"] == 0,
        },
    }
    single = {
        name: {f"{name}:{code}": mask for code, mask in masks.items()}
        for name, masks in codes.items()
    }
    for masks in single.values():
        found |= masks
    for one, other in combinations(single.values(), 2):
        found |= {
            f"{a}+{b}": mask & also
            for a, mask in one.items()
            for b, also in other.items()
        }
    return found


def fifths_of(children, columns):
    homes = {unit.key: number for number, (unit, _child) in enumerate(children)}
    rows = list(homes.values())
    assets = np.column_stack(
        [columns[x][rows] for x in VARIABLES if x.startswith("asset_")]
    )
    persons = columns["persons"][rows]
    found = wealth.fifths(wealth.scores(assets, persons), persons)
    of_home = dict(zip(homes, found, strict=True))
    return np.array([of_home[unit.key] for unit, _child in children])


def bounds(share, step, n):
    """What a share rounded to `step` and n rounded to 5 leave of n, need and the rest."""
    counts = np.arange(max(n - 2, 0), n + 3)
    low = np.ceil(np.maximum(share - step / 2, 0) * counts - 1e-9)
    high = np.floor(np.minimum(share + step / 2, 1) * counts + 1e-9)
    fits = low <= high
    counts, low, high = counts[fits], low[fits], high[fits]
    rest = counts - high, counts - low
    return {
        "n": (counts.min(), counts.max()),
        "need": (low.min(), high.max()),
        "rest": (rest[0].min(), rest[1].max()),
    }


@pytest.fixture
def town_views(client, town):
    """All views of the first round, of its correction and of another round, as read."""
    sections = {
        zone: parent
        for code, zones in SECTIONS.items()
        for parent in [ZoneFactory(municipality=town, code=code, kind="section")]
        for zone in zones
    }
    places = [
        ZoneFactory(
            municipality=town,
            code=code,
            name_en=f"Zone {code}",
            parent=sections[code],
            geometry=square(west=35.82 + number * 0.005, side=0.005),
        )
        for number, code in enumerate(ZONES)
    ]
    client.force_login(staff(town, "planner"))
    first = first_round()
    rounds = {
        "first": ("spring", date(2026, 4, 1), first),
        "corrected": ("spring", date(2026, 4, 1), corrected(first)),
        "later": (
            "autumn",
            date(2026, 10, 1),
            plain(with_women(told_apart(households(5, per_zone=70), 7), 11)),
        ),
    }
    views = Views(client, town, places)
    for name, (code, day, units) in rounds.items():
        found = replace_observations(
            municipality=town,
            code=code,
            titles=dict.fromkeys(("ar", "en", "fr"), name),
            reference_date=day,
            source="Survey",
            units=units,
        )
        compute_release(municipality=town, observation_set=found)
        views.read(name, code)
    return views, {name: units for name, (_code, _day, units) in rounds.items()}


class Views:
    """What each view shows: (release, indicator, breakdown, zone, format) to bounds."""

    def __init__(self, client, town, places):
        self.client, self.town, self.places = client, town, places
        self.shown, self.texts = {}, []

    def read(self, name, code):
        release = Release.objects.latest_first().first()
        assert release.observation_set.code == code
        for row in Estimate.objects.of_release(release).select_related("zone"):
            if row.estimate is not None:
                zone = row.zone.code if row.zone else None
                # 98 and 99 children are shown as 100, with whole percents.
                step = 0.01 if row.n <= 100 else 0.001
                self._add((name, row.indicator, row.breakdown, zone, "stored"), row.estimate, step, row.n)  # fmt: skip
        self._read_areas(name, release)
        for indicator in indicators():
            for breakdown in BREAKDOWNS:
                self._read_view(name, indicator, breakdown, code)
        for key in keys_in(release)[len(BREAKDOWNS) :: 4]:
            self._read_view(name, "hou_internet", key, code)
        for zoom in ZOOMS:
            self._read_tile(zoom)

    def get(self, path, room="map", **query):
        answer = self.client.get(f"/en/{self.town.slug}/{room}/{path}", query)
        assert answer.status_code == 200, path
        text = answer.content.decode()
        self.texts.append(text)
        return text

    def _read_view(self, name, indicator, breakdown, code):
        query = {"indicator": indicator, "breakdown": breakdown, "round": code}
        said = json.loads(self.get("values.json", **query))
        # Women are told as they are, whatever group of children is asked for.
        key = name, indicator, said["breakdown"]
        rows = {**said["zones"], None: said["town"]}
        for zone, row in rows.items():
            self._percent((*key, zone, "values.json"), row["value"], row["n"])
        table = csv.reader(io.StringIO(self.get("view.csv", **query).lstrip("\ufeff")))
        for row in list(table)[1:]:
            value, n = (int(x) if x else None for x in (row[6], row[9]))
            self._percent((*key, row[0] or None, "view.csv"), value, n)
        for each in json.loads(self.get("view.geojson", **query))["features"]:
            told = each["properties"]
            self._percent(
                (*key, told["code"], "view.geojson"), told["of_100"], told["n"]
            )
        if indicator in {"hou_internet", "pro_labour"}:
            self._read_pages(key, rows, query)

    def _read_areas(self, name, release):
        rows = AreaEstimate.objects.of_release(release)
        for row in rows:
            if row.estimate is not None:
                cell = name, row.indicator, row.breakdown, row.area.codes
                step = 0.01 if row.n <= 100 else 0.001
                self._add((*cell, "stored"), row.estimate, step, row.n)
                self._percent((*cell, "areas"), round(100 * row.estimate), row.n)
        for indicator in ("hou_internet", "pro_labour"):
            page = self.get("", "figures", view="areas", indicator=indicator)
            told = re.findall(r"hidden\">(\d+) of 100 children", page)
            said = rows.of_indicator(indicator).of_breakdown("all")
            said = said.filter(estimate__isnull=False)
            assert sorted(told) == sorted(str(round(100 * x.estimate)) for x in said)
            self._read_desk(name, release, indicator)
        answer = self.client.get(f"/en/{self.town.slug}/figures/files/figures.csv")
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        for row in csv.DictReader(io.StringIO(text)):
            if row["its zones"] and row["percent"]:
                group, n = GROUPS[row["group"]], int(row["children asked, rounded"])
                cell = name, row["indicator"], group, row["its zones"], "figures.csv"
                step = 0.01 if n <= 100 else 0.001
                self._add(cell, float(row["percent"]) / 100, step, n)

    def _read_desk(self, name, release, indicator):
        query = {"indicator": indicator, "round": release.observation_set.code}
        said = json.loads(self.get("values.json", level="merged", **query))["zones"]
        for place, row in said.items():
            self._percent(
                (name, indicator, "all", place, "desk"), row["value"], row["n"]
            )

    def _read_pages(self, key, rows, query):
        """Pages that people read say the numbers of the view and no others."""
        page = self.get("view.html", **query)
        told = re.findall(r'"says": "(\d+) of 100 children"', page)
        shown = [row for zone, row in rows.items() if zone and row["value"] is not None]
        assert sorted(told) == sorted(str(row["value"]) for row in shown)
        table = self.get("", view="table", **query)
        body = table[table.index("<tbody") : table.index("</tbody")]
        cells = re.findall(r'<td class="number">\(?(\d+)\)?</td>', body)
        assert len(cells) == 2 * len(shown)
        for zone, row in rows.items():
            if zone is None:
                continue
            self._percent((*key, zone, "view.html"), row["value"], row["n"])
            self._percent((*key, zone, "table"), row["value"], row["n"])
            page = self.get(f"zone/{zone}/", **query)
            self._percent((*key, zone, "zone"), row["value"], row["n"])
            current = page.split('class="current"')[1].split("</li>")[0]
            shown_here = [] if row["value"] is None else [str(row["value"])]
            assert re.findall(r"<b>(\d+)</b>", current) == shown_here

    def _read_tile(self, zoom):
        layer = layer_named("zones")
        version = LayerVersion.objects.of_layers([layer], self.town)["zones"]
        z, x, y = tile_of(35.8225, 33.7925, zoom)
        answer = self.client.get(
            f"/tiles/{self.town.slug}/zones/{version}/{z}/{x}/{y}.mvt"
        )
        told = features(answer, "zones")
        assert told
        for each in told:
            numbers = [x for x in each["properties"].values() if isinstance(x, float)]
            assert not numbers
        self.texts.append(str(told))

    def _percent(self, key, value, n):
        if value is not None:
            # From 100 children on it was rounded twice: to a tenth, then to a whole one.
            self._add(key, value / 100, 0.01 if n < 100 else 0.011, n)

    def _add(self, key, share, step, n):
        *cell, form = key
        for measure, found in bounds(share, step, n).items():
            self.shown[(*cell, measure, form)] = found


def isolating(pairs, masks, low, high):
    """Which pairs give a difference that must be one to four children of the larger.

    `masks` (V, children), `low` and `high` (V,) what the view leaves open.
    """
    first, second = pairs.T
    both = np.einsum("pc,pc->p", masks[first], masks[second], dtype=np.int64)
    size = masks.sum(axis=1)
    extra, missing = size[first] - both, size[second] - both
    told = (low[first] - high[second] >= 1) & (high[first] - low[second] <= 4)
    return told & (missing == 0) & (extra >= 1) & (extra <= 4)


@pytest.fixture
def arrays(town_views):
    views, rounds = town_views
    named = {}
    for name, units in rounds.items():
        of_round = "later" if name == "later" else "spring"
        for unit in units:
            for child in unit.children:
                named.setdefault((of_round, child.key), len(named))
            for place in range(len(unit.women)):
                named.setdefault((of_round, key_of(unit, place)), len(named))
    codes = set(Area.objects.values_list("codes", flat=True))
    assert codes > {"+".join(zones) for zones in SECTIONS.values()}
    places = (*ZONES, *codes, None)
    masks = {}
    for name, units in rounds.items():
        of_round = "later" if name == "later" else "spring"
        keys = {key: place for (each, key), place in named.items() if each == of_round}
        masks |= truth_of(name, units, keys, len(named), places)
    keys = list(views.shown)
    low, high = np.array([views.shown[key] for key in keys]).T
    return views, keys, np.array([masks[key[:-1]] for key in keys]), low, high


def test_no_difference_of_two_published_views_isolates_one_to_four_children(arrays):
    views, keys, masks, low, high = arrays
    assert len(keys) > 2000
    assert {key[-1] for key in keys} == {*FORMATS, *OF_AREAS, "stored"}
    told = {key[2] for key in keys}
    assert told > {"all", "sex:female", "age:5-9", "wealth:1", "displacement:no"}
    assert any("+" in key for key in told)
    of_women = {key[2:4] for key in keys if key[1] == "pro_marriage"}
    assert of_women >= {("all", "Z1"), ("all", "Z2"), ("all", None)}
    part = {key[2:4] for key in keys if key[1] == "pro_marriage_15"}
    assert part == {("all", None)}
    check_single_views(keys, masks.sum(axis=1), low, high)
    random = np.random.default_rng(20261126)
    check_pairs(random.integers(0, len(keys), (PAIRS, 2)), keys, (masks, low, high))
    # And all pairs of stored figures, more exact than the pages by a tenth of a percent,
    # that are close to each other, as they are where little is left between them.
    stored = np.flatnonzero([key[-1] == "stored" for key in keys])
    close = np.abs(low[stored][:, None] - low[stored]) <= 10
    pairs = stored[np.argwhere(close)]
    assert len(pairs) > 50_000
    check_pairs(pairs, keys, (masks, low, high))
    check_canaries(views, keys)


def check_single_views(keys, size, low, high):
    """What a view says is true, and is no group of one to four.

    After a correction some figures are former ones, so they are not looked at here.
    """
    new = np.array([key[0] != "corrected" for key in keys])
    wrong = new & ~((low <= size) & (size <= high))
    assert not wrong.any(), [keys[x] for x in np.flatnonzero(wrong)[:5]]
    assert not (new & (size >= 1) & (size <= 4) & (low >= 1) & (high <= 4)).any()


def check_pairs(pairs, keys, known):
    parts = np.array_split(pairs, len(pairs) // 1000)
    found = np.concatenate([isolating(part, *known) for part in parts])
    told = [[keys[x] for x in pairs[y]] for y in np.flatnonzero(found)[:5]]
    assert not found.any(), told


def check_canaries(views, keys):
    assert not any(CANARY in text for text in views.texts)
    assert not any(key[3] == "Z4" for key in keys)
    assert any(key[3] == "+".join(SECTIONS["QA"]) for key in keys)
    assert any("Zone Z4" in text for text in views.texts)


def test_the_test_would_see_a_group_that_stands_out():
    masks = np.ones((2, 60), dtype=bool)
    masks[1, :3] = False
    pairs = np.array([[0, 1], [1, 0]])
    exact = np.array([60, 57])
    assert isolating(pairs, masks, exact, exact).tolist() == [True, False]
    assert not isolating(pairs, masks, exact - 2, exact + 2).any()

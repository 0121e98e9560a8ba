"""A figure for several zones: whole zones, published ones, and never all but a few."""

import json

import numpy as np
import pytest

from layers.indicators.models import Estimate, SampleUnit
from layers.maps.areas import together, zones_within
from layers.maps.desk import View
from layers.maps.errors import UnfitView
from tests.factories.geography import square

BOX = [[35.8, 33.0], [36.5, 33.0], [36.5, 34.5], [35.8, 34.5]]


@pytest.fixture
def view(town, publish):
    """Twelve zones in a row; the last of them is withheld."""
    publish(
        zones={f"Q{n:02}": (40, 0.1 + n / 30) for n in range(11)} | {"Q11": (2, 0.5)}
    )
    return View.asked(town, {})


def published(view):
    rows = Estimate.objects.of_release(view.release).of_indicator("edu_oos")
    return rows.of_breakdown("all").exclude(zone=None).exclude(estimate=None)


def test_the_share_is_weighted_by_children_and_the_error_is_of_independent_zones(view):
    rows = [row for row in published(view) if row.zone.code in ("Q01", "Q02", "Q05")]
    weight = np.array([row.population for row in rows], float)
    weight /= weight.sum()
    found = together(view, ["Q01", "Q02", "Q05"])
    assert found.share == pytest.approx(weight @ [row.estimate for row in rows])
    errors = weight * [row.se for row in rows]
    assert found.error == pytest.approx(np.sqrt(errors @ errors))
    assert found.error < max(row.se for row in rows)


def test_a_withheld_zone_is_left_out_and_named(view):
    found = together(view, ["Q01", "Q02", "Q05", "Q11"])
    assert len(found.zones) == 3
    assert len(found.left) == 1


@pytest.mark.parametrize("codes", [[], ["Q01"], ["Q01", "Q02"], ["Q01", "Q02", "Q11"]])
def test_fewer_than_three_zones_are_refused(view, codes):
    with pytest.raises(UnfitView, match="at least 3 zones"):
        together(view, codes)


def test_all_zones_but_one_or_two_are_refused(view):
    """Twelve zones; the withheld ones, two at the most here, are never counted."""
    codes = sorted(row.zone.code for row in published(view))
    assert len(codes) in (10, 11)
    with pytest.raises(UnfitView, match="the rest could be worked out"):
        together(view, codes)
    assert len(together(view, codes[:9]).zones) == 9


def test_zones_mostly_inside_an_area_are_meant(view):
    """Zones are 0.005 degrees wide from 35.82 on; the area cuts the fourth in two."""
    west, east = 35.819, 35.82 + 3.4 * 0.005
    drawn = [[west, 33.0], [east, 33.0], [east, 35.0], [west, 35.0]]
    assert sorted(zones_within(view, json.dumps(drawn))) == ["Q00", "Q01", "Q02"]


@pytest.mark.parametrize(
    "drawn",
    [
        "", "[]", "{}", "null", "[[1,2],[3,4]]", "[[1,2],[3,4],[5]]", '[["a","b"],[1,2],[3,4]]',
        "[[0,0],[1,1],[0,1],[1,0]]", "[[NaN,0],[1,1],[0,1]]", "[[1e999,0],[1,1],[0,1]]",
        "[[500,0],[501,1],[500,1]]", "[" * 2000, "x" * 100, "[[0,0],[0,0],[0,0]]",
    ],
)  # fmt: skip
def test_what_is_no_area_is_refused_with_the_way_out(view, drawn):
    with pytest.raises(UnfitView, match="at least three corners"):
        zones_within(view, drawn)


def test_the_square_of_the_factory_lies_where_the_test_thinks(view):
    assert square(west=35.82, side=0.005).extent[0] == pytest.approx(35.82)
    assert len(zones_within(view, json.dumps(BOX))) == 12


def test_errors_of_zones_that_share_a_sampling_place_are_added(town, publish, view):
    codes = ["Q01", "Q02", "Q05"]
    alone = together(view, codes)
    assert alone.caution == ""
    # One place reaches from the first zone into the second.
    units = SampleUnit.objects.filter(observation_set=view.release.observation_set)
    place = units.filter(zone__code="Q01").first().psu
    other = units.filter(zone__code="Q02").first()
    SampleUnit.objects.filter(pk=other.pk).update(psu=place)
    found = together(view, codes)
    error = {x.code: x.error * x.children for x in found.zones}
    tied = (error["Q01"] + error["Q02"]) ** 2 + error["Q05"] ** 2
    assert found.error == pytest.approx(
        tied**0.5 / sum(x.children for x in found.zones)
    )
    assert found.error > alone.error
    assert "sampling places reach into several" in found.caution
    # Zones that no place ties are as they were.
    assert together(view, ["Q03", "Q04", "Q05"]).caution == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [({"calibration": {"zone": 3}}, "known totals"), ({"digest": "0" * 64}, "changed")],
)
def test_what_is_not_known_of_the_design_makes_the_range_wide(view, change, words):
    for name, value in change.items():
        setattr(view.release, name, value)
    found = together(view, ["Q01", "Q02", "Q05"])
    added = sum(x.error * x.children for x in found.zones)
    assert found.error == pytest.approx(added / sum(x.children for x in found.zones))
    assert words in found.caution

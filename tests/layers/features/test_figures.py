"""Published figures as a layer: what a release says, and nothing that it does not."""

import json
from datetime import date
from functools import reduce

import pytest
from django.contrib.gis.geos import GEOSGeometry

from layers.geography.models import Zone
from layers.indicators import releases
from layers.indicators.models import AreaEstimate, Estimate, Observation
from layers.indicators.services import compute_release, replace_observations
from tests.factories.geography import ZoneFactory, square
from tests.factories.observations import households


def features(api, **query):
    return api.json("collections/figures/items", limit=10_000, **query)["features"]


def test_each_feature_says_what_the_release_says(api, as_planner, release):
    found = features(api, indicator="edu_oos", breakdown="all")
    view = releases.view(release, indicator="edu_oos")
    assert {each["properties"]["code"] for each in found} == set(view["zones"])
    for each in found:
        said = each["properties"]
        figure = view["zones"][said["code"]]
        for name, key in (("of_100", "estimate"), ("low", "low"), ("high", "high")):
            wanted = figure[key]
            assert said[name] == (None if wanted is None else round(100 * wanted))
        assert (said["n"], said["flag"], said["reason"]) == (
            figure["n"], figure["flag"], figure["reason"],
        )  # fmt: skip
        assert (said["round"], said["release"]) == ("spring", release.number)
        assert said["reference_date"] == "2026-04-30"
        assert each["geometry"]["type"] == "MultiPolygon"


def test_a_withheld_figure_has_its_reason_and_no_number(api, as_planner, release):
    withheld = Estimate.objects.filter(estimate=None).exclude(zone=None)
    assert withheld.exists()
    found = {each["id"]: each["properties"] for each in features(api)}
    for each in withheld:
        said = found[each.pk]
        assert said["of_100"] is said["low"] is said["high"] is said["n"] is None
        assert (said["flag"], said["reason"]) == (each.flag, each.reason)
        assert said["reason"]


def test_what_is_not_released_does_not_show(api, as_planner, release):
    before = features(api)
    Observation.objects.all().delete()
    assert features(api) == before


def test_a_correction_takes_the_place_of_the_former_release(
    api, as_planner, town, release
):
    tag = api.get("collections/figures/items")["ETag"]
    release.observation_set.units.filter(zone__code="Z3").delete()
    release.observation_set.digest = ""
    release.observation_set.save()
    again = compute_release(municipality=town, observation_set=release.observation_set)
    assert again.number == release.number + 1
    assert {each["properties"]["release"] for each in features(api)} == {again.number}
    assert api.get("collections/figures/items")["ETag"] != tag


@pytest.fixture
def small(town):
    """A round of zones in a row, each with too few children for most figures."""
    codes = tuple(f"Z{place}" for place in range(1, 7))
    for place, code in enumerate(codes):
        shape = square(west=35.8 + place * 0.01, side=0.01)
        ZoneFactory(municipality=town, code=code, geometry=shape)
    found = replace_observations(
        municipality=town,
        code="spring",
        titles=dict.fromkeys(("ar", "en", "fr"), "Spring"),
        reference_date=date(2026, 4, 30),
        source="Household survey",
        units=households(3, zones=codes, per_zone=18),
    )
    return compute_release(municipality=town, observation_set=found)


def test_larger_areas_are_their_zones_together_with_the_released_figure(
    api, as_planner, small
):
    stored = AreaEstimate.objects.of_release(small).in_bulk()
    page = api.json("collections/area_figures/items", limit=2)
    rest = api.get(next(x["href"] for x in page["links"] if x["rel"] == "next"))
    first = [each["id"] for each in [*page["features"], *rest.json()["features"]]]
    assert first == sorted(stored)[:4]
    every = api.json("collections/area_figures/items", limit=1000)["features"]
    assert page["numberMatched"] == len(every) == len(stored) > 4
    for each in every:
        row, said = stored[each["id"]], each["properties"]
        assert (said["level"], said["zones"]) == row.area.key
        for name, value in (
            ("of_100", row.estimate), ("low", row.low), ("high", row.high),
        ):  # fmt: skip
            assert said[name] == (None if value is None else round(100 * value))
        assert (said["n"], said["flag"], said["reason"]) == (
            row.n, row.flag, row.reason,
        )  # fmt: skip
    assert {each.flag for each in stored.values()} > {"withheld"}
    area = stored[every[0]["id"]].area
    zones = list(Zone.objects.filter(pk__in=area.members).order_by("code"))
    assert every[0]["properties"]["name_en"] == " + ".join(x.name_en for x in zones)
    shape = GEOSGeometry(json.dumps(every[0]["geometry"]))
    whole = reduce(lambda one, other: one.union(other), (x.geometry for x in zones))
    assert shape.valid
    assert shape.sym_difference(whole).area == pytest.approx(0, abs=1e-9)


def test_larger_areas_are_asked_for_as_zones_are(api, as_planner, small):
    girls = api.json("collections/area_figures/items", breakdown="sex:female")
    assert {x["properties"]["breakdown"] for x in girls["features"]} == {"sex:female"}
    beyond = api.json("collections/area_figures/items", bbox="1,1,2,2")
    assert beyond["features"] == []
    assert api.refused("area_figures", filter="of_100 > 30")
    assert '"area_figures"' in json.dumps(api.json("api"))


def test_larger_areas_are_for_those_who_see_figures(api, small):
    assert api.get("collections/area_figures/items").status_code in {401, 403, 404}
    known = {each["id"] for each in api.json("collections")["collections"]}
    assert "zones" in known
    assert "area_figures" not in known

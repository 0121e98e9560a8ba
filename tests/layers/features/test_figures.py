"""Published figures as a layer: what a release says, and nothing that it does not."""

from layers.indicators import releases
from layers.indicators.models import Estimate, Observation
from layers.indicators.services import compute_release


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

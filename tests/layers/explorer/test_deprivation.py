"""Several needs at once, and modelled figures, as pages show them."""

from layers.explorer.deprivation import Deprived
from layers.explorer.profile import Profile
from layers.indicators.models import DeprivationFigure, ModelledEstimate


def test_the_page_says_what_the_release_says(read, two):
    page = read("deprivation/?band=5-11")
    row = two.deprivation_figures.get(
        band="5-11", zone=None, measure="headcount", part=""
    )
    assert f"{round(100 * row.estimate)} of 100 children" in page
    for words in ("At every limit", "What comes together", "Out of school", "M0"):
        assert words in page
    assert "Quarter Q1" in page


def test_a_zone_that_is_withheld_has_no_number_on_the_page(two, zones):
    hidden = Deprived(two, zones[3]).band("5-11")
    assert (hidden.row.symbol, hidden.adjusted, hidden.intensity) == ("(*)", "(*)", "–")
    assert not Deprived(two, zones[3]).shown


def test_all_ages_and_other_languages_are_shown(read, two):
    assert "Children of all ages together" in read("deprivation/")
    assert "حاجات عدة معًا" in read("deprivation/", "ar")
    assert "Plusieurs besoins" in read("deprivation/?band=5-11", "fr")


def test_an_unknown_band_or_release_is_not_found(planner, at, two):
    for query in ("band=nonsense", "release=999", "band=%00", "release=x"):
        assert planner.get(at(f"deprivation/?{query}")).status_code == 404


def test_a_release_without_deprivation_says_so(read, two, monkeypatch):
    monkeypatch.setattr(Deprived, "bands", [])
    assert "This release has no figures of deprivation" in read("deprivation/")


def test_the_profile_and_its_bars_come_from_the_release(read, two, town):
    page = read("town/")
    assert "Several needs at once" in page
    band = Profile.asked(town, "", {}).deprived.band("5-11")
    parts = {bar.figure.part: bar.percent for bar in band.parts}
    stored = DeprivationFigure.objects.filter(
        release=two, band="5-11", zone=None, measure="dimension_part"
    )
    assert parts == {row.part: round(100 * row.estimate) for row in stored}
    assert sum(parts.values()) in range(98, 103)


def test_a_modelled_figure_is_labelled_and_stands_beside_the_direct_one(
    read, two, town, zones
):
    assert "No modelled figures for this indicator" in read(
        "?view=modelled&indicator=edu_oos"
    )
    ModelledEstimate.objects.create(
        municipality=town,
        release=two,
        indicator="edu_oos",
        zone=zones[2],
        method="empirical_bayes",
        estimate=0.37,
        rmse=0.05,
        low=0.27,
        high=0.47,
        own_weight=0.6,
    )
    page = read("?view=modelled&indicator=edu_oos")
    assert "modelled: 37 of 100 children, between 27 and 47" in page
    assert "These are not what was measured" in page
    profile = Profile.asked(town, "Q3", {})
    need = next(x for x in profile.needs if x.indicator.code == "edu_oos")
    assert need.row.uncertain
    assert need.modelled.value == 37

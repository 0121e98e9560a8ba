"""Classes of words, their spellings and their colours."""

import pytest

from layers.geography.folding import folded
from layers.maps.asked_layers import filters_asked
from layers.maps.overlays import overlays
from layers.maps.palettes import contrast
from layers.own.restyling import refreshed
from layers.own.services import style_layer
from layers.own.styles import DAY, NIGHT, SEEN, Chosen, by_theme, frequent
from tests.factories.accounts import staff
from tests.factories.own import own_layer

SPELLED = "lon,lat,kind\n" + "".join(
    f"35.83{place},33.80,{word}\n"
    for place, word in enumerate(
        ["زيتونة", "زيتونه", "زيتونة", "زَيتونة", "أرز", "ارز ", "مستشفى", "Oak", "oak"]
    )
)


@pytest.mark.parametrize(
    ("one", "other"),
    [("أرز", "ارز"), ("زيتونة", "زيتونه"), ("مستشفى", "مستشفي"), (" Oak  tree", "oak tree"),
     ("إدارة", "ٱداره"), ("شـــجر", "شَجَر"), ("حي ٣", "حي 3"), ("École", "ecole")],
)  # fmt: skip
def test_what_differs_in_folding_alone_is_one_word(one, other):
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"), [("مدرسة", "المدرسة"), ("A-1", "A1"), ("زيت", "زيتون")]
)
def test_words_that_differ_in_more_stay_two(one, other):
    assert folded(one) != folded(other)


def test_spellings_are_counted_as_one_under_the_commonest():
    found = frequent(["b", "أ", "ا", "ا", "B ", "c", "", None, "  "])
    assert found == {"ا": ["أ"], "B ": ["b"], "c": []}


def test_a_class_is_drawn_named_and_filtered_with_all_its_spellings(town):
    own = own_layer(town, SPELLED, keep=("kind",))
    style_layer(own=own, chosen=refreshed(own, Chosen(how="values", field="kind")))
    style = Chosen.of(own.style).style()
    assert [shade.value for shade in style.shades] == ["زيتونة", "Oak", "أرز", "مستشفى"]
    same = {style.shade(word) for word in ("زيتونة", "زيتونه", "زَيتونة")}
    assert same == {style.shades[0]}
    offered = overlays(staff(town, "data_manager"), town, "zones")
    asked = {"filter": "own-trees.kind=زيتونة"}
    _condition, bound = filters_asked(asked, offered)["own-trees"].condition()
    assert sorted(bound["paper_filter"]) == sorted({"زيتونة", "زيتونه", "زَيتونة"})


def test_a_colour_chosen_by_hand_stays_with_its_word_when_the_rows_change(town):
    own = own_layer(town, SPELLED, keep=("kind",))
    wish = Chosen(how="values", field="kind", by_hand={folded("ارز"): "#2b7a9b"})
    style_layer(own=own, chosen=refreshed(own, wish))
    kept = refreshed(own, Chosen.of(own.style))
    drawn = {shade.label: shade.light for shade in kept.style().shades}
    assert drawn["أرز"] == "#2b7a9b"
    assert drawn["زيتونة"] == "#1f6f5c"


@pytest.mark.parametrize(
    "colour", ["#ffffff", "#ffff00", "#000000", "#1c2423", "#808080"]
)
def test_every_chosen_colour_is_seen_by_day_and_by_night(colour):
    day, night = by_theme(colour)
    assert contrast(day, DAY) >= SEEN
    assert contrast(night, NIGHT) >= SEEN


def test_a_colour_that_can_be_seen_is_left_as_it_is():
    assert by_theme("#b4532a")[0] == "#b4532a"

"""QGIS draws a layer in the colours that its declaration says."""

from types import SimpleNamespace

from layers.features.qgis_style import renderer
from layers.geography.declaration import Shade, Style

OAK = Shade("Oak", "#112233", "#ffffff", "oak")
OTHERS = Shade("others", "#8b908c", "#868c88")


def drawn(style, geometry="point"):
    return renderer(SimpleNamespace(style=style, geometry=geometry))


def colours(found):
    return [
        each.get("v")
        for each in found.iterfind("symbols/symbol/layer/prop")
        if each.get("k") in ("color", "line_color")
    ]


def test_a_layer_without_words_lets_the_ground_be_seen():
    found = drawn(None, "polygon")
    assert found.get("type") == "singleSymbol"
    assert colours(found) == ["31,111,92,26"]


def test_texts_become_categories_and_the_last_is_for_all_others():
    style = Style((OAK,), field="kind", others=OTHERS, opacity=0.5, size=5)
    found = drawn(style)
    assert (found.get("type"), found.get("attr")) == ("categorizedSymbol", "kind")
    said = [(x.get("value"), x.get("label")) for x in found.iterfind("*/category")]
    assert said == [("oak", "Oak"), ("", "others")]
    assert colours(found) == ["17,34,51,255", "139,144,140,255"]
    assert {x.get("alpha") for x in found.iterfind("symbols/symbol")} == {"0.5"}


def test_numbers_become_rules_of_upper_ends_that_leave_nobody_out():
    classes = (
        Shade("≤ 2", "#112233", "#ffffff", 2.0),
        Shade("2 – 9", "#223344", "#ffffff", None),
    )
    found = drawn(Style(classes, field='a"b', numbers=True, others=OTHERS), "line")
    assert [x.get("filter") for x in found.iterfind("rules/rule")] == [
        '"a""b" <= 2.0',
        '"a""b" > 2.0',
        "ELSE",
    ]
    least = drawn(Style(classes, field="n", numbers=True, least=1.0), "line")
    first = least.find("rules/rule")
    assert first.get("filter") == '"n" >= 1.0 AND "n" <= 2.0'
    assert len(colours(least)) == 2


def test_marks_grow_with_their_number():
    found = drawn(Style((OAK,), size=6, grows_with="requests"))
    (said,) = (
        each.get("value")
        for each in found.iter("Option")
        if each.get("name") == "expression"
    )
    assert '"requests"' in said
    assert "18" in said

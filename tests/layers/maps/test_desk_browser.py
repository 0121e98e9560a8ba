"""The planner's page in a real browser, on the demo town."""

from pathlib import Path

import pytest
from PIL import Image

from tests.browser import PATIENCE, PHONE, accessibility_faults, new_page, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PLANNER = "planner@wadi-zaytoun.example"


def open_desk(page, live_town, query="", language="ar"):
    sign_in(page, live_town, PLANNER, language)
    page.goto(f"{live_town.url}/{language}/wadi-zaytoun/map/{query}")
    page.wait_for_selector("[data-ready=yes]")


def test_a_click_on_a_zone_shows_all_its_needs_and_escape_closes(page, live_town):
    open_desk(page, live_town)
    box = page.locator("#map").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.35, box["y"] + box["height"] * 0.55)
    page.wait_for_selector("#zone:not([hidden]) .needs li")
    assert "zone=" in page.url
    page.keyboard.press("Escape")
    assert page.locator("#zone").is_hidden()


def test_zones_are_reached_and_chosen_with_the_keyboard(page, live_town):
    open_desk(page, live_town)
    page.focus(".zone-key >> nth=0")
    page.keyboard.press("ArrowDown")
    name = page.evaluate("document.activeElement.firstChild.textContent")
    assert name in page.locator("#tip").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_selector("#zone:not([hidden])")
    assert page.locator(".zone-name").inner_text() == name
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.firstChild.textContent") == name


def test_another_indicator_changes_legend_and_address_but_fetches_no_tile(
    page, live_town
):
    open_desk(page, live_town)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    before = page.locator("[data-steps]").inner_text()
    with page.expect_response(lambda response: "values.json" in response.url):
        page.select_option("#indicator", "was_water")
    page.wait_for_function(
        "before => document.querySelector('[data-steps]').innerText !== before",
        arg=before,
    )
    assert "indicator=was_water" in page.url
    assert not [url for url in asked if url.endswith(".mvt")]


def test_an_answer_that_comes_late_does_not_replace_a_later_one(page, live_town):
    open_desk(page, live_town, "?panel=table", "en")
    row = page.locator("#table tbody a").first
    row.wait_for()
    held = []

    def hold_first(route):
        if held:
            return route.continue_()
        return held.append(route)

    page.route(lambda url: "view=table" in url, hold_first)
    for indicator in ("hou_crowd", "was_water"):
        with page.expect_request(lambda request: "view=table" in request.url):
            page.select_option("#indicator", indicator)
    page.wait_for_function(
        "() => document.querySelector('#table tbody a').href.includes('was_water')"
    )
    late = held[0].request.url
    with page.expect_event("requestfinished", lambda request: request.url == late):
        held[0].continue_()
    assert "hou_crowd" in late
    page.evaluate("new Promise((resolve) => setTimeout(resolve))")
    assert "indicator=was_water" in row.get_attribute("href")


def test_a_tile_that_does_not_arrive_leaves_the_map_standing(browser, live_town):
    # The browser itself writes the lost request into the console.
    context = browser.new_context(locale="ar")
    context.set_default_timeout(PATIENCE)
    page, lost = context.new_page(), []

    def lose_first(route):
        if lost:
            return route.continue_()
        lost.append(route.request.url)
        return route.abort()

    page.route("**/*.mvt", lose_first)
    open_desk(page, live_town)
    assert len(lost) == 1
    assert page.locator("#table").is_hidden()
    assert page.locator("#wait").inner_text() == ""
    context.close()


def test_a_link_restores_indicator_group_zone_and_layers(page, live_town):
    open_desk(
        page,
        live_town,
        "?indicator=hou_crowd&breakdown=sex:female&zone=Z05&layers=names",
    )
    page.wait_for_selector("#zone:not([hidden])")
    assert page.input_value("#indicator") == "hou_crowd"
    assert page.input_value("#breakdown") == "sex:female"
    assert not page.is_checked("[data-layer=parcels]")


def test_the_page_has_no_accessibility_fault(page, live_town):
    open_desk(page, live_town, "?zone=Z05")
    page.wait_for_selector("#zone:not([hidden])")
    assert accessibility_faults(page) == []
    page.keyboard.press("Escape")
    page.click("button[data-panel=table]")
    page.wait_for_selector("#table:not([hidden]) table")
    assert accessibility_faults(page) == []


def test_nothing_is_wider_than_a_phone(browser, live_town):
    with new_page(browser, PHONE) as phone:
        open_desk(phone, live_town)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360
        assert accessibility_faults(phone) == []


def test_the_page_for_sending_opens_without_network(page, live_town, browser, tmp_path):
    open_desk(page, live_town)
    page.click(".desk-tools summary:has-text('تنزيل')")
    with page.expect_download() as download:
        page.click("[data-download][href*='view.html']")
    file = Path(tmp_path / "map.html")
    download.value.save_as(file)
    with new_page(browser) as alone:
        alone.context.set_offline(True)
        asked = []
        alone.on("request", lambda request: asked.append(request.url))
        alone.goto(file.as_uri())
        alone.wait_for_selector("path.leaflet-interactive")
        zones = alone.locator("path.leaflet-interactive")
        assert zones.count() > 20
        zones.nth(3).hover()
        assert "100" in alone.locator(".leaflet-tooltip").inner_text()
        assert asked == [file.as_uri()]


def unanswered(page, live_town):
    """Addresses beyond our own server that the page asks for: there must be none."""
    asked = []
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((live_town.url, "data:", "blob:"))
            else asked.append(request.url)
        ),
    )
    return asked


def test_no_request_leaves_the_house(page, live_town):
    outside = unanswered(page, live_town)
    open_desk(page, live_town, "?mode=bivariate&second=was_water")
    page.goto(page.url.split("?")[0] + "?compare=swipe&other=2025-spring")
    page.wait_for_selector("#map-other canvas")
    assert outside == []


def test_values_of_another_indicator_are_on_the_map_without_a_tile(page, live_town):
    """The zone's state has the colour of the new class, and the legend its steps."""
    open_desk(page, live_town)
    page.click("[data-fold=classes] > summary")
    page.select_option("#method", "manual")
    page.wait_for_function("() => location.search.includes('breaks=')")
    page.evaluate(
        """() => { const field = document.getElementById('breaks');
        field.value = '10,20'; field.dispatchEvent(new Event('change', {bubbles: true})); }"""
    )
    page.wait_for_function(
        "() => document.querySelectorAll('[data-steps] li').length === 3"
    )
    assert "breaks=10,20" in page.url


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("?mode=difference&other=2025-spring", ".words-scale"),
        ("?mode=bivariate&second=was_water", ".square"),
        ("?mode=clusters", ".words-scale"),
        ("?compare=side&other=2025-spring", "#map-other canvas"),
        ("?compare=swipe&other=2025-spring&swipe=30", "#swipe"),
        ("?panel=multiples:groups", ".multiples figure"),
        ("?selected=Z01,Z03,Z05", "#picked:not([hidden]) tbody tr >> nth=2"),
        ("?palette=water&alpha=1&classes=4", ".alpha-scale"),
        ("?indicator=ecd_books&level=merged", ".zone-key[data-zone*='+']"),
    ],
)
def test_a_link_restores_every_way_to_look(page, live_town, query, holds):
    open_desk(page, live_town, query)
    page.wait_for_selector(holds, state="attached")
    assert accessibility_faults(page) == []


def test_the_swipe_uncovers_the_other_round(page, live_town):
    open_desk(page, live_town, "?compare=swipe&other=2025-spring&swipe=30")
    page.wait_for_selector("#map-other canvas")
    assert page.input_value("#swipe") == "30"
    cut = "document.getElementById('map-other').style.clipPath"
    page.wait_for_function(f"() => {cut}")
    before = page.evaluate(cut)
    page.focus("#swipe")
    page.keyboard.press("Home")
    assert page.evaluate(cut) != before


@pytest.mark.parametrize("uncovered", [0, 100])
def test_a_pin_stands_above_both_maps(page, live_town, uncovered):
    open_desk(page, live_town, f"?compare=swipe&other=2025-spring&swipe={uncovered}")
    page.wait_for_selector("#map-other canvas")
    page.fill("#search", "33.851, 35.903")
    page.wait_for_selector("#found li[role=option]")
    page.keyboard.press("Enter")
    page.locator("#map .maplibregl-marker").click()


def test_a_place_is_found_without_its_vowels_and_chosen_by_key(page, live_town):
    open_desk(page, live_town)
    page.fill("#search", "حي الورش")
    page.wait_for_selector("#found li[role=option]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("#zone:not([hidden]) .zone-name")
    assert "الورش" in page.locator(".zone-name").inner_text()
    page.wait_for_function("() => location.search.includes('at=')")


def test_women_are_not_told_by_groups_of_children(page, live_town):
    open_desk(page, live_town, "?breakdown=sex:female")
    groups = page.locator("[data-for=groups]")
    assert groups.is_visible()
    page.select_option("#indicator", "pro_marriage")
    groups.wait_for(state="hidden")
    page.select_option("#indicator", "was_water")
    groups.wait_for(state="visible")
    assert "breakdown=sex:female" in page.url


def test_a_mean_is_chosen_among_the_indicators_and_left_by_one_click(page, live_town):
    open_desk(page, live_town, "?indicator=hou_crowd&other=2025-spring", "en")
    page.select_option("#indicator", "mean:own_water_minutes")
    page.wait_for_selector("[data-title]:has-text('Minutes to fetch water')")
    assert "mode=mean&mean=own_water_minutes" in page.url
    assert page.input_value("#indicator") == "mean:own_water_minutes"
    assert "minutes" in page.inner_text("#legend")
    assert page.locator("[data-fold=drawing]").is_hidden()
    page.focus("#indicator")
    page.keyboard.press("Tab")
    assert (
        page.evaluate("document.activeElement.textContent")
        == "Back to “Overcrowded home”"
    )
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-title]:has-text('Overcrowded home')")
    assert page.input_value("#indicator") == "hou_crowd"
    assert page.evaluate("document.activeElement.id") == "indicator"
    assert "mean" not in page.url


def test_an_area_drawn_by_keyboard_has_one_figure(page, live_town):
    open_desk(page, live_town, language="en")
    page.locator("[data-sum-area]").evaluate("button => button.click()")
    map = page.locator("#map canvas")
    for keys in ("ArrowUp ArrowLeft", "ArrowRight ArrowRight", "ArrowDown ArrowDown"):
        for key in keys.split() * 2:
            before = page.url
            map.press(key)
            # The address tells where the map came to rest.
            page.wait_for_url(lambda url, before=before: url != before)
        map.press(" ")
    map.press("Enter")
    page.wait_for_url(lambda url: "selected=" in url)
    assert "of 100" in page.locator(".picked-sum").inner_text()


def test_layers_are_reordered_by_keyboard_and_kept_in_the_address(page, live_town):
    open_desk(page, live_town, "?layers=facilities,names,outlines,figures")
    page.click("[data-fold=layers] > summary")
    page.focus("[data-row=outlines] [data-step='-1']")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "layers=facilities,outlines,names,figures" in url)
    # What is kept names indicator and round: a later round must not change it.
    page.locator("[data-save]").evaluate(
        "link => link.dispatchEvent(new Event('focus'))"
    )
    kept = page.locator("[data-save]").get_attribute("href")
    assert "round%3D2026-spring" in kept
    assert "indicator%3Dedu_oos" in kept


WRITTEN = """
window.written = [];
const fill = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
  window.written.push(text);
  return fill.call(this, text, ...place);
};
"""


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        (
            "?layers=facilities,outlines,raster-flood:60,names,figures",
            ["Out of school, all ages", "Spring 2026", "release", "school",
             "Parcel outlines · Wadi al-Zaytoun", "Flood of the stream", "51–66",
             "Withheld to protect children"],
        ),
        ("?mode=bivariate&second=hou_crowd", ["· Overcrowded home", "29–53"]),
    ],
)  # fmt: skip
def test_the_picture_has_the_map_and_a_legend_that_names_all_it_shows(
    page, live_town, tmp_path, query, holds
):
    page.add_init_script(WRITTEN)
    open_desk(page, live_town, query, "en")
    page.wait_for_function("() => document.getElementById('wait').textContent === ''")
    page.evaluate("window.written = []")
    with page.expect_download() as download:
        page.locator("[data-png]").evaluate("button => button.click()")
    file = tmp_path / "map.png"
    download.value.save_as(file)
    picture = Image.open(file)
    assert picture.height > 900
    assert len(picture.convert("RGB").getcolors(1_000_000)) > 50
    said = " ".join(page.evaluate("window.written"))
    assert [words for words in holds if words not in said] == []


def test_the_keys_are_listed(page, live_town):
    open_desk(page, live_town)
    page.keyboard.press("?")
    assert page.locator("#shortcuts[open] kbd").count() > 8
    assert accessibility_faults(page) == []

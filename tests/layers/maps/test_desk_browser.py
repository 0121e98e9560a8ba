"""The planner's page in a real browser, on the demo town."""

from pathlib import Path

import pytest

from tests.browser import PHONE, accessibility_faults, new_page, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PLANNER = "planner@wadi-zaytoun.example"


def open_desk(page, live_town, query="", language="ar"):
    sign_in(page, live_town, PLANNER, language)
    page.goto(f"{live_town.url}/{language}/wadi-zaytoun/map/{query}")
    page.wait_for_selector("[data-ready=yes]", timeout=30_000)


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
    page.click("button[data-table]")
    page.wait_for_selector("#table:not([hidden]) table")
    assert accessibility_faults(page) == []


def test_nothing_is_wider_than_a_phone(browser, live_town):
    with new_page(browser, PHONE) as phone:
        open_desk(phone, live_town)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360
        assert accessibility_faults(phone) == []


def test_the_page_for_sending_opens_without_network(page, live_town, browser, tmp_path):
    open_desk(page, live_town)
    page.click(".desk-tools summary")
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

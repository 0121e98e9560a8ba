"""Splitting and moving borders by hand, in Arabic, on the demo town."""

import pytest

from tests.browser import PHONE, accessibility_faults, new_page, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DATA_MANAGER = "data@wadi-zaytoun.example"


def open_editor(page, live_town, query, language="ar"):
    sign_in(page, live_town, DATA_MANAGER, language)
    page.goto(f"{live_town.url}/{language}/wadi-zaytoun/editing/?{query}")
    page.wait_for_selector("#map[data-ready=yes]")


def pixel(page, longitude, latitude):
    """Where a position is drawn; so near, degrees are as straight as pixels."""
    west, south, east, north = map(
        float, page.get_attribute("#map", "data-view").split(",")
    )
    box = page.locator("#map").bounding_box()
    return (
        box["x"] + (longitude - west) / (east - west) * box["width"],
        box["y"] + (north - latitude) / (north - south) * box["height"],
    )


def positions(page, field):
    text = page.input_value(f"[name={field}]")
    return [tuple(map(float, line.split())) for line in text.splitlines()]


def check(page):
    page.click("#change [type=submit]")
    page.wait_for_selector("#preview h2")


def codes_now(page, live_town, *codes):
    query = "&".join(f"code={code}" for code in codes)
    answer = page.request.get(
        f"{live_town.url}/ar/wadi-zaytoun/editing/shapes.json?layer=parcels&{query}"
    )
    return {
        each["properties"]["code"]: each["geometry"]
        for each in answer.json()["features"]
    }


def test_a_parcel_is_split_by_a_line_and_the_split_is_undone(page, live_town):
    open_editor(page, live_town, "layer=parcels&kind=split&codes=1-0111")
    before = codes_now(page, live_town, "1-0111")
    box = page.locator("#map").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.click(box["x"] + 50, middle + 8)
    page.mouse.click(box["x"] + box["width"] - 50, middle - 8)
    page.fill("[name=reason]", "عقد رقم ١٢")
    check(page)
    assert "لا فجوة ولا تداخل" in page.locator("#preview").inner_text()
    assert "1-0111/1" not in codes_now(page, live_town, "1-0111/1")
    assert accessibility_faults(page) == []
    page.click("#preview [type=submit]")
    page.wait_for_url("**/history/*/")
    assert "عقد رقم ١٢" in page.inner_text("main")
    assert accessibility_faults(page) == []
    assert len(codes_now(page, live_town, "1-0111", "1-0111/1")) == 2
    page.click("text=تراجع عن هذا التعديل")
    page.fill("[name=reason]", "سند خاطئ")
    page.click("main form [type=submit]")
    page.wait_for_url("**/history/*/")
    assert codes_now(page, live_town, "1-0111", "1-0111/1") == before


def test_a_dragged_corner_takes_the_neighbour_along(page, live_town):
    open_editor(page, live_town, "layer=parcels&kind=reshape&codes=2-0011")
    before = codes_now(page, live_town, "2-0010", "2-0011")
    corner = positions(page, "corners")[0]
    x, y = pixel(page, *corner)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 12, y + 14, steps=4)
    page.mouse.move(x + 24, y + 28, steps=4)
    page.mouse.up()
    assert positions(page, "corners")[0] != corner
    page.fill("[name=reason]", "مسح عقاري")
    check(page)
    told = page.locator("#preview").inner_text()
    assert "2-0010" in told
    assert "لا فجوة ولا تداخل" in told
    page.click("#preview [type=submit]")
    page.wait_for_url("**/history/*/")
    after = codes_now(page, live_town, "2-0010", "2-0011")
    assert after["2-0011"] != before["2-0011"]
    moved = set(map(tuple, after["2-0011"]["coordinates"][0][0])) - set(
        map(tuple, before["2-0011"]["coordinates"][0][0])
    )
    assert moved <= set(map(tuple, after["2-0010"]["coordinates"][0][0]))


def test_the_end_of_a_line_catches_on_a_corner(page, live_town):
    open_editor(page, live_town, "layer=parcels&kind=split&codes=1-0493")
    shape = codes_now(page, live_town, "1-0493")["1-0493"]
    corner = tuple(shape["coordinates"][0][0][0])
    x, y = pixel(page, *corner)
    page.mouse.click(x + 4, y + 3)
    assert positions(page, "line") == [corner]
    page.click("[data-back]")
    assert page.input_value("[name=line]") == ""


def test_everything_is_done_with_figures_too(page, live_town):
    """Without a pointer: codes and corners are written."""
    open_editor(page, live_town, "layer=parcels&kind=merge", "en")
    page.fill("[name=codes]", "2-0003\n2-0004")
    page.press("[name=codes]", "Tab")
    page.wait_for_function(
        "() => document.getElementById('say').textContent.includes('2-0004')"
    )
    page.fill("[name=reason]", "One owner")
    page.focus("#change [type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#preview h2")
    assert "2-0004" in page.locator("#preview").inner_text()
    page.press("[name=codes]", "End")
    page.fill("[name=codes]", "2-0003\n2-9999")
    page.press("[name=codes]", "Tab")
    page.wait_for_function(
        "() => document.getElementById('say').textContent.includes('2-9999')"
    )
    assert page.locator("#preview").inner_text() == ""


def test_a_phone_shows_map_and_form_without_scrolling_sideways(browser, live_town):
    with new_page(browser, PHONE) as page:
        open_editor(page, live_town, "layer=quarter&kind=split&codes=Z01")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert accessibility_faults(page) == []


def test_nothing_is_asked_of_others(page, live_town):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    open_editor(page, live_town, "layer=parcels&kind=split&codes=1-0111")
    outside = [
        url for url in asked if not url.startswith((live_town.url, "data:", "blob:"))
    ]
    assert outside == []

"""Who goes where, drawn on the map by a data manager, in Arabic."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import WIDE, accessibility_faults, new_page, sign_in
from tests.demo import Demo

pytestmark = pytest.mark.browser

MAP = "/ar/wadi-zaytoun/surveys/rounds/2026-autumn/field/map/"
CORNERS = ((0.35, 0.3), (0.7, 0.3), (0.7, 0.75), (0.35, 0.75))


def test_parcels_drawn_around_are_given_and_given_back(
    live_town: Demo, browser: Browser
) -> None:
    with new_page(browser, WIDE) as page:
        sign_in(page, live_town, "data@wadi-zaytoun.example")
        page.goto(f"{live_town.url}{MAP}")
        board, legend = page.locator("[data-assign-map]"), page.locator("[data-legend]")
        expect(legend.locator("li")).not_to_have_count(0)
        assert accessibility_faults(page) == []
        before = legend.inner_text()
        expect(page.locator("[data-give]")).to_be_disabled()

        page.locator("[data-draw]").click()
        frame = board.bounding_box()
        assert frame
        for x, y in CORNERS:
            spot = {"x": x * frame["width"], "y": y * frame["height"]}
            board.click(position=spot)
        page.locator("[data-draw]").click()
        chosen = page.locator("[name=targets]").input_value().split(",")
        assert len(chosen) > 20
        expect(page.locator("[data-count]")).to_contain_text(str(len(chosen)))
        page.select_option("[name=surveyor]", "none")
        page.locator("[data-give]").click()

        nobody = legend.locator("li").last.locator("bdi")
        expect(nobody).to_contain_text(f"/ {len(chosen)}")
        page.locator("form[action$='/undo/'] button").click()
        expect(legend).to_have_text(before, use_inner_text=True)

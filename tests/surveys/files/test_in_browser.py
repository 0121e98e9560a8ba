"""A large file over a line that breaks, in a real browser and in Arabic."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request, Route, expect

from tests.browser import PATIENCE, WIDE, accessibility_faults, new_page, sign_in
from tests.demo import Demo

pytestmark = pytest.mark.browser

ROUND = "/ar/wadi-zaytoun/surveys/rounds/2026-autumn/upload/"
MEGABYTE = 1024 * 1024


def large_file(folder: Path) -> Path:
    path = folder / "ردود.csv"
    head = "household_id,parcel_code,persons,head_name\n"
    rows = (f"L{n},nowhere,5,{'س' * 500}\n" for n in range(2500))
    path.write_text(head + "".join(rows), encoding="utf-8")
    assert 2 * MEGABYTE < path.stat().st_size < 3 * MEGABYTE
    return path


def test_a_file_goes_on_where_the_line_broke_though_the_page_was_left(
    live_town: Demo, browser: Browser, tmp_path: Path
) -> None:
    file = large_file(tmp_path)
    context = browser.new_context(viewport=WIDE)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    sign_in(page, live_town, "data@wadi-zaytoun.example")
    page.goto(f"{live_town.url}{ROUND}")
    sent: list[int] = []

    def break_off(route: Route, request: Request) -> None:
        if request.method == "POST":
            sent.append(int(request.headers["upload-offset"]))
        if len(sent) > 1:
            route.abort()
        else:
            route.continue_()

    page.route("**/send/", break_off)
    page.set_input_files("input[type=file]", file)
    page.click("form[data-send] [type=submit]")
    expect(page.locator("[data-say]")).to_contain_text("انقطع الخط")
    page.unroute_all(behavior="ignoreErrors")
    context.close()
    assert sent[:2] == [0, MEGABYTE]

    with new_page(browser, WIDE) as page:
        sign_in(page, live_town, "data@wadi-zaytoun.example")
        page.goto(f"{live_town.url}{ROUND}")
        assert accessibility_faults(page) == []
        offsets: list[int] = []
        page.on(
            "request",
            lambda request: (
                offsets.append(int(request.headers["upload-offset"]))
                if request.method == "POST" and request.url.endswith("/send/")
                else None
            ),
        )
        page.set_input_files("input[type=file]", file)
        page.click("form[data-send] [type=submit]")
        page.wait_for_url("**/uploads/*/")
        expect(page.locator("main")).to_contain_text("ردود.csv")
        assert offsets == [MEGABYTE, 2 * MEGABYTE]
        assert accessibility_faults(page) == []
